import ArgumentParser
import EasySetupChain

/// `easysetup chain delete-collection`: deletes a collection with all its objects.
struct ChainDeleteCollection: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete-collection",
        abstract: "Deletes a collection with all its objects.",
        discussion: """
              easysetup chain delete-collection notes

            All objects are deleted on all devices, and most names of the collection in the store. What a device writes there \
            later is there. It asks first, unless --yes is given. Doing it again does no harm.
            """
    )

    @Argument(help: "The collection.")
    var collection: String

    @OptionGroup var options: ChainOptions
    @OptionGroup var common: CommonOptions

    @Flag(help: "Delete without asking.")
    var yes = false

    func run() async throws {
        try await common.run { output in
            let name = try CollectionName(collection).text
            if !yes { try output.needPerson() }
            let session = try await ChainSession.open(options, .writing, holder: options.seedHolder(output), output)
            let status = try await session.chain.status(of: name)
            if !yes {
                try await output.confirmDeletion(
                    "This deletes the collection \(name) with \(status.objects.counted("object")) on all devices."
                )
            }
            output.onStop(.writing)
            let count = try await session.chain.deleteCollection(name, progress: output.progress)
            output.onStop(nil)
            output.event(
                "collection-deleted",
                [
                    ("collection", .string(name)), ("objects", .integer(status.objects)), ("names", .integer(count)),
                ],
                people:
                    status.objects == 0 && count == 0
                    ? "There is nothing in \(name)."
                    : "\(name) is deleted: \(status.objects.counted("object")), \(count.counted("name")) in the store."
            )
        }
    }
}
