package import EasySetupHandshake
import EasySetupRelayProtocol

/// The whole pairing of a visitor (the device on which the code is typed): one try of a code. This type is a pure state
/// machine; ``ConnectionSupervisor`` passes it the events.
package struct VisitSession: ~Copyable {
    // A test compares these cases with the states in the formal model of the protocol, which is written in Promela.
    // The model is `Protocol/model/pairing.pml`, `mtype:VisitPhase`.
    enum Phase: ~Copyable {
        /// The device asks the relay for a meeting. Next: `greeting`, `over`.
        case arriving(Arrival)
        /// The device has a meeting, and has sent message 1 (the hello) or message 3 (its proof). Next: `arriving` (the
        /// relay sent it to the end of the waiting line), `finishing`, `over`.
        case greeting(Greeting)
        /// Both devices have proved that they know the code, and the transfer of the seed runs. Next: `over`.
        case finishing(SeatedPairing<VisitorHandshake>)
        case over(isTrySpent: Bool)
    }

    struct Arrival: ~Copyable {
        var handshake: VisitorHandshake
        /// The place in the line of waiting visitors that the relay reported most recently; nil if it is unknown.
        var position: Int?

        /// Ends the wait for a meeting, and returns the handshake, which the meeting uses.
        consuming func endWait() -> VisitorHandshake { handshake }
    }

    var core: SessionCore
    private var phase: Phase
    /// The moment until which this device asks again for a slot that the relay does not know, because the slot's
    /// offerer may not have reconnected yet. Nil before the relay's first such answer.
    private var unknownUntil: Duration?
    private let slot: Slot
    private let start: Duration

    private var limits: ClientLimits { core.limits }
    /// The latest moment at which the code expires, by this device's clock.
    private var codeEnd: Duration { start + limits.codeLifetime }

    /// Whether this device has sent message 3 (its proof). If so, the try counts, whatever the offerer answers.
    package var isTrySpent: Bool {
        switch phase {
        case .arriving(let arrival): arrival.handshake.isTrySpent
        case .greeting(let greeting): greeting.handshake.isTrySpent
        case .finishing: true
        case .over(let isTrySpent): isTrySpent
        }
    }

    /// - Parameters:
    ///   - part: what this device has, and what it gives.
    ///   - name: the name that this device shows to the other one.
    /// - Throws: ``PairingError/linkDirection`` if `invitation` is a link and this device holds a seed.
    package static func make(
        _ invitation: Invitation,
        name: DeviceName,
        platform: Platform,
        part: PairingPart,
        entropy: Entropy,
        limits: ClientLimits,
        now: Duration
    ) throws(PairingError) -> VisitSession {
        let core = SessionCore(part: part, entropy: entropy, limits: limits)
        let device = Device(name: name, platform: platform, role: core.role)
        guard let slot = Slot(invitation.slot) else { throw .noSuchCode }
        do throws(HandshakeError) {
            let handshake = try VisitorHandshake(invitation, device: device, seed: part.seed)
            return VisitSession(handshake, core: core, slot: slot, now: now)
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

    var hasPeer: Bool {
        switch phase {
        case .arriving: false
        case .greeting: false
        case .finishing: true
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

    // A device that lost its connection connects again after two refusals: after `draining`, because another relay
    // replaces this one, and after `lineFull`, because the relay soon frees the place in line that the lost connection
    // had.
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
        let expired: PairingError = isAsking ? .expired : .timedOut(.otherDevice)
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
            // The relay reports when the pairing expires, before message 4 (the offerer's proof) arrives. Only that
            // message starts the transfer of the seed, so this device keeps the moment until then.
            if let actions = seated(.timeLeft(time), now) { return actions }
            withGreeting { greeting, _ in greeting.seatedUntil = now + time }
            return []
        case .presence(nil, let isPresent): return seated(.presence(isPresent), now) ?? presence(isPresent)
        case .goodbye(let retryAfter):
            core.wait = retryAfter
            core.connection.relayAskedToWait()
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
    /// Calls `body` with the pairing if both devices have proved that they know the code, so that the transfer of the
    /// seed runs. Otherwise returns nil without the call.
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

    /// Calls `body` with the meeting if this device has one and the transfer of the seed has not begun. Otherwise
    /// returns nil without the call.
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

    /// The relay put this device into the line of waiting visitors, or reports its new place there. If the device had a
    /// meeting, that meeting is over, and the next one begins with fresh keys.
    private mutating func inLine(_ position: Int, _ now: Duration) -> [SessionAction] {
        core.connection.answered()
        if let actions = seated(.meetingLost(.relayMisbehaved), now) { return actions }
        guard !isTrySpent else { return core.fail(.connectionLost, leaving: .cancelled) }
        // The relay moves a visitor from a meeting to the line only while the offerer is connected. A new place in the
        // line tells nothing about the offerer's connection.
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

    /// The relay has accepted this device's token on a new connection, so the device can go on with its messages to the
    /// offerer. `have` is the number of its last message that the relay has.
    private mutating func attached(_ expiresIn: Duration, _ have: UInt32, _ now: Duration) -> [SessionAction] {
        // The device accepts the relay's frame `attached_visitor` only as the answer to its own request, because
        // otherwise the relay could make the device resend all its messages at any time.
        guard core.connection.isOpened else { return misbehaved(now) }
        core.connection.answered()
        // The device takes the peer for connected. If the peer is not, the relay reports that in its next frames.
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

    /// Takes the relay's report that the offerer has connected to the relay again (true), or has lost its connection
    /// (false), while the transfer of the seed has not begun. Returns the change of what the app shows.
    private mutating func presence(_ isPresent: Bool) -> [SessionAction] {
        guard core.isPeerAway == isPresent else { return [] }
        core.isPeerAway = !isPresent
        return isPresent ? shown : absence
    }

    /// The relay reports that the meeting is over. If the relay lost the meeting in a restart, and this device has not
    /// sent message 3 (its proof), the try is not used up, and the device visits again until the code expires.
    private mutating func meetingOver(_ reason: Reason, _ retryAfter: Duration, _ now: Duration) -> [SessionAction] {
        let error = PairingError(reason, retryAfter: retryAfter)
        if let actions = seated(.meetingLost(error), now) { return actions }
        guard !isAsking, reason == .meetingOver, !isTrySpent else { return core.fail(error, leaving: nil) }
        arrive(at: nil)
        core.isPeerAway = false
        core.connectAgain(now: now)
        return [.disconnect, .show(.connecting)]
    }

    /// The relay has no room for this slot (the first symbols of the code), perhaps because the offerer has not
    /// reconnected yet. A restarted relay knows a room only when its offerer returns, and the two devices reconnect in
    /// any order. So this device tries again. Returns nil if nothing points to a restart, or if the offerer has not
    /// come in time.
    private mutating func awaitOfferer(_ reason: Reason, _ retryAfter: Duration, _ now: Duration) -> [SessionAction]? {
        guard reason == .noSuchCode, isAsking, core.connection.wasLost || retryAfter > .zero else { return nil }
        let until = unknownUntil ?? now + limits.offererReturn
        guard now < until else { return nil }
        unknownUntil = until
        core.connectAgain(now: now)
        return [.disconnect, .show(.reconnecting(deadline: .at(until)))]
    }

    /// The device has no meeting any more, or has a new place in the line of waiting visitors. `position` is nil if the
    /// place is unknown.
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

    /// The state to show as long as the transfer of the seed has not begun; none after that.
    private var shown: [SessionAction] {
        switch phase {
        case .arriving(let arrival): [.show(arrival.position.map { .inLine(position: $0) } ?? .connecting)] + absence
        case .greeting: [.show(.greeting)] + absence
        case .finishing: []
        case .over: []
        }
    }

    /// The state "peer away", if the offerer has no connection to the relay. The app shows it after every other state,
    /// because the user must know it above all.
    private var absence: [SessionAction] {
        guard core.isPeerAway, let deadline = phaseDeadline else { return [] }
        return [.show(.peerAway(deadline: .at(deadline)))]
    }
}

extension Attachment {
    /// The first frame of a visitor that returns to its meeting on a new connection.
    fileprivate mutating func attachVisitor(_ window: DeliveryWindow) -> DeviceFrame {
        .attachVisitor(token: token, acked: window.acked, received: window.received, attempt: next())
    }
}
