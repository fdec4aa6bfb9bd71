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
        abstract: "Show a whole pairing: a relay and two devices, in this process, over real sockets."
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

/// One pairing of the demonstration.
private struct DemoPairing {
    let relay: RelayAddress
    let seed: SyncSeed
    /// The output; nil for the pairings that are only measured.
    let output: Output?

    /// Runs the pairing. Returns the user ID of both devices, and the time from the typing of the code to the success
    /// on both devices.
    func run() async throws -> (UserID, Duration) {
        let (codes, code) = AsyncStream<PairingCode>.makeStream()
        async let offered = offer(code)
        guard let shown = await codes.first(where: { _ in true }) else { throw await failure(offered) }
        output?.event(
            "offered",
            [("code", .string(shown.revealed()))],
            people: "The old laptop shows the code \(shown.revealed())."
        )

        // This step stands for a person who reads the code from one screen and types it on the other.
        let typed = try PairingCode(typed: shown.revealed())
        let start = ContinuousClock.now
        let joined = try await join(typed)
        guard try await offered.get() == joined else { throw CommandError.internal }
        return (joined, start.duration(to: .now))
    }

    private func offer(_ code: AsyncStream<PairingCode>.Continuation) async -> Result<UserID, PairingError> {
        let client = PairingClient(name: DeviceName(cleaning: "old laptop")!, store: MemorySeedStore(seed))
        defer { code.finish() }
        let pairing = client.offer(at: relay) { request in
            output?.event(
                "peer",
                [
                    ("name", .string(request.peer.device.name.description)),
                    ("words", .string("\(request.peer.words.first) \(request.peer.words.second)")),
                ],
                people: """
                    The old laptop asks: is this the device in your hands?
                        "\(request.peer.device.name)"  words: \(request.peer.words)
                    The demonstration answers yes.
                    """
            )
            return .approve
        }
        for await state in pairing {
            switch state {
            case .offered(let offer): code.yield(offer.code)
            case .paired(let paired): return .success(paired.userID)
            case .failed(let error): return .failure(error)
            default: break
            }
        }
        return .failure(.fault)
    }

    private func join(_ code: PairingCode) async throws -> UserID {
        let client = PairingClient(name: DeviceName(cleaning: "new phone")!, store: MemorySeedStore())
        for await state in client.join(code, at: relay) {
            switch state {
            case .paired(let paired): return paired.userID
            case .failed(let error): throw error
            default: break
            }
        }
        throw CommandError.internal
    }

    private func failure(_ offered: Result<UserID, PairingError>) -> any Error {
        if case .failure(let error) = offered { error } else { CommandError.internal }
    }
}
