import EasySetupRelayProtocol

/// Admitting a device by its first frame: counts, limits and proof of work (`Protocol/relay.md`, "Offers and visits").
extension Rendezvous {
    /// Decides by the relay's limits whether a device may go on to its room, and counts it. Nil when this function has
    /// refused the device or asked it for work.
    mutating func admit(
        _ connection: ConnectionID,
        _ prefix: AddressPrefix,
        _ frame: DeviceFrame,
        _ turn: inout Turn
    ) -> Admitted? {
        switch frame {
        case .offer where isDraining, .visit where isDraining:
            refuseDraining(connection, &turn)
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
        count(.offers, prefix, now: time)
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
            count(.visits, prefix, now: time)
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
        count(.visits, prefix, now: time)
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
}
