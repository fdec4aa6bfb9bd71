import EasySetupRelayProtocol

/// The shutdown of a relay. A device loses nothing that it can continue at another relay (`Protocol/relay.md`,
/// "Draining"). The ``Lifecycle`` has the phases; this code applies them to rooms and connections.
extension Rendezvous {
    /// Whether the relay accepts no new offers and visits.
    var isDraining: Bool { !lifecycle.isServing }

    /// Begins to drain: the relay accepts no new offers and visits. Rooms in which no visitor has met the offerer are
    /// sent to another relay at once. Rooms with unseated meetings have `unseatedDrain`, seated meetings have their
    /// normal lifetime. False when the relay drains or ends already.
    package mutating func drain(_ turn: inout Turn) -> Bool {
        guard lifecycle.drain(now: turn.now.monotonic) else { return false }
        deadlines.add(.draining, at: turn.now.monotonic + limits.unseatedDrain)
        dismissIdle(&turn)
        return true
    }

    /// Stops at once. Every connected device is told to go to another relay, and all rooms are dropped.
    package mutating func stop(_ turn: inout Turn) -> [Lifecycle.Order] {
        let orders = lifecycle.stop(now: turn.now.monotonic)
        for order in orders { carryOut(order, &turn) }
        return orders
    }

    /// To be called when the time of ``Lifecycle/due`` has come.
    package mutating func shutdownDeadlinePassed(_ turn: inout Turn) -> Lifecycle.Order? {
        let order = lifecycle.deadlinePassed(now: turn.now.monotonic)
        if let order { carryOut(order, &turn) }
        return order
    }

    /// To be called after changes while the relay does not serve: the next step of the shutdown, if it can be taken.
    /// Takes the present number of connections, and of devices that have not been told that they are closed.
    package mutating func advanceShutdown(
        connections: Int,
        untold: Int,
        _ turn: inout Turn
    ) -> Lifecycle.Order? {
        let order = lifecycle.changed(
            rooms: totals.rooms,
            connections: connections,
            untold: untold,
            now: turn.now.monotonic
        )
        if let order { carryOut(order, &turn) }
        return order
    }

    /// Whether the relay has ended. Only the first such call returns true, so that the caller reports the end once.
    package mutating func takeEnd() -> Bool { lifecycle.takeEnd() }

    /// The part of an order that concerns rooms and devices. The caller carries out the rest.
    private mutating func carryOut(_ order: Lifecycle.Order, _ turn: inout Turn) {
        switch order {
        case .end:
            dismissIdle(&turn)
            sendOn(&turn) { _ in true }
            for connection in Array(connections.all) {
                turn.dismiss(connection, .goodbye(retryAfter: limits.retryDraining))
                connections.remove(connection)
            }
        case .closeRequests, .hangUp, .ended: break
        }
    }

    /// Sends on the devices that lose nothing by going to another relay.
    private mutating func dismissIdle(_ turn: inout Turn) {
        // Draining relays restore no rooms, so the offerers that these visitors wait for can't come back here.
        for connection in early.values.joined() {
            turn.dismiss(connection, .goodbye(retryAfter: limits.retryDraining))
            connections.remove(connection)
        }
        early = [:]
        sendOn(&turn, where: \.goesOnElsewhere)
    }

    mutating func sendOn(_ turn: inout Turn, where isMeant: (Room) -> Bool) {
        // Sorted, so that the order is the same in each run.
        let meant = rooms.values.filter(isMeant).sorted { $0.slot.symbols < $1.slot.symbols }
        for room in meant {
            _ = decide(room.offer, &turn) { room, rules, turn in
                room.sendOn(rules.limits, &turn)
            }
        }
    }
}
