package import EasySetupHandshake
import EasySetupRelayProtocol

/// The whole pairing of an offerer (the device that shows the code): one offer with up to three codes, one after the
/// other. This type is a pure state machine; ``ConnectionSupervisor`` passes it the events.
package struct OfferSession: ~Copyable {
    // A test compares these cases with the states in the formal model of the protocol, which is written in Promela.
    // The model is `Protocol/model/pairing.pml`, `mtype:OfferPhase`.
    enum Phase: ~Copyable {
        /// The device asks the relay for a slot (the address of a room). After a lost connection, `until` is the moment
        /// at which the device gives up; before that it is nil. Next: `offering`, `over`.
        case opening(until: Duration?)
        /// The device shows a code, and visitors come and go. Next: `opening` (a fresh code), `finishing`, `over`.
        case offering(OpenRoom)
        /// A visitor has proved that it knows the code, so it has the room's only seat, and the transfer of the seed
        /// runs. Next: `over`.
        case finishing(SeatedPairing<OffererHandshake>)
        case over
    }

    var core: SessionCore
    private var phase: Phase = .opening(until: nil)
    private var codesShown = 0
    private var slotLength = 0
    private let relay: RelayAddress
    private let name: DeviceName
    private let platform: Platform
    private let asksFirst: Bool

    private var limits: ClientLimits { core.limits }

    /// - Parameters:
    ///   - relay: the relay's address, which the link contains.
    ///   - name: the name that this device shows to the other one.
    ///   - part: what this device has, and what it gives.
    ///   - asksFirst: whether a receiving device asks its user before it stores the seed.
    package init(
        relay: RelayAddress,
        name: DeviceName,
        platform: Platform,
        part: PairingPart,
        asksFirst: Bool = false,
        entropy: Entropy,
        limits: ClientLimits
    ) {
        core = SessionCore(part: part, entropy: entropy, limits: limits)
        self.relay = relay
        self.name = name
        self.platform = platform
        self.asksFirst = asksFirst && part.role == .receiver
    }
}

extension OfferSession: PairingSession {
    package mutating func begin() -> [SessionAction] { firstActions() }

    package mutating func handle(_ event: SessionEvent, now: Duration) -> [SessionAction] { actions(for: event, now) }

    package var nextDeadline: Duration? { earliest(core.connection.deadline, phaseDeadline) }
}

extension OfferSession: SessionRole {
    var isAsking: Bool {
        switch phase {
        case .opening: true
        case .offering: false
        case .finishing: false
        case .over: false
        }
    }

    var hasPeer: Bool {
        switch phase {
        case .opening: false
        case .offering: false
        case .finishing: true
        case .over: false
        }
    }

    var phaseDeadline: Duration? {
        switch phase {
        case .opening(let until): until
        case .offering(let room): room.nextDeadline
        case .finishing(let pairing): pairing.transfer.deadline
        case .over: nil
        }
    }

    func request(_ work: Work?) -> DeviceFrame { .offer(slotLength: slotLength, work: work) }

    mutating func firstFrame() -> DeviceFrame {
        let inRoom = withRoom { room, _ in
            // An honest relay never has more open meetings than `heldMeetings` in a room.
            let held = room.meetings.prefix(WireLimits.heldMeetings).map { id, window in
                MeetingResume(meeting: id, acked: window.acked, received: window.received, isSeated: false)
            }
            return room.attachment.attachOfferer(held)
        }
        let seated = withPairing { pairing, _ in
            let meeting = pairing.meeting
            let held = pairing.window.map {
                MeetingResume(meeting: meeting, acked: $0.acked, received: $0.received, isSeated: true)
            }
            return pairing.attachment.attachOfferer(held.map { [$0] } ?? [])
        }
        return inRoom ?? seated ?? request(nil)
    }

    // After a relay that is draining (about to stop) has refused a request for a room, the device connects again if it
    // has already shown a code, or if it lost a connection while it asked for the room. Another relay then takes the
    // place of the draining one.
    func comesAgain(after refusal: Reason) -> Bool {
        refusal == .draining && isAsking && (codesShown > 0 || core.connection.wasLost)
    }

    mutating func reconnectDeadline(_ now: Duration) -> Duration? {
        if isAsking, phaseDeadline == nil { phase = .opening(until: now + limits.codeLifetime) }
        return switch phase {
        case .opening(let until): until
        case .offering(let room): room.deadline
        case .finishing(let pairing): pairing.transfer.hasOutcome ? nil : pairing.transfer.deadline
        case .over: nil
        }
    }

    mutating func phaseDeadlinePassed(_ now: Duration) -> [SessionAction] {
        if let actions = seated(.deadlinePassed, now) { return actions }
        guard let deadline = phaseDeadline, now >= deadline else { return [] }
        if isAsking { return core.fail(.connectionLost, leaving: nil) }
        if let codeEnd, now >= codeEnd { return replaceCode(.expired, leaving: .expired) }
        return inRoom(now) { room, core in room.answerHeld(core, now) }
    }

    mutating func received(_ frame: RelayFrame, _ now: Duration) -> [SessionAction] {
        switch frame {
        case .offered(let slot, let token, let expiresIn): return offered(slot, token, expiresIn, now)
        case .workWanted(let challenge, let difficulty, _): return workWanted(challenge, difficulty, now)
        case .visitor(let meeting): return inRoom(now) { room, _ in .stay(room.visitorCame(meeting)) }
        case .message(let meeting?, let message):
            return seatedMeeting == meeting
                ? seated(.message(message), now) ?? []
                : inRoom(now) { room, core in room.received(message, from: meeting, core, now) }
        case .ack(let meeting?, let number):
            return seatedMeeting == meeting
                ? seated(.acknowledged(number), now) ?? []
                : inRoom(now) { room, core in room.acknowledged(upTo: number, from: meeting, core) }
        case .attachedOfferer(_, let have, let isSlotLost): return attached(have, isSlotLost: isSlotLost, now)
        case .seated(let meeting?, let expiresIn):
            guard seatedMeeting == meeting else { return [] }
            return seated(.timeLeft(min(expiresIn, limits.seatedLifetime)), now) ?? []
        // The offerer's screen shows nothing about the connections of visitors that have not proved that they know the
        // code.
        case .presence(let meeting?, let isPresent):
            return seatedMeeting == meeting ? seated(.presence(isPresent), now) ?? [] : []
        case .goodbye(let retryAfter):
            core.wait = retryAfter
            core.connection.relayAskedToWait()
            return []
        case .over(let meeting?, let reason): return meetingOver(meeting, reason, now)
        case .over(nil, let reason): return roomOver(PairingError(reason), now)
        case .refused(let reason, let retryAfter):
            return refused(reason, retryAfter, now) ?? roomOver(PairingError(reason, retryAfter: retryAfter), now)
        case .inLine, .met, .attachedVisitor, .message, .ack, .seated, .presence: return misbehaved(now)
        }
    }

    mutating func seated(_ event: SeatEvent, _ now: Duration) -> [SessionAction]? {
        withPairing { pairing, core in pairing.handle(event, &core, now) }
    }

    mutating func close() { phase = .over }
}

extension OfferSession {
    /// The meeting of the visitor that has the seat (has proved that it knows the code); nil before there is such a
    /// visitor.
    private var seatedMeeting: MeetingID? {
        switch phase {
        case .finishing(let pairing): pairing.meeting
        case .opening: nil
        case .offering: nil
        case .over: nil
        }
    }

    /// The moment at which the code on the screen expires; nil when no code is shown.
    private var codeEnd: Duration? {
        switch phase {
        case .offering(let room): room.deadline
        case .opening: nil
        case .finishing: nil
        case .over: nil
        }
    }

    /// Calls `body` with the room if the device shows a code now. Otherwise returns nil without the call.
    private mutating func withRoom<Result>(_ body: (inout OpenRoom, SessionCore) -> Result) -> Result? {
        switch exchange(&phase, with: .over) {
        case .offering(var room):
            let result = body(&room, core)
            phase = .offering(room)
            return result
        case .opening(let until): phase = .opening(until: until)
        case .finishing(let pairing): phase = .finishing(pairing)
        case .over: break
        }
        return nil
    }

    /// Calls `body` with the pairing if a visitor has proved that it knows the code, so that the transfer of the seed
    /// runs. Otherwise returns nil without the call.
    private mutating func withPairing<Result>(
        _ body: (inout SeatedPairing<OffererHandshake>, inout SessionCore) -> Result
    ) -> Result? {
        switch exchange(&phase, with: .over) {
        case .finishing(var pairing):
            let result = body(&pairing, &core)
            phase = .finishing(pairing)
            return result
        case .opening(let until): phase = .opening(until: until)
        case .offering(let room): phase = .offering(room)
        case .over: break
        }
        return nil
    }

    /// Calls `body` with the room if the device shows a code now, and carries out the outcome. Otherwise this function
    /// does nothing.
    private mutating func inRoom(
        _ now: Duration,
        _ body: (inout OpenRoom, SessionCore) -> OpenRoom.Outcome
    ) -> [SessionAction] {
        switch withRoom(body) ?? .stay([]) {
        case .stay(let actions): return actions
        case .replace(let actions, let reason): return actions + replaceCode(.codeBurnt, leaving: reason)
        case .seat(let visitor): return seat(visitor, now)
        }
    }

    private mutating func seat(_ visitor: OpenRoom.SeatedVisitor, _ now: Duration) -> [SessionAction] {
        switch exchange(&phase, with: .over) {
        case .offering(let room):
            var pairing = room.seated(visitor, asksFirst: asksFirst, core, now)
            let steps = visitor.mismatch.map { pairing.transfer.mismatched($0, now: now) } ?? pairing.transfer.start()
            var actions = core.send(.seat(meeting: visitor.meeting))
            if let proof = visitor.proof { actions += pairing.send(proof, core) }
            actions += pairing.perform(steps, &core)
            phase = .finishing(pairing)
            return actions
        case .opening(let until): phase = .opening(until: until)
        case .finishing(let pairing): phase = .finishing(pairing)
        case .over: break
        }
        return []
    }

    private mutating func offered(
        _ slot: Slot,
        _ token: Token,
        _ expiresIn: Duration,
        _ now: Duration
    ) -> [SessionAction] {
        let isExpected = core.connection.isOpened || core.connection.isWorking
        guard isAsking, isExpected, slot.symbols.utf8.count >= slotLength else { return misbehaved(now) }
        core.connection.answered()
        let deadline = now + min(expiresIn, limits.codeLifetime)
        let entropy = core.entropy
        let code: PairingCode
        do {
            code = try PairingCode.draw(slot: slot.symbols) { entropy.bytes(PairingCode.secretLength) }
        } catch {
            return core.fail(.relayMisbehaved, leaving: .fault)
        }
        // If the relay's address has a zone, there is no link, because a zone names a network interface of this machine
        // only.
        let hasLink = core.role == .holder && relay.zone == nil
        let link = hasLink ? PairingLink(relay: relay, slot: slot.symbols, secret: entropy.bytes(16)) : nil
        let offer = Offer(code: code, link: link, deadline: .at(deadline), ordinal: codesShown + 1)
        do {
            let device = Device(name: name, platform: platform, role: core.role, asksFirst: asksFirst)
            let handshake = try OffererHandshake(
                code: code,
                link: link,
                device: device,
                seed: core.part.seed,
                expiry: deadline
            )
            let attachment = Attachment(token: token)
            phase = .offering(
                OpenRoom(handshake, offer: offer, attachment: attachment, opened: now, deadline: deadline)
            )
        } catch {
            return core.fail(PairingError(error), leaving: .fault)
        }
        codesShown += 1
        return [.show(.offered(offer))]
    }

    /// The relay has accepted this device's token on a new connection, so the device is in its room again. `have` is
    /// the number of this device's last message that the relay has, for each meeting.
    private mutating func attached(
        _ have: [MeetingProgress],
        isSlotLost: Bool,
        _ now: Duration
    ) -> [SessionAction] {
        // The device accepts the relay's frame `attached_offerer` only as the answer to its own request, because
        // otherwise the relay could make the device resend all its messages at any time.
        guard !isAsking, core.connection.isOpened else { return misbehaved(now) }
        core.connection.answered()
        // The device takes the peer for connected. If the peer is not, the relay reports that in its next frames.
        core.isPeerAway = false
        let known = Dictionary(have.map { ($0.meeting, $0.have) }, uniquingKeysWith: { first, _ in first })
        if let meeting = seatedMeeting { return attachedSeated(meeting, known[meeting], now) }
        let actions = inRoom(now) { room, _ in
            var actions: [SessionAction] = []
            for (meeting, window) in room.meetings {
                if let have = known[meeting] {
                    let missing = window.messagesToResend(after: have)
                    actions += missing.map { .send(.message(meeting: meeting, $0)) }
                } else {
                    room.ended(meeting)
                }
            }
            return .stay(actions + [.show(.offered(room.offer))])
        }
        return isSlotLost ? replaceCode(.relayForgot, leaving: .done) : actions
    }

    private mutating func attachedSeated(_ meeting: MeetingID, _ have: UInt32?, _ now: Duration) -> [SessionAction] {
        if have == nil {
            let actions = meetingOver(meeting, .meetingOver, now)
            if core.isOver { return actions }
        }
        let actions = withPairing { pairing, core in pairing.attached(have: have ?? 0, &core) }
        return [.send(.seat(meeting: meeting))] + (actions ?? [])
    }

    private mutating func meetingOver(_ meeting: MeetingID, _ reason: Reason, _ now: Duration) -> [SessionAction] {
        if seatedMeeting == meeting {
            let actions = withPairing { pairing, core in
                pairing.transfer.handshake.ended(meeting: meeting.bytes)
                pairing.window = nil
                return pairing.handle(.meetingLost(PairingError(reason)), &core, now)
            }
            return actions ?? []
        }
        let hasCodes = codesShown < limits.codesPerOffer
        return inRoom(now) { room, core in
            room.left(meeting)
            return hasCodes && room.isCrowded(core.limits) ? .replace([], leaving: .codeBurnt) : .stay([])
        }
    }

    /// The relay reports that the room is gone. If a visitor has proved that it knows the code, the transfer of the
    /// seed decides what follows. Otherwise the device asks for a fresh code if the code expired or the relay forgot
    /// the room; other errors are final.
    private mutating func roomOver(_ error: PairingError, _ now: Duration) -> [SessionAction] {
        if let actions = seated(.meetingLost(error), now) { return actions }
        switch error {
        case .expired where !isAsking, .relayForgot where !isAsking: return replaceCode(error, leaving: nil)
        default: return core.fail(error, leaving: nil)
        }
    }

    /// Leaves the room and asks for another one with a fresh code; one offer has at most three. If the old code was
    /// used up, or too many visitors left without a proof, the device asks for a slot that is too long to be found by
    /// trying. Otherwise a stranger who tries all short slots could fill the waiting line of every room and so keep the
    /// right device out. The relay passes `reason` on to the visitors that wait in line.
    private mutating func replaceCode(_ error: PairingError, leaving reason: Reason?) -> [SessionAction] {
        guard codesShown < limits.codesPerOffer else { return core.fail(.codesSpent, leaving: reason) }
        let goodbye = reason.map { core.send(.leave($0)) } ?? []
        if error == .codeBurnt { slotLength = PairingCode.slotLengths.upperBound }
        phase = .opening(until: nil)
        core.connection.closed()
        core.connection.connecting()
        return goodbye + [.disconnect, .connect]
    }
}

extension Attachment {
    /// The first frame of an offerer that returns to its room on a new connection.
    fileprivate mutating func attachOfferer(_ held: [MeetingResume]) -> DeviceFrame {
        .attachOfferer(token: token, held: held, attempt: next())
    }
}
