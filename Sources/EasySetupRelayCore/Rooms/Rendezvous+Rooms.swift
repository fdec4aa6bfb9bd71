import EasySetupRelayProtocol

/// Handling the frames of devices that are in a room, and applying the consequences of each decision about a room.
extension Rendezvous {
    mutating func offererSent(
        _ frame: consuming DeviceFrame,
        _ connection: ConnectionID,
        _ offer: OfferID,
        _ turn: inout Turn
    ) {
        var charged: AddressPrefix?
        let verdict = decide(offer, &turn) { room, rules, turn -> Verdict in
            switch frame {
            case .message(let meeting?, let message):
                return room.offererSent(message, in: meeting, rules, &turn)
            case .ack(let meeting?, let number):
                return room.offererAcknowledged(upTo: number, in: meeting, &turn)
            case .seat(let meeting):
                return room.seat(meeting, rules, &turn)
            case .close(let meeting, let reason):
                charged = room.close(meeting, reason, rules, &turn)
                return .accepted
            case .leave(let reason):
                room.end(reason, &turn)
                return .accepted
            case .message(nil, _), .ack(nil, _), .offer, .visit, .attachOfferer, .attachVisitor:
                return .refused(.badOrder)
            }
        }
        if let charged {
            count(.visits, charged, weight: limits.wrongProofWeight, now: turn.now.monotonic)
        }
        follow(verdict, connection, &turn)
    }

    mutating func visitorSent(
        _ frame: consuming DeviceFrame,
        _ connection: ConnectionID,
        _ offer: OfferID,
        _ turn: inout Turn
    ) {
        let verdict = decide(offer, &turn) { room, rules, turn -> Verdict in
            switch frame {
            case .message(let named, _) where !room.isCurrent(named, of: connection): return .outOfPlace
            case .ack(let named, _) where !room.isCurrent(named, of: connection): return .outOfPlace
            case .message(_, let message):
                let verdict = room.visitorSent(message, from: connection, rules, &turn)
                if verdict == .refused(.mailboxFull) {
                    room.visitorLeft(connection, .mailboxFull, rules, &turn)
                }
                return verdict
            case .ack(_, let number):
                return room.visitorAcknowledged(upTo: number, from: connection, &turn)
            case .leave(let reason):
                room.visitorLeft(connection, reason, rules, &turn)
                turn.close(connection)
                return .accepted
            case .seat, .close, .offer, .visit, .attachOfferer, .attachVisitor:
                return .refused(.badOrder)
            }
        }
        follow(verdict, connection, &turn)
    }

    /// Applies the verdict on a frame: refuses the connection, or charges the extra cost of a useless frame to the
    /// connection's frame budget.
    private mutating func follow(_ verdict: Verdict?, _ connection: ConnectionID, _ turn: inout Turn) {
        let units: Int
        switch verdict {
        case .accepted, nil: return
        case .refused(let reason): return refuse(connection, reason, &turn)
        case .withoutNews: units = FrameBudget.withoutNews
        case .outOfPlace: units = FrameBudget.withoutNews + FrameBudget.outOfPlace
        }
        guard let (_, isEnough) = connections.spend(units, connection, limits, interval: intervals.number), !isEnough
        else {
            return
        }
        turn.hit(.framesPerInterval)
        refuse(connection, .badFrame, &turn)
    }

    // MARK: Around a decision

    /// Stores a deadline. It removes stale ones (whose room or connection has ended) as soon as they outnumber the live
    /// ones, because otherwise devices that come and go would use up the limit of stored deadlines.
    mutating func remind(_ subject: Deadlines.Subject, at time: Duration) {
        deadlines.add(subject, at: time)
        // The most stored deadlines that can be live: one for each connection in no room, one for the end of each room,
        // one for each room with a visitor to displace (move to the end of the line) for being slow, and one for
        // draining.
        let live = connections.roomless + displacements.count + rooms.count + 1
        if deadlines.count > 2 * live + 64 { dropReminders() }
    }

    /// Removes the stored deadlines that are stale: their connection or room has ended, or has another deadline now.
    mutating func dropReminders() {
        let (connections, rooms, displacements) = (connections, rooms, displacements)
        deadlines.keep { subject, time in
            switch subject {
            case .connection(let connection): connections[connection]?.phase.deadline == time
            case .room(let offer): rooms[offer]?.deadline == time
            case .displacement(let offer): displacements[offer] == time
            case .draining, .sharing: true
            }
        }
    }

    mutating func open(_ room: Room) {
        rooms[room.offer] = room
        let load = room.load
        totals += load
        owned.count(load, Load(), room.prefix)
        if !room.hasLostSlot { slots[room.slot] = room.offer }
        remind(.room(room.offer), at: room.deadline)
    }

    /// Lets `decision` change one room in place, and applies the consequences to the relay's totals, deadlines and
    /// connections. Returns the result of `decision`; nil when there is no such room.
    mutating func decide<Outcome>(
        _ offer: OfferID,
        _ turn: inout Turn,
        _ decision: (inout Room, Rules, inout Turn) -> Outcome
    ) -> Outcome? {
        guard let index = rooms.index(forKey: offer) else { return nil }
        let first = turn.actions.count
        let (outcome, decided) = rooms.values[index].decided(rules, isDraining: isDraining, &turn, decision)
        totals.replace(decided.before, by: decided.after)
        owned.count(decided.after, decided.before, decided.prefix)
        for place in first..<turn.actions.count {
            switch turn.actions[place] {
            case .close(let connection): forget(connection)
            case .send(.visitor, let offerer): connections.allow(limits.framesPerVisitor, offerer)
            case .send, .tell, .seek, .ask, .notHere: break
            }
        }
        if let deadline = decided.deadline { remind(.room(offer), at: deadline) }
        remindOfDisplacement(offer, decided.displacement)
        if decided.isAbandoned { list(offer, at: index) }
        if let reason = decided.end {
            let room = rooms.remove(at: index).value
            count(room, reason, wasSeated: decided.before.seated == 1, &turn)
            leaveTombstone(room, reason, turn.now.monotonic)
        }
        return outcome
    }

    /// Counts a room that has ended.
    private func count(_ room: Room, _ reason: Reason, wasSeated: Bool, _ turn: inout Turn) {
        if room.isGivenUp {
            return wasSeated ? turn.counts.pairings.add(.givenUp) : turn.counts.unseated.add(.givenUp)
        }
        let seatedFor = room.isRestored ? nil : turn.now.monotonic - (room.deadline - limits.seatedLifetime)
        turn.counts.roomEnded(reason, wasSeated: wasSeated, seatedFor: seatedFor)
        guard wasSeated, turn.endedPairings != nil else { return }
        let offered = room.tokenDeadline - limits.codeLifetime.components.seconds
        turn.endedPairings?.append(
            PairingEnding(
                outcome: RoomOutcome(reason),
                sinceOffer: .seconds(max(0, turn.now.utcSeconds - offered)),
                sinceSeat: seatedFor
            )
        )
    }

    private mutating func leaveTombstone(_ room: Room, _ reason: Reason, _ now: Duration) {
        if abandoned.count > 2 * rooms.count { dropAbandoned() }
        guard !room.hasLostSlot else { return }
        slots[room.slot] = nil
        // A room that goes on at another relay has not ended, so this relay remembers no end for its slot.
        if room.isGivenUp || isDraining && reason == .draining { return }
        // When the table of ended rooms is full, `put` stores nothing. Visitors of this room then get `no-such-code`
        // and not the reason why the room ended.
        _ = tombstones.put(
            Tombstone(offer: room.offer, reason: reason.toldToVisitors, at: now),
            for: room.slot,
            now: now
        )
    }

    private mutating func remindOfDisplacement(_ offer: OfferID, _ next: Duration?) {
        guard let next else { return }
        if let reminded = displacements[offer], reminded <= next { return }
        displacements[offer] = next
        remind(.displacement(offer), at: next)
    }

    mutating func roomDeadlinePassed(_ offer: OfferID, _ turn: inout Turn) {
        guard let room = rooms[offer], room.deadline <= turn.now.monotonic else { return }
        guard mayExpire(room) else { return giveUp(offer, &turn) }
        _ = decide(offer, &turn) { room, _, turn in room.end(.expired, &turn) }
    }

    mutating func connectionDeadlinePassed(_ connection: ConnectionID, _ turn: inout Turn) {
        guard let place = connections[connection]?.phase, let deadline = place.deadline,
            deadline <= turn.now.monotonic
        else { return }
        switch place {
        case .new(_, let isAtWork):
            turn.hit(isAtWork ? .workLifetime : .firstFrame)
            sendAway(connection, .tooSlow, &turn)
        case .sought:
            soughtTooLong(connection, &turn)
        case .early:
            turn.hit(.offererReturn)
            sendAway(connection, .relayForgot, retryAfter: limits.retryAfter, &turn)
        case .offerer, .visitor: break
        }
    }

    // MARK: Connections

    /// Refuses a connection because of what its device sent. The connection leaves its room, and the relay closes it.
    mutating func refuse(
        _ connection: ConnectionID,
        _ reason: Reason,
        retryAfter: Duration = .zero,
        _ turn: inout Turn
    ) {
        guard let known = connections[connection] else { return }
        sendAway(connection, reason, retryAfter: retryAfter, &turn)
        guard let offer = known.phase.room else { return }
        _ = decide(offer, &turn) { room, rules, turn in
            room.lost(connection, rules, &turn)
        }
    }

    /// Refuses a connection that is in no room, and closes it.
    mutating func sendAway(
        _ connection: ConnectionID,
        _ reason: Reason,
        retryAfter: Duration = .zero,
        _ turn: inout Turn
    ) {
        turn.dismiss(connection, .refused(reason, retryAfter: retryAfter))
        forget(connection)
    }

    /// Forgets a connection, and returns what was known of it; nil for an unknown connection.
    @discardableResult
    mutating func forget(_ connection: ConnectionID) -> Connections.Known? {
        let known = connections.remove(connection)
        if others != nil { others?.waiting[connection.number] = nil }
        if case .early(let said, _)? = known?.phase {
            let others = early[said.offer]?.filter { $0 != connection } ?? []
            early[said.offer] = others.isEmpty ? nil : others
        }
        return known
    }
}

/// How a decision about a room has changed the numbers in the relay's totals, the room's deadlines, and whether it goes
/// on.
private struct Decided {
    let prefix: AddressPrefix
    let before: Load
    let after: Load
    /// The room's new deadline; nil if it has not changed.
    let deadline: Duration?
    let displacement: Duration?
    /// Why the room has ended; nil while it goes on.
    let end: Reason?
    /// Whether a full relay may drop the room: the offerer is disconnected and no visitor ever came.
    let isAbandoned: Bool
}

extension Room {
    /// Lets `decision` change the room, and returns its result and the changes that matter for the relay's totals and
    /// deadlines.
    fileprivate mutating func decided<Outcome>(
        _ rules: Rules,
        isDraining: Bool,
        _ turn: inout Turn,
        _ decision: (inout Room, Rules, inout Turn) -> Outcome
    ) -> (Outcome, Decided) {
        let (before, old) = (load, deadline)
        let outcome = decision(&self, rules, &turn)
        if isDraining, goesOnElsewhere { sendOn(rules, &turn) }
        let end: Reason? = if case .over(let reason) = phase { reason } else { nil }
        let decided = Decided(
            prefix: prefix,
            before: before,
            after: load,
            deadline: deadline == old || end != nil ? nil : deadline,
            displacement: nextDisplacement(rules),
            end: end,
            isAbandoned: isAbandoned
        )
        return (outcome, decided)
    }
}

extension Reason {
    /// The reason that later visitors at the ended room's slot get. Four reasons tell them why the code does not work:
    /// `done`, `seated`, `codeBurnt` and `cancelled`. Other reasons that a device gives are for its peer, and visitors
    /// get `expired`.
    fileprivate var toldToVisitors: Reason {
        switch self {
        case .done, .seated: .seated
        case .codeBurnt: .codeBurnt
        case .cancelled: .cancelled
        case .unspecified, .wrongProof, .malformed, .wrongSuite, .fault, .noSuchCode, .expired, .lineFull, .relayFull,
            .tooMany, .badFrame, .badOrder, .mailboxFull, .badToken, .meetingOver, .elsewhere, .tooSlow, .draining,
            .relayForgot, .badWork:
            .expired
        }
    }
}
