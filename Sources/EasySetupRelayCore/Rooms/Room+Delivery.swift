import EasySetupRelayProtocol

/// Handling messages, acknowledgements and lost connections (`Protocol/relay.md`, "Delivery").
extension Room {
    mutating func offererSent(
        _ message: Message,
        in id: MeetingID,
        _ rules: Rules,
        _ turn: inout Turn
    ) -> Verdict {
        // The meeting has ended, or its visitor has left, and the offerer sent this frame before it learned of that.
        // The relay ignores it.
        guard let index = meeting(id), !meetings[index].hasLeft else { return .withoutNews }
        let visitor = meetings[index].connection
        let ack = meetings[index].toOfferer.acknowledged(upTo: message.ack)
        guard ack != .beyond else { return .refused(.badOrder) }
        switch meetings[index].toVisitor.received(message, rules) {
        case .stored:
            turn.counts.messages &+= 1
            if let visitor {
                meetings[index].toVisitor.deliverLast()
                turn.send(.message(meeting: nil, message), to: visitor)
            }
        case .repeated:
            guard ack == .news else { return .withoutNews }
            if let visitor { turn.send(.ack(meeting: nil, upTo: message.ack), to: visitor) }
        case .gap:
            return .refused(.badOrder)
        case .full:
            turn.hit(meetings[index].toVisitor.limitReached(rules))
            remove(index, telling: .mailboxFull, rules, &turn)
            if let offerer { turn.send(.over(meeting: id, .mailboxFull), to: offerer) }
            return .accepted
        }
        meetings[index].updateOwed(now: turn.now.monotonic, offererIsThere: true)
        return .accepted
    }

    /// Whether a visitor's frame is for the meeting that the visitor is in. A frame for another meeting, or from a
    /// visitor that waits in line, was on its way when the relay displaced the visitor. Delivering it would corrupt the
    /// next meeting.
    func isCurrent(_ named: MeetingID?, of visitor: ConnectionID) -> Bool {
        guard let index = meeting(of: visitor) else { return false }
        return named == nil || named == meetings[index].id
    }

    mutating func visitorSent(
        _ message: Message,
        from visitor: ConnectionID,
        _ rules: Rules,
        _ turn: inout Turn
    ) -> Verdict {
        guard let index = meeting(of: visitor) else { return .refused(.badOrder) }
        let id = meetings[index].id
        let ack = meetings[index].toVisitor.acknowledged(upTo: message.ack)
        guard ack != .beyond else { return .refused(.badOrder) }
        switch meetings[index].toOfferer.received(message, rules) {
        case .stored:
            turn.counts.messages &+= 1
            if let offerer {
                meetings[index].toOfferer.deliverLast()
                turn.send(.message(meeting: id, message), to: offerer)
            }
        case .repeated:
            guard ack == .news else { return .withoutNews }
            if let offerer { turn.send(.ack(meeting: id, upTo: message.ack), to: offerer) }
        case .gap:
            return .refused(.badOrder)
        case .full:
            turn.hit(meetings[index].toOfferer.limitReached(rules))
            return .refused(.mailboxFull)
        }
        meetings[index].updateOwed(now: turn.now.monotonic, offererIsThere: offerer != nil)
        return .accepted
    }

    mutating func offererAcknowledged(
        upTo number: UInt32,
        in id: MeetingID,
        _ turn: inout Turn
    ) -> Verdict {
        guard let index = meeting(id), !meetings[index].hasLeft else { return .withoutNews }
        switch meetings[index].toOfferer.acknowledged(upTo: number) {
        case .news:
            if let visitor = meetings[index].connection {
                turn.send(.ack(meeting: nil, upTo: number), to: visitor)
            }
            return .accepted
        case .old: return .withoutNews
        case .beyond: return .refused(.badOrder)
        }
    }

    mutating func visitorAcknowledged(
        upTo number: UInt32,
        from visitor: ConnectionID,
        _ turn: inout Turn
    ) -> Verdict {
        guard let index = meeting(of: visitor) else { return .refused(.badOrder) }
        switch meetings[index].toVisitor.acknowledged(upTo: number) {
        case .news:
            if let offerer {
                turn.send(.ack(meeting: meetings[index].id, upTo: number), to: offerer)
            }
            return .accepted
        case .old: return .withoutNews
        case .beyond: return .refused(.badOrder)
        }
    }

    /// Handles a connection that was lost, or that the relay refused because of a frame. The room and its meetings go
    /// on without the connection.
    mutating func lost(_ connection: ConnectionID, _ rules: Rules, _ turn: inout Turn) {
        if connection == offerer {
            offerer = nil
            for index in meetings.indices {
                meetings[index].updateOwed(now: turn.now.monotonic, offererIsThere: false)
                if let visitor = meetings[index].connection {
                    turn.send(.presence(meeting: nil, isPresent: false), to: visitor)
                }
            }
            tellLine(rules, isPresent: false, &turn)
        } else if let index = meeting(of: connection) {
            meetings[index].visitor = .detached
            if let offerer, meetings[index].notePresence(false, rules.limits) {
                turn.send(.presence(meeting: meetings[index].id, isPresent: false), to: offerer)
            }
        } else {
            _ = leaveLine(connection, rules, &turn)
        }
    }
}
