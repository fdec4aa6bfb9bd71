import EasySetupRelayProtocol

/// The line, which is a room's queue of visitors that wait for a meeting: who gets a meeting, who waits, and who is
/// displaced, which means moved from a meeting to the end of the line (`Protocol/relay.md`, "The line").
extension Room {
    /// Admits a new visitor to a meeting or to the line (the queue). Any verdict but `accepted` is a refusal, which the
    /// caller must send.
    mutating func visit(
        _ visitor: ConnectionID,
        prefix: AddressPrefix,
        _ rules: Rules,
        _ turn: inout Turn
    ) -> Verdict {
        switch phase {
        case .over(let reason): return .refused(reason)
        case .seated: return .refused(.seated)
        case .open(var line):
            if meetings.count < rules.limits.meetings {
                meet(visitor, prefix: prefix, rules, &turn)
                return .accepted
            }
            guard mayWait(prefix, rules.limits) else { return .refused(.lineFull) }
            line.append(Waiting(connection: visitor, prefix: prefix))
            phase = .open(line: line)
            turn.counts.lineEntries += 1
            turn.send(.inLine(position: line.count), to: visitor)
            if offerer == nil { turn.send(.presence(meeting: nil, isPresent: false), to: visitor) }
            displace(rules, &turn)
            return .accepted
        }
    }

    /// Whether one more visitor of this prefix may wait in the line. Each wider block around the prefix has a limit,
    /// too.
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

    /// Removes a visitor that has gone from the line. False when the visitor was not in the line.
    mutating func leaveLine(_ visitor: ConnectionID, _ rules: Rules, _ turn: inout Turn) -> Bool {
        switch phase {
        case .seated, .over: return false
        case .open(var line):
            guard let place = line.firstIndex(where: { $0.connection == visitor }) else { return false }
            line.remove(at: place)
            phase = .open(line: line)
            tellPositions(from: place, rules, &turn)
            return true
        }
    }

    /// When ``displace(_:_:)`` must next be called; nil while nobody waits in line, or no visitor in a meeting owes a
    /// message.
    func nextDisplacement(_ rules: Rules) -> Duration? { nextDisplaced(rules)?.at }

    /// The meeting, as an index, whose visitor is displaced next, and when.
    private func nextDisplaced(_ rules: Rules) -> (meeting: Int, at: Duration)? {
        guard hasLine else { return nil }
        let areAllSilent = line.allSatisfy(\.wasSilent)
        return meetings.indices.lazy
            .compactMap { index in
                meetings[index].displacedAt(isForSilent: areAllSilent, rules.limits).map { (index, $0) }
            }
            .min { $0.1 < $1.1 }
    }

    /// If visitors wait in line, ends each meeting whose visitor has owed a message for too long, and admits waiting
    /// visitors. A displaced visitor goes to the end of the line if it is connected.
    mutating func displace(_ rules: Rules, _ turn: inout Turn) {
        // The number of rounds is limited, because ``Limits/owedMessage``, the time for which a visitor may owe a
        // message, may be zero. The loop would then displace each visitor that it has just admitted, and never end.
        for _ in 0..<rules.limits.meetings {
            guard let slowest = nextDisplaced(rules), slowest.at <= turn.now.monotonic else { return }
            let meeting = meetings.remove(at: slowest.meeting)
            turn.hit(.owedMessage)
            if let offerer, !meeting.hasLeft {
                turn.send(.over(meeting: meeting.id, .tooSlow), to: offerer)
            }
            admit(rules, &turn)
            if let visitor = meeting.connection, let prefix = meeting.prefix {
                queueAgain(Waiting(connection: visitor, prefix: prefix, wasSilent: meeting.isSilent), rules, &turn)
            }
        }
    }

    private mutating func queueAgain(_ displaced: Waiting, _ rules: Rules, _ turn: inout Turn) {
        var line = line
        guard mayWait(displaced.prefix, rules.limits) else {
            turn.dismiss(displaced.connection, .over(meeting: nil, .tooSlow))
            return
        }
        line.append(displaced)
        phase = .open(line: line)
        turn.send(.inLine(position: line.count), to: displaced.connection)
    }

    /// Admits visitors from the head of the line to meetings while there are places.
    mutating func admit(_ rules: Rules, _ turn: inout Turn) {
        var line = line
        guard !line.isEmpty, meetings.count < rules.limits.meetings else { return }
        let admitted = line.prefix(rules.limits.meetings - meetings.count)
        line.removeFirst(admitted.count)
        phase = .open(line: line)
        for next in admitted {
            meet(next.connection, prefix: next.prefix, rules, &turn)
        }
        tellPositions(from: 0, rules, &turn)
    }

    /// Tells waiting visitors their positions, from index `place` on. Those at the head of the line hear each change,
    /// the others only each sixteenth position, because one departure must not cost a frame for each waiting visitor.
    private func tellPositions(from place: Int, _ rules: Rules, _ turn: inout Turn) {
        for (index, waiting) in line.enumerated().dropFirst(place)
        where index < rules.limits.positionsTold || (index + 1).isMultiple(of: 16) {
            turn.send(.inLine(position: index + 1), to: waiting.connection)
            if offerer == nil {
                turn.send(.presence(meeting: nil, isPresent: false), to: waiting.connection)
            }
        }
    }

    /// Tells the visitors at the head of the line that the offerer has gone or come back. Visitors further behind hear
    /// that the offerer is away with their next position.
    func tellLine(_ rules: Rules, isPresent: Bool, _ turn: inout Turn) {
        for waiting in line.prefix(rules.limits.positionsTold) {
            turn.send(.presence(meeting: nil, isPresent: isPresent), to: waiting.connection)
        }
    }

    private mutating func meet(
        _ visitor: ConnectionID,
        prefix: AddressPrefix,
        _ rules: Rules,
        _ turn: inout Turn
    ) {
        wasVisited = true
        turn.counts.meetings += 1
        let id = MeetingID(drawnFrom: &turn.entropy)
        var meeting = Meeting(id: id, visitor: visitor, prefix: prefix)
        meeting.updateOwed(now: turn.now.monotonic, offererIsThere: offerer != nil)
        meetings.append(meeting)
        turn.send(
            .met(meeting: id, token: token(for: id, rules), expiresIn: deadline - turn.now.monotonic),
            to: visitor
        )
        if let offerer {
            turn.send(.visitor(meeting: id), to: offerer)
        } else {
            turn.send(.presence(meeting: nil, isPresent: false), to: visitor)
        }
    }
}
