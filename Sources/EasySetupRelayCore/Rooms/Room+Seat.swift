import EasySetupRelayProtocol

/// The end of meetings, and the choice of the seated one (`Protocol/relay.md`, "Seat").
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
            // The meeting has ended or its visitor has left. The offerer was told so; this frame crossed with that.
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

    /// The offerer ends a meeting. Gives the prefix to charge if the visitor's proof was wrong.
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

    /// Removes a meeting, dismisses its visitor and admits the next one.
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

    /// A visitor leaves for good. Its place stays taken until the offerer closes the meeting or the place is needed;
    /// otherwise leaving would let strangers through the places faster.
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
