import EasySetupRelayProtocol

/// Handling the first frame of a connection (`Protocol/relay.md`, "Connections"). It takes two steps: the relay admits
/// the device, by counts, limits and work, and then the device enters, by the rules of its room.
extension Rendezvous {
    /// The facts about a device that the relay has admitted, which matter where it enters.
    struct Admitted: Sendable {
        /// Whether the device's prefix is within its limits of visits and misses. A prefix beyond them may be searching
        /// for slots.
        var isWithinLimits = true
    }

    mutating func arrive(
        _ connection: ConnectionID,
        _ prefix: AddressPrefix,
        _ frame: DeviceFrame,
        _ turn: inout Turn
    ) {
        guard let admitted = admit(connection, prefix, frame, &turn) else { return }
        enter(connection, prefix, frame, admitted, &turn)
    }

    // MARK: Admitting

    /// Decides by the relay's limits whether a device may go on to its room, and counts it. Nil when this function has
    /// refused the device or asked it for work.
    private mutating func admit(
        _ connection: ConnectionID,
        _ prefix: AddressPrefix,
        _ frame: DeviceFrame,
        _ turn: inout Turn
    ) -> Admitted? {
        switch frame {
        case .offer where isDraining, .visit where isDraining:
            refuse(connection, .draining, retryAfter: limits.retryDraining, &turn)
            return nil
        case .offer(_, let done): return admitOffer(connection, prefix, done, &turn)
        case .visit(_, let done): return admitVisit(connection, prefix, done, &turn)
        case .attachOfferer, .attachVisitor, .message, .ack, .seat, .close, .leave: return Admitted()
        }
    }

    private mutating func admitOffer(
        _ connection: ConnectionID,
        _ prefix: AddressPrefix,
        _ done: Work?,
        _ turn: inout Turn
    ) -> Admitted? {
        let time = turn.now.monotonic
        // The relay checks whether there is a place before it asks for proof of work, so that no device works in vain.
        guard mayHavePlaceForRoom else {
            turn.hit(.rooms)
            refuse(connection, .relayFull, retryAfter: limits.retryAfter, &turn)
            return nil
        }
        guard mayOwnRoom(prefix) else {
            turn.hit(.partOfFree)
            refuse(connection, .tooMany, retryAfter: limits.retryAfter, &turn)
            return nil
        }
        let own = offered.excess(prefix, limit: limits.offersPerPrefix, now: time)
        if own > 0 { turn.hit(.offersPerPrefix) }
        let excess = WorkGate.Excess(common: max(own, roomCeiling.excess))
        guard admitOrChallenge(connection, prefix, .offer, excess, done, &turn) else { return nil }
        offered.happened(1, prefix, now: time)
        return Admitted()
    }

    private mutating func admitVisit(
        _ connection: ConnectionID,
        _ prefix: AddressPrefix,
        _ done: Work?,
        _ turn: inout Turn
    ) -> Admitted? {
        let time = turn.now.monotonic
        let own = visited.excess(prefix, limit: limits.visitsPerPrefix, now: time)
        // The relay checks whether it is full before it looks up the slot, so that its refusal does not reveal which
        // slots have rooms.
        guard !isFullForVisitors else {
            turn.hit(totals.mailboxBytes >= limits.mailboxBytesInAll ? .mailboxBytesInAll : .meetingsInAll)
            visited.happened(1, prefix, now: time)
            refuse(connection, .relayFull, retryAfter: limits.retryAfter, &turn)
            return nil
        }
        let misses = missed.excess(prefix, limit: limits.missesPerPrefix, now: time)
        if own > 0 { turn.hit(.visitsPerPrefix) }
        if misses > 0 { turn.hit(.missesPerPrefix) }
        let excess = WorkGate.Excess(
            common: max(own, misses, meetingCeiling(limits.meetingsInAll).excess),
            misses: missed.ownExcess(prefix, limit: limits.missesPerPrefix)
        )
        guard admitOrChallenge(connection, prefix, .visit, excess, done, &turn) else { return nil }
        visited.happened(1, prefix, now: time)
        turn.counts.visits += 1
        return Admitted(isWithinLimits: own == 0 && misses == 0)
    }

    /// Decides whether an offer or a visit may go on. The relay asks for proof of work when the prefix exceeds its
    /// limits, and asks all devices when places are scarce. False when this function has asked for work or refused the
    /// device.
    private mutating func admitOrChallenge(
        _ connection: ConnectionID,
        _ prefix: AddressPrefix,
        _ purpose: WorkGate.Purpose,
        _ excess: WorkGate.Excess,
        _ done: Work?,
        _ turn: inout Turn
    ) -> Bool {
        guard !excess.isNone else { return true }
        let time = turn.now.monotonic
        guard let done else {
            askForWork(connection, prefix, purpose, excess, &turn)
            return false
        }
        switch work.check(done, for: purpose, prefix: prefix, now: time) {
        case .done(let difficulty):
            if difficulty + 1 >= work.difficulty(for: excess) {
                turn.counts.work.add(.accepted)
                return true
            }
            turn.counts.work.add(.tooLittle)
            askForWork(connection, prefix, purpose, excess, hasWorked: true, &turn)
        case .bad:
            turn.counts.work.add(.refused)
            refuse(connection, .badWork, &turn)
        case .full:
            turn.hit(.usedChallenges)
            refuse(connection, .relayFull, retryAfter: limits.retryAfter, &turn)
        }
        return false
    }

    private mutating func askForWork(
        _ connection: ConnectionID,
        _ prefix: AddressPrefix,
        _ purpose: WorkGate.Purpose,
        _ excess: WorkGate.Excess,
        hasWorked: Bool = false,
        _ turn: inout Turn
    ) {
        if connections.isAtWork(connection) {
            // The device repeated its request without the work that the relay had asked for. Another challenge would
            // cost the relay more than the request cost the device.
            guard hasWorked else { return refuse(connection, .badOrder, &turn) }
        } else {
            guard connections.atWork < limits.roomless, deadlines.count < limits.deadlines else {
                turn.hit(connections.atWork < limits.roomless ? .deadlines : .roomless)
                return refuse(connection, .relayFull, retryAfter: limits.retryAfter, &turn)
            }
            guard connections.mayWork(prefix, limits) else {
                turn.hit(.roomlessPerPrefix)
                return refuse(connection, .tooMany, retryAfter: limits.retryAfter, &turn)
            }
        }
        turn.counts.workAsked.add(purpose == .offer ? .offer : .visit)
        let challenge = work.challenge(
            purpose,
            prefix: prefix,
            excess: excess,
            now: turn.now.monotonic,
            entropy: &turn.entropy
        )
        let deadline = turn.now.monotonic + limits.workLifetime
        connections.move(connection, to: .new(deadline: deadline, isAtWork: true))
        remind(.connection(connection), at: deadline)
        turn.send(challenge, to: connection)
    }

    // MARK: Entering

    /// Takes an admitted device to its room.
    private mutating func enter(
        _ connection: ConnectionID,
        _ prefix: AddressPrefix,
        _ frame: DeviceFrame,
        _ admitted: Admitted,
        _ turn: inout Turn
    ) {
        switch frame {
        case .offer(let slotLength, _): offer(connection, prefix, slotLength: slotLength, &turn)
        case .visit(let slot, _): visit(connection, prefix, slot, admitted, &turn)
        case .attachOfferer(let token, let held, let attempt):
            attachOfferer(connection, prefix, token, held, attempt: attempt, &turn)
        case .attachVisitor(let token, let acked, let received, let attempt):
            attachVisitor(connection, prefix, token, acked: acked, received: received, attempt: attempt, &turn)
        case .message, .ack, .seat, .close, .leave: refuse(connection, .badOrder, &turn)
        }
    }

    private mutating func offer(
        _ connection: ConnectionID,
        _ prefix: AddressPrefix,
        slotLength: Int,
        _ turn: inout Turn
    ) {
        guard makePlaceForRoom(&turn),
            let slot = pool.draw(
                atLeast: slotLength,
                now: turn.now.monotonic,
                entropy: &turn.entropy,
                isLive: { slots[$0] != nil }
            )
        else {
            turn.hit(.rooms)
            return refuse(connection, .relayFull, retryAfter: limits.retryAfter, &turn)
        }
        turn.counts.codes += 1
        let id = OfferID(drawnFrom: &turn.entropy)
        let room = Room(offer: id, slot: slot, offerer: connection, of: prefix, now: turn.now, limits: limits)
        let token = room.token(for: nil, rules)
        open(room)
        connections.move(connection, to: .offerer(id))
        turn.send(.offered(slot: slot, token: token, expiresIn: limits.codeLifetime), to: connection)
    }

    private mutating func visit(
        _ connection: ConnectionID,
        _ prefix: AddressPrefix,
        _ slot: Slot,
        _ admitted: Admitted,
        _ turn: inout Turn
    ) {
        guard let offer = slots[slot] else {
            return visitNobody(connection, prefix, slot, admitted, &turn)
        }
        guard hasPlaceForVisitor(of: offer) else {
            turn.hit(rooms[offer]?.meetings.count ?? 0 < limits.meetings ? .meetingsInAll : .waitingInAll)
            return refuse(connection, .relayFull, retryAfter: limits.retryAfter, &turn)
        }
        // The connection becomes a visitor of the room before the room decides about the visit. The decision may close
        // the connection, and ``forget(_:)`` then removes it as a visitor.
        connections.move(connection, to: .visitor(offer))
        let verdict = decide(offer, &turn) { room, rules, turn in
            room.visit(connection, prefix: prefix, rules, &turn)
        }
        switch verdict {
        case .accepted, .withoutNews, .outOfPlace: break
        case .refused(let reason):
            if reason == .lineFull {
                turn.hit(rooms[offer]?.line.count ?? 0 < limits.waitingPerRoom ? .waitingPerPrefix : .waitingPerRoom)
            } else {
                turn.counts.misses += 1
                missed.happened(1, prefix, now: turn.now.monotonic)
            }
            let wait = reason == .lineFull ? limits.retryAfter : .zero
            sendAway(connection, reason, retryAfter: wait, &turn)
        case nil: sendAway(connection, .noSuchCode, &turn)
        }
    }

    /// Refuses a visit to a slot without a room. The relay tells why the room ended only for a limited time, and not to
    /// prefixes beyond their limits, because these may be searching for slots.
    private mutating func visitNobody(
        _ connection: ConnectionID,
        _ prefix: AddressPrefix,
        _ slot: Slot,
        _ admitted: Admitted,
        _ turn: inout Turn
    ) {
        let time = turn.now.monotonic
        turn.counts.misses += 1
        // For a while after a restart, visitors ask for rooms whose offerers have not come back yet. Such a visit does
        // not count as a miss (a visit that found no code), unless the prefix has made so many visits that it may be
        // guessing slots (the public parts of codes).
        let mayComeBack = limits.restartGuard > .zero && time - started < limits.offererReturn
        let looksAround = visited.excess(prefix, limit: limits.missesPerPrefix, now: time) > 0
        if !mayComeBack || looksAround { missed.happened(1, prefix, now: time) }
        if let ended = tombstones[slot], admitted.isWithinLimits, time - ended.at < limits.endedTold {
            return refuse(connection, ended.reason, &turn)
        }
        refuse(connection, .noSuchCode, retryAfter: mayComeBack ? limits.retryDraining : .zero, &turn)
    }
}
