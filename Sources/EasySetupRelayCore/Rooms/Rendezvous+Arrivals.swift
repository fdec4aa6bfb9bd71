import EasySetupRelayProtocol

/// The first frame of a connection (`Protocol/relay.md`, "Connections").
extension Rendezvous {
    mutating func arrive(
        _ connection: Connection,
        _ prefix: AddressPrefix,
        _ frame: DeviceFrame,
        _ turn: inout Turn<Connection>
    ) {
        switch frame {
        case .offer where isDraining, .visit where isDraining:
            refuse(connection, .draining, retryAfter: limits.retryDraining, &turn)
        case .offer(let slotLength, let done):
            let time = turn.now.monotonic
            // Checked before work is required, so that the device does not work for nothing.
            guard mayHavePlaceForRoom else {
                return refuse(connection, .relayFull, retryAfter: limits.retryAfter, &turn)
            }
            guard mayOwnRoom(prefix) else {
                return refuse(connection, .tooMany, retryAfter: limits.retryAfter, &turn)
            }
            let own = offered.excess(prefix, limit: limits.offersPerPrefix, now: time)
            let excess = WorkGate.Excess(common: max(own, roomCeiling.excess))
            guard admitOrChallenge(connection, prefix, .offer, excess, done, &turn)
            else {
                return
            }
            offered.happened(1, prefix, now: time)
            offer(connection, prefix, slotLength: slotLength, &turn)
        case .visit(let slot, let done):
            let time = turn.now.monotonic
            let own = visited.excess(prefix, limit: limits.visitsPerPrefix, now: time)
            // Checked before the slot is looked up, so that a full relay does not reveal which slots exist.
            guard !isFullForVisitors else {
                visited.happened(1, prefix, now: time)
                return refuse(connection, .relayFull, retryAfter: limits.retryAfter, &turn)
            }
            let misses = missed.excess(prefix, limit: limits.missesPerPrefix, now: time)
            let excess = WorkGate.Excess(
                common: max(own, misses, meetingCeiling(limits.meetingsInAll).excess),
                misses: missed.ownExcess(prefix, limit: limits.missesPerPrefix)
            )
            guard admitOrChallenge(connection, prefix, .visit, excess, done, &turn)
            else {
                return
            }
            visited.happened(1, prefix, now: time)
            let isWithinLimits = own == 0 && misses == 0
            visit(connection, prefix, slot, isWithinLimits: isWithinLimits, &turn)
        case .attachOfferer(let token, let held, let attempt):
            attachOfferer(connection, prefix, token, held, attempt: attempt, &turn)
        case .attachVisitor(let token, let acked, let received, let attempt):
            attachVisitor(connection, prefix, token, acked: acked, received: received, attempt: attempt, &turn)
        case .message, .ack, .seat, .close, .leave:
            refuse(connection, .badOrder, &turn)
        }
    }

    /// Lets an offer or a visit go on, or asks for work: a prefix that exceeds its limits, or any prefix when the relay
    /// gets full, must bring some. False when the device was asked for work or refused.
    private mutating func admitOrChallenge(
        _ connection: Connection,
        _ prefix: AddressPrefix,
        _ purpose: WorkGate.Purpose,
        _ excess: WorkGate.Excess,
        _ done: Work?,
        _ turn: inout Turn<Connection>
    ) -> Bool {
        guard !excess.isNone else { return true }
        let time = turn.now.monotonic
        guard let done else {
            askForWork(connection, prefix, purpose, excess, &turn)
            return false
        }
        switch work.check(done, for: purpose, prefix: prefix, now: time) {
        case .done: return true
        case .bad: refuse(connection, .badWork, &turn)
        case .full: refuse(connection, .relayFull, retryAfter: limits.retryAfter, &turn)
        }
        return false
    }

    private mutating func askForWork(
        _ connection: Connection,
        _ prefix: AddressPrefix,
        _ purpose: WorkGate.Purpose,
        _ excess: WorkGate.Excess,
        _ turn: inout Turn<Connection>
    ) {
        // A challenge is sent once, because answering repeats would cost the relay more than the sender.
        guard !connections.isAtWork(connection) else { return refuse(connection, .badOrder, &turn) }
        guard connections.atWork < limits.roomless, deadlines.count < limits.deadlines else {
            return refuse(connection, .relayFull, retryAfter: limits.retryAfter, &turn)
        }
        guard connections.mayWork(prefix, limits) else {
            return refuse(connection, .tooMany, retryAfter: limits.retryAfter, &turn)
        }
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

    private mutating func offer(
        _ connection: Connection,
        _ prefix: AddressPrefix,
        slotLength: Int,
        _ turn: inout Turn<Connection>
    ) {
        guard makePlaceForRoom(),
            let slot = pool.draw(
                atLeast: slotLength,
                now: turn.now.monotonic,
                entropy: &turn.entropy,
                isLive: { slots[$0] != nil }
            )
        else {
            return refuse(connection, .relayFull, retryAfter: limits.retryAfter, &turn)
        }
        let id = OfferID(drawnFrom: &turn.entropy)
        let room = Room(offer: id, slot: slot, offerer: connection, of: prefix, now: turn.now, limits: limits)
        let token = room.token(for: nil, rules)
        open(room)
        connections.move(connection, to: .offerer(id))
        turn.send(.offered(slot: slot, token: token, expiresIn: limits.codeLifetime), to: connection)
    }

    private mutating func visit(
        _ connection: Connection,
        _ prefix: AddressPrefix,
        _ slot: Slot,
        isWithinLimits: Bool,
        _ turn: inout Turn<Connection>
    ) {
        guard let offer = slots[slot] else {
            return visitNobody(connection, prefix, slot, isWithinLimits: isWithinLimits, &turn)
        }
        guard hasPlaceForVisitor(of: offer) else {
            return refuse(connection, .relayFull, retryAfter: limits.retryAfter, &turn)
        }
        // Moved before the decision, because a `close` among its actions must find the connection.
        connections.move(connection, to: .visitor(offer))
        let verdict = decide(offer, &turn) { room, rules, turn in
            room.visit(connection, prefix: prefix, rules, &turn)
        }
        switch verdict {
        case .accepted, .withoutNews, .outOfPlace: break
        case .refused(let reason):
            if reason != .lineFull { missed.happened(1, prefix, now: turn.now.monotonic) }
            let wait = reason == .lineFull ? limits.retryAfter : .zero
            sendAway(connection, reason, retryAfter: wait, &turn)
        case nil: sendAway(connection, .noSuchCode, &turn)
        }
    }

    /// Refuses a visit to a slot without a room. The reason why the room ended is told for a limited time, and not to
    /// prefixes that try many slots.
    private mutating func visitNobody(
        _ connection: Connection,
        _ prefix: AddressPrefix,
        _ slot: Slot,
        isWithinLimits: Bool,
        _ turn: inout Turn<Connection>
    ) {
        let time = turn.now.monotonic
        // After a restart, visitors ask for rooms whose offerers have not come back yet; these visits don't count as
        // misses.
        let mayComeBack = limits.restartGuard > .zero && time - started < limits.offererReturn
        if !mayComeBack { missed.happened(1, prefix, now: time) }
        if let ended = tombstones[slot], isWithinLimits, time - ended.at < limits.endedTold {
            return refuse(connection, ended.reason, &turn)
        }
        refuse(connection, .noSuchCode, retryAfter: mayComeBack ? limits.retryDraining : .zero, &turn)
    }

    private mutating func attachOfferer(
        _ connection: Connection,
        _ prefix: AddressPrefix,
        _ token: Token,
        _ held: [MeetingResume],
        attempt: UInt32,
        _ turn: inout Turn<Connection>
    ) {
        let claims: TokenClaims
        do throws(TokenError) {
            claims = try TokenClaims(checking: token, keys: keys)
        } catch {
            return refuse(connection, error.reason, &turn)
        }
        guard claims.role == .offerer else { return refuse(connection, .badToken, &turn) }
        if rooms[claims.offer] == nil {
            if let reason = restore(claims, held, prefix, turn.now) {
                let wait: Duration =
                    switch reason {
                    case .relayFull, .tooMany: limits.retryAfter
                    case .draining: limits.retryDraining
                    default: .zero
                    }
                return refuse(connection, reason, retryAfter: wait, &turn)
            }
        }
        connections.move(connection, to: .offerer(claims.offer))
        let verdict = decide(claims.offer, &turn) { room, rules, turn in
            room.attachOfferer(connection, held: held, attempt: attempt, rules, &turn)
        }
        if case .refused(let reason) = verdict { sendAway(connection, reason, &turn) }
        for visitor in early.removeValue(forKey: claims.offer) ?? [] {
            guard let known = connections[visitor], case .early(let said, _) = known.phase else { continue }
            attach(visitor, known.prefix, said, &turn)
        }
    }

    /// Restores a room from its offerer's token and frame. Nil on success, otherwise the reason for refusal.
    private mutating func restore(
        _ claims: TokenClaims,
        _ held: [MeetingResume],
        _ prefix: AddressPrefix,
        _ now: Moment
    ) -> Reason? {
        if let ended = tombstones[claims.slot], ended.offer == claims.offer { return ended.reason }
        // The next relay restores it; a room here would soon be over.
        guard !isDraining else { return .draining }
        guard offered.excess(prefix, limit: limits.restoresPerPrefix, now: now.monotonic) == 0, mayRestoreRoom(prefix)
        else { return .tooMany }
        let hasLostSlot = slots[claims.slot] != nil
        let kept = meetingsWithPlace(held, prefix)
        // A room is not restored without its seated meeting, because the user has already approved that one.
        guard held.allSatisfy({ !$0.isSeated }) || kept.contains(where: \.isSeated) else { return .relayFull }
        guard
            let room = Room<Connection>(
                restoring: claims,
                held: kept,
                of: prefix,
                hasLostSlot: hasLostSlot,
                now: now,
                limits: limits
            )
        else { return .expired }
        guard makePlaceForRoom() else { return .relayFull }
        offered.happened(1, prefix, now: now.monotonic)
        if !hasLostSlot { pool.mark(claims.slot, now: now.monotonic) }
        open(room)
        return nil
    }

    private mutating func attachVisitor(
        _ connection: Connection,
        _ prefix: AddressPrefix,
        _ token: Token,
        acked: UInt32,
        received: UInt32,
        attempt: UInt32,
        _ turn: inout Turn<Connection>
    ) {
        let claims: TokenClaims
        do throws(TokenError) {
            claims = try TokenClaims(checking: token, keys: keys)
        } catch {
            return refuse(connection, error.reason, &turn)
        }
        guard let meeting = claims.meeting else { return refuse(connection, .badToken, &turn) }
        let said = Connections<Connection>.Early(
            offer: claims.offer,
            meeting: meeting,
            acked: acked,
            received: received,
            attempt: attempt
        )
        if rooms[claims.offer] != nil {
            return attach(connection, prefix, said, &turn)
        }
        if let ended = tombstones[claims.slot], ended.offer == claims.offer {
            return refuse(connection, ended.reason, &turn)
        }
        guard turn.now.utcSeconds < claims.deadline.addingClamped(limits.seatedLifetime.components.seconds) else {
            return refuse(connection, .expired, &turn)
        }
        guard !isDraining else {
            return refuse(connection, .draining, retryAfter: limits.retryDraining, &turn)
        }
        waitForOfferer(connection, prefix, said, &turn)
    }

    private mutating func waitForOfferer(
        _ connection: Connection,
        _ prefix: AddressPrefix,
        _ said: Connections<Connection>.Early,
        _ turn: inout Turn<Connection>
    ) {
        guard let others = takeBack(said, &turn) else {
            return refuse(connection, .elsewhere, &turn)
        }
        guard mayWaitForOfferer(prefix, beside: others), connections.earlyCount < limits.waitingForOfferer,
            deadlines.count < limits.deadlines, connections.mayWaitForOfferer(prefix, limits)
        else {
            return refuse(connection, .relayFull, retryAfter: limits.retryAfter, &turn)
        }
        let deadline = turn.now.monotonic + limits.offererReturn
        connections.move(connection, to: .early(said, deadline: deadline))
        early[said.offer] = others + [connection]
        remind(.connection(connection), at: deadline)
    }

    /// The visitors that wait for the same offerer, without an older connection for the same meeting: as in a room, the
    /// newer attach takes its place. Nil when `said` is the older attach.
    private mutating func takeBack(
        _ said: Connections<Connection>.Early,
        _ turn: inout Turn<Connection>
    ) -> [Connection]? {
        let others = early[said.offer] ?? []
        for other in others {
            guard case .early(let before, _)? = connections[other]?.phase, before.meeting == said.meeting else {
                continue
            }
            guard !said.attempt.isStale(after: before.attempt) else { return nil }
            sendAway(other, .elsewhere, &turn)
            return others.filter { $0 != other }
        }
        return others
    }

    /// Whether one more visitor of this prefix may wait for the offerer that `others` wait for. An address may have one
    /// of these places and a wider block half of them, because every stranger who ever visited has a token and could
    /// otherwise take the place of the device that belongs there.
    private func mayWaitForOfferer(_ prefix: AddressPrefix, beside others: [Connection]) -> Bool {
        guard others.count < limits.waitingForOffererPerRoom else { return false }
        return prefix.mayJoin(
            others.compactMap { connections[$0]?.prefix },
            PrefixCeiling(
                all: limits.waitingForOffererPerRoom,
                used: others.count,
                part: limits.partOfFree,
                perPrefix: 1
            )
        )
    }

    private mutating func attach(
        _ connection: Connection,
        _ prefix: AddressPrefix,
        _ said: Connections<Connection>.Early,
        _ turn: inout Turn<Connection>
    ) {
        connections.move(connection, to: .visitor(said.offer))
        let verdict = decide(said.offer, &turn) { room, rules, turn in
            room.attachVisitor(
                connection,
                prefix: prefix,
                meeting: said.meeting,
                received: said.received,
                acked: said.acked,
                attempt: said.attempt,
                rules,
                &turn
            )
        }
        switch verdict {
        case .accepted, .withoutNews, .outOfPlace: break
        case .refused(let reason): sendAway(connection, reason, &turn)
        case nil: sendAway(connection, .meetingOver, &turn)
        }
    }
}

extension TokenError {
    fileprivate var reason: Reason {
        switch self {
        case .unknownKey: .relayForgot
        case .invalid: .badToken
        }
    }
}

extension Int64 {
    fileprivate func addingClamped(_ other: Int64) -> Int64 {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? .max : sum
    }
}
