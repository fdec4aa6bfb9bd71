package import Handshake
import RelayWire
package import SyncSeed

/// An offerer's pairing from the first frame to the last: one act of the user's, with up to three codes. Pure;
/// ``SessionDriver`` runs it.
package struct OfferSession: ~Copyable {
    // The model is `Protocol/model/pairing.pml`, `mtype:OfferPhase`.
    enum Phase {
        /// Asking the relay for a slot. Next: `offering`, `over`.
        case opening
        /// A code is shown; visitors come and go. Next: `opening` (a fresh code), `finishing`, `over`.
        case offering
        /// A visitor has the seat; the finale decides. Next: `over`.
        case finishing(MeetingID)
        case over
    }

    struct Room {
        let token: Token
        let offer: Offer
        let opened: Duration
        var deadline: Duration
        var lanes: [MeetingID: Lane] = [:]
        /// Hellos that came too fast, in order, and when the first may be answered.
        var held: [(meeting: MeetingID, number: UInt32, body: [UInt8])] = []
        var heldUntil: Duration = .zero
        /// How many visitors were sent away or left without a proof.
        var passersBy = 0
        /// How often this device has come back to the room.
        var attempts: UInt32 = 0

        /// The lanes in an order of their own, so that the same events always have the same effects.
        var meetings: [(id: MeetingID, lane: Lane)] {
            lanes.map { ($0.key, $0.value) }.sorted { $0.id.bytes.lexicographicallyPrecedes($1.id.bytes) }
        }
    }

    var phase: Phase = .opening
    var room: Room?
    var handshake: OffererHandshake?
    var finale: Finale?
    var link: Link
    var codesShown = 0
    var slotLength = 0
    /// When a device that has no code to show gives up; nil while it has lost nothing.
    var openUntil: Duration?
    var wait: Duration = .zero
    /// Whether the relay says that the seated visitor has no connection to it.
    var isPeerAway = false
    let relay: RelayAddress
    let name: DeviceName
    let platform: Platform
    let seed: SyncSeed?
    let asksFirst: Bool
    let entropy: Entropy
    let limits: ClientLimits

    /// - Parameters:
    ///   - relay: where the link leads.
    ///   - name: how this device introduces itself.
    ///   - seed: a holder's; nil for a device that wants one.
    ///   - asksFirst: whether a device that wants one asks its user before it stores it.
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
        link = Link(limits: limits)
    }

    /// What to do first.
    package mutating func begin() -> [SessionAction] {
        link.connecting()
        return [.show(.connecting), .connect]
    }

    /// When ``SessionEvent/deadlinePassed`` is due; nil when nothing happens by itself.
    package var nextDeadline: Duration? {
        switch phase {
        case .opening: return earliest(link.deadline, openUntil)
        case .offering:
            let held = room.flatMap { $0.held.isEmpty ? nil : $0.heldUntil }
            return earliest(earliest(link.deadline, room?.deadline), held)
        case .finishing: return earliest(link.deadline, finale?.deadline)
        case .over: return nil
        }
    }

    /// One event; what it leads to.
    package mutating func handle(_ event: SessionEvent, now: Duration) -> [SessionAction] {
        if case .over = phase { return [] }
        switch event {
        case .connected: return connected(now)
        case .stumbled:
            link.stumbled()
            return []
        case .lost(let error): return lost(error, now)
        case .frame(let frame): return received(frame, now)
        case .solved(let work): return link.isWorking ? [.send(.offer(slotLength: slotLength, work: work))] : []
        case .answered(let answer):
            return finish { finale, side in finale.answered(answer, side: &side, now: now) }
        case .accepted(let answer):
            return finish { finale, side in finale.accepted(answer, side: &side, now: now) }
        case .stored: return finish { finale, side in finale.stored(side: &side, now: now) }
        case .notStored(let error):
            return finish { finale, side in finale.notStored(error, side: &side, now: now) }
        case .deadlinePassed: return deadlinePassed(now)
        case .cancelled:
            if finale != nil { return finish { finale, side in finale.cancelled(side: &side, now: now) } }
            return end(.cancelledHere, leaving: .cancelled)
        }
    }

    mutating func connected(_ now: Duration) -> [SessionAction] {
        link.opened(now: now)
        guard let room else { return [.send(.offer(slotLength: slotLength, work: nil))] }
        let seated: MeetingID? = if case .finishing(let meeting) = phase { meeting } else { nil }
        // An honest relay has no more of them in hand.
        let held = room.meetings.prefix(WireLimits.heldMeetings).map { id, lane in
            Held(meeting: id, acked: lane.acked, received: lane.received, isSeated: id == seated)
        }
        self.room?.attempts = room.attempts &+ 1
        return [.send(.attachOfferer(token: room.token, held: held, attempt: room.attempts &+ 1))]
    }

    mutating func lost(_ error: PairingError, _ now: Duration) -> [SessionAction] {
        if room == nil {
            guard link.triesAgain(after: error, now: now) else { return end(error, leaving: nil) }
            openUntil = openUntil ?? now + limits.codeLifetime
        }
        let retry = max(wait, error.rest(limits))
        wait = .zero
        link.lost(now: now, notBefore: retry, random: entropy.bytes(2))
        // To the person a device that never was connected still connects.
        guard link.wasReached, finale?.isSettled != true else { return [] }
        guard let deadline = finale?.deadline ?? room?.deadline ?? openUntil else { return [] }
        return [.show(.reconnecting(deadline: .at(deadline)))]
    }

    /// Gives a connection up that is of no use any more.
    mutating func hangUp(_ error: PairingError, _ now: Duration) -> [SessionAction] {
        [.disconnect] + lost(error, now)
    }

    mutating func deadlinePassed(_ now: Duration) -> [SessionAction] {
        switch link.state {
        case .resting(let moment) where now >= moment:
            link.connecting()
            return [.connect]
        case .opened(let moment) where now >= moment, .working(let moment) where now >= moment:
            return hangUp(.relayUnreachable(.noAnswer), now)
        case .idle, .connecting, .opened, .working, .ready, .resting: break
        }
        switch phase {
        case .opening:
            guard let openUntil, now >= openUntil else { return [] }
            return end(.connectionLost, leaving: nil)
        case .over: return []
        case .offering:
            guard let room else { return [] }
            if now >= room.deadline { return replaceCode(.codeExpired, leaving: .expired) }
            return answerHeld(now)
        case .finishing:
            guard let finale, now >= finale.deadline else { return [] }
            let reach = reach
            return finish { finale, side in finale.deadlinePassed(side: &side, reach: reach, now: now) }
        }
    }

    mutating func received(_ frame: RelayFrame, _ now: Duration) -> [SessionAction] {
        switch frame {
        case .offered(let slot, let token, let expiresIn): return offered(slot, token, expiresIn, now)
        case .workWanted(let challenge, let difficulty, _):
            guard case .opening = phase, link.isOpened else { return misbehaved() }
            link.working(now: now)
            guard difficulty <= limits.maximumWork else { return end(.workRefused, leaving: nil) }
            return [.solve(challenge: challenge, difficulty: difficulty)]
        case .visitor(let meeting):
            guard case .offering = phase, handshake != nil else { return [] }
            do {
                try handshake?.visitorCame(meeting: meeting.bytes)
                room?.lanes[meeting] = Lane()
                return []
            } catch {
                return [.send(.close(meeting: meeting, Reason(error)))]
            }
        case .message(let meeting?, let message): return received(message, from: meeting, now)
        case .ack(let meeting?, let number):
            return withLane(meeting) { lane throws(LaneError) in try lane.acknowledge(upTo: number) } ?? settle()
        case .attachedOfferer(let expiresIn, let have, let isSlotLost):
            return attached(expiresIn, have, isSlotLost: isSlotLost, now)
        case .seated(let meeting?, let expiresIn):
            guard case .finishing(meeting) = phase else { return [] }
            guard let state = finale?.move(deadline: now + min(expiresIn, limits.seatedLifetime)) else { return [] }
            return [.show(state)] + shownAway
        case .presence(let meeting?, let isPresent): return presence(meeting, isPresent)
        case .goodbye(let retryAfter):
            wait = retryAfter
            return []
        case .over(let meeting?, let reason):
            let wasInHand = room?.lanes[meeting] != nil
            return over(meeting, reason) + (wasInHand ? replaceCrowdedCode() : [])
        case .over(nil, let reason): return roomOver(PairingError(reason))
        case .refused(let reason, let retryAfter):
            if room != nil, reason == .draining || retryAfter > .zero {
                wait = retryAfter
                return []
            }
            // It had a code, or would soon: whoever is in the middle of something waits for the next relay.
            if reason == .draining, codesShown > 0 || link.wasLost {
                wait = retryAfter
                link.toldToWait()
                return hangUp(.relayDraining(retryAfter: retryAfter), now)
            }
            if link.forgives(reason) { return hangUp(.connectionLost, now) }
            return roomOver(PairingError(reason, retryAfter: retryAfter))
        case .inLine, .met, .attachedVisitor, .message, .ack, .seated, .presence:
            return misbehaved()
        }
    }

    /// The relay broke the protocol. From the proofs on the finale knows what that still can spoil.
    mutating func misbehaved() -> [SessionAction] {
        finale == nil ? end(.relayMisbehaved, leaving: .fault) : ended(.relayMisbehaved)
    }

    mutating func offered(
        _ slot: Slot,
        _ token: Token,
        _ expiresIn: Duration,
        _ now: Duration
    ) -> [SessionAction] {
        guard case .opening = phase, link.isOpened || link.isWorking, slot.symbols.utf8.count >= slotLength else {
            return misbehaved()
        }
        link.answered()
        let deadline = now + min(expiresIn, limits.codeLifetime)
        let role: Role = seed == nil ? .receiver : .holder
        let code: PairingCode
        do {
            code = try PairingCode.draw(slot: slot.symbols) { entropy.bytes(PairingCode.secretLength) }
        } catch {
            return end(.relayMisbehaved, leaving: .fault)
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
            return end(PairingError(error), leaving: .fault)
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
        _ have: [Have],
        isSlotLost: Bool,
        _ now: Duration
    ) -> [SessionAction] {
        // Asked for by nobody, it would make this device send everything again, as often as the relay likes.
        guard let room, link.isOpened else { return misbehaved() }
        link.answered()
        // Where it is still away, the relay says so after this.
        isPeerAway = false
        let known = Dictionary(have.map { ($0.meeting, $0.have) }, uniquingKeysWith: { first, _ in first })
        for (meeting, _) in room.meetings where known[meeting] == nil {
            let actions = over(meeting, .meetingOver)
            if case .over = phase { return actions }
        }
        if isSlotLost, case .offering = phase { return replaceCode(.relayForgot, leaving: .done) }
        var actions: [SessionAction] = []
        if case .finishing(let meeting) = phase { actions.append(.send(.seat(meeting: meeting))) }
        for (meeting, lane) in self.room?.meetings ?? [] {
            actions += lane.unsent(after: known[meeting] ?? 0).map { .send(.message(meeting: meeting, $0)) }
        }
        switch phase {
        case .offering: actions.append(.show(.offered(room.offer)))
        case .finishing:
            if let finale, !finale.isSettled, let state = finale.current { actions.append(.show(state)) }
        case .opening, .over: break
        }
        return actions + settle()
    }

    mutating func over(_ meeting: MeetingID, _ reason: Reason) -> [SessionAction] {
        handshake?.ended(meeting: meeting.bytes)
        drop(meeting)
        guard case .finishing(meeting) = phase else { return [] }
        return ended(PairingError(reason))
    }

    /// The room is gone. Before anybody is seated a fresh code takes its place.
    mutating func roomOver(_ error: PairingError) -> [SessionAction] {
        switch phase {
        case .opening: return end(error, leaving: nil)
        case .offering:
            switch error {
            case .codeExpired, .relayForgot: return replaceCode(error, leaving: nil)
            default: return end(error, leaving: nil)
            }
        case .finishing: return ended(error)
        case .over: return []
        }
    }

    /// A stranger who sweeps short slots can fill the line of every room, so that nobody honest gets into it. He can't find a
    /// slot of six symbols, and who waits in line here is told to look for the fresh code.
    mutating func replaceCrowdedCode() -> [SessionAction] {
        guard case .offering = phase, room != nil else { return [] }
        room?.passersBy += 1
        guard let room, room.passersBy >= limits.crowd, room.offer.code.slot.count < PairingCode.slotLengths.upperBound,
            codesShown < limits.codesPerOffer
        else { return [] }
        return replaceCode(.codeBurnt, leaving: .codeBurnt)
    }

    /// Leaves the room and asks for another, with a slot too long to be swept; at most three codes an act.
    mutating func replaceCode(_ error: PairingError, leaving reason: Reason?) -> [SessionAction] {
        guard codesShown < limits.codesPerOffer else { return end(.codesSpent, leaving: reason) }
        let goodbye: [SessionAction] = if let reason, link.isReady { [.send(.leave(reason))] } else { [] }
        if error == .codeBurnt { slotLength = PairingCode.slotLengths.upperBound }
        room = nil
        handshake = nil
        phase = .opening
        link.closed()
        link.connecting()
        return goodbye + [.disconnect, .connect]
    }
}
