import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOHTTP1

/// The requests of one connection: each is read, counted, and answered in order or passed on to the WebSocket upgrade
/// (`Protocol/operating.md`, "HTTP"). It takes parts of requests and gives actions; it does no I/O and has no clock.
/// The answers are decided by ``HTTPRoutes`` and, for long polling, by the ``RelayHub``.
struct RequestMachine {
    private enum State {
        case open
        /// An upgrade request has begun. Next: `handingOver`.
        case upgrading(HTTPRequestHead)
        /// The upgrade request is complete and the HTTP handlers are being removed. Bytes that still arrive are for the
        /// WebSocket.
        case handingOver
        /// The last response was sent. Further input is dropped and not answered by a reset, so that the peer can read
        /// that response.
        case closing
    }

    private struct Request {
        let head: HTTPRequestHead
        var answer: HTTPRoutes.Answer
        var body: [UInt8] = []
        var isWhole = false
        /// The device was told to send the body.
        var isAskedFor = false

        /// Whether another request may follow. After one that asks for an upgrade the parser reads no more, whether the
        /// upgrade is granted or not.
        var keepsAlive: Bool { head.isKeepAlive && !head.headers.contains(name: "upgrade") }
    }

    /// The stage in answering the oldest request that is unanswered.
    private enum Hand {
        case free
        /// The request is a long-polling request and waits for its answer.
        case waiting
        /// The previous response has not been written completely: a peer that does not read gets no further requests
        /// handled.
        case writing
    }

    /// An action for the I/O layer to carry out. Actions are carried out in the order given.
    enum Action: Equatable {
        /// A request has begun on a connection that had others. It must be complete within
        /// ``ConnectionLimits/openingTime``.
        case watchOpening(request: Int)
        /// The first request is complete: from now on the connection may be idle.
        case watchIdleness
        /// The request bodies kept here change by `difference` bytes to `total`. After an increase,
        /// ``bodyAccounted(isAccepted:)`` is to be called.
        case keep(difference: Int, total: Int)
        /// A request is refused; for the counters.
        case noteRefusal
        /// The device waits for `100 Continue` before it sends the body (RFC 9110, 10.1.1).
        case askForBody
        /// A long-polling request is complete. Its answer is to be passed to ``answered(_:)``.
        case call(HTTPRoutes.Call, body: [UInt8], HTTPHeaders)
        case respond(HTTPResponse, then: Afterwards)
        /// The connection becomes a WebSocket.
        case handOver(HTTPRequestHead)
        case close
    }

    /// The step after a response was written.
    enum Afterwards: Equatable {
        /// The next request is handled; ``responseWritten()`` is to be called.
        case next
        case close
        /// The request is still incomplete. It is read to its end before closing, because a reset could destroy the
        /// response while the peer still sends.
        case linger
    }

    private let limits: ConnectionLimits
    /// Whether the peer is a trusted proxy. A proxy's requests come from many devices and are not counted.
    private let isFromProxy: Bool
    private var state = State.open
    /// The first request is being answered; the last may be incomplete.
    private var requests: [Request] = []
    private var hand = Hand.free
    private var hasReadParts = false
    /// How many requests have begun; the first begins with the connection.
    private var begun = 1
    /// Whether the last request that has begun is still incomplete.
    private var isReading = true
    /// Whether a request has arrived since the last check of idleness.
    private var wasUsed = true
    private var quiet = 0
    /// How many requests began in the current interval, and the interval's start.
    private var counted = 0
    private var countedSince = NIODeadline.uptimeNanoseconds(0)
    /// Whether the last response was sent while the peer may still be sending.
    private(set) var isLingering = false
    /// The device whose poll waits on this connection.
    private(set) var poller: ConnectionID?
    /// The bytes of the request bodies that are being received or are waiting here.
    private(set) var bodyBytes = 0

    init(limits: ConnectionLimits, isFromProxy: Bool) {
        self.limits = limits
        self.isFromProxy = isFromProxy
    }

    /// Whether this request, counted from 1, is still incomplete.
    func isReading(request: Int) -> Bool { isReading && begun == request }

    /// Whether no complete request is being handled here, so that closing the connection loses nothing.
    var isNobody: Bool { poller == nil && (isLingering || (hand == .free && !requests.contains(where: \.isWhole))) }

    /// Whether the HTTP handlers are being removed, so that input is not for them.
    var isHandingOver: Bool {
        if case .handingOver = state { true } else { false }
    }

    /// For how many successive calls, up to this one, no request had arrived since the call before and no poll was
    /// waiting.
    mutating func idleFourths() -> Int {
        quiet = wasUsed || isReading || poller != nil ? 0 : quiet + 1
        wasUsed = false
        return quiet
    }
}

// MARK: - In

extension RequestMachine {
    /// The head of a request has arrived; `answer` is the decision of the ``HTTPRoutes``.
    mutating func received(_ head: HTTPRequestHead, answer: HTTPRoutes.Answer, now: NIODeadline) -> [Action] {
        hasReadParts = true
        guard case .open = state else { return [] }
        guard requests.count <= limits.waitingRequests else { return cutOff() }
        countRequest(now)
        // After an upgrade no request can be answered, so all earlier ones must have been.
        let isUpgrade = if case .upgrade = answer { true } else { false }
        let answer = isUpgrade && !requests.isEmpty ? .refuse(.badUpgrade) : answer
        requests.append(Request(head: head, answer: answer))
        return answerNext()
    }

    mutating func received(body bytes: ByteBuffer) -> [Action] {
        hasReadParts = true
        guard case .open = state else { return [] }
        guard let last = requests.indices.last, case .call = requests[last].answer else { return [] }
        requests[last].body += bytes.readableBytesView
        if requests[last].body.count > WireLimits.callBytes {
            requests[last].body = []
            requests[last].answer = .refuse(.bodyTooLarge)
        }
        let kept = keep()
        // An increase must be accounted for before the request is answered.
        if case .keep(let difference, _)? = kept.first, difference > 0 { return kept }
        return kept + answerNext()
    }

    /// Tells whether there is room for the bodies that are kept here.
    mutating func bodyAccounted(isAccepted: Bool) -> [Action] {
        guard case .open = state else { return [] }
        return isAccepted ? answerNext() : cutOff()
    }

    /// A request is complete.
    mutating func receivedEnd() -> [Action] {
        hasReadParts = true
        switch state {
        case .open:
            guard let last = requests.indices.last else { return [] }
            requests[last].isWhole = true
            // From its first complete request on, the connection may be idle.
            let actions: [Action] = isReading && begun == 1 ? [.watchIdleness] : []
            isReading = false
            wasUsed = true
            return actions + answerNext()
        case .upgrading(let head):
            state = .handingOver
            return [.handOver(head)]
        case .handingOver: return []
        case .closing: return [.close]
        }
    }

    /// A batch of reads has ended.
    mutating func readCompleted() -> [Action] {
        // Bytes that gave no part are the beginning of the next request.
        let hasBegun = requests.last.map { !$0.isWhole } ?? !hasReadParts
        hasReadParts = false
        guard case .open = state, hasBegun, !isReading else { return [] }
        isReading = true
        begun += 1
        return [.watchOpening(request: begun)]
    }

    /// The parser or something else has failed: nothing more is read on this connection.
    mutating func failed(_ refusal: HTTPRoutes.Problem?) -> [Action] {
        if case .closing = state { return [] }
        guard case .open = state, hand == .free, let refusal else { return [.close] }
        state = .closing
        requests = []
        return [.noteRefusal, .respond(.problem(refusal, path: ""), then: .close)]
    }

    private mutating func countRequest(_ now: NIODeadline) {
        if now >= countedSince + TimeAmount(limits.pingInterval) { (counted, countedSince) = (0, now) }
        counted += 1
    }

    private mutating func cutOff() -> [Action] {
        state = .closing
        requests = []
        return [.close]
    }

    /// Reports the number of body bytes kept here, if it has changed.
    private mutating func keep() -> [Action] {
        let bytes = requests.reduce(0) { $0 + $1.body.count }
        defer { bodyBytes = bytes }
        return bytes == bodyBytes ? [] : [.keep(difference: bytes - bodyBytes, total: bytes)]
    }
}

// MARK: - Out

extension RequestMachine {
    /// The answer to a long-polling request, or the news that its poll waits.
    mutating func answered(_ answer: LongPollResponse) -> [Action] {
        poller = nil
        guard case .open = state, let request = requests.first else { return [] }
        switch answer {
        case .later(let device):
            poller = device
            hand = .waiting
            requests[0].body = []
            return keep()
        case .body(let body):
            return finish(request, .call(body), keepsAlive: request.keepsAlive && !hasHadEnough)
        case .refuse(let refusal, let retryAfter):
            let response = HTTPResponse.problem(refusal, path: request.head.uri, retryAfter: retryAfter)
            return [.noteRefusal] + finish(request, response, keepsAlive: request.keepsAlive && !hasHadEnough)
        }
    }

    /// A response was written; the next request is handled.
    mutating func responseWritten() -> [Action] {
        hand = .free
        return answerNext()
    }

    /// Whether this connection has carried more requests than one device makes.
    private var hasHadEnough: Bool { counted > limits.requestsPerInterval && !isFromProxy }

    /// Handles the first request.
    private mutating func answerNext() -> [Action] {
        guard case .open = state, hand == .free, let request = requests.first else { return [] }
        switch request.answer {
        case .upgrade:
            state = .upgrading(request.head)
            requests = []
            return []
        case .health(let isWell, let isHead):
            return finish(request, .health(isWell: isWell, isHead: isHead), keepsAlive: false)
        case .refuse(let refusal):
            let isHead = request.head.method == .HEAD
            let response = HTTPResponse.problem(refusal, path: request.head.uri, isHead: isHead)
            return [.noteRefusal] + finish(request, response, keepsAlive: false)
        case .call(let call):
            guard request.isWhole else { return askForBody(request) }
            hand = .waiting
            return [.call(call, body: request.body, request.head.headers)]
        }
    }

    private mutating func askForBody(_ request: Request) -> [Action] {
        guard !request.isAskedFor, request.body.isEmpty, request.head.version != .http1_0,
            request.head.headers.tokens("expect").contains("100-continue")
        else { return [] }
        requests[0].isAskedFor = true
        return [.askForBody]
    }

    /// Answers the first request. The next one is handled when the response was written, unless the connection closes.
    private mutating func finish(_ request: Request, _ response: HTTPResponse, keepsAlive: Bool) -> [Action] {
        if keepsAlive {
            requests.removeFirst()
            hand = .writing
            return keep() + [.respond(response, then: .next)]
        }
        state = .closing
        requests = []
        let kept = keep()
        guard !request.isWhole else { return kept + [.respond(response, then: .close)] }
        isReading = false
        isLingering = true
        return kept + [.respond(response, then: .linger)]
    }
}
