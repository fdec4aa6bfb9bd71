import Rendezvous

/// What waits for each event loop: deeds in the order of the decisions, and how to wake it.
struct LoopInboxes<Deed: Sendable>: Sendable {
    private struct Inbox: Sendable {
        let wake: @Sendable () -> Void
        var deeds: [Deed] = []
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

    /// Leaves a deed for a loop.
    mutating func leave(_ deed: Deed, for loop: Int) {
        inboxes[loop].deeds.append(deed)
    }

    mutating func leaveForAll(_ deed: Deed) {
        for loop in inboxes.indices { leave(deed, for: loop) }
    }

    /// Adds a loop's deeds to those that it has.
    mutating func take(_ loop: Int, into deeds: inout [Deed]) {
        inboxes[loop].isWoken = false
        guard !inboxes[loop].deeds.isEmpty else { return }
        guard !deeds.isEmpty else { return swap(&inboxes[loop].deeds, &deeds) }
        deeds += inboxes[loop].deeds
        inboxes[loop].deeds.removeAll(keepingCapacity: true)
    }

    /// How to wake the loops that others have left something for, each once until it has taken that.
    mutating func takeWoken(but own: Int) -> [@Sendable () -> Void] {
        guard inboxes.count > 1 else { return [] }
        var woken: [@Sendable () -> Void] = []
        for loop in inboxes.indices where loop != own && !inboxes[loop].deeds.isEmpty && !inboxes[loop].isWoken {
            inboxes[loop].isWoken = true
            woken.append(inboxes[loop].wake)
        }
        return woken
    }
}
