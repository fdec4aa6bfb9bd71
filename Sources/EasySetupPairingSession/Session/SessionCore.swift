import EasySetupHandshake
import EasySetupRelayProtocol
import EasySetupSeed

/// What a session of either kind has in every phase: its connection to the relay, and what a transfer needs.
struct SessionCore {
    var connection: SessionConnection
    /// The wait that the relay has asked for before the next connection.
    var wait: Duration = .zero
    /// Whether the relay has reported that the other device has no connection.
    var isPeerAway = false
    /// Whether the session has ended. No event changes it any more.
    private(set) var isOver = false
    /// The holder's seed; nil for a device that wants to receive one.
    let seed: SyncSeed?
    let entropy: Entropy
    let limits: ClientLimits

    init(seed: SyncSeed?, entropy: Entropy, limits: ClientLimits) {
        self.seed = seed
        self.entropy = entropy
        self.limits = limits
        connection = SessionConnection(limits: limits)
    }

    var role: Role { seed == nil ? .receiver : .holder }

    /// The connections that exist now, as far as this device can know.
    var reach: Reach { !connection.isReady ? .cutOff : isPeerAway ? .peerAway : .both }

    /// Sends a frame, where the relay has answered on this connection.
    func send(_ frame: DeviceFrame) -> [SessionAction] { connection.isReady ? [.send(frame)] : [] }

    /// Plans the next connection after this one was lost, or could not be made.
    mutating func connectAgain(after error: PairingError, now: Duration) {
        connection.lost(now: now, notBefore: max(wait, error.rest(limits)), random: entropy.bytes(2))
        wait = .zero
    }

    /// Plans the next connection without a wait that the relay asked for.
    mutating func connectAgain(now: Duration) {
        connection.lost(now: now, random: entropy.bytes(2))
    }

    /// Ends the session with an error.
    mutating func fail(_ error: PairingError, leaving reason: Reason?) -> [SessionAction] {
        [.show(.failed(error))] + end(leaving: reason)
    }

    /// Ends the session. With a reason, the relay is told first.
    mutating func end(leaving reason: Reason?) -> [SessionAction] {
        let goodbye = reason.map { send(.leave($0)) } ?? []
        isOver = true
        connection.closed()
        return goodbye + [.disconnect, .end]
    }
}

/// The connections that exist at the timeout, as far as this device can know.
enum Reach {
    case both
    /// The relay has reported that the other device is not connected.
    case peerAway
    /// This device is not connected.
    case cutOff
}

/// The token of a room or a meeting, and the number of times that this device has come back with it.
struct Attachment {
    let token: Token
    private(set) var attempts: UInt32 = 0

    init(token: Token) { self.token = token }

    /// Counts one more attempt.
    mutating func next() -> UInt32 {
        attempts &+= 1
        return attempts
    }
}

/// A session of one of the two kinds: what differs between them. The extension has what both do in the same way.
protocol SessionRole: ~Copyable {
    var core: SessionCore { get set }
    /// Whether this device still asks the relay for a room or a meeting.
    var isAsking: Bool { get }
    /// The moment at which the phase changes without an event; nil when there is none.
    var phaseDeadline: Duration? { get }
    /// The frame that asks for a room or a meeting.
    func request(_ work: Work?) -> DeviceFrame
    /// The first frame of a new connection: the request, or the token of the room or meeting.
    mutating func firstFrame() -> DeviceFrame
    /// Whether the device comes again, as the relay says, after this refusal of its request.
    func comesAgain(after refusal: Reason) -> Bool
    /// The moment until which the device waits for a new connection; nil where a person need not know.
    mutating func reconnectDeadline(_ now: Duration) -> Duration?
    mutating func received(_ frame: RelayFrame, _ now: Duration) -> [SessionAction]
    mutating func phaseDeadlinePassed(_ now: Duration) -> [SessionAction]
    /// Passes an event to the pairing after the proofs. Nil where the proofs are still to come.
    mutating func seated(_ event: SeatEvent, _ now: Duration) -> [SessionAction]?
    /// Drops everything that the session holds.
    mutating func close()
}

extension SessionRole where Self: ~Copyable {
    mutating func firstActions() -> [SessionAction] {
        core.connection.connecting()
        return [.show(.connecting), .connect]
    }

    mutating func actions(for event: SessionEvent, _ now: Duration) -> [SessionAction] {
        if core.isOver { return [] }
        let actions = handled(event, now)
        if core.isOver { close() }
        return actions
    }

    private mutating func handled(_ event: SessionEvent, _ now: Duration) -> [SessionAction] {
        switch event {
        case .connected:
            core.connection.opened(now: now)
            return [.send(firstFrame())]
        case .stumbled:
            core.connection.stumbled()
            return []
        case .lost(let error): return lost(error, now)
        case .frame(let frame): return received(frame, now)
        case .solved(let work): return core.connection.solved() ? [.send(request(work))] : []
        case .answered(let answer): return seated(.answered(answer), now) ?? []
        case .accepted(let answer): return seated(.accepted(answer), now) ?? []
        case .stored: return seated(.stored, now) ?? []
        case .notStored(let error): return seated(.notStored(error), now) ?? []
        case .deadlinePassed: return deadlinePassed(now)
        case .cancelled: return seated(.cancelled, now) ?? core.fail(.cancelledHere, leaving: .cancelled)
        }
    }

    private mutating func lost(_ error: PairingError, _ now: Duration) -> [SessionAction] {
        if isAsking, !core.connection.attemptRetry(after: error, now: now) { return core.fail(error, leaving: nil) }
        let deadline = reconnectDeadline(now)
        core.connectAgain(after: error, now: now)
        // For the user, a device that never was connected is still connecting.
        guard core.connection.wasReached, let deadline else { return [] }
        return [.show(.reconnecting(deadline: .at(deadline)))]
    }

    /// Ends a connection that can't be used any more, and plans the next one.
    private mutating func hangUp(_ error: PairingError, _ now: Duration) -> [SessionAction] {
        [.disconnect] + lost(error, now)
    }

    private mutating func deadlinePassed(_ now: Duration) -> [SessionAction] {
        switch core.connection.state {
        case .resting(let moment) where now >= moment:
            core.connection.connecting()
            return [.connect]
        case .opened(let moment) where now >= moment, .working(_, _, let moment) where now >= moment:
            return hangUp(.relayUnreachable(.noAnswer), now)
        case .idle, .connecting, .opened, .working, .ready, .resting: return phaseDeadlinePassed(now)
        }
    }

    /// The relay asks for work before it takes the request.
    mutating func workWanted(_ challenge: [UInt8], _ difficulty: Int, _ now: Duration) -> [SessionAction] {
        guard isAsking, core.connection.workWanted(difficulty, now: now) else { return misbehaved(now) }
        guard difficulty <= core.limits.maximumWork else { return core.fail(.workRefused, leaving: nil) }
        return [.solve(challenge: challenge, difficulty: difficulty)]
    }

    /// The relay has refused a frame, and closes the connection. Nil where the refusal is final.
    mutating func refused(_ reason: Reason, _ retryAfter: Duration, _ now: Duration) -> [SessionAction]? {
        if !isAsking, reason == .draining || retryAfter > .zero {
            // The device connects again when this relay, or its successor, has capacity.
            core.wait = retryAfter
            return []
        }
        if comesAgain(after: reason) {
            core.wait = retryAfter
            core.connection.relayAskedToWait()
            return hangUp(PairingError(reason, retryAfter: retryAfter), now)
        }
        return core.connection.forgive(reason) ? hangUp(.connectionLost, now) : nil
    }

    /// The relay broke the protocol. From the proofs on, the transfer decides what that means for the seed.
    mutating func misbehaved(_ now: Duration) -> [SessionAction] {
        seated(.meetingLost(.relayMisbehaved), now) ?? core.fail(.relayMisbehaved, leaving: .fault)
    }
}

/// The earlier of two moments, either of which may be missing.
func earliest(_ one: Duration?, _ other: Duration?) -> Duration? {
    guard let one else { return other }
    guard let other else { return one }
    return min(one, other)
}
