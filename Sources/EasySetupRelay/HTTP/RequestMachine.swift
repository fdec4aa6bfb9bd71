import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOHTTP1

/// The state machine of the HTTP requests on one connection (`Protocol/operating.md`, "HTTP"). Each request is read,
/// counted, and answered in order or passed on to the WebSocket upgrade. The machine takes parts of requests and gives
/// actions; it does no I/O and has no clock. ``HTTPRoutes`` and, for long polling, the ``RelayHub`` decide on the
/// answers.
struct RequestMachine {
    private enum State {
        case open
        /// The head of an upgrade request has arrived. Next state: `handingOver`.
        case upgrading(HTTPRequestHead)
        /// The upgrade request is complete and the HTTP handlers are being removed. Bytes that still arrive are for the
        /// WebSocket.
        case handingOver
        /// The last response was sent. Further input is read and dropped: closing the socket with unread input would
        /// send a reset, and the peer might then lose that response.
        case closing
    }

    private struct Request {
        let head: HTTPRequestHead
        var answer: HTTPRoutes.Answer
        var body: [UInt8] = []
        var isWhole = false
        /// Whether the relay has asked the device to send the body (`100 Continue`).
        var isAskedFor = false

        /// Whether another request may follow on the connection. After a request for an upgrade the parser reads no
        /// more, whether the relay grants the upgrade or not.
        var keepsAlive: Bool { head.isKeepAlive && !head.headers.contains(name: "upgrade") }
    }

    /// The stage of the oldest unanswered request.
    private enum Hand {
        case free
        /// The request is a long-polling request, and waits for the relay's answer.
        case waiting
        /// The previous response has not been written completely. If a peer does not read its responses, the relay
        /// handles none of its further requests.
        case writing
    }

    /// An action for the I/O layer to carry out. Actions are carried out in the order given.
    enum Action: Equatable {
        /// A further request has begun on a connection that had a request before. It must be complete within
        /// ``ConnectionLimits/openingTime``.
        case watchOpening(request: Int)
        /// The first request is complete: from now on the connection may be idle.
        case watchIdleness
        /// The request bodies that this connection keeps change by `difference` bytes to `total`. After an increase,
        /// the I/O layer calls ``bodyAccounted(isAccepted:)``.
        case keep(difference: Int, total: Int)
        /// The relay refuses a request, and counts the refusal for its log.
        case noteRefusal
        /// Send `100 Continue`, for which the device waits before it sends the body (RFC 9110, 10.1.1).
        case askForBody
        /// A long-polling request is complete. The I/O layer passes its answer to ``answered(_:)``.
        case call(HTTPRoutes.Call, body: [UInt8], HTTPHeaders)
        case respond(HTTPResponse, then: Afterwards)
        /// The connection becomes a WebSocket.
        case handOver(HTTPRequestHead)
        case close
    }

    /// The step that follows when a response is written.
    enum Afterwards: Equatable {
        /// The connection stays open. The I/O layer calls ``responseWritten()``, and then the next request is handled.
        case next
        case close
        /// The request is still incomplete. The relay reads it to its end and then closes the connection, because a
        /// reset could destroy the response while the peer still sends.
        case linger
    }

    private let limits: ConnectionLimits
    /// Whether the peer is a trusted proxy. The limit on a connection's requests does not apply to a proxy, because it
    /// forwards the requests of many devices.
    private let isFromProxy: Bool
    private var state = State.open
    /// The unanswered requests, oldest first. The relay is answering the first; the last may be incomplete.
    private var requests: [Request] = []
    private var hand = Hand.free
    private var hasReadParts = false
    /// How many requests have begun on this connection. The first begins when the connection does.
    private var begun = 1
    /// Whether the last request that has begun is still incomplete.
    private var isReading = true
    /// Whether a request has arrived since the last call of ``countIdleFourths()``.
    private var wasUsed = true
    private var quiet = 0
    /// How many requests began in the current ping interval, and when the interval began.
    private var counted = 0
    private var countedSince = NIODeadline.uptimeNanoseconds(0)
    /// Whether the last response was sent while the peer may still be sending.
    private(set) var isLingering = false
    /// The device whose poll waits on this connection; nil if none does.
    private(set) var poller: ConnectionID?
    /// The bytes of the request bodies that are being received or are waiting here.
    private(set) var bodyBytes = 0

    init(limits: ConnectionLimits, isFromProxy: Bool) {
        self.limits = limits
        self.isFromProxy = isFromProxy
    }

    /// Whether the request with this number, counted from 1, is still incomplete.
    func isReading(request: Int) -> Bool { isReading && begun == request }

    /// Whether the relay handles no complete request of this connection, so that closing the connection loses nothing.
    var isNobody: Bool { poller == nil && (isLingering || (hand == .free && !requests.contains(where: \.isWhole))) }

    /// Whether the HTTP handlers are being removed, so that further input belongs to the WebSocket.
    var isHandingOver: Bool {
        if case .handingOver = state { true } else { false }
    }

    /// Checks whether the connection is idle; called once in each quarter of the idle time. Returns for how many calls
    /// in a row, this one included, no request had arrived since the call before and no poll was waiting.
    mutating func countIdleFourths() -> Int {
        quiet = wasUsed || isReading || poller != nil ? 0 : quiet + 1
        wasUsed = false
        return quiet
    }
}

// MARK: - In

extension RequestMachine {
    /// Takes the head of a request. `answer` is the decision of ``HTTPRoutes``.
    mutating func received(_ head: HTTPRequestHead, answer: HTTPRoutes.Answer, now: NIODeadline) -> [Action] {
        hasReadParts = true
        guard case .open = state else { return [] }
        guard requests.count <= limits.waitingRequests else { return cutOff() }
        countRequest(now)
        // After an upgrade the relay can't answer an HTTP request, so it must have answered all earlier requests
        // before.
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
        // If the bodies have grown, the I/O layer must account for the bytes before the request is answered.
        if case .keep(let difference, _)? = kept.first, difference > 0 { return kept }
        return kept + answerNext()
    }

    /// Takes the relay's decision whether it has room for the bodies that this connection keeps.
    mutating func bodyAccounted(isAccepted: Bool) -> [Action] {
        guard case .open = state else { return [] }
        return isAccepted ? answerNext() : cutOff()
    }

    /// Takes the end of a request.
    mutating func receivedEnd() -> [Action] {
        hasReadParts = true
        switch state {
        case .open:
            guard let last = requests.indices.last else { return [] }
            requests[last].isWhole = true
            // From the first complete request on, the connection may be idle.
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

    /// Takes the end of a batch of reads.
    mutating func readCompleted() -> [Action] {
        // If the batch gave no part of a request, its bytes are the beginning of the next request.
        let hasBegun = requests.last.map { !$0.isWhole } ?? !hasReadParts
        hasReadParts = false
        guard case .open = state, hasBegun, !isReading else { return [] }
        isReading = true
        begun += 1
        return [.watchOpening(request: begun)]
    }

    /// Takes a failure of the parser or of the channel. Nothing more is read on this connection.
    /// - Parameter refusal: the problem to answer with; nil if no answer makes sense.
    mutating func failed(_ refusal: ProblemType?) -> [Action] {
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

    /// The action that reports the number of body bytes kept here, if it has changed.
    private mutating func keep() -> [Action] {
        let bytes = requests.reduce(0) { $0 + $1.body.count }
        defer { bodyBytes = bytes }
        return bytes == bodyBytes ? [] : [.keep(difference: bytes - bodyBytes, total: bytes)]
    }
}

// MARK: - Out

extension RequestMachine {
    /// Takes the answer to a long-polling request, or the decision that its poll waits.
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

    /// Takes the news that a response was written, and handles the next request.
    mutating func responseWritten() -> [Action] {
        hand = .free
        return answerNext()
    }

    /// Whether this connection has carried more requests than one device makes.
    private var hasHadEnough: Bool { counted > limits.requestsPerInterval && !isFromProxy }

    /// Handles the oldest unanswered request, unless another one is being answered.
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

    /// Answers the oldest request. When its response is written, the next one is handled, unless the connection closes.
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
