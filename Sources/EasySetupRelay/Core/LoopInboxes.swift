import EasySetupRelayCore

/// What waits for each event loop: effects in the order of the decisions, and how to wake it.
struct LoopInboxes<Effect: Sendable>: Sendable {
    private struct Inbox: Sendable {
        let wake: @Sendable () -> Void
        var effects: [Effect] = []
        var isWoken = false
    }

    private var inboxes: [Inbox] = []

    /// The indices of all loops.
    var loops: Range<Int> { inboxes.indices }

    /// A loop joins; `wake` is called when others have left something for it. Returns its index.
    mutating func join(wake: @escaping @Sendable () -> Void) -> Int {
        inboxes.append(Inbox(wake: wake))
        return inboxes.count - 1
    }

    /// Leaves a effect for a loop.
    mutating func leave(_ effect: Effect, for loop: Int) {
        inboxes[loop].effects.append(effect)
    }

    mutating func leaveForAll(_ effect: Effect) {
        for loop in inboxes.indices { leave(effect, for: loop) }
    }

    /// Adds a loop's effects to those that it has.
    mutating func take(_ loop: Int, into effects: inout [Effect]) {
        inboxes[loop].isWoken = false
        guard !inboxes[loop].effects.isEmpty else { return }
        guard !effects.isEmpty else { return swap(&inboxes[loop].effects, &effects) }
        effects += inboxes[loop].effects
        inboxes[loop].effects.removeAll(keepingCapacity: true)
    }

    /// How to wake the loops that others have left something for, each once until it has taken that.
    mutating func takeWoken(but own: Int) -> [@Sendable () -> Void] {
        guard inboxes.count > 1 else { return [] }
        var woken: [@Sendable () -> Void] = []
        for loop in inboxes.indices where loop != own && !inboxes[loop].effects.isEmpty && !inboxes[loop].isWoken {
            inboxes[loop].isWoken = true
            woken.append(inboxes[loop].wake)
        }
        return woken
    }
}
