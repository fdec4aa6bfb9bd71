import EasySetupPairingSession
import EasySetupRelayProtocol

/// The requests of one long-polling connection (`Protocol/http.md`, "Numbers"): decides when each is made, what each
/// answer means, and which frames reach the session. It is a pure state machine; ``LongPollConnection`` makes the
/// requests.
struct LongPollClient {
    /// The kind of a request. At most one of each kind runs at a time.
    enum Kind: Hashable, Sendable {
        case send, poll
    }

    /// An action; a list of them is carried out in order.
    enum Step: Equatable {
        /// Make a request with this body, and pass its answer to ``LongPollClient/answered(_:_:draw:)``.
        case call(Kind, body: [UInt8])
        /// Wait, then call ``LongPollClient/pauseIsOver(_:)``.
        case pause(Kind, Duration)
        /// The transport is open: the relay has answered for the first time.
        case heard
        /// The relay was unavailable for a moment before its first answer.
        case stumbled
        /// Pass the frames to the session. No more follow before ``LongPollClient/read()``.
        case deliver([RelayFrame])
        /// The connection is gone. No further action follows.
        case closed(PairingError)
        /// The relay has received the close, or can't be reached. No further action follows.
        case finished
    }

    private enum Phase {
        /// It is not known yet whether the relay has long polling. Next: `opening`, `over`.
        case probing
        /// The relay has long polling; the first frames are not sent or not answered yet. Next: `open`, `over`.
        case opening
        /// The relay has answered the first frames. Next: `over`.
        case open
        case over
    }

    /// A request that is repeated unchanged until it is answered.
    private struct Pending {
        var body: [UInt8]
        /// The number of the last frame in a `send` request.
        var last: UInt32 = 0
        var saysGoodbye = false
        var tries = 1
    }

    private let connection: LongPollConnectionID
    private let limits: ClientLimits
    private let failure: PairingError?
    private var phase = Phase.probing
    /// The reason why the last request got no usable answer.
    private var lastFailure: PairingError?
    private var isClosing = false

    /// Frames that are not part of a request yet.
    private var waiting: [[UInt8]] = []
    /// The number of the last frame that is part of a request.
    private var sent: UInt32 = 0
    private var sending: Pending?

    /// The number of the last frame received from the relay.
    private var received: UInt32 = 0
    private var polling: Pending?
    private var isReadWanted = false
    private var isPollPausing = false
    /// The time that the relay may hold the next poll open.
    private var pollWait: Duration

    /// - Parameters:
    ///   - connection: the secret that identifies the connection.
    ///   - failure: the reason why the WebSocket failed, reported if long polling fails too; nil when it was not tried.
    init(connection: LongPollConnectionID, limits: ClientLimits, insteadOf failure: PairingError?) {
        self.connection = connection
        self.limits = limits
        self.failure = failure
        pollWait = limits.pollWait
    }

    /// Asks for a connection that can't exist: only a relay with long polling answers that it does not know it.
    mutating func probe() -> [Step] {
        let call = SendCall(connection: connection, first: 1, frames: [])
        let pending = Pending(body: call.serialized())
        sending = pending
        return [.call(.send, body: pending.body)]
    }

    /// Sends frames of the session.
    mutating func send(_ frames: [DeviceFrame]) -> [Step] {
        guard phase != .over, !isClosing else { return [] }
        waiting += frames.map { $0.serialized() }
        return nextSend()
    }

    /// The session has handled the frames that it was given.
    mutating func read() -> [Step] {
        isReadWanted = true
        return nextPoll()
    }

    /// Closes the connection for the session. The last action is `finished`.
    mutating func close() -> [Step] {
        guard phase != .over, !isClosing else { return [.finished] }
        isClosing = true
        // The relay has received no frame, so it has no connection to close.
        if sent == 0, phase == .probing || waiting.isEmpty { return end(.connectionLost) }
        return nextSend()
    }

    /// Ends the close, which has taken too long.
    mutating func giveUp() -> [Step] {
        phase == .over ? [] : end(.connectionLost)
    }

    /// Takes the result of the last request of this kind.
    ///
    /// - Parameter draw: a random number in 0..<1, for the pause that may follow.
    mutating func answered(_ kind: Kind, _ answer: LongPollResult, draw: Double) -> [Step] {
        guard phase != .over else { return [] }
        switch kind {
        case .send where phase == .probing: return probeAnswered(answer, draw: draw)
        case .send:
            switch verdict(answer, SendAnswer.init(parsing:)) {
            case .said(let answer): return sendAnswered(answer, draw: draw)
            case .turnedAway(let reason, let retryAfter):
                // The error is the same as on a WebSocket.
                if isClosing { return end(.connectionLost) }
                return [.deliver([.refused(reason, retryAfter: retryAfter)])] + end(.connectionLost)
            case .lost: return end(.connectionLost)
            case .failed(let error): return tryAgain(.send, error, draw: draw)
            }
        case .poll:
            switch verdict(answer, PollAnswer.init(parsing:)) {
            case .said(let answer): return pollAnswered(answer, draw: draw)
            case .turnedAway, .lost: return isClosing ? [] : end(.connectionLost)
            case .failed(let error): return isClosing ? [] : tryAgain(.poll, error, draw: draw)
            }
        }
    }

    /// A pause that was asked for is over.
    mutating func pauseIsOver(_ kind: Kind) -> [Step] {
        guard phase != .over else { return [] }
        switch kind {
        case .send: return sending.map { [.call(.send, body: $0.body)] } ?? []
        case .poll:
            if isClosing { return [] }
            if let polling { return [.call(.poll, body: polling.body)] }
            isPollPausing = false
            return nextPoll()
        }
    }

    /// Long polling did not open within the time for connecting.
    mutating func openingTookTooLong() -> [Step] {
        phase == .probing ? end(unopened(lastFailure ?? .relayUnreachable(.noAnswer))) : []
    }

    /// The error for a transport that did not open. A server that refused a WebSocket and then stays silent may answer
    /// in a moment, so it is not reported as a server that is no relay.
    private func unopened(_ error: PairingError) -> PairingError {
        switch failure {
        // The server has shown what it is, and a connection that is cut afterwards adds nothing.
        case .notARelay(.signIn)? where error == .connectionLost,
            .notARelay(.redirectsToTLS)? where error == .connectionLost:
            failure ?? error
        case .notARelay?: error
        case nil, .some: failure ?? error
        }
    }
}

// MARK: - Calls

extension LongPollClient {
    /// The most bytes that a request has besides its frames, and a frame besides its content.
    private static let (callOverhead, frameOverhead) = (32, 4)

    /// Makes the next `send` request. Only one runs at a time, so frames that are added meanwhile go together in the
    /// next one.
    private mutating func nextSend() -> [Step] {
        guard phase != .probing, sending == nil, !waiting.isEmpty || isClosing else { return [] }
        var bytes = Self.callOverhead
        var count = 0
        for frame in waiting {
            bytes += frame.count + Self.frameOverhead
            if bytes > WireLimits.callBytes { break }
            count += 1
        }
        let frames = Array(waiting.prefix(count))
        waiting.removeFirst(count)
        let saysGoodbye = isClosing && waiting.isEmpty
        let call = SendCall(connection: connection, first: sent + 1, frames: frames, isClosing: saysGoodbye)
        sent += UInt32(count)
        let pending = Pending(body: call.serialized(), last: sent, saysGoodbye: saysGoodbye)
        sending = pending
        return [.call(.send, body: pending.body)]
    }

    /// Makes the next poll when the session has handled all frames received, and all its frames are part of a request.
    /// So a relay that answers polls but no sends can't make frames pile up here.
    private mutating func nextPoll() -> [Step] {
        guard phase == .open, !isClosing, polling == nil, !isPollPausing, isReadWanted, waiting.isEmpty else {
            return []
        }
        let pending = Pending(body: pollBody)
        polling = pending
        return [.call(.poll, body: pending.body)]
    }

    private var pollBody: [UInt8] {
        PollCall(connection: connection, received: received, wait: pollWait).serialized()
    }

    private mutating func probeAnswered(_ answer: LongPollResult, draw: Double) -> [Step] {
        switch answer {
        case .unanswered(let error): return tryAgain(.send, error, draw: draw)
        case .answered(let status, let bytes, let retryAfter, let redirection):
            let body = String(decoding: bytes, as: UTF8.self)
            if Problem(in: body)?.name == "unknown-connection" {
                sending = nil
                phase = .opening
                return [.heard] + nextSend()
            }
            let error = PairingError(
                Reply(status: status, body: body, retryAfter: retryAfter, redirection: redirection)
            )
            // Any other answer is an error. The call is repeated only if its status is a temporary one and its
            // `Retry-After` is within `reachTimeout`, because the server must not be asked before that.
            let mayPass = Self.mayPass(status) && retryAfter ?? .zero <= limits.reachTimeout
            return mayPass ? tryAgain(.send, error, draw: draw) : end(failure ?? error)
        }
    }

    private mutating func sendAnswered(_ answer: SendAnswer, draw: Double) -> [Step] {
        guard let call = sending else { return [] }
        guard answer.have <= call.last else { return end(.relayMisbehaved) }
        // An empty page counts as an answer too, and means that the relay has no frames.
        guard answer.have == call.last else { return tryAgain(.send, .notARelay(.unknown), draw: draw) }
        sending = nil
        if phase == .opening { phase = .open }
        if call.saysGoodbye { return end(.connectionLost) }
        return nextSend() + nextPoll()
    }

    private mutating func pollAnswered(_ answer: PollAnswer, draw: Double) -> [Step] {
        guard polling != nil else { return [] }
        polling = nil
        if isClosing { return [] }
        // The first frame expected is `received` + 1: earlier ones are repeats, and none may be missing.
        guard answer.first <= received + 1 else { return end(.relayMisbehaved) }
        let news = answer.frames.dropFirst(Int(received + 1 - answer.first))
        var frames: [RelayFrame] = []
        for bytes in news {
            guard let frame = try? RelayFrame(parsing: bytes) else { return end(.relayMisbehaved) }
            frames.append(frame)
        }
        received += UInt32(frames.count)
        var steps: [Step] = []
        if !frames.isEmpty {
            isReadWanted = false
            steps.append(.deliver(frames))
        }
        if answer.isClosed { return steps + end(.connectionLost) }
        guard frames.isEmpty else { return steps }
        // A relay or a cache that answers at once without frames must not be polled without a pause.
        isPollPausing = true
        return [.pause(.poll, limits.callPause.halfRandom(draw))]
    }

    private mutating func tryAgain(_ kind: Kind, _ error: PairingError, draw: Double) -> [Step] {
        guard var call = kind == .send ? sending : polling else { return [] }
        lastFailure = error
        guard call.tries < limits.callTries else {
            return end(phase == .probing ? unopened(error) : .connectionLost)
        }
        let pause = limits.callPause * (1 << min(call.tries - 1, 16))
        call.tries += 1
        switch kind {
        case .send: sending = call
        case .poll:
            // A proxy may end silent connections sooner than most do.
            pollWait = max(pollWait / 2, limits.pollWait / 8)
            call.body = pollBody
            polling = call
        }
        let step = Step.pause(kind, pause.halfRandom(draw))
        return phase == .open ? [step] : [.stumbled, step]
    }

    private mutating func end(_ error: PairingError) -> [Step] {
        phase = .over
        sending = nil
        polling = nil
        waiting = []
        return isClosing ? [.finished] : [.closed(error)]
    }
}

// MARK: - Answers

extension LongPollClient {
    private enum Verdict<Body> {
        /// The relay's answer.
        case said(Body)
        /// The relay itself reports that it takes no new connection.
        case turnedAway(Reason, retryAfter: Duration)
        /// The relay itself reports the end of the connection. The session attaches again, which repairs all that can
        /// be repaired.
        case lost
        /// Any other result: repeating the request may help.
        case failed(PairingError)
    }

    /// Judges an answer by its status and body, because a proxy may change headers (`Protocol/http.md`, "Calls").
    private func verdict<Body>(
        _ answer: LongPollResult,
        _ parse: ([UInt8]) throws(LongPollBodyError) -> Body
    ) -> Verdict<Body> {
        switch answer {
        case .unanswered(let error): return .failed(error)
        case .answered(200, let bytes, _, _):
            // A proxy's page may come with status 200.
            guard let body = try? parse(bytes) else { return .failed(.notARelay(.unknown)) }
            return .said(body)
        case .answered(let status, let bytes, let retryAfter, let redirection):
            let body = String(decoding: bytes, as: UTF8.self)
            switch Problem(in: body)?.name {
            case "relay-full"?: return .turnedAway(.relayFull, retryAfter: retryAfter ?? .seconds(5))
            case "draining"?: return .turnedAway(.draining, retryAfter: retryAfter ?? .seconds(5))
            case "too-many"?: return .turnedAway(.tooMany, retryAfter: retryAfter ?? .seconds(10))
            case .some: return .lost
            case nil:
                let reply = Reply(status: status, body: body, retryAfter: retryAfter, redirection: redirection)
                return .failed(PairingError(reply))
            }
        }
    }

    /// Whether this status of a proxy may be temporary.
    private static func mayPass(_ status: Int) -> Bool {
        status >= 500 && status != 511 || [408, 425, 429].contains(status)
    }
}

extension Duration {
    /// A random duration between half of this one and all of it.
    fileprivate func halfRandom(_ draw: Double) -> Duration {
        self / 2 + self / 2 * draw
    }
}
