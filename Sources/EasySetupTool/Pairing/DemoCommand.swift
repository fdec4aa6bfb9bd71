import ArgumentParser
import EasySetup
import EasySetupHandshake
import EasySetupRelay
import EasySetupSeed
import Logging

/// `easysetup demo`: a relay and two devices in one process, and a whole pairing over real sockets between them.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Show a whole pairing on this machine.",
        discussion: "A relay and two devices run in this process, and pair over real sockets."
    )

    @OptionGroup var common: CommonOptions

    @Option(
        help: ArgumentHelp("Pair this many devices one after the other; the times are of all of them.", valueName: "n")
    )
    var pairings = 20

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
            for number in 1...pairings {
                let isFirst = number == 1
                let demo = DemoPairing(relay: relay, seed: seed, output: isFirst ? output : nil)
                let (userID, time) = try await demo.run()
                guard userID == seed.userID else { throw CommandError.internal }
                times.append(time)
                if isFirst {
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
        }
    }

    /// Milliseconds with one decimal place.
    private static func text(_ duration: Duration) -> String {
        let tenths = Int(duration / .microseconds(100))
        return "\(tenths / 10).\(tenths % 10)"
    }
}
