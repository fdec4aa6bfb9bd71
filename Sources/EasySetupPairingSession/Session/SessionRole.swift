import EasySetupRelayProtocol

/// The requirements that differ between the two kinds of session (offerer and visitor). The extension has the code that
/// both kinds share.
protocol SessionRole: ~Copyable {
    var core: SessionCore { get set }
    /// Whether this device still asks the relay for a room or a meeting, and has none yet.
    var isAsking: Bool { get }
    /// Whether both devices have proved that they know the code.
    var hasPeer: Bool { get }
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
    /// Passes an event to the transfer of the seed, which begins when both devices have proved that they know the code.
    /// Returns nil if the transfer has not begun.
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
        case .relayMessage(let message): return shown(message)
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

    /// Shows a message of the relay's operator, if it came with the answer to the first frame. A device that has a peer
    /// shows none, because its user answers questions about the seed, and the relay has no part in them.
    private mutating func shown(_ message: RelayMessage) -> [SessionAction] {
        guard core.connection.isOpened, !hasPeer,
            core.relayMessages.take(message, limit: core.limits.relayMessages)
        else { return [] }
        return [.show(.relayMessage(message))]
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

    /// The relay broke the protocol. The pairing fails if the transfer of the seed has not begun. After that, the state
    /// of the transfer decides whether the pairing fails: a stored seed stays a success.
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
