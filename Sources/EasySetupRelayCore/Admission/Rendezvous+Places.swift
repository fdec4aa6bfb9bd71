internal import DequeModule
import EasySetupRelayProtocol

/// The limits on rooms and on the visitors in them. Once half of the places are taken, the share of each prefix depends
/// on what is free. Some places are reserved for returning devices (`Protocol/limits.md`, "When the relay fills").
extension Rendezvous {
    var roomCeiling: PrefixCeiling {
        PrefixCeiling(all: limits.rooms, used: rooms.count, part: limits.partOfFree)
    }

    func meetingCeiling(_ all: Int, part: Int? = nil) -> PrefixCeiling {
        PrefixCeiling(all: all, used: totals.meetings, part: part ?? limits.partOfFree)
    }

    /// Whether a prefix may have one more room without exceeding its share.
    func mayOwnRoom(_ prefix: AddressPrefix) -> Bool { owned.rooms.allows(prefix, roomCeiling) }

    /// Whether a prefix may have one more room, which its offerer restores from a token. When rooms are scarce, the
    /// prefix may have a larger share of the free ones than for a new room, because the offerer had the room before.
    func mayRestoreRoom(_ prefix: AddressPrefix) -> Bool {
        let part = max(1, limits.partOfFree / Self.softer)
        return owned.rooms.allows(prefix, PrefixCeiling(all: limits.rooms, used: rooms.count, part: part))
    }

    /// Whether this room may have one more visitor, in a meeting or else in its line (a queue), by the limits of the
    /// relay and the share of the room's offerer. False if there is no such room.
    func hasPlaceForVisitor(of offer: OfferID) -> Bool {
        guard let room = rooms[offer] else { return false }
        if room.meetings.count >= limits.meetings {
            let ceiling = PrefixCeiling(all: limits.waitingInAll, used: totals.waiting, part: limits.partOfFree)
            return totals.waiting < limits.waitingInAll && owned.waiting.allows(room.prefix, ceiling)
        }
        return owned.meetings.allows(room.prefix, meetingCeiling(limits.meetingsInAll))
    }

    /// Whether the relay can't admit a new visitor to any room, because its meetings or mailbox bytes are at their
    /// limit.
    var isFullForVisitors: Bool {
        totals.meetings >= meetingsForVisitors || totals.mailboxBytes >= limits.mailboxBytesInAll
    }

    /// The number of meetings in all rooms up to which the relay admits new visitors. The rest of the limit is reserved
    /// for meetings that an offerer restores.
    private var meetingsForVisitors: Int { limits.meetingsInAll - limits.meetingsInAll / Self.kept }

    /// Chooses among the meetings in `held`, which an offerer wants to restore, those for which the relay has a place.
    /// A meeting in which no message was exchanged needs a place that a new visitor could have. A meeting with messages
    /// may also take one of the places that the relay reserves for restored meetings.
    func meetingsWithPlace(_ held: [MeetingResume], _ prefix: AddressPrefix) -> [MeetingResume] {
        let ceiling = meetingCeiling(limits.meetingsInAll, part: max(1, limits.partOfFree / Self.softer))
        guard owned.meetings.allows(prefix, ceiling) else { return [] }
        let isFullOfBytes = totals.mailboxBytes >= limits.mailboxBytesInAll
        let seated = held.contains(where: \.isSeated)
        var (places, kept) = (totals.meetings, [MeetingResume]())
        // The first pass of the loop gives places to the meetings in which messages were exchanged, the second pass to
        // the others.
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

    /// The divisor of the reserve: 1/`kept` of ``Limits/meetingsInAll`` is reserved for meetings that offerers restore.
    private static var kept: Int { 8 }
    /// How many times as much of the free places the prefix of a returning device may have as that of a new device.
    private static var softer: Int { 4 }

    // MARK: Rooms that nobody holds

    /// Whether the relay has a place for one more room, or may get one by dropping an abandoned room
    /// (``makePlaceForRoom(_:)``).
    var mayHavePlaceForRoom: Bool {
        deadlines.count < limits.deadlines && (rooms.count < limits.rooms || !abandoned.isEmpty)
    }

    /// Makes a place for one more room; false when that is impossible. If the relay is full, it drops an abandoned
    /// room: one that has no connected offerer and never had a visitor.
    mutating func makePlaceForRoom(_ turn: inout Turn) -> Bool {
        guard deadlines.count < limits.deadlines else { return false }
        return rooms.count < limits.rooms || giveUpRoom(&turn)
    }

    /// Adds a room to the list of abandoned rooms. The caller guarantees that its offerer is disconnected and that no
    /// visitor ever came.
    mutating func list(_ offer: OfferID, at index: Dictionary<OfferID, Room>.Index) {
        guard !rooms.values[index].isListed else { return }
        rooms.values[index].isListed = true
        abandoned.append(offer)
        if abandoned.count > 2 * rooms.count { dropAbandoned() }
    }

    /// Removes the rooms that are not abandoned any more from the list: their offerer has come back, a visitor came, or
    /// they have ended.
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

    /// Drops one of the oldest abandoned rooms: the one whose offerer's prefix, or a wider block around it, has most
    /// rooms. The offerer can restore the room with its token. False when there is no abandoned room.
    private mutating func giveUpRoom(_ turn: inout Turn) -> Bool {
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
        turn.counts.unseated.add(.givenUp)
        let load = room.load
        totals.replace(load, by: Load())
        owned.count(Load(), load, room.prefix)
        if !room.hasLostSlot { slots[room.slot] = nil }
        return true
    }

    /// How many of the oldest abandoned rooms ``giveUpRoom(_:)`` compares to drop the one whose offerer's prefix has most
    /// rooms.
    private static var looks: Int { 16 }
}

extension MeetingResume {
    /// Whether at least one message was exchanged in this meeting, as far as its offerer says.
    fileprivate var hasExchanged: Bool { received > 0 || acked > 0 || isSeated }
}
