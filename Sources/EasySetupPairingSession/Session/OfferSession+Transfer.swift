import EasySetupHandshake
import EasySetupRelayProtocol

/// Carries out the steps of the transfer in the seated meeting, and ends the session.
extension OfferSession {
    mutating func transferReceived(_ received: consuming Received, _ now: Duration) -> [SessionAction] {
        guard var transfer, var side = handshake.take() else { return fail(.peerMisbehaved, leaving: .malformed) }
        let steps = transfer.received(received, side: &side, now: now)
        handshake = consume side
        self.transfer = transfer
        return actions(steps)
    }

    mutating func meetingLost(_ error: PairingError) -> [SessionAction] {
        guard var transfer else { return fail(error, leaving: nil) }
        let steps = transfer.meetingLost(error, reach: reach)
        self.transfer = transfer
        return actions(steps)
    }

    var reach: TransferMachine.Reach { !connection.isReady ? .cutOff : isPeerAway ? .peerAway : .both }

    /// Runs one call of the transfer machine, which borrows the handshake for it, and carries out the steps.
    mutating func withTransfer(_ body: (inout TransferMachine, inout OffererHandshake) -> [TransferMachine.Step])
        -> [SessionAction]
    {
        guard var transfer, var side = handshake.take() else { return [] }
        let steps = body(&transfer, &side)
        handshake = consume side
        self.transfer = transfer
        return actions(steps)
    }

    mutating func finishIfAcknowledged() -> [SessionAction] {
        guard case .finishing(let meeting) = phase, var transfer, let window = room?.windows[meeting],
            window.isAllAcknowledged
        else { return [] }
        let steps = transfer.allAcknowledged()
        self.transfer = transfer
        return actions(steps)
    }

    mutating func actions(_ steps: [TransferMachine.Step]) -> [SessionAction] {
        guard case .finishing(let meeting) = phase else { return [] }
        var actions: [SessionAction] = []
        for step in steps {
            switch step {
            case .send(let body): actions += send(body, to: meeting)
            case .acknowledge:
                guard connection.isReady, let window = room?.windows[meeting] else { continue }
                actions.append(.send(.ack(meeting: meeting, upTo: window.received)))
            case .show(let state): actions += [.show(state)] + shownAway
            case .ask(let request): actions.append(.ask(request))
            case .askToAccept(let request): actions.append(.askToAccept(request))
            case .stopAsking: actions.append(.stopAsking)
            case .store(let seed): actions.append(.store(seed))
            case .leave(let reason): actions += finish(leaving: reason)
            case .finish: actions += finish(leaving: nil)
            }
        }
        return actions
    }

    /// The seated visitor has lost its connection to the relay, or is back. The presence of other visitors is not
    /// shown.
    mutating func presence(_ meeting: MeetingID, _ isPresent: Bool) -> [SessionAction] {
        guard case .finishing(meeting) = phase, isPeerAway == isPresent, let transfer else { return [] }
        isPeerAway = !isPresent
        guard let state = transfer.current else { return [] }
        return isPresent ? [.show(state)] : shownAway
    }

    /// The state to show after any state of the transfer while this device or the peer has no connection, because the
    /// person must know that first.
    var shownAway: [SessionAction] {
        guard let transfer, transfer.current != nil else { return [] }
        guard connection.isReady else { return [.show(.reconnecting(deadline: .at(transfer.deadline)))] }
        return isPeerAway ? [.show(.peerAway(deadline: .at(transfer.deadline)))] : []
    }

    mutating func send(_ body: [UInt8], to meeting: MeetingID) -> [SessionAction] {
        guard let message = room?.windows[meeting]?.send(body), connection.isReady else { return [] }
        return [.send(.message(meeting: meeting, message))]
    }

    mutating func fail(_ error: PairingError, leaving reason: Reason?) -> [SessionAction] {
        [.show(.failed(error))] + finish(leaving: reason)
    }

    mutating func finish(leaving reason: Reason?) -> [SessionAction] {
        let goodbye: [SessionAction] = if let reason, connection.isReady { [.send(.leave(reason))] } else { [] }
        phase = .over
        connection.closed()
        return goodbye + [.disconnect, .finish]
    }

    /// Changes a window. Returns nil, or the actions that follow when the numbering is broken. That is the relay's
    /// fault, with one exception: after a restart a relay relies on a visitor for the numbers. So a stranger's meeting
    /// is closed, and the session goes on.
    mutating func withWindow(
        _ meeting: MeetingID,
        _ change: (inout DeliveryWindow) throws(DeliveryError) -> Void
    ) -> [SessionAction]? {
        guard var window = room?.windows[meeting] else { return [] }
        do {
            try change(&window)
            room?.windows[meeting] = window
            return nil
        } catch {
            guard case .offering = phase else { return roomOver(.relayMisbehaved) }
            handshake?.ended(meeting: meeting.bytes)
            return close(meeting, .malformed, wrongBefore: handshake?.wrongProofs ?? 0)
        }
    }
}
