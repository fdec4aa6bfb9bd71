import EasySetupHandshake
import EasySetupRelayProtocol

/// The offerer's meetings: each has its own handshake until one visitor has proved that it knows the code and takes the
/// seat.
extension OfferSession {
    mutating func received(_ message: Message, from meeting: MeetingID, _ now: Duration) -> [SessionAction] {
        // The meeting may be one that this device has closed: its last messages can still arrive.
        guard room?.windows[meeting] != nil else { return [] }
        var body: [UInt8]?
        if let wrong = withWindow(meeting, { window throws(DeliveryError) in body = try window.receive(message) }) {
            return wrong
        }
        guard let body else { return finishIfAcknowledged() }
        if message.number == 1, room?.held.isEmpty == false {
            // Other hellos wait already, so this one goes behind them.
            room?.held.append((meeting, message.number, body))
            return []
        }
        return take(body, number: message.number, from: meeting, now) + finishIfAcknowledged()
    }

    mutating func take(
        _ body: [UInt8],
        number: UInt32,
        from meeting: MeetingID,
        _ now: Duration
    ) -> [SessionAction] {
        let wrongBefore = handshake?.wrongProofs ?? 0
        do throws(HandshakeError) {
            let received = try handshake?.receive(
                body,
                number: number,
                meeting: meeting.bytes,
                now: now,
                entropy: entropy
            )
            guard let received else { return [] }
            switch consume received {
            case .prove(let reply): return send(reply, to: meeting)
            case .proven(let peer, let proof): return seat(meeting, peer, proof, mismatch: nil, now)
            case .mismatched(let peer, let error, let proof): return seat(meeting, peer, proof, mismatch: error, now)
            case .seed(let seed): return transferReceived(.seed(seed), now)
            case .confirmed: return transferReceived(.confirmed, now)
            case .notBefore(let moment):
                // This hello was the first in line, or there is no line.
                room?.held.insert((meeting, number, body), at: 0)
                room?.heldUntil = moment
                return []
            }
        } catch {
            if case .finishing(meeting) = phase {
                return withTransfer { transfer, side in transfer.fail(error, side: &side, now: now) }
            }
            return close(meeting, error, wrongBefore: wrongBefore)
        }
    }

    /// Closes a failed meeting. The user is told of a wrong proof, and the third wrong proof replaces the code. A
    /// visitor that knows the code but breaks the protocol replaces it at once.
    mutating func close(
        _ meeting: MeetingID,
        _ error: HandshakeError,
        wrongBefore: Int
    ) -> [SessionAction] {
        drop(meeting)
        var actions: [SessionAction] = []
        if connection.isReady { actions.append(.send(.close(meeting: meeting, Reason(error)))) }
        let wrong = handshake?.wrongProofs ?? 0
        if wrong > wrongBefore { actions.append(.show(.wrongProof(count: wrong))) }
        if error == .codeKnown { actions.append(.show(.codeKnown)) }
        if handshake?.isBurnt == true { actions += replaceCode(.codeBurnt, leaving: .codeBurnt) }
        return actions
    }

    /// Forgets a meeting that is over. Nothing of it is kept, because the relay decides how many meetings there are.
    mutating func drop(_ meeting: MeetingID) {
        room?.windows[meeting] = nil
        room?.held.removeAll { $0.meeting == meeting }
    }

    mutating func answerHeld(_ now: Duration) -> [SessionAction] {
        guard let until = room?.heldUntil, now >= until, let first = room?.held.first else { return [] }
        room?.held.removeFirst()
        return take(first.body, number: first.number, from: first.meeting, now)
    }

    mutating func seat(
        _ meeting: MeetingID,
        _ peer: Peer,
        _ proof: [UInt8]?,
        mismatch: HandshakeError?,
        _ now: Duration
    ) -> [SessionAction] {
        guard let opened = room?.opened, let window = room?.windows[meeting] else { return [] }
        room?.windows = [meeting: window]
        room?.held = []
        phase = .finishing(meeting)
        var transfer = TransferMachine(
            peer: peer,
            place: .offerer,
            seed: seed,
            asksFirst: asksFirst,
            codeAge: now - opened,
            deadline: now + limits.seatedLifetime,
            limits: limits
        )
        let steps = mismatch.map { transfer.mismatched($0, now: now) } ?? transfer.start()
        self.transfer = transfer
        let seat: [SessionAction] = connection.isReady ? [.send(.seat(meeting: meeting))] : []
        return seat + (proof.map { send($0, to: meeting) } ?? []) + actions(steps)
    }
}
