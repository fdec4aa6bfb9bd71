import ArgumentParser
import EasySetup
import EasySetupChain
import EasySetupHandshake
import EasySetupSeed

/// `easysetup chain renew`: makes a chain with a new seed, and carries everything over.
struct ChainRenew: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "renew",
        abstract: "Makes a new chain with a new seed, with all data.",
        discussion: """
              easysetup chain renew

            It is the way to shut out a device that holds the seed. All other devices have to be paired anew. A sealed copy of \
            the old seed is kept for 30 days. It asks first, unless --yes is given. When it was stopped, doing it again goes on.
            """
    )

    @OptionGroup var options: ChainOptions
    @OptionGroup var common: CommonOptions

    @Flag(help: "Renew without asking.")
    var yes = false

    func run() async throws {
        try await common.run { output in
            if !yes { try output.needPerson() }
            let (opened, holder) = try await options.open(output)
            guard let seed = holder.seed else { throw ChainError.notHeld }
            if try await Renewal.isOver(opened, folder: options.store.folder.bytes, seed) {
                return tell(seed.userID, 0, [], nil, output)
            }
            // Nothing is written to the old chain, so this device does not join it for that.
            let old = try await ChainSession.open(options, .leaving, holder: .seed(seed), output)
            let others = try await old.chain.devices().filter { $0.id != old.device }
            if !yes { try await confirm(others, output) }
            output.onStop(.writing)
            let renewal = try await Renewal.begin(opened, folder: options.store.folder.bytes)
            let connection = try await ChainConnection.open(
                options.place,
                .seed(renewal.seed),
                renewal.files,
                output
            )
            output.onStop(.writing)
            let new = Chain(seed: renewal.seed, device: renewal.device.device, store: connection.store)
            let count = try await old.chain.renew(into: new) { progress in
                guard output.form == .people, progress.total > 1_000 else { return }
                output.prompt("\(progress.collection): \(progress.done) of \(progress.total.counted("object")).\n")
            }
            let name = try options.deviceName.description
            try await new.join(name: name, platform: Platform.current.rawValue)
            let place = try options.place.place().key
            let report = try await renewal.finish(opened, as: name, at: place, folder: options.store.folder.bytes)
            report?.warn()
            output.onStop(nil)
            tell(renewal.seed.userID, count, others, report, output)
        }
    }

    private func confirm(_ others: [ChainDevice], _ output: Output) async throws(CommandError) {
        let list = others.map { "    \"\($0.shownName)\"" }.joined(separator: "\n")
        try await output.confirmDeletion(
            """
            This makes a new chain with a new seed, and carries all data over. What other devices write until they are paired \
            anew stays in the old chain.\(others.isEmpty ? "" : " They are:\n\(list)")
            """
        )
    }

    private func tell(
        _ userID: UserID,
        _ count: Int,
        _ others: [ChainDevice],
        _ report: CopyReport?,
        _ output: Output
    ) {
        let list = others.map { "    \"\($0.shownName)\"" }
        let pairing =
            others.isEmpty
            ? [] : ["These devices have to be paired anew, by easysetup seed remove and easysetup join on each:"] + list
        output.event(
            "renewed",
            [
                ("user_id", .string(userID.fingerprint)), ("objects", .integer(count)),
                ("devices", .list(others.map { .string($0.name) })),
            ] + (report?.fields ?? []),
            people: ([
                "This device is in a new chain, with the user id \(userID.fingerprint). Carried over: \(count.counted("object"))."
            ] + pairing + (report.map { ["The old seed:"] + $0.lines } ?? [])).joined(separator: "\n")
        )
    }
}
