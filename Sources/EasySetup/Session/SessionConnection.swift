import EasySetupRelayProtocol
import EasySetupSeed

/// The connection as a session sees it: when to try again, and when to give up (`Protocol/relay.md`, "Attach").
struct SessionConnection {
    // The model is `Protocol/model/pairing.pml`, `mtype:LinkState`.
    enum State: Equatable {
        /// Nothing is asked for.
        case idle
        /// A connection was asked for.
        case connecting
        /// Open; the relay owes an answer to the first frame until this moment.
        case opened(answerBy: Duration)
        /// Open; the relay has asked for work, and owes an answer to it until this moment.
        case working(answerBy: Duration)
        /// Open, and the relay has answered.
        case ready
        /// To be tried again then.
        case resting(until: Duration)
    }

    private(set) var state: State = .idle
    /// Whether a connection to the relay was ever open: then the address is right, and what fails is the network.
    private(set) var wasReached = false
    /// How often in a row the connection was lost or not made, since the relay last answered.
    private var attempts = 0
    /// How many connections in a row were open and ended without the answer to their first frame.
    private var unanswered = 0
    private var firstFailure: Duration?
    private var hasForgiven = false
    private let limits: ClientLimits

    init(limits: ClientLimits) {
        self.limits = limits
    }

    /// When something happens by itself.
    var deadline: Duration? {
        switch state {
        case .idle, .connecting, .ready: nil
        case .opened(let moment), .working(let moment), .resting(let moment): moment
        }
    }

    /// Whether the relay owes the answer to the first frame, and has not asked for work.
    var isOpened: Bool { if case .opened = state { true } else { false } }

    /// Whether the relay waits for work.
    var isWorking: Bool { if case .working = state { true } else { false } }

    /// Whether the connection was lost since the relay last answered.
    var wasLost: Bool { attempts > 0 }

    /// Whether frames can be sent in answer to what the relay said.
    var isReady: Bool { state == .ready }

    mutating func connecting() { state = .connecting }

    /// The relay was away while it was called, which is as good as a lost connection.
    mutating func stumbled() { attempts += 1 }

    mutating func opened(now: Duration) {
        wasReached = true
        state = .opened(answerBy: now + limits.answerTimeout)
    }

    mutating func working(now: Duration) { state = .working(answerBy: now + limits.workTimeout) }

    mutating func answered() {
        state = .ready
        attempts = 0
        unanswered = 0
    }

    mutating func closed() { state = .idle }

    /// Whether to connect again for a device that has no place at the relay yet (`Protocol/device.md`, "Losing the connection").
    mutating func attemptRetry(after error: PairingError, now: Duration) -> Bool {
        if isOpened || isWorking { unanswered += 1 }
        if wasReached { return unanswered < limits.answerTries }
        let first = firstFailure ?? now
        firstFailure = first
        return error.mayPass && now + error.retryAfter - first < limits.reachTimeout
    }

    /// The relay answered that it has no place now.
    mutating func relayAskedToWait() { unanswered = 0 }

    /// Whether a refusal is put down to the network: a first frame that never reached the relay, or one that it could not make
    /// sense of. The latter once: bits flip, but a device whose own fault it is must not say the same for ever.
    mutating func forgive(_ reason: Reason) -> Bool {
        switch reason {
        case .tooSlow: return isOpened || isWorking
        case .badFrame, .badOrder:
            defer { hasForgiven = true }
            return !hasForgiven
        default: return false
        }
    }

    /// The connection is gone: when to try again. Half of each wait is random, and so is what is added to a wait that the relay asked
    /// for, at most as much again, so that a relay that comes back is not run over.
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
    /// How long to stay away after it: as long as the relay says, but no longer than usual where only a proxy says so.
    func rest(_ limits: ClientLimits) -> Duration {
        switch self {
        case .relayUnreachable, .proxyFailed: min(retryAfter, limits.maximumBackoff)
        default: retryAfter
        }
    }

    /// Whether it may be gone in a moment: a relay that is being started, a network that comes and goes.
    fileprivate var mayPass: Bool {
        switch self {
        // Neither a port that speaks no TLS nor a name that nobody has changes in a moment.
        case .relayUnreachable(.noTLS), .relayUnreachable(.nameUnknown), .relayUnreachable(.forbiddenHere): false
        case .relayUnreachable, .connectionLost: true
        case .proxyFailed(let cause): cause.retryHelps
        default: false
        }
    }
}

extension RawSpan {
    fileprivate subscript(index: Int) -> UInt8 {
        unsafeLoad(fromByteOffset: index, as: UInt8.self)
    }
}
