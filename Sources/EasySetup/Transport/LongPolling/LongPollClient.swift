import EasySetupPairingSession
import EasySetupRelayProtocol

/// The state machine of one long-polling connection (`Protocol/http.md`, "Numbers"). It decides when each request is
/// made, what each answer means, and which frames reach the session. It does no I/O: ``LongPollConnection`` makes the
/// requests.
struct LongPollClient {
    /// The kind of a request: `send` carries frames to the relay, and `poll` fetches the relay's frames. At most one of
    /// each kind runs at a time.
    enum Kind: Hashable, Sendable {
        case send, poll
    }

    /// An action for ``LongPollConnection``, which carries out a list of actions in order.
    enum Step: Equatable {
        /// Make a request with this body, and pass its answer to ``LongPollClient/answered(_:_:draw:)``.
        case call(Kind, body: [UInt8])
        /// Wait, then call ``LongPollClient/pauseIsOver(_:)``.
        case pause(Kind, Duration)
        /// Report that the transport is open, because the relay has answered for the first time.
        case heard
        /// Report that a request failed before the relay had answered the first frames. The client makes the request
        /// again.
        case stumbled
        /// Pass the frames to the session. No further frames are delivered before ``LongPollClient/read()`` is called.
        case deliver([ReceivedFrame])
        /// Report that the connection has ended, for this reason. No further action follows.
        case closed(PairingError)
        /// Report that the connection is closed, as the session asked: the relay knows of it, or can't be reached. No
        /// further action follows.
        case finished
    }

    private enum Phase {
        /// The client does not know yet whether the relay has long polling. Next state: `opening` or `over`.
        case probing
        /// The relay has long polling. The first frames are not sent or not answered yet. Next state: `open` or `over`.
        case opening
        /// The relay has answered the first frames. Next state: `over`.
        case open
        case over
    }

    /// A request that has been made and not answered yet. After a failure it is made again.
    private struct Pending {
        var body: [UInt8]
        /// The number of the last frame in a `send` request; 0 for a poll.
        var last: UInt32 = 0
        var saysGoodbye = false
        var tries = 1
    }

    private let connection: LongPollConnectionID
    private let limits: ClientLimits
    private let failure: PairingError?
    private var phase = Phase.probing
    /// Whether the client does not know yet whether the relay has long polling.
    var isProbing: Bool { phase == .probing }
    /// The reason why the last failed request to the relay got no usable answer.
    private var lastFailure: PairingError?
    private var isClosing = false

    /// Frames from the session that are not part of a request yet.
    private var waiting: [[UInt8]] = []
    /// The number of the last frame that this client has put into a request.
    private var sent: UInt32 = 0
    private var sending: Pending?

    /// The number of the last frame received from the relay.
    private var received: UInt32 = 0
    private var polling: Pending?
    private var isReadWanted = false
    private var isPollPausing = false
    /// How long the relay may wait for frames before it answers the next poll.
    private var pollWait: Duration

    /// - Parameters:
    ///   - connection: the secret that identifies the connection.
    ///   - failure: the reason why the WebSocket failed, reported if long polling fails too; nil if no WebSocket was
    ///     tried.
    init(connection: LongPollConnectionID, limits: ClientLimits, insteadOf failure: PairingError?) {
        self.connection = connection
        self.limits = limits
        self.failure = failure
        pollWait = limits.pollWait
    }

    /// Makes a request for a connection that can't exist yet. Only a relay with long polling answers such a request
    /// with the problem `unknown-connection`.
    mutating func probe() -> [Step] {
        let call = SendCall(connection: connection, first: 1, frames: [])
        let pending = Pending(body: call.serialized())
        sending = pending
        return [.call(.send, body: pending.body)]
    }

    /// Sends frames of the session: in a new request or, while a `send` request runs, in the next one.
    mutating func send(_ frames: [DeviceFrame]) -> [Step] {
        guard phase != .over, !isClosing else { return [] }
        waiting += frames.map { $0.serialized() }
        return nextSend()
    }

    /// Notes that the session has handled the frames that it was given, and wants the next ones.
    mutating func read() -> [Step] {
        isReadWanted = true
        return nextPoll()
    }

    /// Closes the connection, as the session asked. The last action that the client returns, now or after the relay's
    /// answer, is ``Step/finished``.
    mutating func close() -> [Step] {
        guard phase != .over, !isClosing else { return [.finished] }
        isClosing = true
        // The relay has received no frame, so it has no connection that needs closing.
        if sent == 0, phase == .probing || waiting.isEmpty { return end(.connectionLost) }
        return nextSend()
    }

    /// Ends the connection that the session closes, because the relay has not answered the closing request in time.
    mutating func giveUp() -> [Step] {
        phase == .over ? [] : end(.connectionLost)
    }

    /// Takes the result of the last request of this kind.
    ///
    /// - Parameter draw: a random number in 0..<1, for the pause that may follow.
    mutating func answered(_ kind: Kind, _ answer: HTTPResult, draw: Double) -> [Step] {
        guard phase != .over else { return [] }
        switch kind {
        case .send where phase == .probing: return probeAnswered(answer, draw: draw)
        case .send:
            switch verdict(answer, SendAnswer.init(parsing:)) {
            case .said(let answer): return sendAnswered(answer, draw: draw)
            case .turnedAway(let reason, let retryAfter):
                // A session that closes the connection does not need to know why the relay refused the request. Any
                // other session receives the refusal as a frame, so that it reports the same error as over a WebSocket.
                if isClosing { return end(.connectionLost) }
                return [.deliver([ReceivedFrame(.refused(reason, retryAfter: retryAfter))])] + end(.connectionLost)
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

    /// Continues after the pause that ``Step/pause(_:_:)`` asked for.
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

    /// Ends the connection if long polling has not opened by now. Call it when ``ClientLimits/connectTimeout`` is over.
    mutating func openingTookTooLong() -> [Step] {
        phase == .probing ? end(unopened(lastFailure ?? .relayUnreachable(.noAnswer))) : []
    }

    /// The error to report when long polling did not open: the WebSocket's error, if a WebSocket failed before. But if
    /// the WebSocket's error says that the server is no relay, the error of long polling is reported, because a server
    /// that does not answer now may answer in a moment.
    private func unopened(_ error: PairingError) -> PairingError {
        switch failure?.kind {
        // The answer to the WebSocket request has shown what kind of server this is. A connection that is cut
        // afterwards adds nothing to that.
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
    /// The largest overhead in bytes: of a request without its frames, and of each frame in a request.
    private static let (callOverhead, frameOverhead) = (32, 4)

    /// Makes the next `send` request, if there is something to send and no `send` request is running. Frames that are
    /// added while one is running go together in the next one.
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

    /// Makes the next poll if the session has handled all received frames, and all frames of the session are part of a
    /// request. The second condition keeps a relay that answers only polls, and no `send`, from making frames pile up
    /// here.
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

    private mutating func probeAnswered(_ answer: HTTPResult, draw: Double) -> [Step] {
        switch answer {
        case .unanswered(let error): return tryAgain(.send, error, draw: draw)
        case .answered(let status, let bytes, let retryAfter, let redirection):
            let body = String(decoding: bytes, as: UTF8.self)
            if Problem(in: body)?.type == .unknownConnection {
                sending = nil
                phase = .opening
                return [.heard] + nextSend()
            }
            let error = PairingError(
                Reply(status: status, body: body, retryAfter: retryAfter, redirection: redirection)
            )
            // Any answer to the probe request but the problem `unknown-connection` is an error. The client repeats the
            // request only if the answer's status may be temporary and its `Retry-After` is at most `reachTimeout`,
            // because this device must not ask the server again before the time in `Retry-After`.
            let mayPass = Self.mayPass(status) && retryAfter ?? .zero <= limits.reachTimeout
            return mayPass ? tryAgain(.send, error, draw: draw) : end(failure ?? error)
        }
    }

    private mutating func sendAnswered(_ answer: SendAnswer, draw: Double) -> [Step] {
        guard let call = sending else { return [] }
        guard answer.have <= call.last else { return end(.relayMisbehaved) }
        // An empty page from a proxy also parses, as an answer that acknowledges no frame, so the request is made
        // again.
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
        // The next frame expected has the number `received` + 1. The answer may repeat earlier frames, but must not
        // skip any.
        guard answer.first <= received + 1 else { return end(.relayMisbehaved) }
        let news = answer.frames.dropFirst(Int(received + 1 - answer.first))
        var frames: [ReceivedFrame] = []
        for bytes in news {
            guard let frame = try? ReceivedFrame(parsing: bytes) else { return end(.relayMisbehaved) }
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
        // A relay, or a proxy's cache, may answer at once without frames. The pause keeps this device from polling it
        // in a tight loop.
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
            // A proxy on the way may cut connections that are silent for long, so the next poll asks the relay to
            // answer sooner.
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
        /// The relay has answered with a body of the expected form.
        case said(Body)
        /// The relay itself reports that it takes no new connection.
        case turnedAway(Reason, retryAfter: Duration)
        /// The relay itself reports the end of the connection. The session then connects anew and asks for its room or
        /// meeting again (`attach`), which repairs all that can be repaired.
        case lost
        /// Any other result: repeating the request may help.
        case failed(PairingError)
    }

    /// Judges an answer by its status and body, not by its headers, because a proxy may change headers
    /// (`Protocol/http.md`, "Calls").
    private func verdict<Body>(
        _ answer: HTTPResult,
        _ parse: ([UInt8]) throws(LongPollBodyError) -> Body
    ) -> Verdict<Body> {
        switch answer {
        case .unanswered(let error): return .failed(error)
        case .answered(200, let bytes, _, _):
            // A proxy may answer with a web page of its own and status 200. Such a page does not parse.
            guard let body = try? parse(bytes) else { return .failed(.notARelay(.unknown)) }
            return .said(body)
        case .answered(let status, let bytes, let retryAfter, let redirection):
            let body = String(decoding: bytes, as: UTF8.self)
            guard let problem = Problem(in: body) else {
                let reply = Reply(status: status, body: body, retryAfter: retryAfter, redirection: redirection)
                return .failed(PairingError(reply))
            }
            switch problem.type {
            case .relayFull: return .turnedAway(.relayFull, retryAfter: retryAfter ?? .seconds(5))
            case .draining: return .turnedAway(.draining, retryAfter: retryAfter ?? .seconds(5))
            case .tooMany: return .turnedAway(.tooMany, retryAfter: retryAfter ?? .seconds(10))
            default: return .lost
            }
        }
    }

    /// Whether an error with this HTTP status, which the relay or a proxy has sent, may be temporary.
    private static func mayPass(_ status: Int) -> Bool {
        status >= 500 && status != 511 || [408, 425, 429].contains(status)
    }
}

extension Duration {
    /// A duration between half of this one and all of it.
    /// - Parameter draw: a random number in 0..<1.
    fileprivate func halfRandom(_ draw: Double) -> Duration {
        self / 2 + self / 2 * draw
    }
}
