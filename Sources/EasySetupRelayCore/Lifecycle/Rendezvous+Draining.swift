import EasySetupRelayProtocol

/// The end of a relay: nothing is lost that a device can take elsewhere (`Protocol/relay.md`, "Draining").
extension Rendezvous {
    /// The relay is about to stop. No offer and no visit is taken in any more. Rooms in which nobody has met go on at another
    /// relay at once, the others when they are done: those that nobody has taken the seat of have `unseatedDrain`, the seated
    /// ones the time they have anyway. It is done when no room is left.
    @specialized(where Connection == ConnectionID)
    package mutating func drain(now: Moment, into actions: inout [Action<Connection>]) {
        guard !isDraining else { return }
        isDraining = true
        deadlines.add(.draining, at: now.monotonic + limits.unseatedDrain)
        // Their offerers can't make these rooms again here.
        for connection in early.values.joined() {
            actions.dismiss(connection, .goodbye(retryAfter: limits.retryDraining))
            connections.remove(connection)
        }
        early = [:]
        sendOn(now, into: &actions, where: \.goesOnElsewhere)
    }

    /// The relay stops now. Whoever is there is told to go on at another one, and nothing of them is kept.
    @specialized(where Connection == ConnectionID)
    package mutating func end(now: Moment, into actions: inout [Action<Connection>]) {
        drain(now: now, into: &actions)
        sendOn(now, into: &actions) { _ in true }
        for connection in Array(connections.all) {
            actions.dismiss(connection, .goodbye(retryAfter: limits.retryDraining))
            connections.remove(connection)
        }
    }

    mutating func sendOn(
        _ now: Moment,
        into actions: inout [Action<Connection>],
        where isMeant: (Room<Connection>) -> Bool
    ) {
        // In an order that does not change from run to run.
        let meant = rooms.values.filter(isMeant).sorted { $0.slot.symbols < $1.slot.symbols }
        for room in meant {
            _ = decide(room.offer, now, into: &actions) { room, context, actions in
                room.sendOn(context.limits, into: &actions)
            }
        }
    }
}
