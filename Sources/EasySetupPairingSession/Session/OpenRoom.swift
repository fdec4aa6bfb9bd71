import EasySetupHandshake
import EasySetupRelayProtocol

/// A room whose code is shown: visitors come and go, each with a meeting of its own, until one has proved that it knows the
/// code.
struct OpenRoom: ~Copyable {
    /// What an event leads to.
    enum Outcome {
        /// The room stays open.
        case stay([SessionAction])
        /// This visitor gets the seat.
        case seat(SeatedVisitor)
        /// The code is replaced, after these actions.
        case replace([SessionAction], leaving: Reason)
    }

    /// A visitor that has proved that it knows the code.
    struct SeatedVisitor {
        let meeting: MeetingID
        let peer: Peer
        /// The message with this device's own proof.
        let proof: [UInt8]?
        /// The reason why the two devices can't pair all the same; nil where they can.
        let mismatch: HandshakeError?
    }

    /// A hello that exceeds the rate limit.
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
    /// The hellos that exceed the rate limit, in order of arrival, and the moment when the first may be answered.
    private var held: [HeldHello] = []
    private var heldUntil: Duration = .zero
    /// The number of visitors that were sent away or left without a proof.
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

    /// The moment at which something is to be done without an event.
    var nextDeadline: Duration { held.isEmpty ? deadline : min(deadline, heldUntil) }

    /// The windows in a fixed order, so that the same events always have the same effects.
    var meetings: [(id: MeetingID, window: DeliveryWindow)] {
        windows.map { ($0.key, $0.value) }.sorted { $0.id.bytes.lexicographicallyPrecedes($1.id.bytes) }
    }

    /// Whether so many visitors left without a proof that the code needs a slot that strangers can't find.
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
            // The meeting may be one that this device has closed: its last messages can still arrive.
            received = try windows[meeting]?.receive(message)
        } catch {
            return broke(meeting, core)
        }
        guard let body = received else { return .stay([]) }
        let hello = HeldHello(meeting: meeting, number: message.number, body: body)
        if message.number == 1, !held.isEmpty {
            // Other hellos wait already, so this one goes behind them.
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

    /// Answers the first hello that waits, if its time has come.
    mutating func answerHeld(_ core: SessionCore, _ now: Duration) -> Outcome {
        guard !held.isEmpty, now >= heldUntil else { return .stay([]) }
        return take(held.removeFirst(), core, now)
    }

    /// The relay has ended a meeting. Nothing of it is kept, because the relay decides how many meetings there are.
    mutating func ended(_ meeting: MeetingID) {
        handshake.ended(meeting: meeting.bytes)
        drop(meeting)
    }

    /// A visitor has left, or was sent away by the relay.
    mutating func left(_ meeting: MeetingID) {
        if windows[meeting] != nil { passersBy += 1 }
        ended(meeting)
    }

    /// Turns the room into the pairing with the visitor that has the seat. All other meetings are forgotten.
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
                seed: core.seed,
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
                // This hello was the first in line, or there is no line.
                held.insert(hello, at: 0)
                heldUntil = moment
                return .stay([])
            // These messages follow the proofs.
            case .seed: throw .outOfOrder
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

    /// A meeting's numbering is broken. That is not always the relay's fault: after a restart it relies on a visitor for the
    /// numbers. So a stranger's meeting is closed, and the others go on.
    private mutating func broke(_ meeting: MeetingID, _ core: SessionCore) -> Outcome {
        handshake.ended(meeting: meeting.bytes)
        return close(meeting, .malformed, wrongBefore: handshake.wrongProofs, core)
    }

    /// Closes a failed meeting. The user is told of a wrong proof, and the third wrong proof replaces the code. A
    /// visitor that knows the code but breaks the protocol replaces it at once.
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
