package import EasySetupHandshake
import EasySetupRelayProtocol
package import EasySetupSeed

/// A visitor's pairing from the first frame to the last: one try of a code. It is a pure state machine;
/// ``SessionDriver`` runs it.
package struct VisitSession: ~Copyable {
    // The model is `Protocol/model/pairing.pml`, `mtype:VisitPhase`.
    private enum Phase {
        /// The device asks the relay for a meeting. Next: `greeting`, `over`.
        case arriving
        /// The device has a meeting, and has sent message 1 or 3. Next: `arriving` (sent to the end of the line),
        /// `finishing`, `over`.
        case greeting(Meeting)
        /// The proofs are right, and the transfer runs. Next: `over`.
        case finishing(Meeting)
        case over
    }

    private struct Meeting {
        let id: MeetingID
        let token: Token
        var deadline: Duration
        var window = DeliveryWindow()
        /// The number of times that this device has reattached to its meeting.
        var attempts: UInt32 = 0
    }

    private var phase: Phase = .arriving
    private var handshake: VisitorHandshake
    private var transfer: TransferMachine?
    private var connection: SessionConnection
    private var wait: Duration = .zero
    /// The last place in line that the relay reported.
    private var position: Int?
    /// Whether the relay has reported that the offerer has no connection.
    private var isPeerAway = false
    /// The end of the seated pairing as the relay reported it; nil before the report.
    private var seatedUntil: Duration?
    /// The moment until which an unknown slot may belong to an offerer that has not reconnected yet.
    private var unknownUntil: Duration?
    private let slot: Slot
    private let seed: SyncSeed?
    private let entropy: Entropy
    private let limits: ClientLimits
    private let start: Duration

    /// Whether message 3 was sent. If so, the try counts, whatever the answer is.
    package var isTrySpent: Bool { handshake.isTrySpent }

    /// - Parameters:
    ///   - seed: the holder's seed; nil for a device that wants to receive one.
    ///   - name: the name that this device shows to the other one.
    /// - Throws: ``PairingError/linkDirection`` for a holder with a link.
    package static func make(
        _ invitation: Invitation,
        name: DeviceName,
        platform: Platform,
        seed: SyncSeed?,
        entropy: Entropy,
        limits: ClientLimits,
        now: Duration
    ) throws(PairingError) -> VisitSession {
        let device = Device(name: name, platform: platform, role: seed == nil ? .receiver : .holder)
        guard let slot = Slot(invitation.slot) else { throw .noSuchCode }
        do throws(HandshakeError) {
            let handshake = try VisitorHandshake(invitation, device: device)
            return VisitSession(
                handshake: handshake,
                slot: slot,
                seed: seed,
                entropy: entropy,
                limits: limits,
                now: now
            )
        } catch {
            throw PairingError(error)
        }
    }

    private init(
        handshake: consuming VisitorHandshake,
        slot: Slot,
        seed: SyncSeed?,
        entropy: Entropy,
        limits: ClientLimits,
        now: Duration
    ) {
        self.handshake = handshake
        self.slot = slot
        self.seed = seed
        self.entropy = entropy
        self.limits = limits
        connection = SessionConnection(limits: limits)
        start = now
    }

    /// The first actions of the session.
    package mutating func begin() -> [SessionAction] {
        connection.connecting()
        return [.show(.connecting), .connect]
    }

    /// The moment at which ``SessionEvent/deadlinePassed`` is due; nil when the session has no timer.
    package var nextDeadline: Duration? {
        switch phase {
        case .arriving: earliest(connection.deadline, start + limits.codeLifetime)
        case .greeting(let meeting): earliest(connection.deadline, meeting.deadline)
        case .finishing: earliest(connection.deadline, transfer?.deadline)
        case .over: nil
        }
    }

    /// Takes one event and returns the actions that follow from it.
    package mutating func handle(_ event: SessionEvent, now: Duration) -> [SessionAction] {
        if case .over = phase { return [] }
        switch event {
        case .connected: return connected(now)
        case .stumbled:
            connection.stumbled()
            return []
        case .lost(let error): return lost(error, now)
        case .frame(let frame): return received(frame, now)
        case .solved(let work): return connection.isWorking ? [.send(.visit(slot: slot, work: work))] : []
        case .answered(let answer):
            return withTransfer(now) { (transfer, side) in transfer.answered(answer, side: &side, now: now) }
        case .accepted(let answer):
            return withTransfer(now) { (transfer, side) in transfer.accepted(answer, side: &side, now: now) }
        case .stored: return withTransfer(now) { (transfer, side) in transfer.stored(side: &side, now: now) }
        case .notStored(let error):
            return withTransfer(now) { (transfer, side) in transfer.notStored(error, side: &side, now: now) }
        case .deadlinePassed: return deadlinePassed(now)
        case .cancelled:
            if transfer != nil {
                return withTransfer(now) { (transfer, side) in transfer.cancelled(side: &side, now: now) }
            }
            return fail(.cancelledHere, leaving: .cancelled)
        }
    }

    private mutating func connected(_ now: Duration) -> [SessionAction] {
        connection.opened(now: now)
        switch phase {
        case .arriving: return [.send(.visit(slot: slot, work: nil))]
        case .greeting(let meeting), .finishing(let meeting):
            let window = meeting.window
            let attempt = meeting.attempts &+ 1
            withMeeting { $0.attempts = attempt }
            return [
                .send(
                    .attachVisitor(
                        token: meeting.token,
                        acked: window.acked,
                        received: window.received,
                        attempt: attempt
                    )
                )
            ]
        case .over: return []
        }
    }

    private mutating func lost(_ error: PairingError, _ now: Duration) -> [SessionAction] {
        let deadline: Duration
        switch phase {
        case .arriving:
            guard connection.attemptRetry(after: error, now: now) else { return fail(error, leaving: nil) }
            deadline = start + limits.codeLifetime
        case .greeting(let meeting): deadline = meeting.deadline
        case .finishing(let meeting): deadline = transfer?.deadline ?? meeting.deadline
        case .over: return []
        }
        let retry = max(wait, error.rest(limits))
        wait = .zero
        connection.lost(now: now, notBefore: retry, random: entropy.bytes(2))
        // For the user, a device that never was connected is still connecting.
        guard connection.wasReached, transfer?.hasOutcome != true else { return [] }
        return [.show(.reconnecting(deadline: .at(deadline)))]
    }

    /// Ends a connection that can't be used any more, and plans the next one.
    private mutating func hangUp(_ error: PairingError, _ now: Duration) -> [SessionAction] {
        [.disconnect] + lost(error, now)
    }

    /// The offerer of an unknown slot may not have reconnected yet: a relay that was restarted knows a room only once
    /// its offerer attaches, and the two devices reconnect in any order. Returns nil where that is impossible, or has
    /// lasted too long.
    private mutating func awaitOfferer(_ reason: Reason, _ retryAfter: Duration, _ now: Duration) -> [SessionAction]? {
        guard reason == .noSuchCode, case .arriving = phase, connection.wasLost || retryAfter > .zero else {
            return nil
        }
        let until = unknownUntil ?? now + limits.offererReturn
        guard now < until else { return nil }
        unknownUntil = until
        connection.lost(now: now, random: entropy.bytes(2))
        return [.disconnect, .show(.reconnecting(deadline: .at(until)))]
    }

    private mutating func deadlinePassed(_ now: Duration) -> [SessionAction] {
        switch connection.state {
        case .resting(let moment) where now >= moment:
            connection.connecting()
            return [.connect]
        case .opened(let moment) where now >= moment, .working(let moment) where now >= moment:
            return hangUp(.relayUnreachable(.noAnswer), now)
        case .idle, .connecting, .opened, .working, .ready, .resting: break
        }
        switch phase {
        case .arriving:
            guard now >= start + limits.codeLifetime else { return [] }
            return fail(connection.isReady ? .codeExpired : .connectionLost, leaving: .cancelled)
        case .greeting(let meeting):
            return now >= meeting.deadline
                ? fail(connection.isReady ? .timedOut(.otherDevice) : .connectionLost, leaving: .cancelled) : []
        case .finishing:
            guard let transfer, now >= transfer.deadline else { return [] }
            let reach = reach
            return withTransfer(now) { (transfer, side) in transfer.deadlinePassed(side: &side, reach: reach, now: now)
            }
        case .over: return []
        }
    }

    private mutating func received(_ frame: RelayFrame, _ now: Duration) -> [SessionAction] {
        switch frame {
        case .inLine(let position):
            connection.answered()
            guard transfer == nil else { return misbehaved() }
            // The relay sent this device to the end of the line: the meeting is over, and a new one begins with fresh
            // keys.
            guard !handshake.isTrySpent else { return fail(.connectionLost, leaving: .cancelled) }
            // A visitor that is sent back to the line has an offerer that is connected; later places tell nothing about
            // that.
            if case .greeting = phase { isPeerAway = false }
            phase = .arriving
            self.position = position
            return shown
        case .met(let meeting, let token, let expiresIn):
            return met(meeting, token, min(now + expiresIn, start + limits.codeLifetime))
        case .workWanted(let challenge, let difficulty, _):
            guard case .arriving = phase, connection.isOpened else { return misbehaved() }
            connection.working(now: now)
            guard difficulty <= limits.maximumWork else { return fail(.workRefused, leaving: nil) }
            return [.solve(challenge: challenge, difficulty: difficulty)]
        case .attachedVisitor(let expiresIn, let have): return attached(now + expiresIn, have)
        case .message(nil, let message): return received(message, now)
        case .ack(nil, let number):
            return withWindow { window throws(DeliveryError) in try window.acknowledge(upTo: number) }
                ?? finishIfAcknowledged()
        case .seated(nil, let expiresIn):
            // The deadline arrives before the proof that starts the transfer.
            let deadline = now + min(expiresIn, limits.seatedLifetime)
            seatedUntil = deadline
            guard let state = transfer?.move(deadline: deadline) else { return [] }
            return [.show(state)] + shownAway
        case .presence(nil, let isPresent):
            guard isPeerAway == isPresent else { return [] }
            isPeerAway = !isPresent
            return isPresent ? shown : shownAway
        case .goodbye(let retryAfter):
            wait = retryAfter
            return []
        case .over(nil, let reason): return meetingOver(reason, .zero, now)
        case .refused(let reason, let retryAfter):
            if hasMeeting, reason == .draining || retryAfter > .zero {
                // The relay closes the connection after this; the device connects again when this relay, or its
                // successor, has capacity.
                wait = retryAfter
                return []
            }
            // The device was in line: a pairing under way waits for the next relay, or until the relay no longer counts
            // the place of its lost connection.
            if reason == .draining || reason == .lineFull, connection.wasLost {
                wait = retryAfter
                connection.relayAskedToWait()
                return hangUp(PairingError(reason, retryAfter: retryAfter), now)
            }
            if connection.forgive(reason) { return hangUp(.connectionLost, now) }
            return awaitOfferer(reason, retryAfter, now) ?? meetingOver(reason, retryAfter, now)
        case .offered, .visitor, .attachedOfferer, .message, .ack, .seated, .presence, .over:
            return misbehaved()
        }
    }

    /// The relay reports that the meeting is over. A meeting that was lost in a relay's restart before message 3 did
    /// not use up a try, so the device visits again while the code lives.
    private mutating func meetingOver(_ reason: Reason, _ retryAfter: Duration, _ now: Duration) -> [SessionAction] {
        guard case .greeting = phase, reason == .meetingOver, !handshake.isTrySpent else {
            return meetingLost(PairingError(reason, retryAfter: retryAfter))
        }
        phase = .arriving
        (position, isPeerAway) = (nil, false)
        connection.lost(now: now, random: entropy.bytes(2))
        return [.disconnect, .show(.connecting)]
    }

    /// The relay broke the protocol. From the proofs on, the transfer decides what that means for the seed.
    private mutating func misbehaved() -> [SessionAction] {
        transfer == nil ? fail(.relayMisbehaved, leaving: .fault) : meetingLost(.relayMisbehaved)
    }

    private mutating func met(_ meeting: MeetingID, _ token: Token, _ deadline: Duration) -> [SessionAction] {
        connection.answered()
        guard case .arriving = phase else { return misbehaved() }
        do {
            let hello = try handshake.begin(meeting: meeting.bytes, entropy: entropy)
            phase = .greeting(Meeting(id: meeting, token: token, deadline: deadline))
            (isPeerAway, seatedUntil) = (false, nil)
            return shown + send(hello)
        } catch {
            return fail(PairingError(error), leaving: .fault)
        }
    }

    private mutating func attached(_ deadline: Duration, _ have: UInt32) -> [SessionAction] {
        // An answer without a request is refused, because the relay could make this device resend everything at will.
        guard connection.isOpened else { return misbehaved() }
        connection.answered()
        // The relay reports after this if the peer is still away.
        isPeerAway = false
        switch phase {
        case .greeting(let meeting), .finishing(let meeting):
            withMeeting { $0.deadline = min($0.deadline, deadline) }
            return meeting.window.messagesToResend(after: have).map { .send(.message(meeting: meeting.id, $0)) } + shown
                + finishIfAcknowledged()
        case .arriving, .over: return misbehaved()
        }
    }

    private mutating func received(_ message: Message, _ now: Duration) -> [SessionAction] {
        var body: [UInt8]?
        if let wrong = withWindow({ window throws(DeliveryError) in body = try window.receive(message) }) {
            return wrong
        }
        guard let body else { return finishIfAcknowledged() }
        do {
            switch try handshake.receive(body, number: message.number) {
            case .prove(let proof): return send(proof)
            case .proven(let peer, _): return proven(peer, now)
            case .mismatched(_, let error, _):
                let goodbye = acknowledge()
                return goodbye + fail(PairingError(error), leaving: .done)
            case .seed(let seed): return transferReceived(.seed(seed), now)
            case .confirmed: return transferReceived(.confirmed, now)
            case .notBefore: return fail(.peerMisbehaved, leaving: .malformed)
            }
        } catch {
            if transfer != nil {
                return withTransfer(now) { (transfer, side) in transfer.fail(error, side: &side, now: now) }
            }
            return fail(PairingError(error), leaving: Reason(error))
        }
    }

    private mutating func transferReceived(_ received: consuming Received, _ now: Duration) -> [SessionAction] {
        guard var transfer else { return fail(.peerMisbehaved, leaving: .malformed) }
        let steps = transfer.received(received, side: &handshake, now: now)
        self.transfer = transfer
        return actions(steps) + finishIfAcknowledged()
    }

    private mutating func proven(_ peer: Peer, _ now: Duration) -> [SessionAction] {
        guard case .greeting(var meeting) = phase else { return fail(.peerMisbehaved, leaving: .malformed) }
        let deadline = now + limits.seatedLifetime
        meeting.deadline = deadline
        phase = .finishing(meeting)
        var transfer = TransferMachine(
            peer: peer,
            place: .visitor,
            seed: seed,
            codeAge: now - start,
            deadline: deadline,
            limits: limits
        )
        if let seatedUntil { _ = transfer.move(deadline: seatedUntil) }
        self.transfer = transfer
        return actions(transfer.start())
    }

    private mutating func meetingLost(_ error: PairingError) -> [SessionAction] {
        guard var transfer else { return fail(error, leaving: nil) }
        let steps = transfer.meetingLost(error, reach: reach)
        self.transfer = transfer
        return actions(steps)
    }

    private var reach: TransferMachine.Reach { !connection.isReady ? .cutOff : isPeerAway ? .peerAway : .both }

    /// Runs one call of the transfer machine, which borrows the handshake for it, and carries out the steps.
    private mutating func withTransfer(
        _ now: Duration,
        _ body: (inout TransferMachine, inout VisitorHandshake) -> [TransferMachine.Step]
    ) -> [SessionAction] {
        guard var transfer else { return [] }
        let steps = body(&transfer, &handshake)
        self.transfer = transfer
        return actions(steps)
    }

    private mutating func finishIfAcknowledged() -> [SessionAction] {
        guard var transfer, let window, window.isAllAcknowledged else { return [] }
        let steps = transfer.allAcknowledged()
        self.transfer = transfer
        return actions(steps)
    }

    private mutating func actions(_ steps: [TransferMachine.Step]) -> [SessionAction] {
        var actions: [SessionAction] = []
        for step in steps {
            switch step {
            case .send(let body): actions += send(body)
            case .acknowledge: actions += acknowledge()
            case .show(let state): actions += [.show(state)] + shownAway
            case .ask(let request): actions.append(.ask(request))
            case .askToAccept(let request): actions.append(.askToAccept(request))
            case .stopAsking: actions.append(.stopAsking)
            case .store(let seed): actions.append(.store(seed))
            case .leave(let reason): actions += finish(leaving: reason)
            case .finish: actions += finish(leaving: nil)
            }
        }
        return actions
    }

    private mutating func send(_ body: [UInt8]) -> [SessionAction] {
        var frame: DeviceFrame?
        // The message names its meeting, because the relay may have ended that one and begun another meanwhile.
        withMeeting { frame = .message(meeting: $0.id, $0.window.send(body)) }
        guard let frame, connection.isReady else { return [] }
        return [.send(frame)]
    }

    private func acknowledge() -> [SessionAction] {
        guard let meeting, connection.isReady else { return [] }
        return [.send(.ack(meeting: meeting.id, upTo: meeting.window.received))]
    }

    private mutating func fail(_ error: PairingError, leaving reason: Reason?) -> [SessionAction] {
        [.show(.failed(error))] + finish(leaving: reason)
    }

    private mutating func finish(leaving reason: Reason?) -> [SessionAction] {
        let goodbye: [SessionAction] = if let reason, connection.isReady { [.send(.leave(reason))] } else { [] }
        phase = .over
        connection.closed()
        return goodbye + [.disconnect, .finish]
    }

    /// The state to show for this visit; nothing once its outcome was shown.
    private var shown: [SessionAction] {
        guard let state = current else { return [] }
        return [.show(state)] + shownAway
    }

    /// The state to show after any other while the offerer or this device has no connection, because the person must
    /// know that first.
    private var shownAway: [SessionAction] {
        if let transfer, transfer.current != nil, !connection.isReady {
            return [.show(.reconnecting(deadline: .at(transfer.deadline)))]
        }
        guard isPeerAway, current != nil else { return [] }
        let deadline: Duration
        switch phase {
        case .arriving: deadline = start + limits.codeLifetime
        case .greeting(let meeting): deadline = meeting.deadline
        case .finishing(let meeting): deadline = transfer?.deadline ?? meeting.deadline
        case .over: return []
        }
        return [.show(.peerAway(deadline: .at(deadline)))]
    }

    private var current: PairingState? {
        switch phase {
        case .arriving: position.map { .inLine(position: $0) } ?? .connecting
        case .greeting: .greeting
        case .finishing: transfer?.current
        case .over: nil
        }
    }

    private var hasMeeting: Bool { window != nil }

    private var window: DeliveryWindow? { meeting?.window }

    private var meeting: Meeting? {
        switch phase {
        case .greeting(let meeting), .finishing(let meeting): meeting
        case .arriving, .over: nil
        }
    }

    private mutating func withMeeting(_ change: (inout Meeting) -> Void) {
        switch phase {
        case .greeting(var meeting):
            change(&meeting)
            phase = .greeting(meeting)
        case .finishing(var meeting):
            change(&meeting)
            phase = .finishing(meeting)
        case .arriving, .over: break
        }
    }

    /// Changes the window. Returns nil, or the actions that follow when the relay broke the numbering.
    private mutating func withWindow(_ change: (inout DeliveryWindow) throws(DeliveryError) -> Void) -> [SessionAction]?
    {
        var isBroken = !hasMeeting
        withMeeting { meeting in
            do { try change(&meeting.window) } catch { isBroken = true }
        }
        return isBroken ? meetingLost(.relayMisbehaved) : nil
    }
}

/// The earlier of two moments, either of which may be missing.
func earliest(_ one: Duration?, _ other: Duration?) -> Duration? {
    guard let one else { return other }
    guard let other else { return one }
    return min(one, other)
}
