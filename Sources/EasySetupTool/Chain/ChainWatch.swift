import ArgumentParser
import EasySetupChain

/// `easysetup chain watch`: tells the objects of a collection, and each change from then on.
struct ChainWatch: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "watch",
        abstract: "Tells each change of a collection until Control-C.",
        discussion: """
              easysetup chain watch notes --json

            It begins with what is there, and asks the store again every few seconds. Each look is one request.
            """
    )

    @Argument(help: "The collection.")
    var collection: String

    @Option(help: ArgumentHelp("Ask the store again after so many seconds, from 1 to 3,600.", valueName: "seconds"))
    var every = 10

    @OptionGroup var options: ChainOptions
    @OptionGroup var common: CommonOptions

    func validate() throws {
        guard (1...3_600).contains(every) else { throw ValidationError("--every is 1 to 3600 seconds.") }
    }

    func run() async throws {
        try await common.run { output in
            let name = try CollectionName(collection).text
            let session = try await ChainSession.open(options, .reading, output)
            // The first look has errors that a sequence of changes would wait away.
            _ = try await session.chain.list(name, progress: output.progress)
            if output.form == .people { output.prompt("Watching \(name). Control-C ends it.\n") }
            // A watch has no other end, so this one is no failure.
            Signals.onStop {
                TerminalMode.finish()
                Output.end(output.isLost ? ExitCodes.code(for: CommandError.outputFailed.name) : 0)
            }
            for try await event in await session.chain.changes(in: name, every: .seconds(every)) {
                Self.tell(event, of: name, output)
                if output.isLost { throw CommandError.outputFailed }
            }
        }
    }

    private static func tell(_ event: ObjectEvent, of collection: String, _ output: Output) {
        let shown = "\(collection)/\(ShownLine.text(event.object))"
        output.event(
            "change",
            [
                ("collection", .string(collection)), ("object", .string(event.object)),
                ("attributes", event.attributes?.json ?? .null),
                ("changed", .list(event.changedAttributes.sorted().map(JSONValue.string))),
                ("is_new", .boolean(event.before == nil)),
            ],
            people: "\(shown)  \(event.attributes?.line ?? "deleted")"
        )
    }
}
