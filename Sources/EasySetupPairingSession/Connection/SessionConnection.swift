import EasySetupRelayProtocol
import EasySetupSeed

/// The state of a session's connection: it decides when to try again and when to give up (`Protocol/relay.md`,
/// "Attach").
struct SessionConnection {
    // The model is `Protocol/model/pairing.pml`, `mtype:LinkState`.
    enum State: Equatable {
        /// No connection was requested.
        case idle
        /// A connection was requested.
        case connecting
        /// The connection is open, and the relay must answer the first frame before this moment.
        case opened(answerBy: Duration)
        /// The relay has asked for work of this difficulty, and must answer the solution before this moment. `isSolved`
        /// tells whether the solution was sent.
        case working(difficulty: Int, isSolved: Bool, answerBy: Duration)
        /// The connection is open, and the relay has answered.
        case ready
        /// The next attempt to connect starts at this moment.
        case resting(until: Duration)
    }

    private(set) var state: State = .idle
    /// Whether a connection to the relay was ever open. If so, the address is right, and later failures are the
    /// network's.
    private(set) var wasReached = false
    /// The number of lost or failed connections in a row since the relay last answered.
    private var attempts = 0
    /// The number of connections in a row that opened and ended without an answer to their first frame.
    private var unanswered = 0
    private var firstFailure: Duration?
    private var hasForgiven = false
    private let limits: ClientLimits

    init(limits: ClientLimits) {
        self.limits = limits
    }

    /// The moment at which the state changes without an event.
    var deadline: Duration? {
        switch state {
        case .idle, .connecting, .ready: nil
        case .opened(let moment), .working(_, _, let moment), .resting(let moment): moment
        }
    }

    /// Whether the relay must still answer the first frame and has not asked for work.
    var isOpened: Bool { if case .opened = state { true } else { false } }

    /// Whether the relay waits for the proof of work.
    var isWorking: Bool { if case .working = state { true } else { false } }

    /// Whether the connection was lost since the relay last answered.
    var wasLost: Bool { attempts > 0 }

    /// Whether the relay has answered, so that frames can be sent.
    var isReady: Bool { state == .ready }

    mutating func connecting() { state = .connecting }

    /// The relay was unavailable for a moment during the connect, which counts as one lost connection.
    mutating func stumbled() { attempts += 1 }

    mutating func opened(now: Duration) {
        wasReached = true
        state = .opened(answerBy: now + limits.answerTimeout)
    }

    /// The relay asks for work of this difficulty. False when it may not: after its answer, before the solution of what
    /// it asked for earlier, or for no more than that. So a relay can't make the device work for ever.
    mutating func workWanted(_ difficulty: Int, now: Duration) -> Bool {
        switch state {
        case .opened: break
        case .working(let before, isSolved: true, _) where difficulty > before: break
        case .idle, .connecting, .working, .ready, .resting: return false
        }
        state = .working(difficulty: difficulty, isSolved: false, answerBy: now + limits.workTimeout)
        return true
    }

    /// The work is solved. False when the relay does not wait for it any more.
    mutating func solved() -> Bool {
        guard case .working(let difficulty, isSolved: false, let moment) = state else { return false }
        state = .working(difficulty: difficulty, isSolved: true, answerBy: moment)
        return true
    }

    mutating func answered() {
        state = .ready
        attempts = 0
        unanswered = 0
    }

    mutating func closed() { state = .idle }

    /// Whether a device that has no room or meeting yet connects again (`Protocol/device.md`, "Losing the connection").
    mutating func attemptRetry(after error: PairingError, now: Duration) -> Bool {
        if isOpened || isWorking { unanswered += 1 }
        if wasReached { return unanswered < limits.answerTries }
        let first = firstFailure ?? now
        firstFailure = first
        return error.mayPass && now + error.retryAfter - first < limits.reachTimeout
    }

    /// The relay answered that it has no capacity now.
    mutating func relayAskedToWait() { unanswered = 0 }

    /// Whether a refusal is treated as a fault of the network: the first frame never reached the relay, or arrived
    /// damaged. The second is forgiven once, because a device with a fault of its own must not repeat it for ever.
    mutating func forgive(_ reason: Reason) -> Bool {
        switch reason {
        case .tooSlow: return isOpened || isWorking
        case .badFrame, .badOrder:
            defer { hasForgiven = true }
            return !hasForgiven
        default: return false
        }
    }

    /// The connection is gone: plans the next attempt. Half of each wait is random, and a random time of up to the same
    /// length is added to a wait that the relay asked for, so that devices do not all reconnect at once.
    mutating func lost(now: Duration, notBefore: Duration = .zero, random: borrowing SecretBytes) {
        let doubled = limits.firstBackoff * (1 << min(attempts, 10))
        let wait = min(doubled, limits.maximumBackoff)
        attempts += 1
        var draw = 0
        random.withBytes { bytes in
            for index in 0..<bytes.byteCount { draw = draw << 8 | Int(bytes[index]) }
        }
        let share = Double(draw & 0xFFFF) / 65536
        state = .resting(until: now + notBefore + wait / 2 + (notBefore + wait / 2) * share)
    }
}

extension PairingError {
    /// The wait after this error: as long as the relay asks for, but at most the usual longest wait where only a proxy
    /// asks for it.
    func rest(_ limits: ClientLimits) -> Duration {
        switch kind {
        case .relayUnreachable, .proxyFailed: min(retryAfter, limits.maximumBackoff)
        default: retryAfter
        }
    }

    /// Whether the cause may go away within seconds, as with a relay that is being started or an unstable network.
    fileprivate var mayPass: Bool {
        switch kind {
        // A port without TLS and an unknown host name stay as they are for longer than seconds.
        case .relayUnreachable(.noTLS), .relayUnreachable(.nameUnknown), .relayUnreachable(.forbiddenHere): false
        case .relayUnreachable, .connectionLost: true
        case .proxyFailed(let cause): cause.retryHelps
        default: false
        }
    }
}

extension RawSpan {
    fileprivate subscript(index: Int) -> UInt8 {
        unsafe unsafeLoad(fromByteOffset: index, as: UInt8.self)
    }
}
