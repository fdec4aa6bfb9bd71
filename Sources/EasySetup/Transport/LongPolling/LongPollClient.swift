import EasySetupRelayProtocol

/// The calls of one connection by long polling (`Protocol/http.md`, "Numbers"): which is made when, what each answer
/// means, and what of it is for the session. Pure; ``LongPollConnection`` makes the calls.
struct LongPollClient {
    /// There is one call of each kind at a time.
    enum Kind: Hashable, Sendable {
        case send, poll
    }

    /// What is to be done, in this order.
    enum Step: Equatable {
        /// Make a call with this body; its answer goes to ``LongPollClient/answered(_:_:draw:)``.
        case call(Kind, body: [UInt8])
        /// Wait, then say so by ``LongPollClient/pauseIsOver(_:)``.
        case pause(Kind, Duration)
        /// The transport is open: the relay has answered for the first time.
        case heard
        /// The relay was away for a moment before its first answer.
        case stumbled
        /// Frames for the session. No more come before ``LongPollClient/read()``.
        case deliver([RelayFrame])
        /// The connection is gone. Nothing follows.
        case closed(PairingError)
        /// The goodbye is said, or can't be. Nothing follows.
        case finished
    }

    private enum Phase {
        /// Nobody knows yet whether the relay has long polling. Next: `opening`, `over`.
        case probing
        /// There is; the first frames are unsent or unanswered. Next: `open`, `over`.
        case opening
        /// Next: `over`.
        case open
        case over
    }

    /// A call that is made until it is answered, each time with the same meaning.
    private struct Pending {
        var body: [UInt8]
        /// The number of the last frame in a `send`.
        var last: UInt32 = 0
        var saysGoodbye = false
        var tries = 1
    }

    private let connection: LongPollConnectionID
    private let limits: ClientLimits
    private let failure: PairingError?
    private var phase = Phase.probing
    /// Why the last call was not answered as it should be.
    private var lastFailure: PairingError?
    private var isClosing = false

    /// Frames that are in no call yet.
    private var waiting: [[UInt8]] = []
    /// The number of the last frame that is in a call.
    private var sent: UInt32 = 0
    private var sending: Pending?

    /// The number of the relay's last frame that is here.
    private var received: UInt32 = 0
    private var polling: Pending?
    private var isReadWanted = false
    private var isPollPausing = false
    /// How long the relay may keep the next poll.
    private var pollWait: Duration

    /// - Parameters:
    ///   - connection: its secret.
    ///   - failure: why the other transport was not taken, reported when this one is shut too; nil when it was not tried.
    init(connection: LongPollConnectionID, limits: ClientLimits, insteadOf failure: PairingError?) {
        self.connection = connection
        self.limits = limits
        self.failure = failure
        pollWait = limits.pollWait
    }

    /// Asks after a connection that can't be there: only a relay with long polling answers that it knows none such.
    mutating func probe() -> [Step] {
        let call = SendCall(connection: connection, first: 1, frames: [])
        let pending = Pending(body: call.serialized())
        sending = pending
        return [.call(.send, body: pending.body)]
    }

    /// The session says something.
    mutating func send(_ frames: [DeviceFrame]) -> [Step] {
        guard phase != .over, !isClosing else { return [] }
        waiting += frames.map { $0.serialized() }
        return nextSend()
    }

    /// The session has handled what it was given.
    mutating func read() -> [Step] {
        isReadWanted = true
        return nextPoll()
    }

    /// The session is done with this connection. Ends with `finished`.
    mutating func close() -> [Step] {
        guard phase != .over, !isClosing else { return [.finished] }
        isClosing = true
        // A relay that has heard nothing has nothing to close.
        if sent == 0, phase == .probing || waiting.isEmpty { return end(.connectionLost) }
        return nextSend()
    }

    /// The goodbye has taken long enough.
    mutating func giveUp() -> [Step] {
        phase == .over ? [] : end(.connectionLost)
    }

    /// What came back to the last call of its kind.
    ///
    /// - Parameter draw: a random number of 0..<1, for the pause that may follow.
    mutating func answered(_ kind: Kind, _ answer: LongPollResult, draw: Double) -> [Step] {
        guard phase != .over else { return [] }
        switch kind {
        case .send where phase == .probing: return probeAnswered(answer, draw: draw)
        case .send:
            switch verdict(answer, SendAnswer.init(parsing:)) {
            case .said(let answer): return sendAnswered(answer, draw: draw)
            case .turnedAway(let reason, let retryAfter):
                // As it would have been said on a WebSocket.
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

    /// Nobody has opened for as long as connecting may take.
    mutating func openingTookTooLong() -> [Step] {
        phase == .probing ? end(unopened(lastFailure ?? .relayUnreachable(.noAnswer))) : []
    }

    /// What is said of a transport that nobody opened. Who refuses a WebSocket and then is silent for a while may be heard in a
    /// moment, and is not to be taken for no relay.
    private func unopened(_ error: PairingError) -> PairingError {
        switch failure {
        // It has shown what it is, and a connection that is cut afterwards shows nothing else.
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
    /// What a call has besides its frames, and a frame besides its bytes, at most.
    private static let (callOverhead, frameOverhead) = (32, 4)

    /// One `send` is under way at a time, so what comes meanwhile goes together in the next.
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

    /// The relay is asked for more when the session has handled what came, and everything that this led to is in a call: so a
    /// relay that answers polls and no sends can't make frames pile up here.
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
            // Any other answer is an error. The call is repeated only if its status is a temporary one and its `Retry-After` is within
            // `reachTimeout`, because the server must not be asked before that.
            let mayPass = Self.mayPass(status) && retryAfter ?? .zero <= limits.reachTimeout
            return mayPass ? tryAgain(.send, error, draw: draw) : end(failure ?? error)
        }
    }

    private mutating func sendAnswered(_ answer: SendAnswer, draw: Double) -> [Step] {
        guard let call = sending else { return [] }
        guard answer.have <= call.last else { return end(.relayMisbehaved) }
        // An empty page is an answer too, and says that the relay has nothing.
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
        // The first that is not here yet is the one after `received`: those before it are repeats, and none may be left out.
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
        // A relay, or a cache, that answers at once and says nothing is not asked without pause.
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
            // A proxy may have less patience than most.
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
        /// The relay's own word that it takes no new connection.
        case turnedAway(Reason, retryAfter: Duration)
        /// The relay's own word that this is the end of it. The session attaches anew, which mends what can be mended.
        case lost
        /// Anything else: the same call again may help.
        case failed(PairingError)
    }

    /// What matters is in status and body: headers are a proxy's to change (`Protocol/http.md`, "Calls").
    private func verdict<Body>(
        _ answer: LongPollResult,
        _ parse: ([UInt8]) throws(LongPollBodyError) -> Body
    ) -> Verdict<Body> {
        switch answer {
        case .unanswered(let error): return .failed(error)
        case .answered(200, let bytes, _, _):
            // A proxy's page may come with 200.
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

    /// Whether a proxy that says so may say something else in a moment.
    private static func mayPass(_ status: Int) -> Bool {
        status >= 500 && status != 511 || [408, 425, 429].contains(status)
    }
}

extension Duration {
    /// Between half of it and all of it.
    fileprivate func halfRandom(_ draw: Double) -> Duration {
        self / 2 + self / 2 * draw
    }
}
