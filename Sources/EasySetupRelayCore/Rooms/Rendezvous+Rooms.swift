import EasySetupRelayProtocol

/// Frames from the devices in a room, and the bookkeeping around each decision about a room.
extension Rendezvous {
    mutating func offererSent(
        _ frame: DeviceFrame,
        _ connection: Connection,
        _ offer: OfferID,
        _ now: Moment,
        entropy: inout some RandomNumberGenerator,
        into actions: inout [Action<Connection>]
    ) {
        var charged: AddressPrefix?
        let verdict = decide(offer, now, into: &actions) { room, context, actions -> Verdict in
            switch frame {
            case .message(let meeting?, let message):
                return room.offererSent(message, in: meeting, context, entropy: &entropy, into: &actions)
            case .ack(let meeting?, let number):
                return room.offererAcknowledged(upTo: number, in: meeting, into: &actions)
            case .seat(let meeting):
                return room.seat(meeting, context, into: &actions)
            case .close(let meeting, let reason):
                charged = room.close(meeting, reason, context, entropy: &entropy, into: &actions)
                return .accepted
            case .leave(let reason):
                room.end(reason, into: &actions)
                return .accepted
            case .message(nil, _), .ack(nil, _), .offer, .visit, .attachOfferer, .attachVisitor:
                return .refused(.badOrder)
            }
        }
        if let charged {
            visited.happened(limits.wrongProofWeight, charged, now: now.monotonic)
        }
        follow(verdict, connection, now, into: &actions)
    }

    mutating func visitorSent(
        _ frame: DeviceFrame,
        _ connection: Connection,
        _ offer: OfferID,
        _ now: Moment,
        entropy: inout some RandomNumberGenerator,
        into actions: inout [Action<Connection>]
    ) {
        let verdict = decide(offer, now, into: &actions) { room, context, actions -> Verdict in
            switch frame {
            case .message(let named, _) where !room.isCurrent(named, of: connection): return .outOfPlace
            case .ack(let named, _) where !room.isCurrent(named, of: connection): return .outOfPlace
            case .message(_, let message):
                let verdict = room.visitorSent(message, from: connection, context, into: &actions)
                if verdict == .refused(.mailboxFull) {
                    room.visitorLeft(connection, .mailboxFull, context, into: &actions)
                }
                return verdict
            case .ack(_, let number):
                return room.visitorAcknowledged(upTo: number, from: connection, into: &actions)
            case .leave(let reason):
                room.visitorLeft(connection, reason, context, into: &actions)
                actions.append(.close(connection))
                return .accepted
            case .seat, .close, .offer, .visit, .attachOfferer, .attachVisitor:
                return .refused(.badOrder)
            }
        }
        follow(verdict, connection, now, into: &actions)
    }

    /// Applies the verdict on a frame to its connection: a frame that changed nothing costs more of the frame budget.
    private mutating func follow(
        _ verdict: Verdict?,
        _ connection: Connection,
        _ now: Moment,
        into actions: inout [Action<Connection>]
    ) {
        let units: Int
        switch verdict {
        case .accepted, nil: return
        case .refused(let reason): return refuse(connection, reason, now, into: &actions)
        case .withoutNews: units = FrameBudget.withoutNews
        case .outOfPlace: units = FrameBudget.withoutNews + FrameBudget.outOfPlace
        }
        guard let (_, isEnough) = connections.spend(units, connection, limits, interval: intervals.number), !isEnough else {
            return
        }
        refuse(connection, .badFrame, now, into: &actions)
    }

    // MARK: Around a decision

    /// Sets a deadline. Stale reminders are removed as soon as they outnumber the live ones, because otherwise devices
    /// that come and go would use up the limit of stored deadlines.
    mutating func remind(_ subject: Deadlines<Connection>.Subject, at time: Duration) {
        deadlines.add(subject, at: time)
        // Live reminders: at most one for each connection in no room, each displacement and each room, and one for
        // draining.
        let live = connections.roomless + displacements.count + rooms.count + 1
        if deadlines.count > 2 * live + 64 { dropReminders() }
    }

    /// Removes stale reminders.
    mutating func dropReminders() {
        let (connections, rooms, displacements) = (connections, rooms, displacements)
        deadlines.keep { subject, time in
            switch subject {
            case .connection(let connection): connections[connection]?.phase.deadline == time
            case .room(let offer): rooms[offer]?.deadline == time
            case .displacement(let offer): displacements[offer] == time
            case .draining: true
            }
        }
    }

    mutating func open(_ room: Room<Connection>) {
        rooms[room.offer] = room
        let load = room.load
        totals += load
        owned.count(load, Load(), room.prefix)
        if !room.hasLostSlot { slots[room.slot] = room.offer }
        remind(.room(room.offer), at: room.deadline)
    }

    /// Lets `decision` change one room in place, and applies the consequences: totals, deadlines, dismissed
    /// connections. Nil when there is no such room.
    mutating func decide<Outcome>(
        _ offer: OfferID,
        _ now: Moment,
        into actions: inout [Action<Connection>],
        _ decision: (inout Room<Connection>, Context, inout [Action<Connection>]) -> Outcome
    ) -> Outcome? {
        guard let index = rooms.index(forKey: offer) else { return nil }
        let first = actions.count
        let context = Context(rules: rules, now: now.monotonic)
        let (outcome, decided) = rooms.values[index].decided(context, isDraining: isDraining, into: &actions, decision)
        totals -= decided.before
        totals += decided.after
        owned.count(decided.after, decided.before, rooms.values[index].prefix)
        for place in first..<actions.count {
            switch actions[place] {
            case .close(let connection): forget(connection)
            case .send(.visitor, let offerer): connections.allow(limits.framesPerVisitor, offerer)
            case .send: break
            }
        }
        if let deadline = decided.deadline { remind(.room(offer), at: deadline) }
        remindOfDisplacement(offer, decided.displacement)
        if decided.isAbandoned { list(offer, at: index) }
        if let reason = decided.end {
            let room = rooms.remove(at: index).value
            leaveTombstone(room, reason, now)
        }
        return outcome
    }

    private mutating func leaveTombstone(_ room: Room<Connection>, _ reason: Reason, _ now: Moment) {
        if abandoned.count > 2 * rooms.count { dropAbandoned() }
        guard !room.hasLostSlot else { return }
        slots[room.slot] = nil
        // A room that continues at another relay has not ended, so it leaves no tombstone.
        if isDraining, reason == .draining { return }
        // When the table of tombstones is full, later visitors are told `no-such-code`.
        _ = tombstones.put(
            Tombstone(offer: room.offer, reason: reason.toldToVisitors, at: now.monotonic),
            for: room.slot,
            now: now.monotonic
        )
    }

    private mutating func remindOfDisplacement(_ offer: OfferID, _ next: Duration?) {
        guard let next else { return }
        if let reminded = displacements[offer], reminded <= next { return }
        displacements[offer] = next
        remind(.displacement(offer), at: next)
    }

    mutating func roomDeadlinePassed(_ offer: OfferID, _ now: Moment, into actions: inout [Action<Connection>]) {
        _ = decide(offer, now, into: &actions) { room, context, actions in
            if room.deadline <= context.now { room.end(.expired, into: &actions) }
        }
    }

    mutating func connectionDeadlinePassed(
        _ connection: Connection,
        _ now: Moment,
        into actions: inout [Action<Connection>]
    ) {
        guard let place = connections[connection]?.phase, let deadline = place.deadline,
            deadline <= now.monotonic
        else { return }
        switch place {
        case .new: sendAway(connection, .tooSlow, into: &actions)
        case .early: sendAway(connection, .relayForgot, retryAfter: limits.retryAfter, into: &actions)
        case .offerer, .visitor: break
        }
    }

    // MARK: Connections

    /// Refuses a connection's frame: the connection leaves its room and is closed.
    mutating func refuse(
        _ connection: Connection,
        _ reason: Reason,
        retryAfter: Duration = .zero,
        _ now: Moment,
        into actions: inout [Action<Connection>]
    ) {
        guard connections[connection] != nil else { return }
        sendAway(connection, reason, retryAfter: retryAfter, tellingRoom: now, into: &actions)
    }

    /// Refuses a connection that is in no room.
    mutating func sendAway(
        _ connection: Connection,
        _ reason: Reason,
        retryAfter: Duration = .zero,
        tellingRoom now: Moment? = nil,
        into actions: inout [Action<Connection>]
    ) {
        let room = connections[connection]?.phase.room
        actions.dismiss(connection, .refused(reason, retryAfter: retryAfter))
        forget(connection)
        guard let now, let room else { return }
        _ = decide(room, now, into: &actions) { room, context, actions in
            room.lost(connection, context, into: &actions)
        }
    }

    mutating func forget(_ connection: Connection) {
        if let known = connections[connection], case .early(let said, _) = known.phase {
            let others = early[said.offer]?.filter { $0 != connection } ?? []
            early[said.offer] = others.isEmpty ? nil : others
        }
        connections.remove(connection)
    }
}

/// The result of a decision, as far as the relay's totals and deadlines need it.
private struct Decided {
    let before: Load
    let after: Load
    /// The room's new deadline; nil if it has not changed.
    let deadline: Duration?
    let displacement: Duration?
    /// Why the room is over; nil while it is not.
    let end: Reason?
    /// Whether the offerer is disconnected and no visitor ever came.
    let isAbandoned: Bool
}

extension Room {
    /// Lets `decision` change the room and collects the result.
    fileprivate mutating func decided<Outcome>(
        _ context: Context,
        isDraining: Bool,
        into actions: inout [Action<Connection>],
        _ decision: (inout Room, Context, inout [Action<Connection>]) -> Outcome
    ) -> (Outcome, Decided) {
        let (before, old) = (load, deadline)
        let outcome = decision(&self, context, &actions)
        if isDraining, goesOnElsewhere { sendOn(context.limits, into: &actions) }
        let end: Reason? = if case .over(let reason) = phase { reason } else { nil }
        let decided = Decided(
            before: before,
            after: load,
            deadline: deadline == old || end != nil ? nil : deadline,
            displacement: nextDisplacement(context.limits),
            end: end,
            isAbandoned: isAbandoned
        )
        return (outcome, decided)
    }
}

extension Reason {
    /// The reason that later visitors are told. A reason that a device gave is private to its peer, with these
    /// exceptions.
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
