import RelayWire

/// First frames: what a new connection may ask for (`Protocol/relay.md`, "Connections").
extension Rendezvous {
    mutating func arrive(
        _ connection: Connection,
        _ prefix: AddressPrefix,
        _ frame: DeviceFrame,
        _ now: Moment,
        entropy: inout some RandomNumberGenerator,
        into actions: inout [Action<Connection>]
    ) {
        switch frame {
        case .offer where isDraining, .visit where isDraining:
            refuse(connection, .draining, retryAfter: limits.retryDraining, now, into: &actions)
        case .offer(let slotLength, let done):
            guard
                mayGoOn(
                    connection,
                    prefix,
                    .offer,
                    limit: limits.offersPerPrefix,
                    done,
                    now,
                    entropy: &entropy,
                    into: &actions
                )
            else { return }
            offer(connection, slotLength: slotLength, now, entropy: &entropy, into: &actions)
        case .visit(let slot, let done):
            guard
                mayGoOn(
                    connection,
                    prefix,
                    .visit,
                    limit: limits.visitsPerPrefix,
                    done,
                    now,
                    entropy: &entropy,
                    into: &actions
                )
            else { return }
            visit(connection, prefix, slot, now, entropy: &entropy, into: &actions)
        case .attachOfferer(let token, let held, let attempt):
            attachOfferer(connection, token, held, attempt: attempt, now, entropy: &entropy, into: &actions)
        case .attachVisitor(let token, let acked, let received, let attempt):
            attachVisitor(
                connection,
                prefix,
                token,
                acked: acked,
                received: received,
                attempt: attempt,
                now,
                into: &actions
            )
        case .message, .ack, .seat, .close, .leave:
            refuse(connection, .badOrder, now, into: &actions)
        }
    }

    /// Counts an offer or a visit. When the prefix has had too many it has to bring work: false, and it was asked or
    /// refused.
    private mutating func mayGoOn(
        _ connection: Connection,
        _ prefix: AddressPrefix,
        _ kind: PrefixCounters.Kind,
        limit: Int,
        _ done: Work?,
        _ now: Moment,
        entropy: inout some RandomNumberGenerator,
        into actions: inout [Action<Connection>]
    ) -> Bool {
        let time = now.monotonic
        let excess = counters.excess(kind, of: prefix, limit: limit, now: time)
        if excess > 0 {
            guard let done else {
                guard deadlines.count < limits.deadlines else {
                    refuse(connection, .relayFull, retryAfter: limits.retryAfter, now, into: &actions)
                    return false
                }
                // A challenge is asked for once: who sends the same again would be answered for nothing.
                guard !connections.isAtWork(connection) else {
                    refuse(connection, .badOrder, now, into: &actions)
                    return false
                }
                let challenge = work.challenge(kind, prefix: prefix, excess: excess, now: time, entropy: &entropy)
                let deadline = time + limits.workLifetime
                connections.move(connection, to: .new(deadline: deadline, isAtWork: true))
                remind(.connection(connection), at: deadline)
                actions.append(.send(challenge, to: connection))
                return false
            }
            switch work.check(done, for: kind, prefix: prefix, now: time) {
            case .done: break
            case .bad:
                refuse(connection, .badWork, now, into: &actions)
                return false
            case .full:
                refuse(connection, .relayFull, retryAfter: limits.retryAfter, now, into: &actions)
                return false
            }
        }
        counters.add(1, kind, of: prefix, now: time)
        return true
    }

    private mutating func offer(
        _ connection: Connection,
        slotLength: Int,
        _ now: Moment,
        entropy: inout some RandomNumberGenerator,
        into actions: inout [Action<Connection>]
    ) {
        guard hasPlaceForRoom,
            let slot = pool.draw(
                atLeast: slotLength,
                now: now.monotonic,
                entropy: &entropy,
                isLive: { slots[$0] != nil }
            )
        else {
            return refuse(connection, .relayFull, retryAfter: limits.retryAfter, now, into: &actions)
        }
        let id = OfferID(drawnFrom: &entropy)
        let room = Room(offer: id, slot: slot, offerer: connection, now: now, limits: limits)
        let token = room.token(for: nil, Context(rules: rules, now: now.monotonic))
        open(room)
        connections.move(connection, to: .offerer(id))
        actions.append(
            .send(.offered(slot: slot, token: token, expiresIn: limits.codeLifetime), to: connection)
        )
    }

    private mutating func visit(
        _ connection: Connection,
        _ prefix: AddressPrefix,
        _ slot: Slot,
        _ now: Moment,
        entropy: inout some RandomNumberGenerator,
        into actions: inout [Action<Connection>]
    ) {
        guard let offer = slots[slot] else {
            if let ended = tombstones[slot] { return refuse(connection, ended.reason, now, into: &actions) }
            // Rooms from before the start come back with their offerers.
            let mayComeBack = limits.restartGuard > .zero && now.monotonic - started < limits.offererReturn
            let wait = mayComeBack ? limits.retryDraining : .zero
            return refuse(connection, .noSuchCode, retryAfter: wait, now, into: &actions)
        }
        // Who finds a free place is not kept out by those who wait elsewhere.
        let mustWait = (rooms[offer]?.meetings.count ?? 0) >= limits.meetings
        guard mustWait ? totals.waiting < limits.waitingInAll : totals.meetings < limits.meetingsInAll,
            totals.mailboxBytes < limits.mailboxBytesInAll
        else {
            return refuse(connection, .relayFull, retryAfter: limits.retryAfter, now, into: &actions)
        }
        // Before the decision, so that a close among its actions finds it.
        connections.move(connection, to: .visitor(offer))
        let verdict = decide(offer, now, into: &actions) { room, context, actions in
            room.visit(connection, prefix: prefix, context, entropy: &entropy, into: &actions)
        }
        switch verdict {
        case .fine: break
        case .refused(let reason):
            let wait = reason == .lineFull ? limits.retryAfter : .zero
            sendAway(connection, reason, retryAfter: wait, into: &actions)
        case nil: sendAway(connection, .noSuchCode, into: &actions)
        }
    }

    private mutating func attachOfferer(
        _ connection: Connection,
        _ token: Token,
        _ held: [Held],
        attempt: UInt32,
        _ now: Moment,
        entropy: inout some RandomNumberGenerator,
        into actions: inout [Action<Connection>]
    ) {
        let claims: TokenClaims
        do throws(TokenError) {
            claims = try TokenClaims(checking: token, keys: keys)
        } catch {
            return refuse(connection, error.reason, now, into: &actions)
        }
        guard claims.role == .offerer else { return refuse(connection, .badToken, now, into: &actions) }
        if rooms[claims.offer] == nil {
            if let reason = restore(claims, held, now) {
                let wait: Duration =
                    switch reason {
                    case .relayFull: limits.retryAfter
                    case .draining: limits.retryDraining
                    default: .zero
                    }
                return refuse(connection, reason, retryAfter: wait, now, into: &actions)
            }
        }
        connections.move(connection, to: .offerer(claims.offer))
        let verdict = decide(claims.offer, now, into: &actions) { room, context, actions in
            room.attachOfferer(
                connection,
                held: held,
                attempt: attempt,
                context,
                entropy: &entropy,
                into: &actions
            )
        }
        if case .refused(let reason) = verdict { sendAway(connection, reason, into: &actions) }
        for visitor in early.removeValue(forKey: claims.offer) ?? [] {
            earlyCount -= 1
            guard let known = connections[visitor], case .early(let said, _) = known.place else { continue }
            attach(visitor, known.prefix, said, now, into: &actions)
        }
    }

    /// Makes a room again from its offerer's word. Nil when done, or why not.
    private mutating func restore(_ claims: TokenClaims, _ held: [Held], _ now: Moment) -> Reason? {
        if let ended = tombstones[claims.slot], ended.offer == claims.offer { return ended.reason }
        // The next relay makes it again; here it would soon be over.
        guard !isDraining else { return .draining }
        guard hasPlaceForRoom else { return .relayFull }
        let hasLostSlot = slots[claims.slot] != nil
        guard
            let room = Room<Connection>(
                restoring: claims,
                held: held,
                hasLostSlot: hasLostSlot,
                now: now,
                limits: limits
            )
        else { return .expired }
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
        _ now: Moment,
        into actions: inout [Action<Connection>]
    ) {
        let claims: TokenClaims
        do throws(TokenError) {
            claims = try TokenClaims(checking: token, keys: keys)
        } catch {
            return refuse(connection, error.reason, now, into: &actions)
        }
        guard let meeting = claims.meeting else { return refuse(connection, .badToken, now, into: &actions) }
        let said = Connections<Connection>.Early(
            offer: claims.offer,
            meeting: meeting,
            acked: acked,
            received: received,
            attempt: attempt
        )
        if rooms[claims.offer] != nil {
            return attach(connection, prefix, said, now, into: &actions)
        }
        if let ended = tombstones[claims.slot], ended.offer == claims.offer {
            return refuse(connection, ended.reason, now, into: &actions)
        }
        guard now.utcSeconds < claims.deadline.addingClamped(limits.seatedLifetime.components.seconds) else {
            return refuse(connection, .expired, now, into: &actions)
        }
        guard !isDraining else {
            return refuse(connection, .draining, retryAfter: limits.retryDraining, now, into: &actions)
        }
        waitForOfferer(connection, said, now, into: &actions)
    }

    private mutating func waitForOfferer(
        _ connection: Connection,
        _ said: Connections<Connection>.Early,
        _ now: Moment,
        into actions: inout [Action<Connection>]
    ) {
        let others = early[said.offer] ?? []
        guard others.count < limits.waitingForOffererPerRoom, earlyCount < limits.waitingForOfferer,
            deadlines.count < limits.deadlines
        else {
            return refuse(connection, .relayFull, retryAfter: limits.retryAfter, now, into: &actions)
        }
        let deadline = now.monotonic + limits.offererReturn
        connections.move(connection, to: .early(said, deadline: deadline))
        early[said.offer] = others + [connection]
        earlyCount += 1
        remind(.connection(connection), at: deadline)
    }

    private mutating func attach(
        _ connection: Connection,
        _ prefix: AddressPrefix,
        _ said: Connections<Connection>.Early,
        _ now: Moment,
        into actions: inout [Action<Connection>]
    ) {
        connections.move(connection, to: .visitor(said.offer))
        let verdict = decide(said.offer, now, into: &actions) { room, context, actions in
            room.attachVisitor(
                connection,
                prefix: prefix,
                meeting: said.meeting,
                received: said.received,
                acked: said.acked,
                attempt: said.attempt,
                context,
                into: &actions
            )
        }
        switch verdict {
        case .fine: break
        case .refused(let reason): sendAway(connection, reason, into: &actions)
        case nil: sendAway(connection, .meetingOver, into: &actions)
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
