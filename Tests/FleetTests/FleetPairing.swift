import EasySetup
import EasySetupHandshake
import EasySetupSeed
import Logging
import TestSupport
import Testing

/// One pairing of two honest users at a fleet. The one who types the code types it again, or the fresh one, when it fails.
struct FleetPairing: Sendable {
    var offererAt: RelayAddress
    var visitorAt: RelayAddress
    var offererHolds = true
    var limits = ClientLimits.unhurried
    /// The time that a user takes to type the code, and to answer a question.
    var typing = Duration.zero
    var deciding = Duration.zero
    /// The errors after which a user gives up.
    private static let tries = 5
    /// The time until the users give up; nil for those who do not.
    var patience: Duration? = .seconds(600)

    /// The result for the two users.
    struct Outcome: Sendable {
        /// Both devices paired, and the receiver has the seed of the holder.
        var isPaired = false
        /// The codes that were shown.
        var codes = 0
        /// The errors that the user read who types the code, by their names.
        var errors: [String] = []
        /// The error that the other user read.
        var failure: String?
        /// How often a user read that no code is known which lived: the same code worked afterwards.
        var untrue = 0
        /// How often the devices said that they reconnect.
        var reconnecting = 0
        /// The time until both users saw the outcome, without the time that they took to type and to answer.
        var time = Duration.zero
        /// The logs of both devices, where not all was well.
        var log: [String] = []

        var text: String {
            "paired: \(isPaired), codes: \(codes), read: \(errors), \(failure ?? "-"), untrue: \(untrue), "
                + "reconnecting: \(reconnecting), \(time)"
                + log.map { "\n    \($0)" }.joined()
        }
    }

    func run() async throws -> Outcome {
        let start = ContinuousClock.now
        let log = LogKeeper()
        let seed = SyncSeed.random()
        let (holding, empty) = (MemorySeedStore(seed), MemorySeedStore())
        let here = client("old laptop", offererHolds ? holding : empty, log)
        let there = client("new phone", offererHolds ? empty : holding, log)
        let offering = here.offer(
            at: offererAt,
            approve: { _ in
                try? await Task.sleep(for: deciding)
                return .approve
            }
        )
        let offerer = Watch(offering)
        let giveUp = Task {
            guard let patience else { return }
            try await Task.sleep(for: patience)
            offering.cancel()
        }
        defer { giveUp.cancel() }
        var outcome = Outcome()
        var (ordinal, unknown) = (1, 0)
        var watches = [offerer]
        while let offer = try? await offerer.offer(ordinal) {
            try await Task.sleep(for: typing)
            let pairing = there.join(offer.code, at: visitorAt) { request in
                try? await Task.sleep(for: deciding)
                return .word(request.peer.words.second)
            }
            let visitor = Watch(pairing)
            watches.append(visitor)
            Task { if await offerer.hasFailed() { pairing.cancel() } }
            guard case .failure(let error) = try await visitor.outcome() else {
                outcome.untrue += unknown
                break
            }
            outcome.errors.append(error.name)
            if case .noSuchCode = error { unknown += 1 }
            if await offerer.isOver { break }
            if outcome.errors.count == Self.tries {
                offering.cancel()
                break
            }
            // The code is replaced a little later, or it is typed once more.
            if await offerer.shows(ordinal + 1, within: .seconds(20)) { (ordinal, unknown) = (ordinal + 1, 0) }
        }
        let end = try await offerer.outcome()
        outcome.time = .now - start - typing - deciding
        if case .failure(let error) = end { outcome.failure = error.name }
        let stored = await (offererHolds ? empty : holding).load()?.isSame(as: seed) == true
        let last = try await watches[watches.count - 1].outcome()
        if case .success = end, case .success = last { outcome.isPaired = stored }
        for watch in watches { await watch.end() }
        for watch in watches {
            for state in await watch.states {
                switch state {
                case .offered(let offer): outcome.codes = offer.ordinal
                case .reconnecting: outcome.reconnecting += 1
                default: break
                }
            }
        }
        if !outcome.isPaired || !outcome.errors.isEmpty { outcome.log = log.lines }
        return outcome
    }

    private func client(_ name: String, _ store: MemorySeedStore, _ log: LogKeeper) -> PairingClient {
        var logger = log.logger
        logger[metadataKey: "device"] = "\(name)"
        return PairingClient(name: DeviceName(cleaning: name)!, store: store, limits: limits, logger: logger)
    }
}

extension Watch {
    /// Whether the pairing has ended.
    fileprivate var isOver: Bool {
        states.contains {
            switch $0 {
            case .paired, .failed: true
            default: false
            }
        }
    }

    /// Waits for the end of the pairing, and returns whether it failed.
    fileprivate func hasFailed() async -> Bool { (try? await failure()) != nil }

    /// Waits for a while for the code of this number, or the pairing's end.
    fileprivate func shows(_ ordinal: Int, within time: Duration) async -> Bool {
        let end = ContinuousClock.now + time
        while true {
            let isShown = states.contains {
                if case .offered(let offer) = $0 { offer.ordinal >= ordinal } else { false }
            }
            if isShown || isOver || .now > end { return isShown }
            try? await Task.sleep(for: .milliseconds(50))
        }
    }
}
