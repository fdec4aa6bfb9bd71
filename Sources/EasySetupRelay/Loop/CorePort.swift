import EasySetupRelayCore
import NIOCore

/// A loop's access to the ``RelayHub`` that all loops share. It gathers the events on the loop's connections and passes
/// them on in one call under one lock. The call gives the effects to carry out.
final class CorePort {
    private let hub: RelayHub
    private let clock: RelayClock
    private let loop: any EventLoop
    /// The index of the loop among all loops of the relay.
    let index: Int
    private var events: [RelayHub.Event] = []
    private var effects: [RelayHub.Effect] = []
    /// Whether another loop has put effects into this loop's inbox.
    private var isWoken = false
    /// The next deadline of the shared state, and the one that ``takeNewDue()`` gave last; both on the relay's clock.
    private var due: Duration?
    private var told: Duration?

    /// The hub calls `wake`, on any thread, when another loop has put effects into this loop's inbox. `wake` has
    /// ``wasWoken()`` called on the loop.
    init(_ hub: RelayHub, clock: RelayClock, loop: any EventLoop, wake: @escaping @Sendable () -> Void) {
        self.hub = hub
        self.clock = clock
        self.loop = loop
        index = hub.join(wake: wake)
    }

    /// Records an event on a connection. The next ``change(_:)`` passes it to the hub, at the latest at the end of the
    /// batch of events.
    func happened(_ event: RelayHub.Event) {
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
        swap(&told, &events)
        swap(&brought, &effects)
        let outcome = hub.change(by: index, after: told, into: &brought, at: clock.now, body)
        told.clear(keepingUpTo: Self.mostKept)
        swap(&told, &events)
        swap(&brought, &effects)
        isWoken = false
        due = outcome.due
        return outcome.result
    }

    /// Reads the shared state.
    func read<Result: Sendable>(_ body: (borrowing RelayHub.State) -> Result) -> Result { hub.read(body) }

    /// Passes on the recorded events and moves all effects into `effects`, which must be empty. False when there are no
    /// effects.
    func takeEffects(_ effects: inout [RelayHub.Effect]) -> Bool {
        if !events.isEmpty || isWoken { change { _ in } }
        guard !self.effects.isEmpty else { return false }
        swap(&effects, &self.effects)
        return true
    }

    /// Whether there are events to pass on or effects to carry out.
    var hasWork: Bool { !events.isEmpty || !effects.isEmpty || isWoken }

    /// The time to set the alarm for, on the event loop's clock. Nil when the next deadline has not changed since the
    /// last call, or when there is none.
    func takeNewDue() -> NIODeadline? {
        guard due != told else { return nil }
        told = due
        return due.map { loop.now + TimeAmount($0 - clock.now.monotonic) }
    }

    /// Called when the alarm has fired or was cancelled: the next ``takeNewDue()`` gives the deadline again.
    func alarmIsUnset() {
        told = nil
    }

    /// The number of elements above which a cleared list releases its memory.
    private static let mostKept = 1024
}
