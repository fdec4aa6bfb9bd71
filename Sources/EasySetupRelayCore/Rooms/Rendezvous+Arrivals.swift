import EasySetupRelayProtocol

/// Handling the first frame of a connection (`Protocol/relay.md`, "Connections"). It takes two steps: the relay admits
/// the device, by counts, limits and work, and then the device enters, by the rules of its room.
extension Rendezvous {
    mutating func arrive(
        _ connection: ConnectionID,
        _ prefix: AddressPrefix,
        _ frame: DeviceFrame,
        _ turn: inout Turn
    ) {
        guard let admitted = admit(connection, prefix, frame, &turn) else { return }
        enter(connection, prefix, frame, admitted, &turn)
    }

    /// Takes an admitted device to its room.
    mutating func enter(
        _ connection: ConnectionID,
        _ prefix: AddressPrefix,
        _ frame: DeviceFrame,
        _ admitted: Admitted,
        _ turn: inout Turn
    ) {
        if others != nil, !mayEnter(connection, prefix, frame, admitted, &turn) { return }
        switch frame {
        case .offer(let slotLength, _): offer(connection, prefix, slotLength: slotLength, &turn)
        case .visit(let slot, _): visit(connection, prefix, slot, admitted, &turn)
        case .attachOfferer(let token, let held, let attempt):
            attachOfferer(connection, prefix, token, held, attempt: attempt, admitted, &turn)
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
        guard makePlaceForRoom(&turn), let (slot, claim) = drawSlot(atLeast: slotLength, &turn) else {
            turn.hit(.rooms)
            return refuse(connection, .relayFull, retryAfter: limits.retryAfter, &turn)
        }
        turn.counts.codes += 1
        let id = claim?.offer ?? OfferID(drawnFrom: &turn.entropy)
        var room = Room(offer: id, slot: slot, offerer: connection, of: prefix, now: turn.now, limits: limits)
        if let others { room.entry = others.entry(claimedAt: claim?.at) }
        let token = room.token(for: nil, rules)
        open(room)
        connections.move(connection, to: .offerer(id))
        turn.send(.offered(slot: slot, token: token, expiresIn: limits.codeLifetime), to: connection)
    }

    /// Draws a slot for a new room. A relay among others takes one that it has claimed, with the id of the offer for which
    /// it is registered; otherwise there is no claim. Nil when no slot was found.
    private mutating func drawSlot(atLeast length: Int, _ turn: inout Turn) -> (Slot, SlotStock.Claim?)? {
        if others != nil, let claim = drawClaim(atLeast: length, &turn) { return (claim.slot, claim) }
        // Nobody has seen to it that a slot of a relay among others is free if it is not claimed. Of the longest slots
        // there are so many that it is.
        return pool.draw(
            atLeast: others == nil ? length : Slot.lengths.upperBound,
            now: turn.now.monotonic,
            entropy: &turn.entropy,
            isLive: { slots[$0] != nil }
        ).map { ($0, nil) }
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
                count(.misses, prefix, now: turn.now.monotonic)
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
        let mayComeBack =
            others == nil
            ? limits.restartGuard > .zero && time - started < limits.offererReturn : admitted.asked.isMissDoubtful
        let looksAround = visited.excess(prefix, limit: limits.missesPerPrefix, now: time) > 0
        if !mayComeBack || looksAround { count(.misses, prefix, now: time) }
        if let ended = tombstones[slot], admitted.isWithinLimits, time - ended.at < limits.endedTold {
            return refuse(connection, ended.reason, &turn)
        }
        refuse(connection, .noSuchCode, retryAfter: mayComeBack ? limits.retryDraining : .zero, &turn)
    }
}
