import ArgumentParser
import EasySetupChain

/// `easysetup chain compact`: makes the chain's objects in the store fewer.
struct ChainCompact: AsyncParsableCommand, ChecksSettings {
    static let configuration = CommandConfiguration(
        commandName: "compact",
        abstract: "Makes the chain's objects in the store fewer.",
        discussion: """
              easysetup chain compact
              easysetup chain compact notes tasks

            Each write is an object in the store. This puts all that a collection has into a few, a snapshot, and deletes what an \
            older snapshot has, ten minutes after that was written at the earliest. What devices read stays as it is.
            """
    )

    @Argument(help: "The collections; without them all of the chain.")
    var collections: [String] = []

    @OptionGroup var options: ChainOptions
    @OptionGroup var common: CommonOptions

    func checkSettings() throws { try options.check() }

    func run() async throws {
        try await common.run { output in
            let named = try collections.map { (text) throws(ChainError) in try CollectionName(text) }
            let session = try await ChainSession.open(options, .writing, holder: options.seedHolder(output), output)
            let chain = session.chain
            // The chain's own collections come last: this device has just written there.
            let names = try await named.isEmpty ? chain.storedCollections() : named
            var total = (deleted: 0, pieces: 0)
            for name in names {
                if !name.isReserved { _ = try await chain.list(name.text, progress: output.progress) }
                let report = try await chain.compact(name, minimum: Self.minimum)
                total.deleted += report.deleted
                total.pieces += report.pieces
                tell(name, report, output)
            }
            output.onStop(nil)
            guard output.form == .people else { return }
            if total.pieces > 0 {
                output.prompt("Do it again ten minutes later or more: then what the snapshots hold is deleted.\n")
            } else if total.deleted == 0 {
                output.prompt("There is nothing that could be fewer now.\n")
            }
        }
    }

    /// The number of objects that a snapshot must make unnecessary. A person who asks wants the chain to be small, and a snapshot
    /// takes an object at least.
    private static let minimum = 16

    private func tell(_ name: CollectionName, _ report: Chain.CompactionReport, _ output: Output) {
        var words: [String] = []
        if report.deleted > 0 { words.append("\(report.deleted.counted("name")) deleted in the store") }
        if report.pieces > 0 { words.append("a snapshot of \(report.pieces.counted("record")) written") }
        guard output.form != .people || !words.isEmpty else { return }
        output.event(
            "compacted",
            [
                ("collection", .string(name.text)), ("names", .integer(report.deleted)),
                ("records", .integer(report.pieces)),
            ],
            people: "\(name.text): \(words.joined(separator: ", "))."
        )
    }
}
