import EasySetupRelayProtocol

/// The queue of waiting visitors: admission, waiting and displacement (`Protocol/relay.md`, "The line").
extension Room {
    /// A visitor arrives. Any verdict but `accepted` is the refusal to send.
    mutating func visit(
        _ visitor: Connection,
        prefix: AddressPrefix,
        _ context: Context,
        entropy: inout some RandomNumberGenerator,
        into actions: inout [Action<Connection>]
    ) -> Verdict {
        switch phase {
        case .over(let reason): return .refused(reason)
        case .seated: return .refused(.seated)
        case .open(var line):
            if meetings.count < context.limits.meetings {
                meet(visitor, prefix: prefix, context, entropy: &entropy, into: &actions)
                return .accepted
            }
            guard mayWait(prefix, context.limits) else { return .refused(.lineFull) }
            line.append(Waiting(connection: visitor, prefix: prefix))
            phase = .open(line: line)
            actions.append(.send(.inLine(position: line.count), to: visitor))
            if offerer == nil { actions.append(.send(.presence(meeting: nil, isPresent: false), to: visitor)) }
            displace(context, entropy: &entropy, into: &actions)
            return .accepted
        }
    }

    /// Whether one more visitor of this prefix and of each block around it may wait in the queue.
    private func mayWait(_ prefix: AddressPrefix, _ limits: Limits) -> Bool {
        guard line.count < limits.waitingPerRoom else { return false }
        return prefix.mayJoin(
            line.lazy.map(\.prefix),
            PrefixCeiling(
                all: limits.waitingPerRoom,
                used: line.count,
                part: limits.partOfFree,
                perPrefix: limits.waitingPerPrefix
            )
        )
    }

    /// A waiting visitor has gone. False when the connection was not in the queue.
    mutating func leaveLine(
        _ visitor: Connection,
        _ context: Context,
        into actions: inout [Action<Connection>]
    ) -> Bool {
        switch phase {
        case .seated, .over: return false
        case .open(var line):
            guard let place = line.firstIndex(where: { $0.connection == visitor }) else { return false }
            line.remove(at: place)
            phase = .open(line: line)
            tellPositions(from: place, context, into: &actions)
            return true
        }
    }

    /// When ``displace(_:entropy:into:)`` has something to do; nil while no visitor waits or none owes a message.
    func nextDisplacement(_ limits: Limits) -> Duration? {
        guard !line.isEmpty else { return nil }
        return meetings.compactMap(\.owesSince).min().map { $0 + limits.owedMessage }
    }

    /// While others wait, moves an unproved visitor that has owed a message for too long to the end of the queue. A
    /// visitor without a connection is removed instead.
    mutating func displace(
        _ context: Context,
        entropy: inout some RandomNumberGenerator,
        into actions: inout [Action<Connection>]
    ) {
        // Bounded by the number of places: with the time limits of a test, an admitted visitor may be overdue at once.
        for _ in 0..<context.limits.meetings {
            guard let due = nextDisplacement(context.limits), due <= context.now,
                let slowest = meetings.firstIndex(where: { $0.owesSince == due - context.limits.owedMessage })
            else { return }
            let meeting = meetings.remove(at: slowest)
            if let offerer, !meeting.hasLeft {
                actions.append(.send(.over(meeting: meeting.id, .tooSlow), to: offerer))
            }
            admit(context, entropy: &entropy, into: &actions)
            if let visitor = meeting.connection, let prefix = meeting.prefix {
                queueAgain(Waiting(connection: visitor, prefix: prefix), context, into: &actions)
            }
        }
    }

    private mutating func queueAgain(
        _ displaced: Waiting,
        _ context: Context,
        into actions: inout [Action<Connection>]
    ) {
        var line = line
        guard mayWait(displaced.prefix, context.limits) else {
            actions.dismiss(displaced.connection, .over(meeting: nil, .tooSlow))
            return
        }
        line.append(displaced)
        phase = .open(line: line)
        actions.append(.send(.inLine(position: line.count), to: displaced.connection))
    }

    /// Admits visitors from the head of the queue while there are places.
    mutating func admit(
        _ context: Context,
        entropy: inout some RandomNumberGenerator,
        into actions: inout [Action<Connection>]
    ) {
        var line = line
        guard !line.isEmpty, meetings.count < context.limits.meetings else { return }
        let admitted = line.prefix(context.limits.meetings - meetings.count)
        line.removeFirst(admitted.count)
        phase = .open(line: line)
        for next in admitted {
            meet(next.connection, prefix: next.prefix, context, entropy: &entropy, into: &actions)
        }
        tellPositions(from: 0, context, into: &actions)
    }

    /// Tells waiting visitors their positions. The head of the queue is told each change, the rest only at some
    /// positions, because one departure must not cost a frame for each waiting visitor.
    private func tellPositions(from place: Int, _ context: Context, into actions: inout [Action<Connection>]) {
        for (index, waiting) in line.enumerated().dropFirst(place)
        where index < context.limits.positionsTold || (index + 1).isMultiple(of: 16) {
            actions.append(.send(.inLine(position: index + 1), to: waiting.connection))
            if offerer == nil {
                actions.append(.send(.presence(meeting: nil, isPresent: false), to: waiting.connection))
            }
        }
    }

    /// Tells the head of the queue that the offerer has gone or come back. Visitors further behind are told as the
    /// queue moves.
    func tellLine(_ context: Context, isPresent: Bool, into actions: inout [Action<Connection>]) {
        for waiting in line.prefix(context.limits.positionsTold) {
            actions.append(.send(.presence(meeting: nil, isPresent: isPresent), to: waiting.connection))
        }
    }

    private mutating func meet(
        _ visitor: Connection,
        prefix: AddressPrefix,
        _ context: Context,
        entropy: inout some RandomNumberGenerator,
        into actions: inout [Action<Connection>]
    ) {
        wasVisited = true
        let id = MeetingID(drawnFrom: &entropy)
        var meeting = Meeting(id: id, visitor: visitor, prefix: prefix)
        meeting.updateOwed(now: context.now, offererIsThere: offerer != nil)
        meetings.append(meeting)
        actions.append(
            .send(
                .met(meeting: id, token: token(for: id, context), expiresIn: deadline - context.now),
                to: visitor
            )
        )
        if let offerer {
            actions.append(.send(.visitor(meeting: id), to: offerer))
        } else {
            actions.append(.send(.presence(meeting: nil, isPresent: false), to: visitor))
        }
    }
}
