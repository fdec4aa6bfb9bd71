import EasySetupRelayProtocol

/// How meetings end and who gets the seat (`Protocol/relay.md`, "Seat").
extension Room {
    mutating func seat(
        _ id: MeetingID,
        _ context: Context,
        into actions: inout [Action<Connection>]
    ) -> Verdict {
        switch phase {
        case .over: return .accepted
        case .seated(let seated): return seated == id ? .accepted : .refused(.badOrder)
        case .open(let line):
            // Not in hand, or left: the offerer has been told, this crossed with it.
            guard let index = meeting(id), !meetings[index].hasLeft else { return .accepted }
            for other in meetings where other.id != id {
                if let visitor = other.connection { actions.dismiss(visitor, .over(meeting: nil, .seated)) }
            }
            for waiting in line {
                actions.dismiss(waiting.connection, .refused(.seated, retryAfter: .zero))
            }
            meetings = [meetings[index]]
            phase = .seated(id)
            deadline = context.now + context.limits.seatedLifetime
            tellSeated(id, context, into: &actions)
            return .accepted
        }
    }

    private func tellSeated(_ id: MeetingID, _ context: Context, into actions: inout [Action<Connection>]) {
        let expiresIn = deadline - context.now
        if let offerer { actions.append(.send(.seated(meeting: id, expiresIn: expiresIn), to: offerer)) }
        if let visitor = meetings.first?.connection {
            actions.append(.send(.seated(meeting: nil, expiresIn: expiresIn), to: visitor))
        }
    }

    /// The offerer ends a meeting. The prefix to charge, when the visitor was wrong.
    mutating func close(
        _ id: MeetingID,
        _ reason: Reason,
        _ context: Context,
        entropy: inout some RandomNumberGenerator,
        into actions: inout [Action<Connection>]
    ) -> AddressPrefix? {
        guard let index = meeting(id) else { return nil }
        let prefix = meetings[index].prefix
        remove(index, telling: reason, context, entropy: &entropy, into: &actions)
        return reason == .wrongProof ? prefix : nil
    }

    /// Takes a meeting out of hand, sends its visitor away and lets the next one in.
    mutating func remove(
        _ index: Int,
        telling reason: Reason,
        _ context: Context,
        entropy: inout some RandomNumberGenerator,
        into actions: inout [Action<Connection>]
    ) {
        let meeting = meetings.remove(at: index)
        if let visitor = meeting.connection { actions.dismiss(visitor, .over(meeting: nil, reason)) }
        admit(context, entropy: &entropy, into: &actions)
    }

    /// A visitor goes for good. Its place stays taken until the offerer closes the meeting or it is needed: places must not
    /// turn over faster because somebody leaves.
    mutating func visitorLeft(
        _ visitor: Connection,
        _ reason: Reason,
        _ context: Context,
        into actions: inout [Action<Connection>]
    ) {
        if let index = meeting(of: visitor) {
            meetings[index].visitor = .left
            meetings[index].toOfferer.clear()
            meetings[index].toVisitor.clear()
            meetings[index].updateOwed(now: context.now, offererIsThere: offerer != nil)
            if let offerer {
                actions.append(.send(.over(meeting: meetings[index].id, reason), to: offerer))
            }
        } else {
            _ = leaveLine(visitor, context, into: &actions)
        }
    }
}
