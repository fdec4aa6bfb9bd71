import EasySetupHandshake
import EasySetupRelayProtocol
import EasySetupSeed

/// The part of a session that both kinds (offerer and visitor) have in every phase: the connection to the relay, and
/// the values that a transfer needs.
struct SessionCore {
    var connection: SessionConnection
    /// The wait that the relay has asked for before the next connection; zero if the relay asked for none.
    var wait: Duration = .zero
    /// Whether the relay has reported that the other device has no connection.
    var isPeerAway = false
    /// Whether the session has ended. The session ignores all events then.
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

    /// Which of the two devices are connected to the relay, as far as this device can know.
    var reach: Reach { !connection.isReady ? .cutOff : isPeerAway ? .peerAway : .both }

    /// Sends a frame if the connection is open and the relay has answered on it. Otherwise nothing is sent.
    func send(_ frame: DeviceFrame) -> [SessionAction] { connection.isReady ? [.send(frame)] : [] }

    /// Plans the next connection after one was lost or could not be made. The wait depends on the error, and on the
    /// wait that the relay asked for.
    mutating func connectAgain(after error: PairingError, now: Duration) {
        connection.lost(now: now, notBefore: max(wait, error.rest(limits)), random: entropy.bytes(2))
        wait = .zero
    }

    /// Plans the next connection. The wait is the device's own, without any wait that the relay asked for.
    mutating func connectAgain(now: Duration) {
        connection.lost(now: now, random: entropy.bytes(2))
    }

    /// Shows the error and ends the session.
    mutating func fail(_ error: PairingError, leaving reason: Reason?) -> [SessionAction] {
        [.show(.failed(error))] + end(leaving: reason)
    }

    /// Ends the session. If there is a reason, the device tells it to the relay first.
    mutating func end(leaving reason: Reason?) -> [SessionAction] {
        let goodbye = reason.map { send(.leave($0)) } ?? []
        isOver = true
        connection.closed()
        return goodbye + [.disconnect, .end]
    }
}

/// Which of the two devices are connected to the relay, as far as this device can know. A session needs this to say who
/// did not answer in time.
enum Reach {
    case both
    /// The relay has reported that the other device is not connected.
    case peerAway
    /// This device is not connected.
    case cutOff
}

/// The token with which a device returns to its room or meeting on a new connection, and the number of returns so far.
struct Attachment {
    let token: Token
    private(set) var attempts: UInt32 = 0

    init(token: Token) { self.token = token }

    /// Counts one more return, and gives its number.
    mutating func next() -> UInt32 {
        attempts &+= 1
        return attempts
    }
}

/// The requirements that differ between the two kinds of session (offerer and visitor). The extension has the code that
/// both kinds share.
protocol SessionRole: ~Copyable {
    var core: SessionCore { get set }
    /// Whether this device still asks the relay for a room or a meeting, and has none yet.
    var isAsking: Bool { get }
    /// The moment at which the phase changes even if no event comes; nil when there is none.
    var phaseDeadline: Duration? { get }
    /// The frame that asks for a room or a meeting.
    func request(_ work: Work?) -> DeviceFrame
    /// The first frame on a new connection: a request for a room or meeting, or, if the device has one already, the
    /// token with which it returns there.
    mutating func firstFrame() -> DeviceFrame
    /// Whether the device connects again after the relay has refused its request for this reason. It then waits as long
    /// as the relay says.
    func comesAgain(after refusal: Reason) -> Bool
    /// The moment until which the device tries to connect again, for its user to see; nil if the user need not know.
    mutating func reconnectDeadline(_ now: Duration) -> Duration?
    mutating func received(_ frame: RelayFrame, _ now: Duration) -> [SessionAction]
    mutating func phaseDeadlinePassed(_ now: Duration) -> [SessionAction]
    /// Passes an event to the transfer of the seed, which begins after the proofs. Returns nil if the proofs are still
    /// to come.
    mutating func seated(_ event: SeatEvent, _ now: Duration) -> [SessionAction]?
    /// Forgets everything that the session holds.
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
        // A device that never was connected shows its user "connecting" and not "reconnecting".
        guard core.connection.wasReached, let deadline else { return [] }
        return [.show(.reconnecting(deadline: .at(deadline)))]
    }

    /// Closes a connection that is of no use any more, and plans the next one.
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

    /// The relay asks for a proof of work before it accepts the request.
    mutating func workWanted(_ challenge: [UInt8], _ difficulty: Int, _ now: Duration) -> [SessionAction] {
        guard isAsking, core.connection.workWanted(difficulty, now: now) else { return misbehaved(now) }
        guard difficulty <= core.limits.maximumWork else { return core.fail(.workRefused, leaving: nil) }
        return [.solve(challenge: challenge, difficulty: difficulty)]
    }

    /// The relay has refused a frame, and closes the connection. Returns nil if this device must not try again.
    mutating func refused(_ reason: Reason, _ retryAfter: Duration, _ now: Duration) -> [SessionAction]? {
        if !isAsking, reason == .draining || retryAfter > .zero {
            // After this wait the device connects again. This relay, or the relay that replaces it, should then have
            // capacity.
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

    /// The relay broke the protocol. After the proofs, the transfer decides whether the pairing fails: a stored seed
    /// stays a success.
    mutating func misbehaved(_ now: Duration) -> [SessionAction] {
        seated(.meetingLost(.relayMisbehaved), now) ?? core.fail(.relayMisbehaved, leaving: .fault)
    }
}

/// The earlier of two moments. If one is nil, the result is the other.
func earliest(_ one: Duration?, _ other: Duration?) -> Duration? {
    guard let one else { return other }
    guard let other else { return one }
    return min(one, other)
}
