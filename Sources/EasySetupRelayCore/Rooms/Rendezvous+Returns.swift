import EasySetupRelayProtocol

/// Devices that come back with a token, to a room that the relay has, or to one that the relay restores from the
/// offerer's token (`Protocol/relay.md`, "Attach").
extension Rendezvous {
    mutating func attachOfferer(
        _ connection: ConnectionID,
        _ prefix: AddressPrefix,
        _ token: Token,
        _ held: [MeetingResume],
        attempt: UInt32,
        _ admitted: Admitted,
        _ turn: inout Turn
    ) {
        let claims: TokenClaims
        do throws(TokenError) {
            claims = try TokenClaims(checking: token, keys: keys)
        } catch {
            return refuse(connection, error.reason, &turn)
        }
        guard claims.role == .offerer else { return refuse(connection, .badToken, &turn) }
        if rooms[claims.offer] == nil {
            if let reason = restore(claims, held, prefix, admitted, &turn) {
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
        if case .refused(let reason) = verdict {
            sendAway(connection, reason, &turn)
        } else if others != nil {
            noteAttach(claims.offer, attempt: attempt, admitted.asked, &turn)
        }
        for visitor in early.removeValue(forKey: claims.offer) ?? [] {
            guard let known = connections[visitor], case .early(let said, _) = known.phase else { continue }
            attach(visitor, known.prefix, said, &turn)
        }
    }

    /// Restores a room from its offerer's token (`claims`) and the meetings that the offerer names (`held`). Returns
    /// nil on success, otherwise the reason for the refusal.
    private mutating func restore(
        _ claims: TokenClaims,
        _ held: [MeetingResume],
        _ prefix: AddressPrefix,
        _ admitted: Admitted,
        _ turn: inout Turn
    ) -> Reason? {
        let now = turn.now
        if let ended = tombstones[claims.slot], ended.offer == claims.offer { return ended.reason }
        // A draining relay restores no room, because it would soon end that room. The offerer restores it at the next
        // relay.
        guard !isDraining else { return .draining }
        guard offered.excess(prefix, limit: limits.restoresPerPrefix, now: now.monotonic) == 0, mayRestoreRoom(prefix)
        else {
            turn.hit(.restoresPerPrefix)
            return .tooMany
        }
        let hasLostSlot = slots[claims.slot] != nil || admitted.asked.hasLostSlot
        let kept = meetingsWithPlace(held, prefix)
        // If there is no place for the meeting with the seated (proved) visitor, the relay does not restore the room,
        // because the user may already have approved this visitor.
        guard held.allSatisfy({ !$0.isSeated }) || kept.contains(where: \.isSeated) else {
            turn.hit(.meetingsInAll)
            return .relayFull
        }
        guard
            let room = Room(
                restoring: claims,
                held: kept,
                of: prefix,
                hasLostSlot: hasLostSlot,
                now: now,
                limits: limits
            )
        else { return .expired }
        guard makePlaceForRoom(&turn) else {
            turn.hit(.rooms)
            return .relayFull
        }
        turn.counts.restoredRooms += 1
        offered.happened(1, prefix, now: now.monotonic)
        if !hasLostSlot, others == nil { pool.mark(claims.slot, now: now.monotonic) }
        open(room)
        return nil
    }

    mutating func attachVisitor(
        _ connection: ConnectionID,
        _ prefix: AddressPrefix,
        _ token: Token,
        acked: UInt32,
        received: UInt32,
        attempt: UInt32,
        _ turn: inout Turn
    ) {
        let claims: TokenClaims
        do throws(TokenError) {
            claims = try TokenClaims(checking: token, keys: keys)
        } catch {
            return refuse(connection, error.reason, &turn)
        }
        guard let meeting = claims.meeting else { return refuse(connection, .badToken, &turn) }
        let said = Connections.Early(
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
        _ connection: ConnectionID,
        _ prefix: AddressPrefix,
        _ said: Connections.Early,
        _ turn: inout Turn
    ) {
        guard let others = takeBack(said, &turn) else {
            return refuse(connection, .elsewhere, &turn)
        }
        guard mayWaitForOfferer(prefix, beside: others) else {
            turn.hit(.waitingForOffererPerRoom)
            return refuse(connection, .relayFull, retryAfter: limits.retryAfter, &turn)
        }
        guard connections.earlyCount < limits.waitingForOfferer,
            deadlines.count < limits.deadlines, connections.mayWaitForOfferer(prefix, limits)
        else {
            turn.hit(.waitingForOfferer)
            return refuse(connection, .relayFull, retryAfter: limits.retryAfter, &turn)
        }
        let deadline = turn.now.monotonic + limits.offererReturn
        connections.move(connection, to: .early(said, deadline: deadline))
        early[said.offer] = others + [connection]
        remind(.connection(connection), at: deadline)
    }

    /// Returns the other visitors that wait for the same offerer as the visitor that sent `said` (its `attach_visitor`
    /// frame). If one of them is an older connection for the same meeting, the relay refuses that connection, because
    /// the newer one replaces it. Nil when, by its `attempt` number, `said` is not newer than that connection's frame.
    private mutating func takeBack(
        _ said: Connections.Early,
        _ turn: inout Turn
    ) -> [ConnectionID]? {
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

    /// Whether one more visitor of this prefix may wait for the offerer, for which `others` wait already. A prefix may
    /// have one such place, and an IPv4 /24 or IPv6 /48 half of the places. Otherwise strangers could take all places
    /// from the device that belongs there, because the relay gives a token for coming back to everybody who used the
    /// code once.
    private func mayWaitForOfferer(_ prefix: AddressPrefix, beside others: [ConnectionID]) -> Bool {
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
        _ connection: ConnectionID,
        _ prefix: AddressPrefix,
        _ said: Connections.Early,
        _ turn: inout Turn
    ) {
        if others != nil, !mayAttachEarly(connection, said, &turn) { return }
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
