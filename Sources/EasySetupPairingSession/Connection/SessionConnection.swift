import EasySetupRelayProtocol
import EasySetupSeed

/// The state of a session's connection to the relay. It decides when the device connects again and when it gives up
/// (`Protocol/relay.md`, "Attach").
struct SessionConnection {
    // A test compares these cases with the states in the formal model of the protocol, which is written in Promela.
    // The model is `Protocol/model/pairing.pml`, `mtype:LinkState`.
    enum State: Equatable {
        /// The session has not requested a connection.
        case idle
        /// The session has requested a connection, which is not open yet.
        case connecting
        /// The connection is open, and the relay must answer the first frame before this moment.
        case opened(answerBy: Duration)
        /// The relay has asked for a proof of work of this difficulty, and must answer the solution before this moment.
        /// `isSolved` tells whether the solution was sent.
        case working(difficulty: Int, isSolved: Bool, answerBy: Duration)
        /// The connection is open, and the relay has answered.
        case ready
        /// The next attempt to connect starts at this moment.
        case resting(until: Duration)
    }

    private(set) var state: State = .idle
    /// Whether a connection to the relay was ever open. If so, the relay's address is right, and a later failure is a
    /// fault of the network or the relay.
    private(set) var wasReached = false
    /// The number of connections in a row that were lost or could not be made, since the relay last answered.
    private var attempts = 0
    /// The number of connections in a row that opened, but ended before the relay answered the first frame.
    private var unanswered = 0
    /// Whether the relay has told this connection to come again, which is an answer.
    private var isToComeAgain = false
    private var firstFailure: Duration?
    private var hasForgiven = false
    private let limits: ClientLimits

    init(limits: ClientLimits) {
        self.limits = limits
    }

    /// The moment at which the state changes even if no event comes; nil when there is none.
    var deadline: Duration? {
        switch state {
        case .idle, .connecting, .ready: nil
        case .opened(let moment), .working(_, _, let moment), .resting(let moment): moment
        }
    }

    /// Whether the connection is open, and the relay has neither answered the first frame nor asked for a proof of
    /// work.
    var isOpened: Bool { if case .opened = state { true } else { false } }

    /// Whether the relay waits for this device's proof of work.
    var isWorking: Bool { if case .working = state { true } else { false } }

    /// Whether a connection was lost or could not be made since the relay last answered.
    var wasLost: Bool { attempts > 0 }

    /// Whether the relay has answered the first frame, so that the device may send more.
    var isReady: Bool { state == .ready }

    mutating func connecting() { state = .connecting }

    /// The relay was unavailable for a moment while this device connected. This counts as one lost connection.
    mutating func stumbled() { attempts += 1 }

    mutating func opened(now: Duration) {
        wasReached = true
        isToComeAgain = false
        state = .opened(answerBy: now + limits.answerTimeout)
    }

    /// The relay asks for a proof of work of this difficulty. Returns false if the relay must not ask now: it has
    /// answered the first frame already, this device has not sent the solution of an earlier request, or the difficulty
    /// is not above that of the earlier request. The deadline of the first request holds for all, so a relay can't make
    /// the device work without end.
    mutating func workWanted(_ difficulty: Int, now: Duration) -> Bool {
        switch state {
        case .opened: state = .working(difficulty: difficulty, isSolved: false, answerBy: now + limits.workTimeout)
        case .working(let before, isSolved: true, let moment) where difficulty > before:
            state = .working(difficulty: difficulty, isSolved: false, answerBy: moment)
        case .idle, .connecting, .working, .ready, .resting: return false
        }
        return true
    }

    /// This device has solved the proof of work. Returns false if the relay does not wait for the solution any more.
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

    /// Whether a device that has no room or meeting yet connects again after this error (`Protocol/device.md`, "Losing
    /// the connection").
    mutating func attemptRetry(after error: PairingError, now: Duration) -> Bool {
        if isOpened || isWorking, !isToComeAgain { unanswered += 1 }
        if wasReached { return unanswered < limits.answerTries }
        let first = firstFailure ?? now
        firstFailure = first
        return error.mayPass && now + error.retryAfter - first < limits.reachTimeout
    }

    /// The relay answered that this device has to come again, because it has no capacity, is to end or is cut off from the
    /// others. So the connection does not count as one without an answer.
    mutating func relayAskedToWait() { (unanswered, isToComeAgain) = (0, true) }

    /// Whether this device treats a refusal as a fault of the network and connects again. `tooSlow` means that the
    /// first frame never reached the relay. `badFrame` and `badOrder` can mean that the network damaged the frame; the
    /// device forgives them only once, because the fault may be its own.
    mutating func forgive(_ reason: Reason) -> Bool {
        switch reason {
        case .tooSlow: return isOpened || isWorking
        case .badFrame, .badOrder:
            defer { hasForgiven = true }
            return !hasForgiven
        default: return false
        }
    }

    /// Plans the next attempt after a connection has gone. Half of the device's own wait is random. If the relay asked
    /// for a wait (`notBefore`), the device adds that wait and a random time of up to the same length, so that devices
    /// do not all reconnect at once.
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
    /// The wait that follows from this error. If the relay asked for a wait, the device waits as long. If only a proxy
    /// asked for it, the device waits at most ``ClientLimits/maximumBackoff``.
    func rest(_ limits: ClientLimits) -> Duration {
        switch kind {
        case .relayUnreachable, .proxyFailed: min(retryAfter, limits.maximumBackoff)
        default: retryAfter
        }
    }

    /// Whether the cause may go away within seconds: a relay is being started, for example, or the network is unstable.
    fileprivate var mayPass: Bool {
        switch kind {
        // A retry does not help, because a port without TLS, an unknown host name, an unfit address and a forbidden
        // connection do not change within seconds.
        case .relayUnreachable(.noTLS), .relayUnreachable(.nameUnknown), .relayUnreachable(.nameWithoutAddress),
            .relayUnreachable(.zoneMissing), .relayUnreachable(.manyHosts), .relayUnreachable(.forbiddenHere):
            false
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
