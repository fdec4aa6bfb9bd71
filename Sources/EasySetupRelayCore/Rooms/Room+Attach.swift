import EasySetupRelayProtocol

/// Handling devices of a room that come back on a new connection, which the protocol calls to attach
/// (`Protocol/relay.md`, "Attach").
extension Room {
    /// Handles an offerer that comes back on a new connection. `held` are the meetings that the offerer still has.
    mutating func attachOfferer(
        _ connection: ConnectionID,
        held: [MeetingResume],
        attempt new: UInt32,
        _ rules: Rules,
        _ turn: inout Turn
    ) -> Verdict {
        guard !new.isStale(after: attempt) else { return .refused(.elsewhere) }
        for named in held {
            guard let index = meeting(named.meeting) else { continue }
            guard meetings[index].toOfferer.canHaveReceived(named.received) else { return .refused(.badOrder) }
        }
        if let older = offerer { turn.dismiss(older, .refused(.elsewhere, retryAfter: .zero)) }
        offerer = connection
        attempt = max(attempt, new)

        let unheard = resolveUnnamed(held, &turn)
        turn.send(
            .attachedOfferer(
                expiresIn: deadline - turn.now.monotonic,
                meetings: held.compactMap { named in
                    meeting(named.meeting).map {
                        MeetingProgress(meeting: named.meeting, have: meetings[$0].toVisitor.have)
                    }
                },
                slotLost: hasLostSlot
            ),
            to: connection
        )
        for named in held { resume(named, &turn) }
        for id in unheard { announce(id, &turn) }
        for index in meetings.indices {
            meetings[index].updateOwed(now: turn.now.monotonic, offererIsThere: true)
            if let visitor = meetings[index].connection {
                turn.send(.presence(meeting: nil, isPresent: true), to: visitor)
            }
        }
        tellLine(rules, isPresent: true, &turn)
        resumeSeat(held, rules, &turn)
        admit(rules, &turn)
        return .accepted
    }

    /// Ends the meetings that a returning offerer does not name. It keeps those in which the offerer has sent nothing,
    /// because the offerer may never have heard of them. Returns these, which the caller must announce to the offerer
    /// again.
    private mutating func resolveUnnamed(_ held: [MeetingResume], _ turn: inout Turn) -> [MeetingID] {
        let named = Set(held.map(\.meeting))
        var unheard: [MeetingID] = []
        var kept: [Meeting] = []
        for meeting in meetings where !meeting.hasLeft {
            if named.contains(meeting.id) {
                kept.append(meeting)
            } else if meeting.toVisitor.have == 0 {
                kept.append(meeting)
                unheard.append(meeting.id)
            } else if let visitor = meeting.connection {
                turn.dismiss(visitor, .over(meeting: nil, .meetingOver))
            }
        }
        meetings = kept
        return unheard
    }

    private mutating func resume(_ named: MeetingResume, _ turn: inout Turn) {
        guard let offerer, let index = meeting(named.meeting) else { return }
        let id = named.meeting
        if meetings[index].toOfferer.returned(having: named.received) == .news,
            let visitor = meetings[index].connection
        {
            turn.send(.ack(meeting: nil, upTo: named.received), to: visitor)
        }
        if meetings[index].toVisitor.acked > named.acked {
            turn.send(.ack(meeting: id, upTo: meetings[index].toVisitor.acked), to: offerer)
        }
        for message in meetings[index].toOfferer.deliver(after: named.received) {
            turn.send(.message(meeting: id, message), to: offerer)
        }
        tellAbsence(index, &turn)
    }

    private mutating func announce(_ id: MeetingID, _ turn: inout Turn) {
        guard let offerer, let index = meeting(id) else { return }
        turn.send(.visitor(meeting: id), to: offerer)
        for message in meetings[index].toOfferer.deliver(after: 0) {
            turn.send(.message(meeting: id, message), to: offerer)
        }
        tellAbsence(index, &turn)
    }

    private mutating func tellAbsence(_ index: Int, _ turn: inout Turn) {
        guard let offerer, meetings[index].connection == nil else { return }
        meetings[index].isToldAway = true
        turn.send(.presence(meeting: meetings[index].id, isPresent: false), to: offerer)
    }

    /// Carries out a `seat` frame (one visitor proved itself) that was lost with the offerer's connection. If the frame
    /// had arrived, sends the answer `seated` again.
    private mutating func resumeSeat(_ held: [MeetingResume], _ rules: Rules, _ turn: inout Turn) {
        switch phase {
        case .over: return
        case .open:
            if let seated = held.first(where: \.isSeated) { _ = seat(seated.meeting, rules, &turn) }
        case .seated(let id):
            guard let offerer, meeting(id) != nil else { return }
            turn.send(.seated(meeting: id, expiresIn: deadline - turn.now.monotonic), to: offerer)
        }
    }

    /// Handles a visitor that comes back to its meeting on a new connection.
    mutating func attachVisitor(
        _ connection: ConnectionID,
        prefix: AddressPrefix,
        meeting id: MeetingID,
        received: UInt32,
        acked: UInt32,
        attempt: UInt32,
        _ rules: Rules,
        _ turn: inout Turn
    ) -> Verdict {
        guard let index = meeting(id), !meetings[index].hasLeft else { return .refused(goneReason(id)) }
        if let reason = refusal(ofVisitorIn: index, received: received, attempt: attempt) { return .refused(reason) }
        if let older = meetings[index].connection {
            turn.dismiss(older, .refused(.elsewhere, retryAfter: .zero))
        }
        meetings[index].visitor = .attached(connection)
        meetings[index].attempt = max(meetings[index].attempt, attempt)
        meetings[index].prefix = prefix
        turn.send(
            .attachedVisitor(expiresIn: deadline - turn.now.monotonic, have: meetings[index].toOfferer.have),
            to: connection
        )
        switch phase {
        case .open, .over: break
        case .seated:
            turn.send(.seated(meeting: nil, expiresIn: deadline - turn.now.monotonic), to: connection)
        }
        if meetings[index].toVisitor.returned(having: received) == .news, let offerer {
            turn.send(.ack(meeting: id, upTo: received), to: offerer)
        }
        if meetings[index].toOfferer.acked > acked {
            turn.send(.ack(meeting: nil, upTo: meetings[index].toOfferer.acked), to: connection)
        }
        for message in meetings[index].toVisitor.deliver(after: received) {
            turn.send(.message(meeting: nil, message), to: connection)
        }
        if let offerer {
            if meetings[index].notePresence(true, rules.limits) {
                turn.send(.presence(meeting: id, isPresent: true), to: offerer)
            }
        } else {
            turn.send(.presence(meeting: nil, isPresent: false), to: connection)
        }
        meetings[index].updateOwed(now: turn.now.monotonic, offererIsThere: offerer != nil)
        return .accepted
    }

    /// Why a visitor may not come back to its meeting; nil if it may.
    func refusal(ofVisitorIn id: MeetingID, received: UInt32, attempt: UInt32) -> Reason? {
        guard let index = meeting(id), !meetings[index].hasLeft else { return goneReason(id) }
        return refusal(ofVisitorIn: index, received: received, attempt: attempt)
    }

    private func refusal(ofVisitorIn index: Int, received: UInt32, attempt: UInt32) -> Reason? {
        guard !attempt.isStale(after: meetings[index].attempt) else { return .elsewhere }
        return meetings[index].toVisitor.canHaveReceived(received) ? nil : .badOrder
    }

    private func goneReason(_ id: MeetingID) -> Reason {
        switch phase {
        case .open: .meetingOver
        case .seated(let seated): seated == id ? .meetingOver : .seated
        case .over(let reason): reason
        }
    }
}

extension UInt32 {
    /// Whether an attach (a return with a token) with this attempt number is not newer than the last accepted one,
    /// whose number is `last`. The relay refuses such an attach, because a newer one has overtaken it. A device that
    /// does not count sends 0, which is never stale.
    func isStale(after last: UInt32) -> Bool { self != 0 && self <= last }
}
