import EasySetupRelayCore
import NIOCore

/// A loop's access to the ``RelayHub``, which all loops share. It gathers the events on the loop's connections, and
/// passes several of them in one call under one lock. That call returns the effects that the loop must carry out.
final class CoreAccess {
    private let hub: RelayHub
    private let clock: RelayClock
    private let loop: any EventLoop
    /// The index of this loop among all loops of the relay.
    let index: Int
    private let events = LoopList<RelayHub.Event>()
    private let effects = LoopList<RelayHub.Effect>()
    /// Whether another loop has put effects into this loop's inbox since this loop last took its effects.
    private var isWoken = false
    /// The next deadline of the state that all event loops share (``RelayHub``). `told` is the deadline that
    /// ``takeNewDue()`` returned last. Both are on the relay's clock.
    private var due: Duration?
    private var told: Duration?
    private let timesDecisions: Bool
    /// When the earliest of the decisions was made whose effects the loop has not taken yet, on the relay's clock; that
    /// of the effects that it took last where it has taken all. Always zero unless decisions are timed.
    private(set) var decidedAt = Duration.zero

    /// - Parameters:
    ///   - timesDecisions: whether the caller uses ``decidedAt``.
    ///   - wake: the hub calls it, on any thread, when another loop has put effects into this loop's inbox. It must make
    ///     the loop call ``wasWoken()``.
    init(
        _ hub: RelayHub,
        clock: RelayClock,
        loop: any EventLoop,
        timesDecisions: Bool,
        wake: @escaping @Sendable () -> Void
    ) {
        self.timesDecisions = timesDecisions
        self.hub = hub
        self.clock = clock
        self.loop = loop
        index = hub.join(wake: wake)
    }

    /// The time in seconds since 1970, UTC.
    var utcSeconds: Int64 { clock.now.utcSeconds }
    /// The time on the relay's monotonic clock.
    var now: Duration { clock.monotonic }

    /// Records an event on a connection. The next ``change(_:)`` passes the event to the hub, at the latest when the
    /// batch of events ends.
    func happened(_ event: consuming RelayHub.Event) {
        events.append(event)
    }

    func wasWoken() {
        isWoken = true
    }

    /// Passes all recorded events to the hub, and then changes the shared state with `body`.
    @discardableResult
    func change<Result>(_ body: (inout RelayHub.State) -> Result) -> Result {
        var told: [RelayHub.Event] = []
        var brought: [RelayHub.Effect] = []
        events.exchange(&told)
        effects.exchange(&brought)
        let hadEffects = !brought.isEmpty
        let moment = clock.now
        let outcome = hub.change(by: index, after: &told, into: &brought, at: moment, body)
        if timesDecisions, !hadEffects { decidedAt = outcome.wokenAt ?? moment.monotonic }
        events.exchange(&told)
        effects.exchange(&brought)
        isWoken = false
        due = outcome.due
        return outcome.result
    }

    /// Reads the state that all loops share.
    func read<Result: Sendable>(_ body: (borrowing RelayHub.State) -> Result) -> Result { hub.read(body) }

    /// Passes the recorded events of connections to the ``RelayHub``, and moves all effects that this loop must carry
    /// out, such as frames to send, into `effects`, which must be empty. False when there are no effects.
    func takeEffects(_ effects: inout [RelayHub.Effect]) -> Bool {
        if !events.isEmpty || isWoken { change { _ in } }
        guard !self.effects.isEmpty else { return false }
        self.effects.exchange(&effects)
        return true
    }

    /// Whether there are events to pass to the hub or effects to carry out.
    var hasWork: Bool { !events.isEmpty || !effects.isEmpty || isWoken }

    /// The time for which the caller must set the alarm (the event loop's timer), on the loop's clock. Nil when the
    /// state that all loops share has no deadline, or has the same as at the last call.
    func takeNewDue() -> NIODeadline? {
        guard due != told else { return nil }
        told = due
        return due.map { loop.now + TimeAmount($0 - clock.now.monotonic) }
    }

    /// The caller must call this when the alarm (the event loop's timer) has fired or was cancelled: the next
    /// ``takeNewDue()`` then returns the deadline again.
    func alarmIsUnset() {
        told = nil
    }
}
