/// The directory as a value: what Redis does with the questions of a ``FleetStore``, without Redis. Time comes from
/// outside.
package struct StoreModel: Sendable {
    private struct Entry {
        var registration: Registration
        var until: Duration
    }

    private let times: DirectoryTimes
    private var slots: [[UInt8]: Entry] = [:]
    /// The rooms without a slot.
    private var rooms: [RoomName: Entry] = [:]
    /// Grows when all data are lost.
    package private(set) var epoch = 0

    package init(times: DirectoryTimes = DirectoryTimes()) {
        self.times = times
    }

    package mutating func claim(_ room: RoomName, _ registration: Registration, at now: Duration) -> Bool {
        guard entry(slots[room.slot], now) == nil else { return false }
        slots[room.slot] = Entry(registration: registration, until: now + times.slot)
        return true
    }

    package func find(_ room: RoomName, at now: Duration) -> FoundRooms {
        FoundRooms(atSlot: entry(slots[room.slot], now), withoutSlot: entry(rooms[room], now))
    }

    package mutating func take(_ request: TakeRequest, at now: Duration) -> TakeOutcome {
        let (outcome, written) = TakeRule.decide(request, found: find(request.room, at: now))
        guard let written else { return outcome }
        let entry = Entry(registration: written, until: now + times.time(request.kept, hasSlot: outcome.hasSlot))
        if outcome.hasSlot { slots[request.room.slot] = entry } else { rooms[request.room] = entry }
        return outcome
    }

    /// Loses everything.
    package mutating func forget() {
        (slots, rooms) = ([:], [:])
        epoch += 1
    }

    /// Drops what nobody finds any more.
    package mutating func expire(at now: Duration) {
        slots = slots.filter { $0.value.until > now }
        rooms = rooms.filter { $0.value.until > now }
    }

    private func entry(_ entry: Entry?, _ now: Duration) -> Registration? {
        entry.flatMap { $0.until > now ? $0.registration : nil }
    }
}
