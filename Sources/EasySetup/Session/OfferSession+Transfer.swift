import Handshake
import RelayWire

/// What the finale wants done in the seated meeting, and how a session ends.
extension OfferSession {
    mutating func brought(_ received: consuming Received, _ now: Duration) -> [SessionAction] {
        guard var finale, var side = handshake.take() else { return end(.peerMisbehaved, leaving: .malformed) }
        let steps = finale.received(received, side: &side, now: now)
        handshake = consume side
        self.finale = finale
        return actions(steps)
    }

    mutating func ended(_ error: PairingError) -> [SessionAction] {
        guard var finale else { return end(error, leaving: nil) }
        let steps = finale.ended(error, reach: reach)
        self.finale = finale
        return actions(steps)
    }

    var reach: Finale.Reach { !link.isReady ? .cutOff : isPeerAway ? .peerAway : .both }

    /// The finale's say, with the handshake lent to it.
    mutating func finish(_ body: (inout Finale, inout OffererHandshake) -> [Finale.Step]) -> [SessionAction] {
        guard var finale, var side = handshake.take() else { return [] }
        let steps = body(&finale, &side)
        handshake = consume side
        self.finale = finale
        return actions(steps)
    }

    mutating func settle() -> [SessionAction] {
        guard case .finishing(let meeting) = phase, var finale, let lane = room?.lanes[meeting],
            lane.isAllAcknowledged
        else { return [] }
        let steps = finale.allAcknowledged()
        self.finale = finale
        return actions(steps)
    }

    mutating func actions(_ steps: [Finale.Step]) -> [SessionAction] {
        guard case .finishing(let meeting) = phase else { return [] }
        var actions: [SessionAction] = []
        for step in steps {
            switch step {
            case .send(let body): actions += send(body, to: meeting)
            case .acknowledge:
                guard link.isReady, let lane = room?.lanes[meeting] else { continue }
                actions.append(.send(.ack(meeting: meeting, upTo: lane.received)))
            case .show(let state): actions += [.show(state)] + shownAway
            case .ask(let request): actions.append(.ask(request))
            case .askToAccept(let request): actions.append(.askToAccept(request))
            case .stopAsking: actions.append(.stopAsking)
            case .store(let seed): actions.append(.store(seed))
            case .leave(let reason): actions += go(leaving: reason)
            case .finish: actions += go(leaving: nil)
            }
        }
        return actions
    }

    /// The seated visitor has lost its connection to the relay, or is back. Who else comes and goes is no matter for a person.
    mutating func presence(_ meeting: MeetingID, _ isPresent: Bool) -> [SessionAction] {
        guard case .finishing(meeting) = phase, isPeerAway == isPresent, let finale else { return [] }
        isPeerAway = !isPresent
        guard let state = finale.current else { return [] }
        return isPresent ? [.show(state)] : shownAway
    }

    /// After every state of the finale's, as long as this device or the peer is away: that is what the person must know first.
    var shownAway: [SessionAction] {
        guard let finale, finale.current != nil else { return [] }
        guard link.isReady else { return [.show(.reconnecting(deadline: .at(finale.deadline)))] }
        return isPeerAway ? [.show(.peerAway(deadline: .at(finale.deadline)))] : []
    }

    mutating func send(_ body: [UInt8], to meeting: MeetingID) -> [SessionAction] {
        guard let message = room?.lanes[meeting]?.send(body), link.isReady else { return [] }
        return [.send(.message(meeting: meeting, message))]
    }

    mutating func end(_ error: PairingError, leaving reason: Reason?) -> [SessionAction] {
        [.show(.failed(error))] + go(leaving: reason)
    }

    mutating func go(leaving reason: Reason?) -> [SessionAction] {
        let goodbye: [SessionAction] = if let reason, link.isReady { [.send(.leave(reason))] } else { [] }
        phase = .over
        link.closed()
        return goodbye + [.disconnect, .finish]
    }

    /// Changes a lane; what there is to do when the numbering is broken, else nil. That is the relay's fault, but for one case:
    /// after a restart a relay takes a visitor's word for what it has. So a stranger's meeting is closed, and ends nothing else.
    mutating func withLane(
        _ meeting: MeetingID,
        _ change: (inout Lane) throws(LaneError) -> Void
    ) -> [SessionAction]? {
        guard var lane = room?.lanes[meeting] else { return [] }
        do {
            try change(&lane)
            room?.lanes[meeting] = lane
            return nil
        } catch {
            guard case .offering = phase else { return roomOver(.relayMisbehaved) }
            handshake?.ended(meeting: meeting.bytes)
            return close(meeting, .malformed, wrongBefore: handshake?.wrongProofs ?? 0)
        }
    }
}
