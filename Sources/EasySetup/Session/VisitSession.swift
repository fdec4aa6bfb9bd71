package import EasySetupHandshake
import EasySetupRelayProtocol
package import EasySetupSeed

/// A visitor's pairing from the first frame to the last: one try of the user's. Pure; ``SessionDriver`` runs it.
package struct VisitSession: ~Copyable {
    // The model is `Protocol/model/pairing.pml`, `mtype:VisitPhase`.
    private enum Phase {
        /// Asking the relay for a meeting. Next: `greeting`, `over`.
        case arriving
        /// Has a meeting; message 1 or 3 is out. Next: `arriving` (sent to the end of the line), `finishing`, `over`.
        case greeting(Meeting)
        /// The proofs fit; the transfer decides. Next: `over`.
        case finishing(Meeting)
        case over
    }

    private struct Meeting {
        let id: MeetingID
        let token: Token
        var deadline: Duration
        var window = DeliveryWindow()
        /// How often this device has come back to the meeting.
        var attempts: UInt32 = 0
    }

    private var phase: Phase = .arriving
    private var handshake: VisitorHandshake
    private var transfer: TransferMachine?
    private var connection: SessionConnection
    private var wait: Duration = .zero
    /// The last place in line that the relay told.
    private var position: Int?
    /// Whether the relay says that the offerer has no connection to it.
    private var isPeerAway = false
    /// Until when the seated pairing goes on, as the relay says; nil before it does.
    private var seatedUntil: Duration?
    /// Until when a slot that the relay does not know may be one whose offerer is not back yet.
    private var unknownUntil: Duration?
    private let slot: Slot
    private let seed: SyncSeed?
    private let entropy: Entropy
    private let limits: ClientLimits
    private let start: Duration

    /// Whether message 3 was sent: the try is spent then, whatever comes back.
    package var isTrySpent: Bool { handshake.isTrySpent }

    /// - Parameters:
    ///   - seed: a holder's; nil for a device that wants one.
    ///   - name: how this device introduces itself.
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

    /// What to do first.
    package mutating func begin() -> [SessionAction] {
        connection.connecting()
        return [.show(.connecting), .connect]
    }

    /// When ``SessionEvent/deadlinePassed`` is due; nil when nothing happens by itself.
    package var nextDeadline: Duration? {
        switch phase {
        case .arriving: earliest(connection.deadline, start + limits.codeLifetime)
        case .greeting(let meeting): earliest(connection.deadline, meeting.deadline)
        case .finishing: earliest(connection.deadline, transfer?.deadline)
        case .over: nil
        }
    }

    /// One event; what it leads to.
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
        // To the person a device that never was connected still connects.
        guard connection.wasReached, transfer?.hasOutcome != true else { return [] }
        return [.show(.reconnecting(deadline: .at(deadline)))]
    }

    /// Gives a connection up that is of no use any more.
    private mutating func hangUp(_ error: PairingError, _ now: Duration) -> [SessionAction] {
        [.disconnect] + lost(error, now)
    }

    /// The offerer of an unknown slot may only not be back yet: a relay that was started again knows a room from the moment when
    /// its offerer attaches, and the two devices come back in any order. Nil where that can't be, or not any more.
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
            // Sent to the end of the line: the meeting is over, and a new one will begin with fresh keys.
            guard !handshake.isTrySpent else { return fail(.connectionLost, leaving: .cancelled) }
            // Sent back to the line, it has an offerer that is there; later places say nothing of that.
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
            // It comes before the proof that begins the transfer.
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
                // The connection closes after this; it is made again when the relay, or its successor, has room.
                wait = retryAfter
                return []
            }
            // It was in line: whoever is in the middle of something waits for the next relay, or until the place that it lost is no
            // longer counted.
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

    /// The relay says that the meeting is over. One that was lost in a restart before a try was spent has cost nothing, so
    /// the device comes again, as long as the code lives.
    private mutating func meetingOver(_ reason: Reason, _ retryAfter: Duration, _ now: Duration) -> [SessionAction] {
        guard case .greeting = phase, reason == .meetingOver, !handshake.isTrySpent else {
            return meetingLost(PairingError(reason, retryAfter: retryAfter))
        }
        phase = .arriving
        (position, isPeerAway) = (nil, false)
        connection.lost(now: now, random: entropy.bytes(2))
        return [.disconnect, .show(.connecting)]
    }

    /// The relay broke the protocol. From the proofs on the transfer knows what that still can spoil.
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
        // Asked for by nobody, it would make this device send everything again, as often as the relay likes.
        guard connection.isOpened else { return misbehaved() }
        connection.answered()
        // Where it is still away, the relay says so after this.
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

    /// The transfer's say, with the handshake lent to it.
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
        // It names its meeting: the relay may have ended that and begun another, while this was on its way.
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

    /// Where the visit stands; nothing once its outcome was shown.
    private var shown: [SessionAction] {
        guard let state = current else { return [] }
        return [.show(state)] + shownAway
    }

    /// After every other state, as long as the offerer or this device is away: that is what the person must know first.
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

    /// Changes the window; what there is to do when the relay broke the numbering, else nil.
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
