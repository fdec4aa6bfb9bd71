import ArgumentParser
import EasySetupChain

/// `easysetup chain delete`: deletes an object on all devices.
struct ChainDelete: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "delete",
        abstract: "Deletes an object on all devices.",
        discussion: """
              easysetup chain delete notes/1

            It asks first, unless --yes is given.
            """
    )

    @Argument(help: "The object as COLLECTION/OBJECT.")
    var object: String

    @OptionGroup var options: ChainOptions
    @OptionGroup var common: CommonOptions

    @Flag(help: "Delete without asking.")
    var yes = false

    func run() async throws {
        try await common.run { output in
            let path = try ObjectPath(object)
            if !yes { try output.needPerson() }
            let session = try await ChainSession.open(options, .writing, output)
            let attributes = try await session.chain.get(path.object, in: path.collection)
            if let attributes {
                if !yes {
                    try await output.confirmDeletion(
                        "This deletes \(path.shown) on all devices. It has:\n\(attributes.line)"
                    )
                }
                output.onStop(.writing)
                try await session.chain.delete(path.object, in: path.collection)
            }
            output.onStop(nil)
            output.event(
                "deleted",
                path.members + [("was_there", .boolean(attributes != nil))],
                people: attributes == nil ? "There is no \(path.shown)." : "\(path.shown) is deleted."
            )
        }
    }
}
