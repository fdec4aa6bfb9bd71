/// A relay's wish to have a room.
package struct TakeRequest: Hashable, Sendable {
    /// How long the directory keeps what it writes (``DirectoryTimes``).
    package enum Time: Hashable, Sendable, CaseIterable {
        case room, session
        /// It writes nothing that lasts: what the relay had there is gone.
        case noLonger
    }

    package var room: RoomName
    /// The registration that is wished for: the relay's own run, and the offerer's count as the relay knows it.
    package var registration: Registration
    /// The run that the relay was before it slept.
    package var former: RunID?
    /// Whether the offerer has just attached to this relay, in place of a room that is registered again.
    package var isAttach: Bool
    package var kept: Time

    package init(
        _ room: RoomName,
        _ registration: Registration,
        former: RunID? = nil,
        isAttach: Bool,
        kept: Time = .room
    ) {
        (self.room, self.registration, self.former) = (room, registration, former)
        (self.isAttach, self.kept) = (isAttach, kept)
    }
}

/// The outcome of a ``TakeRequest``.
package struct TakeOutcome: Hashable, Sendable {
    package enum Verdict: Hashable, Sendable {
        /// The room is the relay's. Before that the directory said this.
        case mine(before: Registration?)
        /// Another run has a better right to it, and the directory still says so.
        case newer(Registration)
    }

    package var verdict: Verdict
    /// Whether the room is at its slot. False if another room has the slot.
    package var hasSlot: Bool

    package init(_ verdict: Verdict, hasSlot: Bool) {
        (self.verdict, self.hasSlot) = (verdict, hasSlot)
    }
}

/// The rule by which the directory lets a relay have a room. A store carries it out in one step, so that of two relays
/// one is first; in Redis ``TakeScript`` does.
///
/// The run that has the room keeps it, and gets it again after it slept. Another run gets it if its offerer has attached
/// more often, or as often and just now; a device that does not count gets it by each attach. A room whose slot has
/// another room is registered without the slot and stays so, because its offerer is told, and shows another code.
package enum TakeRule {
    /// Decides about a request.
    /// - Parameter found: what the directory has under the room's name.
    /// - Returns: the outcome, and what the directory shall have from then on: nil if that does not change, and otherwise
    ///   at the slot or, if the outcome has no slot, under the offer alone.
    package static func decide(_ request: TakeRequest, found: FoundRooms) -> (TakeOutcome, write: Registration?) {
        var mine = request.registration
        // An entry of another offer can't be here, but for a MAC that two offers share.
        let alone = found.withoutSlot.flatMap { $0.offer == mine.offer ? $0 : nil }
        let isLost = alone != nil || found.atSlot.map { $0.offer != mine.offer } ?? false
        let there = isLost ? alone : found.atSlot
        if let there {
            if there.run == mine.run || there.run == request.former {
                // A question that was under way when its connection broke may arrive after later ones.
                mine.attempt = max(mine.attempt, there.attempt)
            } else {
                let isLater = mine.attempt > there.attempt
                let isAgain = mine.attempt == there.attempt || mine.attempt == 0
                guard isLater || request.isAttach && isAgain else {
                    return (TakeOutcome(.newer(there), hasSlot: !isLost), write: nil)
                }
            }
        }
        return (TakeOutcome(.mine(before: there), hasSlot: !isLost), write: mine)
    }
}
