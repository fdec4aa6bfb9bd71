import EasySetupRelayProtocol

/// Shutdown of a relay. Nothing is lost that a device can continue at another relay (`Protocol/relay.md`, "Draining").
extension Rendezvous {
    /// Begins to drain: the relay accepts no new offers and visits. Rooms in which no visitor has met the offerer are
    /// sent to another relay at once. Rooms with unseated meetings have `unseatedDrain`, seated meetings have their
    /// normal lifetime. Draining is complete when no room is left.
    @specialized(where Connection == ConnectionID)
    package mutating func drain(_ turn: inout Turn<Connection>) {
        guard !isDraining else { return }
        isDraining = true
        deadlines.add(.draining, at: turn.now.monotonic + limits.unseatedDrain)
        // Draining relays restore no rooms, so the offerers that these visitors wait for can't come back here.
        for connection in early.values.joined() {
            turn.dismiss(connection, .goodbye(retryAfter: limits.retryDraining))
            connections.remove(connection)
        }
        early = [:]
        sendOn(&turn, where: \.goesOnElsewhere)
    }

    /// Stops at once. Every connected device is told to go to another relay, and all state is dropped.
    @specialized(where Connection == ConnectionID)
    package mutating func end(_ turn: inout Turn<Connection>) {
        drain(&turn)
        sendOn(&turn) { _ in true }
        for connection in Array(connections.all) {
            turn.dismiss(connection, .goodbye(retryAfter: limits.retryDraining))
            connections.remove(connection)
        }
    }

    mutating func sendOn(_ turn: inout Turn<Connection>, where isMeant: (Room<Connection>) -> Bool) {
        // Sorted, so that the order is the same in each run.
        let meant = rooms.values.filter(isMeant).sorted { $0.slot.symbols < $1.slot.symbols }
        for room in meant {
            _ = decide(room.offer, &turn) { room, rules, turn in
                room.sendOn(rules.limits, &turn)
            }
        }
    }
}
