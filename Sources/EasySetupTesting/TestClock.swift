import EasySetup
import EasySetupPairingSession
import Synchronization

/// A clock that a test moves by hand. It stands still otherwise, so a test waits for nothing and never depends on the
/// speed of the machine.
///
/// A relay and all clients at it have one clock. Its instants are those of `ContinuousClock`, so an app compares the
/// deadlines of its screens with ``now``.
public final class TestClock: Clock {
    /// An instant of this clock.
    public typealias Instant = ContinuousClock.Instant
    /// The distance between two instants.
    public typealias Duration = Swift.Duration

    private struct Timer {
        let id: Int
        let deadline: Instant
        let fire: @Sendable () -> Void
        let cancel: @Sendable () -> Void
    }

    private struct State {
        var now: Instant
        var lastID = 0
        var timers: [Timer] = []
        /// The sleeps that were cancelled before they had begun.
        var cancelled: Set<Int> = []

        mutating func takeTimer(_ id: Int) -> Timer? {
            timers.firstIndex { $0.id == id }.map { timers.remove(at: $0) }
        }
    }

    let executor = TestExecutor()
    private let state: Mutex<State>

    /// Makes a clock that stands at this instant until a test moves it.
    public init(now: Instant = .now) {
        state = Mutex(State(now: now))
    }

    /// The clock's present instant.
    public var now: Instant { state.withLock(\.now) }

    /// The smallest step of the clock.
    public var minimumResolution: Duration { .nanoseconds(1) }

    /// The number of tasks and timers that wait for this clock, those of relays and devices included.
    public var sleeping: Int { state.withLock(\.timers.count) }

    /// Moves the clock, and does everything that becomes due on the way, each thing at its instant and in its order.
    /// When the call returns, all devices wait again.
    public func advance(by duration: Duration) async {
        await advance(to: now.advanced(by: duration))
    }

    /// Moves the clock to an instant, as ``advance(by:)`` does. The clock never goes back.
    public func advance(to end: Instant) async {
        await settle()
        while let timer = takeTimer(upTo: end) {
            timer.fire()
            await settle(rounds: Self.roundsBetweenTimers)
        }
        state.withLock { $0.now = max($0.now, end) }
        await settle()
    }

    /// Waits until no device has done anything for many rounds. In each round the devices finish the work that they
    /// have, and then the main actor and Swift's global executor reach the end of the work that they had at that
    /// moment. The clock does not move.
    ///
    /// The devices' own work and the steps of a pairing between them are always over then, and so is what the app does
    /// about a state on the main actor, also if a few actors or detached tasks of its own take part. The function can't
    /// see work that takes long without a device: a task of the app's that computes, reads a file, blocks a thread,
    /// waits for a real clock or runs on an executor or a dispatch queue of its own. The test must wait for such work
    /// itself.
    public func settle() async {
        await settle(rounds: Self.quietRounds)
    }

    /// - Parameter rounds: the number of rounds without any work of a device after which all devices wait.
    private func settle(rounds: Int) async {
        var quietRounds = 0
        while quietRounds < rounds {
            let before = executor.count
            await executor.idle()
            // These jobs run behind those that the main actor and the global executor have already.
            await MainActor.run {}
            await Task.detached(priority: Task.currentPriority) {}.value
            await Task.yield()
            quietRounds = executor.count == before ? quietRounds + 1 : 0
        }
    }

    /// A device's task may resume a task of the app's, which may resume the device again. On its way the app's task
    /// passes through threads that nothing here can ask, so only many rounds without any work of a device show that this is
    /// over, also on a busy machine.
    private static let quietRounds = 150
    /// The rounds between two timers, where the app has nothing to do but to show a state.
    private static let roundsBetweenTimers = 3

    /// Suspends the task until the clock has reached the instant.
    /// - Throws: `CancellationError` if the task is cancelled before.
    public func sleep(until deadline: Instant, tolerance: Duration? = nil) async throws {
        let id = newID()
        defer { state.withLock { _ = $0.cancelled.remove(id) } }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let timer = Timer(id: id, deadline: deadline) {
                    continuation.resume()
                } cancel: {
                    continuation.resume(throwing: CancellationError())
                }
                add(timer)
            }
        } onCancel: {
            let timer = state.withLock { state in
                let timer = state.takeTimer(id)
                if timer == nil { state.cancelled.insert(id) }
                return timer
            }
            timer?.cancel()
        }
    }

    // MARK: Timers of the relay

    /// Calls a function when the clock reaches the instant, or at the next ``advance(by:)`` if it has. Returns the
    /// timer's number.
    func call(at deadline: Instant, _ body: @escaping @Sendable () -> Void) -> Int {
        let id = newID()
        state.withLock { $0.timers.append(Timer(id: id, deadline: deadline, fire: body) {}) }
        return id
    }

    /// Removes the timer with this number if it has not fired.
    func cancel(_ id: Int) {
        state.withLock { _ = $0.takeTimer(id) }
    }

    private func newID() -> Int {
        state.withLock { state in
            state.lastID += 1
            return state.lastID
        }
    }

    /// Keeps the timer of a sleep, unless it is over already.
    private func add(_ timer: Timer) {
        let (isDue, isCancelled) = state.withLock { state in
            let isCancelled = state.cancelled.contains(timer.id)
            let isDue = timer.deadline <= state.now
            if !isDue, !isCancelled { state.timers.append(timer) }
            return (isDue, isCancelled)
        }
        if isCancelled {
            timer.cancel()
        } else if isDue {
            timer.fire()
        }
    }

    /// Takes the next timer up to the instant, and moves the clock to it.
    private func takeTimer(upTo end: Instant) -> Timer? {
        state.withLock { state in
            guard let next = state.timers.min(by: { ($0.deadline, $0.id) < ($1.deadline, $1.id) }), next.deadline <= end
            else { return nil }
            state.now = max(state.now, next.deadline)
            return state.takeTimer(next.id)
        }
    }
}

extension TestClock: ClientClock {}
