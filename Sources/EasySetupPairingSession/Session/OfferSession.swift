package import EasySetupHandshake
import EasySetupRelayProtocol
package import EasySetupSeed

/// An offerer's pairing from the first frame to the last: one offer with up to three codes. It is a pure state machine;
/// ``SessionDriver`` runs it.
package struct OfferSession: ~Copyable {
    // The model is `Protocol/model/pairing.pml`, `mtype:OfferPhase`.
    enum Phase {
        /// The device asks the relay for a slot. Next: `offering`, `over`.
        case opening
        /// A code is shown, and visitors come and go. Next: `opening` (a fresh code), `finishing`, `over`.
        case offering
        /// A visitor has the seat, and the transfer runs. Next: `over`.
        case finishing(MeetingID)
        case over
    }

    struct Room {
        let token: Token
        let offer: Offer
        let opened: Duration
        var deadline: Duration
        var windows: [MeetingID: DeliveryWindow] = [:]
        /// Hellos that exceed the rate limit, in order of arrival, and the moment when the first may be answered.
        var held: [(meeting: MeetingID, number: UInt32, body: [UInt8])] = []
        var heldUntil: Duration = .zero
        /// The number of visitors that were sent away or left without a proof.
        var passersBy = 0
        /// The number of times that this device has reattached to its room.
        var attempts: UInt32 = 0

        /// The windows in a fixed order, so that the same events always have the same effects.
        var meetings: [(id: MeetingID, window: DeliveryWindow)] {
            windows.map { ($0.key, $0.value) }.sorted { $0.id.bytes.lexicographicallyPrecedes($1.id.bytes) }
        }
    }

    var phase: Phase = .opening
    var room: Room?
    var handshake: OffererHandshake?
    var transfer: TransferMachine?
    var connection: SessionConnection
    var codesShown = 0
    var slotLength = 0
    /// The moment at which a device that has no code to show gives up; nil while no connection was lost.
    var openUntil: Duration?
    var wait: Duration = .zero
    /// Whether the relay has reported that the seated visitor has no connection.
    var isPeerAway = false
    let relay: RelayAddress
    let name: DeviceName
    let platform: Platform
    let seed: SyncSeed?
    let asksFirst: Bool
    let entropy: Entropy
    let limits: ClientLimits

    /// - Parameters:
    ///   - relay: the relay's address for the link.
    ///   - name: the name that this device shows to the other one.
    ///   - seed: the holder's seed; nil for a device that wants to receive one.
    ///   - asksFirst: whether a receiving device asks its user before it stores the seed.
    package init(
        relay: RelayAddress,
        name: DeviceName,
        platform: Platform,
        seed: SyncSeed?,
        asksFirst: Bool = false,
        entropy: Entropy,
        limits: ClientLimits
    ) {
        self.relay = relay
        self.name = name
        self.platform = platform
        self.seed = seed
        self.asksFirst = asksFirst && seed == nil
        self.entropy = entropy
        self.limits = limits
        connection = SessionConnection(limits: limits)
    }

    /// The first actions of the session.
    package mutating func begin() -> [SessionAction] {
        connection.connecting()
        return [.show(.connecting), .connect]
    }

    /// The moment at which ``SessionEvent/deadlinePassed`` is due; nil when the session has no timer.
    package var nextDeadline: Duration? {
        switch phase {
        case .opening: return earliest(connection.deadline, openUntil)
        case .offering:
            let held = room.flatMap { $0.held.isEmpty ? nil : $0.heldUntil }
            return earliest(earliest(connection.deadline, room?.deadline), held)
        case .finishing: return earliest(connection.deadline, transfer?.deadline)
        case .over: return nil
        }
    }

    /// Takes one event and returns the actions that follow from it.
    package mutating func handle(_ event: SessionEvent, now: Duration) -> [SessionAction] {
        if case .over = phase { return [] }
        switch event {
        case .connected: return connected(now)
        case .stumbled:
            connection.stumbled()
            return []
        case .lost(let error): return lost(error, now)
        case .frame(let frame): return received(frame, now)
        case .solved(let work): return connection.isWorking ? [.send(.offer(slotLength: slotLength, work: work))] : []
        case .answered(let answer):
            return withTransfer { transfer, side in transfer.answered(answer, side: &side, now: now) }
        case .accepted(let answer):
            return withTransfer { transfer, side in transfer.accepted(answer, side: &side, now: now) }
        case .stored: return withTransfer { transfer, side in transfer.stored(side: &side, now: now) }
        case .notStored(let error):
            return withTransfer { transfer, side in transfer.notStored(error, side: &side, now: now) }
        case .deadlinePassed: return deadlinePassed(now)
        case .cancelled:
            if transfer != nil { return withTransfer { transfer, side in transfer.cancelled(side: &side, now: now) } }
            return fail(.cancelledHere, leaving: .cancelled)
        }
    }

    mutating func connected(_ now: Duration) -> [SessionAction] {
        connection.opened(now: now)
        guard let room else { return [.send(.offer(slotLength: slotLength, work: nil))] }
        let seated: MeetingID? = if case .finishing(let meeting) = phase { meeting } else { nil }
        // An honest relay has at most this many of the room's meetings open.
        let held = room.meetings.prefix(WireLimits.heldMeetings).map { id, window in
            MeetingResume(meeting: id, acked: window.acked, received: window.received, isSeated: id == seated)
        }
        self.room?.attempts = room.attempts &+ 1
        return [.send(.attachOfferer(token: room.token, held: held, attempt: room.attempts &+ 1))]
    }

    mutating func lost(_ error: PairingError, _ now: Duration) -> [SessionAction] {
        if room == nil {
            guard connection.attemptRetry(after: error, now: now) else { return fail(error, leaving: nil) }
            openUntil = openUntil ?? now + limits.codeLifetime
        }
        let retry = max(wait, error.rest(limits))
        wait = .zero
        connection.lost(now: now, notBefore: retry, random: entropy.bytes(2))
        // For the user, a device that never was connected is still connecting.
        guard connection.wasReached, transfer?.hasOutcome != true else { return [] }
        guard let deadline = transfer?.deadline ?? room?.deadline ?? openUntil else { return [] }
        return [.show(.reconnecting(deadline: .at(deadline)))]
    }

    /// Ends a connection that can't be used any more, and plans the next one.
    mutating func hangUp(_ error: PairingError, _ now: Duration) -> [SessionAction] {
        [.disconnect] + lost(error, now)
    }

    mutating func deadlinePassed(_ now: Duration) -> [SessionAction] {
        switch connection.state {
        case .resting(let moment) where now >= moment:
            connection.connecting()
            return [.connect]
        case .opened(let moment) where now >= moment, .working(let moment) where now >= moment:
            return hangUp(.relayUnreachable(.noAnswer), now)
        case .idle, .connecting, .opened, .working, .ready, .resting: break
        }
        switch phase {
        case .opening:
            guard let openUntil, now >= openUntil else { return [] }
            return fail(.connectionLost, leaving: nil)
        case .over: return []
        case .offering:
            guard let room else { return [] }
            if now >= room.deadline { return replaceCode(.codeExpired, leaving: .expired) }
            return answerHeld(now)
        case .finishing:
            guard let transfer, now >= transfer.deadline else { return [] }
            let reach = reach
            return withTransfer { transfer, side in transfer.deadlinePassed(side: &side, reach: reach, now: now) }
        }
    }

    mutating func received(_ frame: RelayFrame, _ now: Duration) -> [SessionAction] {
        switch frame {
        case .offered(let slot, let token, let expiresIn): return offered(slot, token, expiresIn, now)
        case .workWanted(let challenge, let difficulty, _):
            guard case .opening = phase, connection.isOpened else { return misbehaved() }
            connection.working(now: now)
            guard difficulty <= limits.maximumWork else { return fail(.workRefused, leaving: nil) }
            return [.solve(challenge: challenge, difficulty: difficulty)]
        case .visitor(let meeting):
            guard case .offering = phase, handshake != nil else { return [] }
            do {
                try handshake?.visitorCame(meeting: meeting.bytes)
                room?.windows[meeting] = DeliveryWindow()
                return []
            } catch {
                return [.send(.close(meeting: meeting, Reason(error)))]
            }
        case .message(let meeting?, let message): return received(message, from: meeting, now)
        case .ack(let meeting?, let number):
            return withWindow(meeting) { window throws(DeliveryError) in try window.acknowledge(upTo: number) }
                ?? finishIfAcknowledged()
        case .attachedOfferer(let expiresIn, let have, let isSlotLost):
            return attached(expiresIn, have, isSlotLost: isSlotLost, now)
        case .seated(let meeting?, let expiresIn):
            guard case .finishing(meeting) = phase else { return [] }
            guard let state = transfer?.move(deadline: now + min(expiresIn, limits.seatedLifetime)) else { return [] }
            return [.show(state)] + shownAway
        case .presence(let meeting?, let isPresent): return presence(meeting, isPresent)
        case .goodbye(let retryAfter):
            wait = retryAfter
            return []
        case .over(let meeting?, let reason):
            let wasInHand = room?.windows[meeting] != nil
            return meetingOver(meeting, reason) + (wasInHand ? replaceCrowdedCode() : [])
        case .over(nil, let reason): return roomOver(PairingError(reason))
        case .refused(let reason, let retryAfter):
            if room != nil, reason == .draining || retryAfter > .zero {
                wait = retryAfter
                return []
            }
            // The device had a code, or was about to get one: a pairing under way waits for the next relay.
            if reason == .draining, codesShown > 0 || connection.wasLost {
                wait = retryAfter
                connection.relayAskedToWait()
                return hangUp(.relayDraining(retryAfter: retryAfter), now)
            }
            if connection.forgive(reason) { return hangUp(.connectionLost, now) }
            return roomOver(PairingError(reason, retryAfter: retryAfter))
        case .inLine, .met, .attachedVisitor, .message, .ack, .seated, .presence:
            return misbehaved()
        }
    }

    /// The relay broke the protocol. From the proofs on, the transfer decides what that means for the seed.
    mutating func misbehaved() -> [SessionAction] {
        transfer == nil ? fail(.relayMisbehaved, leaving: .fault) : meetingLost(.relayMisbehaved)
    }

    mutating func offered(
        _ slot: Slot,
        _ token: Token,
        _ expiresIn: Duration,
        _ now: Duration
    ) -> [SessionAction] {
        guard case .opening = phase, connection.isOpened || connection.isWorking, slot.symbols.utf8.count >= slotLength
        else {
            return misbehaved()
        }
        connection.answered()
        let deadline = now + min(expiresIn, limits.codeLifetime)
        let role: Role = seed == nil ? .receiver : .holder
        let code: PairingCode
        do {
            code = try PairingCode.draw(slot: slot.symbols) { entropy.bytes(PairingCode.secretLength) }
        } catch {
            return fail(.relayMisbehaved, leaving: .fault)
        }
        // A relay address with a zone gets no link because a zone names an interface of this machine alone.
        let hasLink = role == .holder && relay.zone == nil
        let link = hasLink ? PairingLink(relay: relay, slot: slot.symbols, secret: entropy.bytes(16)) : nil
        do {
            handshake = try OffererHandshake(
                code: code,
                link: link,
                device: Device(name: name, platform: platform, role: role, asksFirst: asksFirst),
                expiry: deadline
            )
        } catch {
            return fail(PairingError(error), leaving: .fault)
        }
        codesShown += 1
        let offer = Offer(code: code, link: link, deadline: .at(deadline), ordinal: codesShown)
        room = Room(token: token, offer: offer, opened: now, deadline: deadline)
        openUntil = nil
        phase = .offering
        return [.show(.offered(offer))]
    }

    mutating func attached(
        _ expiresIn: Duration,
        _ have: [MeetingProgress],
        isSlotLost: Bool,
        _ now: Duration
    ) -> [SessionAction] {
        // An answer without a request is refused, because the relay could make this device resend everything at will.
        guard let room, connection.isOpened else { return misbehaved() }
        connection.answered()
        // The relay reports after this if the peer is still away.
        isPeerAway = false
        let known = Dictionary(have.map { ($0.meeting, $0.have) }, uniquingKeysWith: { first, _ in first })
        for (meeting, _) in room.meetings where known[meeting] == nil {
            let actions = meetingOver(meeting, .meetingOver)
            if case .over = phase { return actions }
        }
        if isSlotLost, case .offering = phase { return replaceCode(.relayForgot, leaving: .done) }
        var actions: [SessionAction] = []
        if case .finishing(let meeting) = phase { actions.append(.send(.seat(meeting: meeting))) }
        for (meeting, window) in self.room?.meetings ?? [] {
            actions += window.messagesToResend(after: known[meeting] ?? 0).map { .send(.message(meeting: meeting, $0)) }
        }
        switch phase {
        case .offering: actions.append(.show(.offered(room.offer)))
        case .finishing:
            if let transfer, !transfer.hasOutcome, let state = transfer.current { actions.append(.show(state)) }
        case .opening, .over: break
        }
        return actions + finishIfAcknowledged()
    }

    mutating func meetingOver(_ meeting: MeetingID, _ reason: Reason) -> [SessionAction] {
        handshake?.ended(meeting: meeting.bytes)
        drop(meeting)
        guard case .finishing(meeting) = phase else { return [] }
        return meetingLost(PairingError(reason))
    }

    /// The room is gone. Before a visitor has the seat, the device asks for a room with a fresh code.
    mutating func roomOver(_ error: PairingError) -> [SessionAction] {
        switch phase {
        case .opening: return fail(error, leaving: nil)
        case .offering:
            switch error {
            case .codeExpired, .relayForgot: return replaceCode(error, leaving: nil)
            default: return fail(error, leaving: nil)
            }
        case .finishing: return meetingLost(error)
        case .over: return []
        }
    }

    /// Replaces the code when too many visitors left without a proof. A stranger who tries all short slots can fill the line of
    /// every room, and so keep out the right device. A slot of six symbols can't be found that way. The visitors in line
    /// are told that the code was replaced.
    mutating func replaceCrowdedCode() -> [SessionAction] {
        guard case .offering = phase, room != nil else { return [] }
        room?.passersBy += 1
        guard let room, room.passersBy >= limits.crowd, room.offer.code.slot.count < PairingCode.slotLengths.upperBound,
            codesShown < limits.codesPerOffer
        else { return [] }
        return replaceCode(.codeBurnt, leaving: .codeBurnt)
    }

    /// Leaves the room and asks for another one. If the old code was used up, the new slot is too long to be found by
    /// trying. One offer has at most three codes.
    mutating func replaceCode(_ error: PairingError, leaving reason: Reason?) -> [SessionAction] {
        guard codesShown < limits.codesPerOffer else { return fail(.codesSpent, leaving: reason) }
        let goodbye: [SessionAction] = if let reason, connection.isReady { [.send(.leave(reason))] } else { [] }
        if error == .codeBurnt { slotLength = PairingCode.slotLengths.upperBound }
        room = nil
        handshake = nil
        phase = .opening
        connection.closed()
        connection.connecting()
        return goodbye + [.disconnect, .connect]
    }
}
