import EasySetup
import EasySetupHandshake
import EasySetupSeed
import Synchronization
import TestSupport
import Testing

/// One pairing of two honest users, with one fault on one device's way to the relay.
struct FaultRun: Sendable {
    enum Victim: String, CaseIterable, Sendable { case offerer, visitor }

    var victim: Victim
    var plan: FaultProxy.Plan?
    var offererHolds = true
    var isPlain = true
    /// Whether the faulty device gets no WebSocket and uses long polling; the other uses a WebSocket.
    var isHTTP = false
    /// The source addresses of the faulty device's connections: a phone that reconnects may have changed its network.
    var sources = ["127.0.0.1", "127.0.0.2"]
    var limits = Self.limits
    /// The factor by which this machine is slower than an idle one; all times are multiplied by it.
    var pace = 1
    /// The longest time for the pairing before the users cancel it.
    var patience: Duration = .seconds(60)
    /// The longest time that a device may go on after the other has failed.
    var grace: Duration = .seconds(2)
    /// Whether a failed visitor tries again when the offerer shows a fresh code.
    var followsFreshCode = false

    /// Limits so short that a stall is noticed within a second, and so long that a busy machine does not look like a
    /// fault.
    static let limits: ClientLimits = {
        var limits = ClientLimits()
        // Fewer unanswered connections may be due to a busy machine.
        limits.answerTries = 6
        limits.connectTimeout = .milliseconds(800)
        limits.answerTimeout = .seconds(1)
        limits.silence = .milliseconds(400)
        limits.workTimeout = .seconds(5)
        limits.upgradeTimeout = .milliseconds(500)
        limits.goodbye = .milliseconds(500)
        limits.pollWait = .seconds(1)
        limits.callTimeout = .milliseconds(500)
        limits.callPause = .milliseconds(20)
        limits.firstBackoff = .milliseconds(20)
        limits.maximumBackoff = .milliseconds(500)
        limits.reachTimeout = .seconds(5)
        limits.linger = .seconds(5)
        limits.farewell = .seconds(1)
        return limits
    }()

    /// This run with the pace of a run without a fault on this machine, and the units of that run.
    func paced(
        _ clean: (FaultRun) async throws -> Outcome
    ) async throws -> (run: FaultRun, units: [(direction: Direction, name: String)]) {
        var run = self
        run.plan = nil
        run.pace = 20
        let outcome = try await clean(run)
        #expect(outcome.isPaired && outcome.report.connections == outcome.usual, "without a fault: \(outcome)")
        var paced = self
        paced.pace = max(1, Int(outcome.time / Self.usual))
        return (paced, outcome.report.units)
    }

    /// The time of a pairing without a fault on an idle machine is shorter.
    private static let usual: Duration = .milliseconds(300)

    private var pacedLimits: ClientLimits {
        var limits = limits
        let times: [WritableKeyPath<ClientLimits, Duration>] = [
            \.connectTimeout, \.answerTimeout, \.silence, \.workTimeout, \.reachTimeout, \.linger, \.farewell,
            \.upgradeTimeout, \.goodbye, \.pollWait, \.callTimeout, \.offererReturn, \.codeLifetime, \.seatedLifetime,
            \.receiptTimeout, \.bodyTimeout,
        ]
        for time in times { limits[keyPath: time] *= pace }
        return limits
    }

    /// The result for the two users.
    struct Outcome: Sendable {
        var offerer: Result<Paired, PairingError>
        var visitor: Result<Paired, PairingError>
        /// Whether a user had to cancel, because the other device had failed or time was up.
        var wasStopped: Bool
        /// The error of the first visit; nil where it did not fail.
        var firstFailure: PairingError?
        /// The number of codes that the offerer showed.
        var codes = 0
        var questions: Int
        /// The number of times that a seed was stored.
        var stored: Int
        /// Whether the receiver's store has the holder's seed.
        var hasSeed: Bool
        /// The number of times that a device reported a reconnect.
        var reconnecting = 0
        var report: FaultProxy.Report
        /// The time until both users saw the outcome.
        var time: Duration
        /// The number of the device's connections without a fault.
        var usual = 1

        /// Both devices paired as without a fault.
        var isPaired: Bool {
            guard case .success(let here) = offerer, case .success(let there) = visitor else { return false }
            return here.userID == there.userID && questions == 1 && stored == 1 && hasSeed
        }

        /// The outcome breaks no promise: a paired device has the one seed, and a user has approved.
        var isHonest: Bool {
            if case .success(let here) = offerer, case .success(let there) = visitor {
                return here.userID == there.userID && hasSeed && questions >= 1
            }
            return stored == 0 || hasSeed && questions >= 1
        }

        /// The result for the table, with the number of reconnects.
        var text: String {
            let again = max(0, report.connections - usual)
            if !report.hasFired { return "-" }
            if isPaired, let firstFailure { return "\(firstFailure.name), fresh code: ok+\(again)" }
            if isPaired { return again == 0 ? "ok" : "ok+\(again)" }
            return "\(Self.name(offerer))/\(Self.name(visitor))+\(again)"
        }

        private static func name(_ result: Result<Paired, PairingError>) -> String {
            switch result {
            case .success: "paired"
            case .failure(let error): error.name
            }
        }
    }

    /// Runs the pairing at a relay on loopback.
    func run(at relay: LiveRelay, strike: @escaping @Sendable () -> Void = {}) async throws -> Outcome {
        try await run(port: relay.address.port, roots: relay.roots, strike: strike)
    }

    /// - Throws: ``Stuck`` where a device neither pairs nor fails, even after its user cancels.
    func run(
        port: Int,
        roots: TrustedRoots = .system,
        strike: @escaping @Sendable () -> Void = {}
    ) async throws -> Outcome {
        let (results, result) = AsyncStream<Result<Outcome, any Error>>.makeStream()
        let running = Task {
            do {
                result.yield(.success(try await pair(port: port, roots: roots, strike: strike)))
            } catch {
                result.yield(.failure(error))
            }
        }
        let watchdog = Task {
            try await Task.sleep(for: patience * pace * 2)
            result.yield(.failure(Stuck()))
        }
        defer {
            running.cancel()
            watchdog.cancel()
        }
        for await result in results { return try result.get() }
        throw Stuck()
    }

    struct Stuck: Error {}

    private func pair(
        port: Int,
        roots: TrustedRoots,
        strike: @escaping @Sendable () -> Void
    ) async throws -> Outcome {
        let way = FaultProxy.Way(port: port, sources: sources, form: isHTTP ? .http : isPlain ? .webSocket : .records)
        return try await FaultProxy.run(to: way, plan, strike: strike) { proxy in
            let start = ContinuousClock.now
            let faulty = try proxy.address(isPlain: isPlain)
            // The other device's network has no faults and no proxy.
            let good = RelayAddress(host: "127.0.0.1", port: port, isPlain: isPlain)!
            let seed = SyncSeed.random()
            let store = CountingStore()
            let questions = Counter()
            let here = PairingClient(
                name: DeviceName(cleaning: "old laptop")!,
                store: offererHolds ? MemorySeedStore(seed) : store,
                roots: roots,
                limits: pacedLimits
            )
            let there = PairingClient(
                name: DeviceName(cleaning: "new phone")!,
                store: offererHolds ? store : MemorySeedStore(seed),
                roots: roots,
                limits: pacedLimits
            )
            let offerer = Party(
                here.offer(at: victim == .offerer ? faulty : good) { _ in
                    questions.add()
                    return .approve
                }
            )
            offerer.stop(after: patience * pace)
            var parties = [offerer]
            var firstFailure: PairingError?
            // Without a code there is no visit.
            for ordinal in 1...(followsFreshCode ? 2 : 1) {
                guard let code = try? await offerer.watch.offer(ordinal).code else { break }
                let visitor = Party(
                    there.join(code, at: victim == .visitor && ordinal == 1 ? faulty : good) { request in
                        questions.add()
                        return .word(request.peer.words.second)
                    }
                )
                visitor.stop(after: patience * pace)
                parties.append(visitor)
                // A device that waits for a failed one is cancelled by its user after a while.
                Task { try await offerer.stopsWhenFailed(visitor, after: grace * pace) }
                if case .failure(let error) = try await visitor.outcome(), ordinal == 1 { firstFailure = error }
                if try await visitor.outcome().failure == nil { break }
                offerer.stop(after: grace * pace)
            }
            var outcome = Outcome(
                offerer: try await offerer.outcome(),
                visitor: try await parties[parties.count - 1].outcome(),
                wasStopped: parties.contains(where: \.wasStopped),
                firstFailure: firstFailure,
                questions: questions.count,
                stored: await store.saves,
                hasSeed: await store.load()?.isSame(as: seed) == true,
                report: FaultProxy.Report(),
                time: ContinuousClock.now - start
            )
            // The last frames go through the proxy too.
            for party in parties {
                await party.watch.end()
                outcome.reconnecting += await party.watch.states.count {
                    if case .reconnecting = $0 { true } else { false }
                }
            }
            outcome.codes = await offerer.watch.states.reduce(0) {
                if case .offered(let offer) = $1 { offer.ordinal } else { $0 }
            }
            outcome.report = proxy.report
            outcome.usual = isHTTP ? 3 : 1
            return outcome
        }
    }
}

/// One device's pairing, with a user who may cancel it.
private final class Party: Sendable {
    let pairing: Pairing
    let watch: Watch
    private let state = Mutex((isOver: false, wasStopped: false))

    init(_ pairing: Pairing) {
        self.pairing = pairing
        watch = Watch(pairing)
    }

    var wasStopped: Bool { state.withLock(\.wasStopped) }

    func outcome() async throws -> Result<Paired, PairingError> {
        defer { state.withLock { $0.isOver = true } }
        return try await watch.outcome()
    }

    /// Waits for the outcome, and cancels the other device's pairing if this one failed.
    func stopsWhenFailed(_ other: Party, after time: Duration) async throws {
        if case .failure = try await outcome() { other.stop(after: time) }
    }

    /// Cancels the pairing if it has not ended by then.
    func stop(after time: Duration) {
        Task {
            try? await Task.sleep(for: time)
            let isDue = state.withLock { state in
                if !state.isOver { state.wasStopped = true }
                return state.wasStopped
            }
            if isDue { pairing.cancel() }
        }
    }
}

/// A counter that any thread may use.
final class Counter: Sendable {
    private let value = Mutex(0)

    var count: Int { value.withLock { $0 } }

    func add() { value.withLock { $0 += 1 } }
}

/// A store that counts its saves.
actor CountingStore: SeedStore {
    private let store = MemorySeedStore()
    private(set) var saves = 0

    func load() async -> SyncSeed? { await store.load() }

    func save(_ seed: SyncSeed, replacing: Bool) async throws(StoreError) -> SaveOutcome {
        saves += 1
        return try await store.save(seed, replacing: replacing)
    }
}
