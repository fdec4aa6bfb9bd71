import EasySetupHandshake
import EasySetupRelayProtocol

/// The room at the relay for one code, while this device shows the code. Visitors come and go, each with a meeting of
/// its own, until one of them has proved that it knows the code.
struct OpenRoom: ~Copyable {
    /// The result of an event in the room.
    enum Outcome {
        /// The room stays open. The device carries out these actions.
        case stay([SessionAction])
        /// This visitor has the right proof, so it gets the room's only seat.
        case seat(SeatedVisitor)
        /// The device carries out the actions, tells the relay the reason, and then replaces the code.
        case replace([SessionAction], leaving: Reason)
    }

    /// A visitor that has proved that it knows the code.
    struct SeatedVisitor {
        let meeting: MeetingID
        let peer: Peer
        /// Message 4, which contains this device's own proof. Never nil here, because only a visitor has no message 4.
        let proof: [UInt8]?
        /// The reason why the two devices can't pair although both proofs are right; nil if they can.
        let mismatch: HandshakeError?
    }

    /// Message 1 (the hello) of a visitor, which this device answers later because of the rate limit.
    private struct HeldHello {
        let meeting: MeetingID
        let number: UInt32
        let body: [UInt8]
    }

    let offer: Offer
    let opened: Duration
    let deadline: Duration
    var attachment: Attachment
    var handshake: OffererHandshake
    private(set) var windows: [MeetingID: DeliveryWindow] = [:]
    /// The hellos that wait because of the rate limit, in order of arrival. `heldUntil` is the moment when the first of
    /// them may be answered.
    private var held: [HeldHello] = []
    private var heldUntil: Duration = .zero
    /// The number of visitors that left without a proof, or that the relay sent away.
    private var passersBy = 0

    init(
        _ handshake: consuming OffererHandshake,
        offer: Offer,
        attachment: Attachment,
        opened: Duration,
        deadline: Duration
    ) {
        self.handshake = handshake
        self.offer = offer
        self.attachment = attachment
        self.opened = opened
        self.deadline = deadline
    }

    /// The moment at which the session must act even if no event comes.
    var nextDeadline: Duration { held.isEmpty ? deadline : min(deadline, heldUntil) }

    /// The delivery windows (which messages have arrived) of all meetings, in a fixed order, so that the same events
    /// always have the same effects.
    var meetings: [(id: MeetingID, window: DeliveryWindow)] {
        windows.map { ($0.key, $0.value) }.sorted { $0.id.bytes.lexicographicallyPrecedes($1.id.bytes) }
    }

    /// Whether so many visitors left without a proof that the device should replace the code by one with a longer slot
    /// (the first symbols of a code, which lead to this room). Strangers can't find a long slot by trying. False if the
    /// slot has its greatest length already.
    func isCrowded(_ limits: ClientLimits) -> Bool {
        passersBy >= limits.crowd && offer.code.slot.count < PairingCode.slotLengths.upperBound
    }

    mutating func visitorCame(_ meeting: MeetingID) -> [SessionAction] {
        do {
            try handshake.visitorCame(meeting: meeting.bytes)
            windows[meeting] = DeliveryWindow()
            return []
        } catch {
            return [.send(.close(meeting: meeting, Reason(error)))]
        }
    }

    mutating func received(
        _ message: Message,
        from meeting: MeetingID,
        _ core: SessionCore,
        _ now: Duration
    ) -> Outcome {
        let received: [UInt8]?
        do {
            // This device may have closed the meeting already. Messages of the visitor that arrive after that are
            // ignored.
            received = try windows[meeting]?.receive(message)
        } catch {
            return broke(meeting, core)
        }
        guard let body = received else { return .stay([]) }
        let hello = HeldHello(meeting: meeting, number: message.number, body: body)
        if message.number == 1, !held.isEmpty {
            // Other hellos wait already, so this hello waits behind them.
            held.append(hello)
            return .stay([])
        }
        return take(hello, core, now)
    }

    mutating func acknowledged(upTo number: UInt32, from meeting: MeetingID, _ core: SessionCore) -> Outcome {
        do {
            try windows[meeting]?.acknowledge(upTo: number)
            return .stay([])
        } catch {
            return broke(meeting, core)
        }
    }

    /// Answers the first hello that waits, if the rate limit allows it now.
    mutating func answerHeld(_ core: SessionCore, _ now: Duration) -> Outcome {
        guard !held.isEmpty, now >= heldUntil else { return .stay([]) }
        return take(held.removeFirst(), core, now)
    }

    /// The relay has ended a meeting. This device forgets everything about the meeting, because the relay decides how
    /// many meetings there are and could otherwise fill this device's memory.
    mutating func ended(_ meeting: MeetingID) {
        handshake.ended(meeting: meeting.bytes)
        drop(meeting)
    }

    /// A visitor has left, or the relay has sent it away.
    mutating func left(_ meeting: MeetingID) {
        if windows[meeting] != nil { passersBy += 1 }
        ended(meeting)
    }

    /// Makes the pairing with the visitor that has proved that it knows the code. The device forgets all other
    /// meetings.
    consuming func seated(
        _ visitor: SeatedVisitor,
        asksFirst: Bool,
        _ core: SessionCore,
        _ now: Duration
    ) -> SeatedPairing<OffererHandshake> {
        let window = windows[visitor.meeting] ?? DeliveryWindow()
        let (attachment, opened) = (attachment, opened)
        return SeatedPairing(
            meeting: visitor.meeting,
            attachment: attachment,
            window: window,
            transfer: TransferMachine(
                handshake,
                peer: visitor.peer,
                place: .offerer,
                part: core.part,
                asksFirst: asksFirst,
                codeAge: now - opened,
                deadline: now + core.limits.seatedLifetime,
                limits: core.limits
            )
        )
    }

    private mutating func take(_ hello: HeldHello, _ core: SessionCore, _ now: Duration) -> Outcome {
        let meeting = hello.meeting
        let wrongBefore = handshake.wrongProofs
        do throws(HandshakeError) {
            let received = try handshake.receive(
                hello.body,
                number: hello.number,
                meeting: meeting.bytes,
                now: now,
                entropy: core.entropy
            )
            switch consume received {
            case .prove(let reply): return .stay(send(reply, to: meeting, core))
            case .proven(let peer, let proof):
                return .seat(SeatedVisitor(meeting: meeting, peer: peer, proof: proof, mismatch: nil))
            case .mismatched(let peer, let error, let proof):
                return .seat(SeatedVisitor(meeting: meeting, peer: peer, proof: proof, mismatch: error))
            case .notBefore(let moment):
                // The hello goes to the front, because it was the first of those that wait, or no other hello waits.
                held.insert(hello, at: 0)
                heldUntil = moment
                return .stay([])
            // Message 5 (the package with the seed) and message 6 (the receipt) may come only after both proofs
            // (messages 3 and 4).
            case .seed: throw .outOfOrder
            case .membership: throw .outOfOrder
            case .confirmed: throw .outOfOrder
            }
        } catch {
            return close(meeting, error, wrongBefore: wrongBefore, core)
        }
    }

    private mutating func send(_ body: [UInt8], to meeting: MeetingID, _ core: SessionCore) -> [SessionAction] {
        guard let message = windows[meeting]?.send(body) else { return [] }
        return core.send(.message(meeting: meeting, message))
    }

    /// Closes a meeting whose message numbers are wrong; the other meetings go on. Either the relay or the visitor can
    /// be at fault, because a restarted relay takes the numbers from the visitor.
    private mutating func broke(_ meeting: MeetingID, _ core: SessionCore) -> Outcome {
        handshake.ended(meeting: meeting.bytes)
        return close(meeting, .malformed, wrongBefore: handshake.wrongProofs, core)
    }

    /// Closes a failed meeting. After a wrong proof, the user sees a message; after the third, the device replaces the
    /// code. If a visitor knows the code but breaks the protocol, the device replaces the code at once.
    private mutating func close(
        _ meeting: MeetingID,
        _ error: HandshakeError,
        wrongBefore: Int,
        _ core: SessionCore
    ) -> Outcome {
        drop(meeting)
        var actions = core.send(.close(meeting: meeting, Reason(error)))
        let wrong = handshake.wrongProofs
        if wrong > wrongBefore { actions.append(.show(.wrongProof(count: wrong))) }
        if error == .codeKnown { actions.append(.show(.codeKnown)) }
        return handshake.isBurnt ? .replace(actions, leaving: .codeBurnt) : .stay(actions)
    }

    private mutating func drop(_ meeting: MeetingID) {
        windows[meeting] = nil
        held.removeAll { $0.meeting == meeting }
    }
}
