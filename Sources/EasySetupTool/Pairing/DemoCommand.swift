import ArgumentParser
import EasySetup
import EasySetupChain
import EasySetupHandshake
import EasySetupRelay
import EasySetupS3
import EasySetupSeed
import Logging

/// `easysetup demo`: a relay and two devices in one process, and a whole pairing over real sockets between them.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show a whole pairing on this machine.",
        discussion: """
            A relay and two devices run in this process, and pair over real sockets. With --chain they then keep a note in \
            step in a real store: that of --service or --bucket, else SeaweedFS (weed), which is started for it.
            """
    )

    @OptionGroup var common: CommonOptions

    @Option(
        help: ArgumentHelp("Pair this many devices one after the other; the times are of all of them.", valueName: "n")
    )
    var pairings = 20

    @Flag(help: "Show also what paired devices keep in step.")
    var chain = false

    @OptionGroup var place: ChainPlaceOptions

    func run() async throws {
        try await common.run { output in
            guard (1...10_000).contains(pairings) else { throw CommandError.usage }
            let server = RelayServer(configuration: RelayConfiguration(), logger: Logger(label: "easysetup.relay"))
            let serving = Task { try await server.run() }
            defer { serving.cancel() }
            let port = try await server.port
            guard let relay = RelayAddress(host: "127.0.0.1", port: port, isPlain: true) else {
                throw CommandError.internal
            }
            output.event("listening", [("port", .integer(port))], people: "A relay listens on 127.0.0.1:\(port).")

            let seed = SyncSeed.random()
            output.event(
                "seed",
                [("user_id", .string(seed.userID.fingerprint))],
                people: "The old laptop makes a sync seed: it is \(seed.userID.fingerprint)."
            )
            var times: [Duration] = []
            var received: SyncSeed?
            for number in 1...pairings {
                let isFirst = number == 1
                let demo = DemoPairing(relay: relay, seed: seed, output: isFirst ? output : nil)
                let (userID, time) = try await demo.run()
                guard userID == seed.userID else { throw CommandError.internal }
                times.append(time)
                if isFirst {
                    received = await demo.phone.load()
                    output.event(
                        "paired",
                        [("user_id", .string(userID.fingerprint)), ("milliseconds", .string(Self.text(time)))],
                        people: """
                            The new phone holds the same seed: it is \(userID.fingerprint).
                            That took \(Self.text(time)) ms beyond the user's answer.
                            """
                    )
                }
            }
            let sorted = times.sorted()
            let (median, longest) = (Self.text(sorted[sorted.count / 2]), Self.text(sorted[sorted.count - 1]))
            output.event(
                "measured",
                [
                    ("pairings", .integer(pairings)), ("median_milliseconds", .string(median)),
                    ("longest_milliseconds", .string(longest)),
                ],
                people: "\(pairings) pairings one after the other: \(median) ms in the middle, \(longest) ms at most."
            )
            guard chain, let received else { return }
            try await show(seed, received, output)
        }
    }

    /// Shows the chain of the two devices.
    private func show(_ laptop: SyncSeed, _ phone: SyncSeed, _ output: Output) async throws {
        if place.isOption {
            // Each device has a connection of its own.
            let first = try await ChainConnection.open(place, .seed(laptop), nil, output)
            let second = try await ChainConnection.open(place, .seed(phone), nil, output)
            let chain = DemoChain(
                output: output,
                laptopStore: first.store,
                phoneStore: second.store,
                laptop: laptop,
                phone: phone
            )
            let outcome: Result<Void, any Error>
            do { outcome = .success(try await chain.run()) } catch { outcome = .failure(error) }
            // The seeds are gone with this process, so that nobody could delete it later.
            try await Chain(seed: laptop, device: .random(), store: first.store).deleteEverything()
            try await first.service?.deleteAccount()
            return try outcome.get()
        }
        let store = try await DemoStore.start()
        defer { store.end() }
        output.event(
            "store-started",
            [("endpoint", .string(store.address.endpoint)), ("bucket", .string(store.address.bucket))],
            people: "A store, SeaweedFS, listens at \(store.address.endpoint)."
        )
        let connect = { S3Store(store.address, credentials: OwnKeys(keys: store.keys)) }
        let chain = DemoChain(
            output: output,
            laptopStore: connect(),
            phoneStore: connect(),
            laptop: laptop,
            phone: phone
        )
        try await chain.run()
    }

    /// Milliseconds with one decimal place.
    private static func text(_ duration: Duration) -> String {
        let tenths = Int(duration / .microseconds(100))
        return "\(tenths / 10).\(tenths % 10)"
    }
}
