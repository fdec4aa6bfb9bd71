package import EasySetupRelayProtocol

/// Invariants that must hold after every event. Only tests check them, because the check reads the whole state.
extension Rendezvous {
    /// The first invariant that does not hold, in words; nil when all hold.
    package var brokenBound: String? {
        var load = Load()
        for (offer, room) in rooms {
            load += room.load
            switch room.phase {
            case .over: return "a room that is over is still there"
            case .seated(let id):
                if room.meetings.contains(where: { $0.id != id }) { return "a seated room has another meeting" }
            case .open(let line):
                if line.count > limits.waitingPerRoom { return "a line is too long" }
                if !line.isEmpty, room.meetings.count < limits.meetings { return "someone waits beside a free place" }
            }
            if room.meetings.count > limits.meetings { return "too many meetings in a room" }
            if !room.hasLostSlot, slots[room.slot] != offer { return "a room is not at its slot" }
            for mailbox in room.meetings.flatMap({ [$0.toOfferer, $0.toVisitor] })
            where mailbox.messages.count > limits.mailboxMessages || mailbox.bytes > limits.mailboxBytes {
                return "a mailbox is too full"
            }
            let inside = room.meetings.compactMap(\.connection) + room.line.map(\.connection)
            for connection in inside {
                guard case .visitor(offer) = connections[connection]?.phase else {
                    return "a room has a visitor that is elsewhere"
                }
            }
            if let offerer = room.offerer {
                guard case .offerer(offer) = connections[offerer]?.phase else {
                    return "a room has an offerer that is elsewhere"
                }
            }
        }
        if load != totals { return "the totals are wrong" }
        if rooms.count > limits.rooms { return "too many rooms" }
        if slots.values.contains(where: { rooms[$0] == nil }) { return "a slot leads nowhere" }
        if early.values.reduce(0, { $0 + $1.count }) != connections.earlyCount {
            return "early visitors are miscounted"
        }
        if connections.atWork > limits.roomless { return "too many connections at work" }
        var sought = 0
        for connection in connections.all {
            switch connections[connection]?.phase {
            case .offerer(let offer), .visitor(let offer):
                if rooms[offer] == nil { return "a connection is in no room" }
            case .sought:
                sought += 1
                if others?.waiting[connection.number] == nil { return "a device is sought for nothing" }
            case .new, .early, nil: break
            }
        }
        guard let others else { return sought > 0 ? "a relay alone seeks a device" : nil }
        if sought != others.waiting.count { return "a device that waits is in another phase" }
        if connections.far > others.limits.farDevices { return "too many far devices" }
        return nil
    }

    /// All rooms, each reduced to the facts that tests look at.
    package var roomSummaries: [OfferID: RoomSummary] {
        rooms.mapValues { room in
            RoomSummary(
                slot: room.slot,
                mayBeGivenUp: room.isAbandoned,
                isOffererAlone: room.offerer != nil && room.isIdle && !room.isKept,
                attempt: room.attempt
            )
        }
    }

    /// The room in which a connection is the offerer or a visitor; nil if it is in none.
    package func room(of connection: ConnectionID) -> OfferID? { connections[connection]?.phase.room }

    /// Whether the relay stores nothing about any device. The slots (public parts of codes) that it remembers as issued
    /// don't count.
    package var isEmpty: Bool {
        guard others?.waiting.isEmpty ?? true, others?.copies.isEmpty ?? true, others?.untold.isEmpty ?? true
        else { return false }
        // A relay among others looks after its rooms each second, even if it has none.
        let reminders = others == nil ? 0 : 1
        return connections.count == 0 && rooms.isEmpty && slots.isEmpty && early.isEmpty && displacements.isEmpty
            && deadlines.count == reminders && tombstones.isEmpty && work.isEmpty && offered.isEmpty && visited.isEmpty
            && missed.isEmpty && owned.isEmpty && connections.isUncounted && abandoned.isEmpty
    }
}

/// The facts about a room that tests look at.
package struct RoomSummary: Sendable {
    package let slot: Slot
    /// Whether a full relay may drop the room: the offerer is disconnected and no visitor ever came.
    package let mayBeGivenUp: Bool
    /// Whether only the offerer is in the room, which was not made again while the relay was cut off.
    package let isOffererAlone: Bool
    /// How often the offerer has attached.
    package let attempt: UInt32
}
