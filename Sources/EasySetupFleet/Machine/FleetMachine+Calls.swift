internal import EasySetupFleetStore
package import EasySetupRelayCore
package import EasySetupRelayProtocol

/// Long polling over relays (`Protocol/fleet.md`, "Long polling"): a balancer sends the calls of one device to different
/// relays in turn. The relay at which the device's first call came has its session; another one hands the call on whole.
extension FleetMachine {
    /// Takes a call whose session is not here.
    /// - Parameters:
    ///   - opens: whether the call opens a session if no relay has it.
    ///   - wait: how long its answer may take.
    package mutating func handOn(
        _ kind: LongPollCall.Kind,
        _ session: LongPollConnectionID,
        body: [UInt8],
        from prefix: AddressPrefix?,
        opens: Bool,
        wait: Duration,
        on connection: ConnectionID,
        now: Duration
    ) -> HandingOn {
        guard isJoined else { return .nobody }
        let until = now + wait + times.homeSilence
        guard
            let call = calls.add(kind, session, body: body, prefix, opens: opens, on: connection, until: until)
        else { return .full }
        if let home = calls.home(of: session, now: now), entry.others.mayAnswer(home, now: now) {
            handOn(call, to: home, on: connection, now: now)
        } else {
            let names = keys.names(of: session)
            add(.ask(.find(names[0].room), .session(call.number, names.dropFirst().map(\.room))))
        }
        return .waits
    }

    private mutating func handOn(
        _ call: CallTable.Own,
        to home: RunID,
        on connection: ConnectionID,
        now: Duration
    ) {
        trunks.say(.call(LongPollCall(number: call.number, call.kind, body: call.body)), to: home)
        calls.handOn(connection, to: home, now: now)
        counts.callsHandedOn += 1
    }

    /// The directory has answered whose session it is.
    mutating func found(
        _ number: UInt64,
        _ answer: Result<StoreAnswer, StoreFailure>,
        _ left: [RoomName],
        now: Duration
    ) {
        guard let (connection, call) = calls.call(number), call.home == nil else { return }
        let offers = keys.names(of: call.session).map(\.registered)
        var home: RunID?
        if case .success(.found(let rooms)) = answer, let there = rooms.atSlot, offers.contains(there.offer) {
            home = there.run
        } else if case .success = answer, let next = left.first {
            return add(.ask(.find(next), .session(number, Array(left.dropFirst()))))
        }
        // This relay can't speak with the one of the session, to which the balancer may bring the next call. The device
        // waits a moment, because it would call without pause where each call comes here.
        if let home, entry.others.isUnread(home, now: now) {
            return calls.repeatCall(number, at: now + times.comeAgain)
        }
        guard let home, home != run, home != exchange.former, entry.others.mayAnswer(home, now: now) else {
            return settle(connection)
        }
        handOn(call, to: home, on: connection, now: now)
    }

    /// No relay that answers has the session.
    private mutating func settle(_ connection: ConnectionID) {
        guard let call = calls.remove(connection) else { return }
        calls.forgetHome(of: call.session)
        callEffects.append(
            call.opens && call.home == nil
                ? .open(connection, call.prefix, body: call.body)
                : .respond(connection, .refuse(.unknownConnection))
        )
    }

    /// Lets devices make calls again. An answer without content tells of no frames, taken or told.
    mutating func repeatCalls(now: Duration) {
        for connection in calls.takeRepeated(now: now) { callEffects.append(.respond(connection, .body([]))) }
    }

    /// The connection on which a call waits is gone. The relay of its session is told so, and sees as soon as a relay alone
    /// that the device does not poll any more.
    package mutating func callGone(_ connection: ConnectionID) {
        guard let call = calls.remove(connection), let home = call.home, call.kind == .poll else { return }
        trunks.say(.callGone(call.number), to: home)
    }

    // MARK: Others

    mutating func heard(_ call: LongPollCall, from run: RunID) {
        let id = calls.add(call, from: run, number)
        callEffects.append(.handle(id, call.kind, body: call.body))
    }

    mutating func heard(_ answered: LongPollAnswered, from run: RunID) {
        guard let (connection, call) = calls.call(answered.number), call.home == run else { return }
        calls.remove(connection)
        let answer = CallAnswer(answered)
        if answer == .refuse(.unknownConnection) { calls.forgetHome(of: call.session) }
        callEffects.append(.respond(connection, answer))
    }

    /// Gives the answer to a call of ``CallEffect/handle(_:_:body:)``.
    package mutating func answer(_ id: ConnectionID, _ answer: CallAnswer) {
        guard let (call, _) = calls.removeOther(id) else { return }
        trunks.say(.answered(answer.item(number: call.number)), to: call.run)
    }

    /// Notes that a call of ``CallEffect/handle(_:_:body:)``, a poll, waits in this session.
    package mutating func waits(_ id: ConnectionID, in session: ConnectionID) { calls.waits(id, in: session) }

    /// Removes the poll of a ``CallEffect/lost(_:)``, to which nobody wants an answer.
    /// - Returns: the session in which it waits; nil if it was answered.
    package mutating func takeLost(_ id: ConnectionID) -> ConnectionID? { calls.removeOther(id)?.session }

    /// Nobody has heard the message with the calls of these numbers.
    mutating func nobodyHeard(_ numbers: [UInt64]) {
        for number in numbers {
            if let (connection, _) = calls.call(number) { settle(connection) }
        }
    }

    // MARK: Sessions here

    /// Registers a session that was opened here.
    package mutating func opened(_ session: LongPollConnectionID, now: Duration) {
        calls.sessions.add(session, now: now)
        guard isJoined else { return }
        calls.waits(for: session)
        add(.ask(.take(request(for: session, isAttach: true)), .sessionNoted(session)))
    }

    /// A session that was opened here is remembered no more.
    package mutating func forgot(_ session: LongPollConnectionID) {
        calls.sessions.remove(session, tells: isJoined)
    }

    /// Answers a call, but after the session that it has opened is registered: the device's next call may come to another
    /// relay at once.
    package mutating func respond(_ answer: CallAnswer, on connection: ConnectionID, of session: LongPollConnectionID) {
        if !calls.hold(answer, on: connection, of: session) { callEffects.append(.respond(connection, answer)) }
    }

    /// A device has one session under an id, so that the relay which opened it last is right. A relay that has slept
    /// meanwhile takes nothing away.
    private func request(
        for session: LongPollConnectionID,
        isAttach: Bool = false,
        kept: TakeRequest.Time = .session
    ) -> TakeRequest {
        let name = keys.names(of: session)[0]
        let registration = Registration(offer: name.registered, run: run, attempt: 0)
        return TakeRequest(name.room, registration, former: exchange.former, isAttach: isAttach, kept: kept)
    }

    /// Registers sessions again, and has the directory forget those that are over, some of them at a time.
    mutating func registerSessions(now: Duration) {
        guard isJoined else { return }
        for step in calls.sessions.takeTurn(now: now) {
            let request =
                switch step {
                case .register(let session): request(for: session)
                case .forget(let session): request(for: session, kept: .noLonger)
                }
            add(.ask(.take(request), .sessionKept))
        }
    }

    /// Gives up the calls whose homes are silent, or whose time is over, and the polls that wait here for relays that
    /// are silent.
    mutating func lookAfterCalls(now: Duration) {
        let late = calls.own.filter { _, call in
            call.until <= now || call.home.map { !entry.others.mayAnswer($0, now: now) } ?? false
        }
        for connection in late.keys.sorted(by: { $0.number < $1.number }) { settle(connection) }
        guard isJoined else { return }
        let lost = calls.others { entry.others.mayAnswer($0, now: now) }
        callEffects += lost.sorted { $0.number < $1.number }.map { .lost($0) }
    }

    package mutating func takeCallEffects() -> [CallEffect] {
        guard !callEffects.isEmpty else { return [] }
        defer { callEffects = [] }
        return callEffects
    }
}
