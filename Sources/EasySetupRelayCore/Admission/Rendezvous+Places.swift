internal import DequeModule
import EasySetupRelayProtocol

/// Places for rooms and for those who come to them: each prefix has its part of them once half are taken, and devices that come
/// back have some of their own (`Protocol/limits.md`, "When the relay fills").
extension Rendezvous {
    var roomCeiling: PrefixCeiling {
        PrefixCeiling(all: limits.rooms, used: rooms.count, part: limits.partOfFree)
    }

    func meetingCeiling(_ all: Int, part: Int? = nil) -> PrefixCeiling {
        PrefixCeiling(all: all, used: totals.meetings, part: part ?? limits.partOfFree)
    }

    /// Whether there is one more room for a prefix, as far as others need theirs.
    func mayOwnRoom(_ prefix: AddressPrefix) -> Bool { owned.rooms.allows(prefix, roomCeiling) }

    /// The same for a room that is made again: whoever had it before has more of a right to it.
    func mayRestoreRoom(_ prefix: AddressPrefix) -> Bool {
        let part = max(1, limits.partOfFree / Self.softer)
        return owned.rooms.allows(prefix, PrefixCeiling(all: limits.rooms, used: rooms.count, part: part))
    }

    /// Whether a room may let in one more. A visitor that finds a free place is not kept out by those who wait elsewhere.
    func hasPlaceForVisitor(of offer: OfferID) -> Bool {
        guard let room = rooms[offer] else { return false }
        if room.meetings.count >= limits.meetings {
            let ceiling = PrefixCeiling(all: limits.waitingInAll, used: totals.waiting, part: limits.partOfFree)
            return totals.waiting < limits.waitingInAll && owned.waiting.allows(room.prefix, ceiling)
        }
        return owned.meetings.allows(room.prefix, meetingCeiling(limits.meetingsInAll))
    }

    /// Whether no room lets anybody in.
    var isFullForVisitors: Bool {
        totals.meetings >= meetingsForVisitors || totals.mailboxBytes >= limits.mailboxBytesInAll
    }

    /// The rest is for meetings that an offerer brings back.
    private var meetingsForVisitors: Int { limits.meetingsInAll - limits.meetingsInAll / Self.kept }

    /// Those meetings of a room that comes back for which there is a place. One in which nothing was exchanged is as new as a visit;
    /// one in which something was has a place among those that are kept, too.
    func meetingsWithPlace(_ held: [MeetingResume], _ prefix: AddressPrefix) -> [MeetingResume] {
        let ceiling = meetingCeiling(limits.meetingsInAll, part: max(1, limits.partOfFree / Self.softer))
        guard owned.meetings.allows(prefix, ceiling) else { return [] }
        let isFullOfBytes = totals.mailboxBytes >= limits.mailboxBytesInAll
        let seated = held.contains(where: \.isSeated)
        var (places, kept) = (totals.meetings, [MeetingResume]())
        // First those that have got somewhere.
        for isExchanged in [true, false] {
            for meeting in held
            where meeting.hasExchanged == isExchanged && (!seated || meeting.isSeated) {
                let all = isExchanged ? limits.meetingsInAll : isFullOfBytes ? 0 : meetingsForVisitors
                guard places < all, kept.count < limits.meetings else { continue }
                places += 1
                kept.append(meeting)
            }
        }
        return kept
    }

    /// One part in so many of `meetingsInAll` is for devices that come back.
    private static var kept: Int { 8 }
    /// How many times softer a share is for a device that comes back.
    private static var softer: Int { 4 }

    // MARK: Rooms that nobody holds

    /// Whether there is a place for one more room, or may be made.
    var mayHavePlaceForRoom: Bool {
        deadlines.count < limits.deadlines && (rooms.count < limits.rooms || !abandoned.isEmpty)
    }

    /// Whether there is a place for one more room. If all are taken, one that nobody holds and nobody ever visited is given up.
    mutating func makePlaceForRoom() -> Bool {
        guard deadlines.count < limits.deadlines else { return false }
        return rooms.count < limits.rooms || giveUpRoom()
    }

    /// A room is left that nobody ever visited.
    mutating func list(_ offer: OfferID, at index: Dictionary<OfferID, Room<Connection>>.Index) {
        guard !rooms.values[index].isListed else { return }
        rooms.values[index].isListed = true
        abandoned.append(offer)
        if abandoned.count > 2 * rooms.count { dropAbandoned() }
    }

    /// Forgets those that are held again, were visited or are over.
    mutating func dropAbandoned() {
        let all = abandoned
        abandoned = []
        for offer in all {
            guard let index = rooms.index(forKey: offer) else { continue }
            if rooms.values[index].isAbandoned {
                abandoned.append(offer)
            } else {
                rooms.values[index].isListed = false
            }
        }
    }

    /// Gives up one of those that were left first: the one whose owner, or whose owner's block, has most. Its token makes it again.
    private mutating func giveUpRoom() -> Bool {
        var worst: (place: Int, standing: Int)?
        var place = 0
        while place < min(abandoned.count, Self.looks) {
            guard let index = rooms.index(forKey: abandoned[place]), rooms.values[index].isAbandoned else {
                if let index = rooms.index(forKey: abandoned[place]) { rooms.values[index].isListed = false }
                abandoned.remove(at: place)
                continue
            }
            let standing = owned.rooms.standing(rooms.values[index].prefix)
            if worst.map({ standing > $0.standing }) ?? true { worst = (place, standing) }
            place += 1
        }
        guard let worst, let room = rooms.removeValue(forKey: abandoned.remove(at: worst.place)) else { return false }
        let load = room.load
        totals -= load
        owned.count(Load(), load, room.prefix)
        if !room.hasLostSlot { slots[room.slot] = nil }
        return true
    }

    /// How many are looked at for one.
    private static var looks: Int { 16 }
}

extension MeetingResume {
    /// Whether either device has said something in it that the other one has.
    fileprivate var hasExchanged: Bool { received > 0 || acked > 0 || isSeated }
}
