import EasySetupRelayProtocol

/// Ending meetings, and giving one visitor the seat, which means that it has proved itself and all others must go
/// (`Protocol/relay.md`, "Seat").
extension Room {
    mutating func seat(_ id: MeetingID, _ rules: Rules, _ turn: inout Turn) -> Verdict {
        switch phase {
        case .over: return .accepted
        case .seated(let seated): return seated == id ? .accepted : .refused(.badOrder)
        case .open(let line):
            // The meeting has ended, or its visitor has left, and the offerer sent this frame before it learned of
            // that. The relay ignores it.
            guard let index = meeting(id), !meetings[index].hasLeft else { return .accepted }
            turn.counts.seats += 1
            turn.counts.strangers += meetings.count - 1 + line.count
            turn.counts.timeToSeat.add(turn.now.monotonic - (deadline - rules.limits.codeLifetime))
            for other in meetings where other.id != id {
                if let visitor = other.connection { turn.dismiss(visitor, .over(meeting: nil, .seated)) }
            }
            for waiting in line {
                turn.dismiss(waiting.connection, .refused(.seated, retryAfter: .zero))
            }
            if meetings.count > 1 { meetings = [meetings[index]] }
            phase = .seated(id)
            deadline = turn.now.monotonic + rules.limits.seatedLifetime
            tellSeated(id, &turn)
            return .accepted
        }
    }

    private func tellSeated(_ id: MeetingID, _ turn: inout Turn) {
        let expiresIn = deadline - turn.now.monotonic
        if let offerer { turn.send(.seated(meeting: id, expiresIn: expiresIn), to: offerer) }
        if let visitor = meetings.first?.connection {
            turn.send(.seated(meeting: nil, expiresIn: expiresIn), to: visitor)
        }
    }

    /// Ends a meeting at the offerer's request. If the reason is a wrong proof, returns the visitor's address prefix,
    /// to which the caller must charge the proof; otherwise nil.
    mutating func close(
        _ id: MeetingID,
        _ reason: Reason,
        _ rules: Rules,
        _ turn: inout Turn
    ) -> AddressPrefix? {
        guard let index = meeting(id) else { return nil }
        let prefix = meetings[index].prefix
        if reason == .wrongProof { turn.counts.wrongProofs += 1 }
        remove(index, telling: reason, rules, &turn)
        return reason == .wrongProof ? prefix : nil
    }

    /// Removes a meeting, sends `over` with this reason to its visitor, and admits the next visitor in line.
    mutating func remove(_ index: Int, telling reason: Reason, _ rules: Rules, _ turn: inout Turn) {
        let meeting = meetings.remove(at: index)
        if let visitor = meeting.connection { turn.dismiss(visitor, .over(meeting: nil, reason)) }
        admit(rules, &turn)
    }

    /// Handles a visitor that leaves for good. Its meeting keeps its place until the offerer closes the meeting or
    /// another visitor needs the place. If leaving freed the place at once, strangers could pass through the places
    /// faster.
    mutating func visitorLeft(_ visitor: ConnectionID, _ reason: Reason, _ rules: Rules, _ turn: inout Turn) {
        if let index = meeting(of: visitor) {
            meetings[index].visitor = .left
            meetings[index].toOfferer.clear()
            meetings[index].toVisitor.clear()
            meetings[index].updateOwed(now: turn.now.monotonic, offererIsThere: offerer != nil)
            if let offerer {
                turn.send(.over(meeting: meetings[index].id, reason), to: offerer)
            }
        } else {
            _ = leaveLine(visitor, rules, &turn)
        }
    }
}
