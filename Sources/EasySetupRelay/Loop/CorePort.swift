import EasySetupRelayCore
import NIOCore

/// A loop's way into the ``RelayHub`` that all loops share. What happens on the loop's connections is gathered here and told in one call,
/// under one lock; that call brings back what there is to do.
final class CorePort {
    private let hub: RelayHub
    private let clock: RelayClock
    private let loop: any EventLoop
    private let index: Int
    private var events: [RelayHub.Event] = []
    private var effects: [RelayHub.Effect] = []
    /// Another loop has left effects in the inbox.
    private var isWoken = false
    /// When the rendezvous has something to do, on its own clock, and when something else in the exchange has; and the times of either
    /// that the alarm knows of.
    private var due: (rendezvous: Duration?, other: NIODeadline?) = (nil, nil)
    private var told: (rendezvous: Duration?, other: NIODeadline?) = (nil, nil)

    /// `wake` is called, on any thread, when another loop has left something for this one; then ``wasWoken()`` is to be called on the
    /// loop.
    init(_ hub: RelayHub, clock: RelayClock, loop: any EventLoop, wake: @escaping @Sendable () -> Void) {
        self.hub = hub
        self.clock = clock
        self.loop = loop
        index = hub.join(wake: wake)
    }

    /// Something has happened on a connection. It is told with the next change, or when the batch ends.
    func happened(_ event: RelayHub.Event) {
        events.append(event)
    }

    func wasWoken() {
        isWoken = true
    }

    /// Changes what all loops share, after all that has happened before.
    @discardableResult
    func change<Result>(_ body: (inout RelayHub.State, RelayHub.Context) -> Result) -> Result {
        var told: [RelayHub.Event] = []
        var brought: [RelayHub.Effect] = []
        swap(&told, &events)
        swap(&brought, &effects)
        let outcome = hub.change(
            by: index,
            after: told,
            into: &brought,
            at: clock.now,
            now: loop.now,
            body
        )
        told.clear(keepingUpTo: Self.mostKept)
        swap(&told, &events)
        swap(&brought, &effects)
        isWoken = false
        due = (outcome.rendezvousDue, outcome.due)
        return outcome.result
    }

    /// Looks at what all loops share.
    func read<Result: Sendable>(_ body: (borrowing RelayHub.State) -> Result) -> Result { hub.read(body) }

    /// Tells what has happened, and takes what there is to do, in place of `effects`, which is empty. False when there is nothing.
    func takeEffects(_ effects: inout [RelayHub.Effect]) -> Bool {
        if !events.isEmpty || isWoken { change { _, _ in } }
        guard !self.effects.isEmpty else { return false }
        swap(&effects, &self.effects)
        return true
    }

    /// Whether there is something to tell or to do.
    var hasWork: Bool { !events.isEmpty || !effects.isEmpty || isWoken }

    /// The time that the alarm has to be set for, on the loop's clock: when something is due at a time that it was not told before.
    func takeNewDue() -> NIODeadline? {
        var earliest: NIODeadline?
        if due.other != told.other {
            told.other = due.other
            earliest = due.other
        }
        if due.rendezvous != told.rendezvous {
            told.rendezvous = due.rendezvous
            if let time = due.rendezvous {
                let time = loop.now + TimeAmount(time - clock.now.monotonic)
                earliest = min(time, earliest ?? time)
            }
        }
        return earliest
    }

    /// The alarm has gone off, or was cancelled: every time is to be told again.
    func alarmIsUnset() {
        told = (nil, nil)
    }

    /// A longer list gives its memory back.
    private static let mostKept = 1024
}
