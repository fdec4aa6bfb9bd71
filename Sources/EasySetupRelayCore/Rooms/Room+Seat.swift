import EasySetupRelayProtocol

/// The end of meetings, and the choice of the visitor that gets the seat (`Protocol/relay.md`, "Seat").
extension Room {
    mutating func seat(_ id: MeetingID, _ rules: Rules, _ turn: inout Turn) -> Verdict {
        switch phase {
        case .over: return .accepted
        case .seated(let seated): return seated == id ? .accepted : .refused(.badOrder)
        case .open(let line):
            // The meeting has ended, or its visitor has left. The offerer sent this frame before it received `over`.
            guard let index = meeting(id), !meetings[index].hasLeft else { return .accepted }
            for other in meetings where other.id != id {
                if let visitor = other.connection { turn.dismiss(visitor, .over(meeting: nil, .seated)) }
            }
            for waiting in line {
                turn.dismiss(waiting.connection, .refused(.seated, retryAfter: .zero))
            }
            meetings = [meetings[index]]
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

    /// The offerer ends a meeting. Gives the prefix of its visitor, for the count of visits, if the proof was wrong;
    /// otherwise nil.
    mutating func close(
        _ id: MeetingID,
        _ reason: Reason,
        _ rules: Rules,
        _ turn: inout Turn
    ) -> AddressPrefix? {
        guard let index = meeting(id) else { return nil }
        let prefix = meetings[index].prefix
        remove(index, telling: reason, rules, &turn)
        return reason == .wrongProof ? prefix : nil
    }

    /// Removes a meeting, dismisses its visitor and admits the next one.
    mutating func remove(_ index: Int, telling reason: Reason, _ rules: Rules, _ turn: inout Turn) {
        let meeting = meetings.remove(at: index)
        if let visitor = meeting.connection { turn.dismiss(visitor, .over(meeting: nil, reason)) }
        admit(rules, &turn)
    }

    /// A visitor leaves for good. Its place stays taken until the offerer closes the meeting or the place is needed;
    /// otherwise leaving would let strangers through the places faster.
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
