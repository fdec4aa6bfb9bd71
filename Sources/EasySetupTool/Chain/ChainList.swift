import ArgumentParser
import EasySetupChain

/// `easysetup chain list`: lists the objects of a collection, or the collections.
struct ChainList: AsyncParsableCommand, ChecksSettings {
    static let configuration = CommandConfiguration(
        commandName: "list",
        abstract: "Lists the collections, or the objects of one.",
        discussion: """
              easysetup chain list
              easysetup chain list notes
            """
    )

    @Argument(help: "The collection; without it all collections are listed.")
    var collection: String?

    @OptionGroup var options: ChainOptions
    @OptionGroup var common: CommonOptions

    func checkSettings() throws { try options.check() }

    func run() async throws {
        try await common.run { output in
            let name = try collection.map { (text) throws(ChainError) in try CollectionName(text) }
            let session = try await ChainSession.open(options, .reading, output)
            guard let name else {
                let collections = try await session.collections()
                output.onStop(nil)
                for collection in collections {
                    output.event(
                        "collection",
                        [("collection", .string(collection.name)), ("may_write", .boolean(collection.mayWrite))],
                        people: collection.name + (collection.mayWrite ? "" : "  (only to read)")
                    )
                }
                if collections.isEmpty, output.form == .people { output.prompt("There are no collections yet.\n") }
                return
            }
            let objects = try await session.chain.list(name.text, progress: output.progress)
            output.onStop(nil)
            for (object, attributes) in objects.sorted(by: { $0.object < $1.object }) {
                output.event(
                    "object",
                    [
                        ("collection", .string(name.text)), ("object", .string(object)),
                        ("attributes", attributes.json),
                    ],
                    people: "\(ShownLine.text(object))  \(attributes.line)"
                )
            }
            if objects.isEmpty, output.form == .people { output.prompt("There are no objects in \(name.text).\n") }
        }
    }
}

extension Output {
    /// Tells how far a long listing has come, after each further ten thousand names.
    var progress: @Sendable (Int) -> Void {
        { [self] count in
            guard form == .people, count >= 10_000, count % 10_000 < 1_000 else { return }
            prompt("\(count) names of the store are read; Control-C stops.\n")
        }
    }
}
