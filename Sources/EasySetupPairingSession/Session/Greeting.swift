import EasySetupHandshake
import EasySetupRelayProtocol

/// A visitor's meeting before both devices have proved that they know the code: this device has sent message 1 (the
/// hello) or message 3 (its proof).
struct Greeting: ~Copyable {
    /// The result of a message from the offerer.
    enum Outcome {
        /// The meeting goes on.
        case stay([SessionAction])
        /// The offerer has proved that it knows the code.
        case proven(Peer)
        /// The pairing has failed with this error. The device carries out the actions first, and then tells the relay
        /// the reason; `leaving` is nil if it tells no reason.
        case fail([SessionAction], PairingError, leaving: Reason?)
    }

    let meeting: MeetingID
    var attachment: Attachment
    var deadline: Duration
    private(set) var window = DeliveryWindow()
    private(set) var handshake: VisitorHandshake
    /// The moment at which the pairing expires once this visitor has the room's seat (is the one that proved itself);
    /// nil before the relay has reported that moment.
    var seatedUntil: Duration?

    init(_ handshake: consuming VisitorHandshake, meeting: MeetingID, token: Token, deadline: Duration) {
        self.handshake = handshake
        self.meeting = meeting
        self.deadline = deadline
        attachment = Attachment(token: token)
    }

    /// Sends a message. The frame contains the id of this meeting, because the relay may have ended this meeting and
    /// begun another one with this visitor since.
    mutating func send(_ body: [UInt8], _ core: SessionCore) -> [SessionAction] {
        core.send(.message(meeting: meeting, window.send(body)))
    }

    func messagesToResend(after have: UInt32) -> [SessionAction] {
        let meeting = meeting
        return window.messagesToResend(after: have).map { .send(.message(meeting: meeting, $0)) }
    }

    mutating func received(_ message: Message, _ core: SessionCore) -> Outcome {
        let received: [UInt8]?
        do {
            received = try window.receive(message)
        } catch {
            return .fail([], .relayMisbehaved, leaving: nil)
        }
        guard let body = received else { return .stay([]) }
        do throws(HandshakeError) {
            switch try handshake.receive(body, number: message.number) {
            case .prove(let proof): return .stay(send(proof, core))
            case .proven(let peer, _): return .proven(peer)
            case .mismatched(_, let error, _):
                let goodbye = core.send(.ack(meeting: meeting, upTo: window.received))
                return .fail(goodbye, core.part.error(for: error), leaving: .done)
            // Message 5 (the package with the seed) and message 6 (the receipt) may come only after both proofs
            // (messages 3 and 4). `notBefore` (a hello has to wait for its answer) never comes at a visitor, because
            // only an offerer gets hellos.
            case .seed: return .fail([], .malformed, leaving: .malformed)
            case .membership: return .fail([], .malformed, leaving: .malformed)
            case .confirmed: return .fail([], .malformed, leaving: .malformed)
            case .notBefore: return .fail([], .malformed, leaving: .malformed)
            }
        } catch {
            return .fail([], PairingError(error), leaving: Reason(error))
        }
    }

    /// Takes the relay's report that the offerer has this device's messages up to this number. Returns false if this
    /// device never sent a message with that number.
    mutating func acknowledged(upTo number: UInt32) -> Bool {
        (try? window.acknowledge(upTo: number)) != nil
    }

    /// Turns this meeting into a pairing, in which the holder's seed is transferred, because both devices have proved
    /// that they know the code.
    consuming func seated(
        _ peer: Peer,
        codeAge: Duration,
        _ core: SessionCore,
        _ now: Duration
    ) -> SeatedPairing<VisitorHandshake> {
        let (meeting, attachment, window, seatedUntil) = (meeting, attachment, window, seatedUntil)
        var transfer = TransferMachine(
            handshake,
            peer: peer,
            place: .visitor,
            part: core.part,
            codeAge: codeAge,
            deadline: now + core.limits.seatedLifetime,
            limits: core.limits
        )
        if let seatedUntil { _ = transfer.move(deadline: seatedUntil) }
        return SeatedPairing(meeting: meeting, attachment: attachment, window: window, transfer: transfer)
    }

    /// Ends the meeting, and returns the handshake for another meeting.
    consuming func endMeeting() -> VisitorHandshake { handshake }
}
