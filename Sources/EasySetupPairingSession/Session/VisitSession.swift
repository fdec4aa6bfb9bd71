package import EasySetupHandshake
import EasySetupRelayProtocol
package import EasySetupSeed

/// A visitor's pairing from the first frame to the last: one try of a code. It is a pure state machine;
/// ``ConnectionCourse`` passes it the events.
package struct VisitSession: ~Copyable {
    // The model is `Protocol/model/pairing.pml`, `mtype:VisitPhase`.
    enum Phase: ~Copyable {
        /// The device asks the relay for a meeting. Next: `greeting`, `over`.
        case arriving(Arrival)
        /// The device has a meeting, and has sent message 1 or 3. Next: `arriving` (sent to the end of the line),
        /// `finishing`, `over`.
        case greeting(Greeting)
        /// The proofs are right, and the transfer runs. Next: `over`.
        case finishing(SeatedPairing<VisitorHandshake>)
        case over(isTrySpent: Bool)
    }

    struct Arrival: ~Copyable {
        var handshake: VisitorHandshake
        /// The last place in line that the relay reported.
        var position: Int?

        /// Gives the handshake for a meeting.
        consuming func endWait() -> VisitorHandshake { handshake }
    }

    var core: SessionCore
    private var phase: Phase
    /// The moment until which an unknown slot may belong to an offerer that has not reconnected yet.
    private var unknownUntil: Duration?
    private let slot: Slot
    private let start: Duration

    private var limits: ClientLimits { core.limits }
    /// The end of the code's life, by this device's clock.
    private var codeEnd: Duration { start + limits.codeLifetime }

    /// Whether message 3 was sent. If so, the try counts, whatever the answer is.
    package var isTrySpent: Bool {
        switch phase {
        case .arriving(let arrival): arrival.handshake.isTrySpent
        case .greeting(let greeting): greeting.handshake.isTrySpent
        case .finishing: true
        case .over(let isTrySpent): isTrySpent
        }
    }

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
        let core = SessionCore(seed: seed, entropy: entropy, limits: limits)
        let device = Device(name: name, platform: platform, role: core.role)
        guard let slot = Slot(invitation.slot) else { throw .noSuchCode }
        do throws(HandshakeError) {
            return VisitSession(try VisitorHandshake(invitation, device: device), core: core, slot: slot, now: now)
        } catch {
            throw PairingError(error)
        }
    }

    private init(_ handshake: consuming VisitorHandshake, core: SessionCore, slot: Slot, now: Duration) {
        phase = .arriving(Arrival(handshake: handshake))
        self.core = core
        self.slot = slot
        start = now
    }
}

extension VisitSession: PairingSession {
    package mutating func begin() -> [SessionAction] { firstActions() }

    package mutating func handle(_ event: SessionEvent, now: Duration) -> [SessionAction] { actions(for: event, now) }

    package var nextDeadline: Duration? { earliest(core.connection.deadline, phaseDeadline) }
}

extension VisitSession: SessionRole {
    var isAsking: Bool {
        switch phase {
        case .arriving: true
        case .greeting: false
        case .finishing: false
        case .over: false
        }
    }

    var phaseDeadline: Duration? {
        switch phase {
        case .arriving: codeEnd
        case .greeting(let greeting): greeting.deadline
        case .finishing(let pairing): pairing.transfer.deadline
        case .over: nil
        }
    }

    func request(_ work: Work?) -> DeviceFrame { .visit(slot: slot, work: work) }

    mutating func firstFrame() -> DeviceFrame {
        let greeted = withGreeting { greeting, _ in greeting.attachment.attachVisitor(greeting.window) }
        let seated = withPairing { pairing, _ in
            pairing.attachment.attachVisitor(pairing.window ?? DeliveryWindow())
        }
        return greeted ?? seated ?? request(nil)
    }

    // The device was in line: a pairing under way waits for the next relay, or until the relay no longer counts the place of its
    // lost connection.
    func comesAgain(after refusal: Reason) -> Bool {
        (refusal == .draining || refusal == .lineFull) && core.connection.wasLost
    }

    func reconnectDeadline(_ now: Duration) -> Duration? {
        switch phase {
        case .arriving: codeEnd
        case .greeting(let greeting): greeting.deadline
        case .finishing(let pairing): pairing.transfer.hasOutcome ? nil : pairing.transfer.deadline
        case .over: nil
        }
    }

    mutating func phaseDeadlinePassed(_ now: Duration) -> [SessionAction] {
        if let actions = seated(.deadlinePassed, now) { return actions }
        guard let deadline = phaseDeadline, now >= deadline else { return [] }
        let expired: PairingError = isAsking ? .codeExpired : .timedOut(.otherDevice)
        return core.fail(core.connection.isReady ? expired : .connectionLost, leaving: .cancelled)
    }

    mutating func received(_ frame: RelayFrame, _ now: Duration) -> [SessionAction] {
        switch frame {
        case .inLine(let position): return inLine(position, now)
        case .met(let meeting, let token, let expiresIn): return met(meeting, token, expiresIn, now)
        case .workWanted(let challenge, let difficulty, _): return workWanted(challenge, difficulty, now)
        case .attachedVisitor(let expiresIn, let have): return attached(expiresIn, have, now)
        case .message(nil, let message): return seated(.message(message), now) ?? greeted(by: message, now)
        case .ack(nil, let number): return seated(.acknowledged(number), now) ?? acknowledged(upTo: number)
        case .seated(nil, let expiresIn):
            let time = min(expiresIn, limits.seatedLifetime)
            // The deadline arrives before the proof that starts the transfer.
            if let actions = seated(.timeLeft(time), now) { return actions }
            withGreeting { greeting, _ in greeting.seatedUntil = now + time }
            return []
        case .presence(nil, let isPresent): return seated(.presence(isPresent), now) ?? presence(isPresent)
        case .goodbye(let retryAfter):
            core.wait = retryAfter
            return []
        case .over(nil, let reason): return meetingOver(reason, .zero, now)
        case .refused(let reason, let retryAfter):
            return refused(reason, retryAfter, now) ?? awaitOfferer(reason, retryAfter, now)
                ?? meetingOver(reason, retryAfter, now)
        case .offered, .visitor, .attachedOfferer, .message, .ack, .seated, .presence, .over: return misbehaved(now)
        }
    }

    mutating func seated(_ event: SeatEvent, _ now: Duration) -> [SessionAction]? {
        withPairing { pairing, core in pairing.handle(event, &core, now) }
    }

    mutating func close() { phase = .over(isTrySpent: isTrySpent) }
}

extension VisitSession {
    /// Runs the body on the pairing after the proofs; nil in another phase.
    private mutating func withPairing<Result>(
        _ body: (inout SeatedPairing<VisitorHandshake>, inout SessionCore) -> Result
    ) -> Result? {
        switch exchange(&phase, with: .over(isTrySpent: false)) {
        case .finishing(var pairing):
            let result = body(&pairing, &core)
            phase = .finishing(pairing)
            return result
        case .arriving(let arrival): phase = .arriving(arrival)
        case .greeting(let greeting): phase = .greeting(greeting)
        case .over(let isTrySpent): phase = .over(isTrySpent: isTrySpent)
        }
        return nil
    }

    /// Runs the body on the meeting before the proofs; nil in another phase.
    @discardableResult
    private mutating func withGreeting<Result>(_ body: (inout Greeting, SessionCore) -> Result) -> Result? {
        switch exchange(&phase, with: .over(isTrySpent: false)) {
        case .greeting(var greeting):
            let result = body(&greeting, core)
            phase = .greeting(greeting)
            return result
        case .arriving(let arrival): phase = .arriving(arrival)
        case .finishing(let pairing): phase = .finishing(pairing)
        case .over(let isTrySpent): phase = .over(isTrySpent: isTrySpent)
        }
        return nil
    }

    /// The relay sent this device to the line, or to another place in it: a meeting that there was is over, and a new one begins
    /// with fresh keys.
    private mutating func inLine(_ position: Int, _ now: Duration) -> [SessionAction] {
        core.connection.answered()
        if let actions = seated(.meetingLost(.relayMisbehaved), now) { return actions }
        guard !isTrySpent else { return core.fail(.connectionLost, leaving: .cancelled) }
        // A visitor that is sent back to the line has an offerer that is connected; later places tell nothing about
        // that.
        if !isAsking { core.isPeerAway = false }
        arrive(at: position)
        return shown
    }

    private mutating func met(
        _ meeting: MeetingID,
        _ token: Token,
        _ expiresIn: Duration,
        _ now: Duration
    ) -> [SessionAction] {
        core.connection.answered()
        let deadline = min(now + expiresIn, codeEnd)
        switch exchange(&phase, with: .over(isTrySpent: false)) {
        case .arriving(var arrival):
            do {
                let hello = try arrival.handshake.begin(meeting: meeting.bytes, entropy: core.entropy)
                var greeting = Greeting(arrival.endWait(), meeting: meeting, token: token, deadline: deadline)
                let actions = greeting.send(hello, core)
                phase = .greeting(greeting)
                core.isPeerAway = false
                return shown + actions
            } catch {
                phase = .arriving(arrival)
                return core.fail(PairingError(error), leaving: .fault)
            }
        case .greeting(let greeting): phase = .greeting(greeting)
        case .finishing(let pairing): phase = .finishing(pairing)
        case .over(let isTrySpent): phase = .over(isTrySpent: isTrySpent)
        }
        return misbehaved(now)
    }

    /// The relay has taken the token on a new connection.
    private mutating func attached(_ expiresIn: Duration, _ have: UInt32, _ now: Duration) -> [SessionAction] {
        // An answer without a request is refused, because the relay could make this device resend everything at will.
        guard core.connection.isOpened else { return misbehaved(now) }
        core.connection.answered()
        // The relay reports after this if the peer is still away.
        core.isPeerAway = false
        if let actions = withPairing({ pairing, core in pairing.attached(have: have, &core) }) { return actions }
        let resent = withGreeting { greeting, _ in
            greeting.deadline = min(greeting.deadline, now + expiresIn)
            return greeting.messagesToResend(after: have)
        }
        guard let resent else { return misbehaved(now) }
        return resent + shown
    }

    private mutating func greeted(by message: Message, _ now: Duration) -> [SessionAction] {
        let outcome = withGreeting { greeting, core in greeting.received(message, core) }
        switch outcome ?? .fail([], .relayMisbehaved, leaving: nil) {
        case .stay(let actions): return actions
        case .fail(let actions, let error, let reason): return actions + core.fail(error, leaving: reason)
        case .proven(let peer): return proven(peer, now)
        }
    }

    private mutating func proven(_ peer: Peer, _ now: Duration) -> [SessionAction] {
        switch exchange(&phase, with: .over(isTrySpent: true)) {
        case .greeting(let greeting):
            var pairing = greeting.seated(peer, codeAge: now - start, core, now)
            let steps = pairing.transfer.start()
            let actions = pairing.perform(steps, &core)
            phase = .finishing(pairing)
            return actions
        case .arriving(let arrival): phase = .arriving(arrival)
        case .finishing(let pairing): phase = .finishing(pairing)
        case .over(let isTrySpent): phase = .over(isTrySpent: isTrySpent)
        }
        return []
    }

    private mutating func acknowledged(upTo number: UInt32) -> [SessionAction] {
        let isRight = withGreeting { greeting, _ in greeting.acknowledged(upTo: number) } ?? false
        return isRight ? [] : core.fail(.relayMisbehaved, leaving: nil)
    }

    /// Before the proofs: the offerer's connection to the relay is back, or gone.
    private mutating func presence(_ isPresent: Bool) -> [SessionAction] {
        guard core.isPeerAway == isPresent else { return [] }
        core.isPeerAway = !isPresent
        return isPresent ? shown : absence
    }

    /// The relay reports that the meeting is over. A meeting that was lost in a relay's restart before message 3 did
    /// not use up a try, so the device visits again while the code lives.
    private mutating func meetingOver(_ reason: Reason, _ retryAfter: Duration, _ now: Duration) -> [SessionAction] {
        let error = PairingError(reason, retryAfter: retryAfter)
        if let actions = seated(.meetingLost(error), now) { return actions }
        guard !isAsking, reason == .meetingOver, !isTrySpent else { return core.fail(error, leaving: nil) }
        arrive(at: nil)
        core.isPeerAway = false
        core.connectAgain(now: now)
        return [.disconnect, .show(.connecting)]
    }

    /// The offerer of an unknown slot may not have reconnected yet: a relay that was restarted knows a room only once
    /// its offerer attaches, and the two devices reconnect in any order. Returns nil where that is impossible, or has
    /// lasted too long.
    private mutating func awaitOfferer(_ reason: Reason, _ retryAfter: Duration, _ now: Duration) -> [SessionAction]? {
        guard reason == .noSuchCode, isAsking, core.connection.wasLost || retryAfter > .zero else { return nil }
        let until = unknownUntil ?? now + limits.offererReturn
        guard now < until else { return nil }
        unknownUntil = until
        core.connectAgain(now: now)
        return [.disconnect, .show(.reconnecting(deadline: .at(until)))]
    }

    /// The device has no meeting any more, or has another place in line.
    private mutating func arrive(at position: Int?) {
        switch exchange(&phase, with: .over(isTrySpent: false)) {
        case .arriving(var arrival):
            arrival.position = position
            phase = .arriving(arrival)
        case .greeting(let greeting):
            phase = .arriving(Arrival(handshake: greeting.endMeeting(), position: position))
        case .finishing(let pairing): phase = .finishing(pairing)
        case .over(let isTrySpent): phase = .over(isTrySpent: isTrySpent)
        }
    }

    /// The state to show before the proofs.
    private var shown: [SessionAction] {
        switch phase {
        case .arriving(let arrival): [.show(arrival.position.map { .inLine(position: $0) } ?? .connecting)] + absence
        case .greeting: [.show(.greeting)] + absence
        case .finishing: []
        case .over: []
        }
    }

    /// The state to show after any other while the offerer has no connection, because the person must know that first.
    private var absence: [SessionAction] {
        guard core.isPeerAway, let deadline = phaseDeadline else { return [] }
        return [.show(.peerAway(deadline: .at(deadline)))]
    }
}

extension Attachment {
    /// The first frame of a visitor that comes back to its meeting.
    fileprivate mutating func attachVisitor(_ window: DeliveryWindow) -> DeviceFrame {
        .attachVisitor(token: token, acked: window.acked, received: window.received, attempt: next())
    }
}
