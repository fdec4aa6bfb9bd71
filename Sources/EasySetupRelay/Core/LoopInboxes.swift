import EasySetupRelayCore

/// One inbox for each event loop: the effects that the loop must carry out, in the order of the decisions, and a
/// function that wakes the loop.
struct LoopInboxes<Effect: Sendable>: Sendable {
    private struct Inbox: Sendable {
        let wake: @Sendable () -> Void
        var effects: [Effect] = []
        /// Whether the loop was woken for effects that it has not taken yet, and when it was woken last.
        var isWoken = false
        var wokenAt = Duration.zero
    }

    private var inboxes: [Inbox] = []

    /// The indices of all event loops of the relay.
    var loops: Range<Int> { inboxes.indices }

    /// Registers an event loop and returns its index. The ``RelayHub`` calls `wake` when another loop has put effects
    /// (such as frames to send) into this loop's inbox.
    mutating func join(wake: @escaping @Sendable () -> Void) -> Int {
        inboxes.append(Inbox(wake: wake))
        return inboxes.count - 1
    }

    /// Puts an effect into the inbox of the event loop that must carry it out, for example by sending a frame.
    mutating func leave(_ effect: Effect, for loop: Int) {
        inboxes[loop].effects.append(effect)
    }

    mutating func leaveForAll(_ effect: Effect) {
        for loop in inboxes.indices { leave(effect, for: loop) }
    }

    /// Takes the effects that an event loop must carry out from its inbox, and adds them to the end of `effects`.
    /// Returns when the loop was woken for them; nil if it was not.
    @discardableResult
    mutating func take(_ loop: Int, into effects: inout [Effect]) -> Duration? {
        var wokenAt: Duration?
        if inboxes[loop].isWoken {
            wokenAt = inboxes[loop].wokenAt
            inboxes[loop].isWoken = false
        }
        guard !inboxes[loop].effects.isEmpty else { return wokenAt }
        if effects.isEmpty {
            swap(&inboxes[loop].effects, &effects)
        } else {
            effects += inboxes[loop].effects
            inboxes[loop].effects.removeAll(keepingCapacity: true)
        }
        return wokenAt
    }

    /// The `wake` functions of the event loops other than `own` that have new effects in their inboxes; nil if there is
    /// no other loop. A loop that was woken before is left out until it has taken its effects.
    mutating func takeWoken(but own: Int, now: Duration) -> [@Sendable () -> Void]? {
        guard inboxes.count > 1 else { return nil }
        var woken: [@Sendable () -> Void] = []
        for loop in inboxes.indices where loop != own && !inboxes[loop].effects.isEmpty && !inboxes[loop].isWoken {
            inboxes[loop].isWoken = true
            inboxes[loop].wokenAt = now
            woken.append(inboxes[loop].wake)
        }
        return woken
    }
}
