import EasySetupRelayCore
import NIOCore

/// A loop's access to the ``RelayHub`` that all loops share. Events on the loop's connections are gathered here and
/// passed on in one call under one lock, which gives the effects to carry out.
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
    /// The next deadline of the shared state on the relay's clock, and the one that the alarm was last set for.
    private var due: Duration?
    private var told: Duration?

    /// `wake` is called, on any thread, when another loop has put effects into this loop's inbox. ``wasWoken()`` is
    /// then to be called on the loop.
    init(_ hub: RelayHub, clock: RelayClock, loop: any EventLoop, wake: @escaping @Sendable () -> Void) {
        self.hub = hub
        self.clock = clock
        self.loop = loop
        index = hub.join(wake: wake)
    }

    /// Records an event on a connection. It is passed to the hub with the next change or at the end of the batch.
    func happened(_ event: RelayHub.Event) {
        events.append(event)
    }

    func wasWoken() {
        isWoken = true
    }

    /// Changes the shared state, after applying all recorded events.
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

    /// Passes on the recorded events and moves all effects into `effects`, which must be empty. False when there are
    /// none.
    func takeEffects(_ effects: inout [RelayHub.Effect]) -> Bool {
        if !events.isEmpty || isWoken { change { _ in } }
        guard !self.effects.isEmpty else { return false }
        swap(&effects, &self.effects)
        return true
    }

    /// Whether there are events to pass on or effects to carry out.
    var hasWork: Bool { !events.isEmpty || !effects.isEmpty || isWoken }

    /// The time to set the alarm for, on the loop's clock; nil when no deadline has changed since the last call.
    func takeNewDue() -> NIODeadline? {
        guard due != told else { return nil }
        told = due
        return due.map { loop.now + TimeAmount($0 - clock.now.monotonic) }
    }

    /// The alarm fired or was cancelled, so every deadline has to be set again.
    func alarmIsUnset() {
        told = nil
    }

    /// The capacity above which a list's memory is released.
    private static let mostKept = 1024
}
