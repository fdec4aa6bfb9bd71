import EasySetupRelayProtocol

/// The shutdown of a relay. It interrupts no pairing that could not continue at another relay (`Protocol/relay.md`,
/// "Draining"). ``Lifecycle`` holds the phase; this extension applies it to rooms and connections.
extension Rendezvous {
    /// Whether the shutdown has begun, so that the relay accepts no new offers and visits.
    var isDraining: Bool { !lifecycle.isServing }

    /// Begins to drain: the relay accepts no new offers and visits. It sends rooms without a meeting, or without a
    /// connected device, to another relay at once. Rooms whose visitors have not proved themselves follow after
    /// `unseatedDrain`, and rooms with a seated visitor keep their normal lifetime. False when the shutdown had begun
    /// before.
    package mutating func drain(_ turn: inout Turn) -> Bool {
        guard lifecycle.drain(now: turn.now.monotonic) else { return false }
        deadlines.add(.draining, at: turn.now.monotonic + limits.unseatedDrain)
        dismissIdle(&turn)
        return true
    }

    /// Stops without draining: sends `goodbye` to every connected device, so that it goes to another relay, and drops
    /// all rooms. Returns the commands that the caller carries out.
    package mutating func stop(_ turn: inout Turn) -> [Lifecycle.Command] {
        let commands = lifecycle.stop(now: turn.now.monotonic)
        for command in commands { carryOut(command, &turn) }
        return commands
    }

    /// The caller must call this at the time of ``Lifecycle/due``. Returns the command to carry out, or nil.
    package mutating func shutdownDeadlinePassed(_ turn: inout Turn) -> Lifecycle.Command? {
        let command = lifecycle.deadlinePassed(now: turn.now.monotonic)
        if let command { carryOut(command, &turn) }
        return command
    }

    /// The next step of the shutdown, or nil if none is possible yet. The caller must call this after each change
    /// during the shutdown. `untold` is the number of closed long-polling sessions whose device has not learned of the
    /// closing yet, `elsewhere` that of devices here whose rooms are at other relays: their pairings go on, too.
    package mutating func advanceShutdown(
        connections: Int,
        untold: Int,
        elsewhere: Int = 0,
        _ turn: inout Turn
    ) -> Lifecycle.Command? {
        let command = lifecycle.changed(
            rooms: totals.rooms + elsewhere,
            connections: connections,
            untold: untold,
            now: turn.now.monotonic
        )
        if let command { carryOut(command, &turn) }
        return command
    }

    /// True at the first call after the relay has ended, and false at all others, so that the caller reports the end
    /// once.
    package mutating func takeEnd() -> Bool { lifecycle.takeEnd() }

    /// Carries out the part of a command that concerns rooms and devices. The I/O layer carries out the rest.
    private mutating func carryOut(_ command: Lifecycle.Command, _ turn: inout Turn) {
        switch command {
        case .end:
            dismissIdle(&turn)
            sendOn(&turn) { _ in true }
            for connection in Array(connections.all) {
                turn.dismiss(connection, .goodbye(retryAfter: rules.goodbyeWait))
                connections.remove(connection)
            }
        case .closeRequests, .hangUp, .ended: break
        }
    }

    /// Sends `goodbye` to the devices that lose nothing by going to another relay.
    private mutating func dismissIdle(_ turn: inout Turn) {
        // These visitors came back before their offerers. A draining relay restores no rooms, so those offerers can't
        // come back to this relay.
        for connection in early.values.joined() {
            turn.dismiss(connection, .goodbye(retryAfter: rules.goodbyeWait))
            connections.remove(connection)
        }
        early = [:]
        if others != nil { dismissSought(&turn) }
        sendOn(&turn, where: \.goesOnElsewhere)
    }

    /// Refuses a device that only begins. Where other relays serve, it is told to come again, and finds one of them.
    mutating func refuseDraining(_ connection: ConnectionID, _ turn: inout Turn) {
        guard others == nil else { return sendElsewhere(connection, &turn) }
        refuse(connection, .draining, retryAfter: limits.retryDraining, &turn)
    }

    mutating func sendOn(_ turn: inout Turn, where isMeant: (Room) -> Bool) {
        // The rooms are sorted, so that the order of the frames is the same in each run.
        let meant = rooms.values.filter(isMeant).sorted { $0.slot.symbols < $1.slot.symbols }
        for room in meant {
            _ = decide(room.offer, &turn) { room, rules, turn in
                room.sendOn(rules, &turn)
            }
        }
    }
}
