import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOHTTP1

/// The state machine of the HTTP requests on one connection (`Protocol/operating.md`, "HTTP"). It reads and counts each
/// request, and has the requests answered in order, or the connection handed over to a WebSocket. It takes parts of
/// requests and returns actions; it does no I/O and has no clock. ``HTTPRoutes`` and, for long polling, the
/// ``RelayHub`` decide on the answers.
struct RequestMachine {
    private enum State {
        case open
        /// The head of an upgrade request has arrived, but not the end of the request. Next state: `handingOver`.
        case upgrading(HTTPRequestHead)
        /// The upgrade request is complete, and the HTTP handlers are being removed. Bytes that still arrive are for
        /// the WebSocket.
        case handingOver
        /// The last response was written, or is being written. The relay reads further input and drops it: if it closed
        /// the socket with unread input, the system would send a reset, and the peer might lose the response.
        case closing
    }

    private struct Request {
        let head: HTTPRequestHead
        var answer: HTTPRoutes.Answer
        var body: [UInt8] = []
        var isWhole = false
        /// Whether the relay has asked the device to send the body (`100 Continue`).
        var isAskedFor = false

        /// Whether another request may follow on the connection. It may not after a request with an `Upgrade` header,
        /// even if the relay refuses the upgrade, because the parser then stops.
        var keepsAlive: Bool { head.isKeepAlive && !head.headers.contains(name: "upgrade") }
    }

    /// The state of the oldest unanswered request.
    private enum Hand {
        case free
        /// The oldest request is a long-polling request, which the relay has not answered yet.
        case waiting
        /// The previous response has not been written completely. So the relay handles no further requests of a peer
        /// that does not read its responses.
        case writing
    }

    /// An action that the I/O layer must carry out. It must carry out several actions in the order in which they are
    /// returned.
    enum Action: Equatable {
        /// A further request has begun, after the first one. The I/O layer must close the connection if this request is
        /// not complete within ``ConnectionLimits/openingTime``.
        case watchOpening(request: Int)
        /// The first request is complete. From now on, the I/O layer must check how long the connection is idle.
        case watchIdleness
        /// The request bodies stored for this connection have changed by `difference` bytes and now have `total` bytes.
        /// After an increase, the I/O layer must call ``bodyAccounted(isAccepted:)``.
        case keep(difference: Int, total: Int)
        /// Count, in the numbers that the relay logs, that it has refused a request.
        case noteRefusal(ProblemType)
        /// Send `100 Continue`. The device waits for it before it sends the body (RFC 9110, 10.1.1).
        case askForBody
        /// A long-polling request is complete. The I/O layer must pass the answer to ``answered(_:)``.
        case call(HTTPRoutes.Call, body: [UInt8], HTTPHeaders)
        case respond(HTTPResponse, then: Afterwards)
        /// Remove the HTTP handlers, because the connection becomes a WebSocket.
        case handOver(HTTPRequestHead)
        case close
    }

    /// The action that the I/O layer must take once a response is written.
    enum Afterwards: Equatable {
        /// Keep the connection open, and call ``responseWritten()``, which returns the actions for the next request.
        case next
        case close
        /// Read the rest of the request, which is still incomplete, before closing the connection. Otherwise the system
        /// could send a reset while the peer still sends, and the peer would lose the response.
        case linger
    }

    private let limits: ConnectionLimits
    /// Whether the peer is a trusted proxy. The limit on the requests of one connection does not apply to a proxy,
    /// which forwards the requests of many devices.
    private let isFromProxy: Bool
    private var state = State.open
    /// The unanswered requests, the oldest first. The relay answers the first one; the last one may be incomplete.
    private var requests: [Request] = []
    private var hand = Hand.free
    private var hasReadParts = false
    /// How many requests have begun on this connection. The first one begins with the connection itself.
    private var begun = 1
    /// Whether the request that began last has not arrived completely.
    private var isReading = true
    /// Whether a request has been completed since the last call of ``countIdleFourths()``.
    private var wasUsed = true
    private var quiet = 0
    /// How many requests have arrived in the current ping interval; `countedSince` is the time when the interval began.
    private var counted = 0
    private var countedSince = NIODeadline.uptimeNanoseconds(0)
    /// The bytes since the last complete request that are not of a body.
    private var framingBytes = 0
    /// Whether the relay has refused a request because of its `framingBytes`.
    private var isRefusedForFraming = false
    /// Whether the relay has sent its last response, while the request for it may still be arriving.
    private(set) var isLingering = false
    /// The long-polling session whose poll (request for frames) waits on this connection; nil if none does.
    private(set) var poller: ConnectionID?
    /// The number of bytes of all request bodies that this state machine stores, because they are incomplete or their
    /// requests wait for an answer.
    private(set) var bodyBytes = 0

    init(limits: ConnectionLimits, isFromProxy: Bool) {
        self.limits = limits
        self.isFromProxy = isFromProxy
    }

    /// Whether the request with this number, counted from 1 on this connection, has not arrived completely.
    func isReading(request: Int) -> Bool { isReading && begun == request }

    /// Whether closing the connection would lose nothing: no poll waits on it, and the relay is answering no complete
    /// request.
    var isNobody: Bool { poller == nil && (isLingering || (hand == .free && !requests.contains(where: \.isWhole))) }

    /// Whether the HTTP handlers are being removed, so that further input belongs to the WebSocket.
    var isHandingOver: Bool {
        if case .handingOver = state { true } else { false }
    }

    /// The caller must call this once in each quarter of the idle time. Returns how many calls in a row, this one
    /// included, have found the connection idle: no request was completed since the call before, none is arriving, and
    /// no poll waits.
    mutating func countIdleFourths() -> Int {
        quiet = wasUsed || isReading || poller != nil ? 0 : quiet + 1
        wasUsed = false
        return quiet
    }
}

// MARK: - In

extension RequestMachine {
    /// Takes the number of bytes that the parser is about to read.
    mutating func received(bytes count: Int) {
        framingBytes += count
    }

    /// Refuses a request with too many bytes that are neither of its head nor of its body: empty lines before it, sizes and
    /// extensions of chunks, and trailers. The parser has no limit for them. Called when the parser has read all bytes.
    mutating func checkFraming() -> [Action] {
        // The head may have as many bytes as the rest.
        guard framingBytes > 2 * limits.headerBytes else { return [] }
        if case .closing = state, !isRefusedForFraming { return [.close] }
        guard !isRefusedForFraming, !isHandingOver else { return [] }
        isRefusedForFraming = true
        return failed(.headersTooLarge)
    }

    /// Takes the head of a request. The caller passes the decision of ``HTTPRoutes`` as `answer`. Returns the actions
    /// to carry out.
    mutating func received(_ head: HTTPRequestHead, answer: HTTPRoutes.Answer, now: NIODeadline) -> [Action] {
        hasReadParts = true
        guard case .open = state else { return [] }
        guard requests.count <= limits.waitingRequests else { return cutOff() }
        countRequest(now)
        // Once the connection is a WebSocket, the relay can't answer HTTP requests on it. So it refuses an upgrade
        // while earlier requests are unanswered.
        let isUpgrade = if case .upgrade = answer { true } else { false }
        let answer = isUpgrade && !requests.isEmpty ? .refuse(.badUpgrade) : answer
        requests.append(Request(head: head, answer: answer))
        return answerNext()
    }

    mutating func received(body bytes: ByteBuffer) -> [Action] {
        hasReadParts = true
        framingBytes -= bytes.readableBytes
        guard case .open = state else { return [] }
        guard let last = requests.indices.last, case .call = requests[last].answer else { return [] }
        requests[last].body += bytes.readableBytesView
        if requests[last].body.count > WireLimits.callBytes {
            requests[last].body = []
            requests[last].answer = .refuse(.bodyTooLarge)
        }
        let kept = keep()
        // If the stored bodies have grown, the I/O layer must count their bytes before the request is answered.
        if case .keep(let difference, _)? = kept.first, difference > 0 { return kept }
        return kept + answerNext()
    }

    /// Takes the relay's decision whether it has memory for the request bodies that this connection stores. If not, the
    /// connection is closed.
    mutating func bodyAccounted(isAccepted: Bool) -> [Action] {
        guard case .open = state else { return [] }
        return isAccepted ? answerNext() : cutOff()
    }

    /// Takes the end of a request. Returns the actions to carry out.
    mutating func receivedEnd() -> [Action] {
        hasReadParts = true
        framingBytes = 0
        switch state {
        case .open:
            guard let last = requests.indices.last else { return [] }
            requests[last].isWhole = true
            // The connection may be idle once its first request is complete.
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

    /// The caller reports that it has passed on everything that one batch of reads from the socket contained. If a
    /// further request has begun in that batch, the result is the action to watch how long the request takes to arrive.
    mutating func readCompleted() -> [Action] {
        // If the HTTP parser returned no part of a request from this batch of reads, the batch's bytes are the
        // beginning of the next request.
        let hasBegun = requests.last.map { !$0.isWhole } ?? !hasReadParts
        hasReadParts = false
        guard case .open = state, hasBegun, !isReading else { return [] }
        isReading = true
        begun += 1
        return [.watchOpening(request: begun)]
    }

    /// Takes an error of the HTTP parser or of the channel. The machine reads nothing more on this connection.
    /// - Parameter refusal: the problem that the relay reports to the peer; nil if the relay only closes the
    ///   connection.
    mutating func failed(_ refusal: ProblemType?) -> [Action] {
        if case .closing = state { return [] }
        guard case .open = state, hand == .free, let refusal else { return [.close] }
        state = .closing
        requests = []
        return [.noteRefusal(refusal), .respond(.problem(refusal, path: ""), then: .close)]
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

    /// The action that reports how many bytes of request bodies are stored; none if that number has not changed.
    private mutating func keep() -> [Action] {
        let bytes = requests.reduce(0) { $0 + $1.body.count }
        defer { bodyBytes = bytes }
        return bytes == bodyBytes ? [] : [.keep(difference: bytes - bodyBytes, total: bytes)]
    }
}

// MARK: - Out

extension RequestMachine {
    /// Takes the answer to the oldest request, which is a long-polling request. The answer may also be that the request
    /// waits.
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
            return [.noteRefusal(refusal)] + finish(request, response, keepsAlive: request.keepsAlive && !hasHadEnough)
        }
    }

    /// The caller reports that a response was written. Returns the actions for the next request.
    mutating func responseWritten() -> [Action] {
        hand = .free
        return answerNext()
    }

    /// Whether this connection has carried more requests in a ping interval than one device makes.
    private var hasHadEnough: Bool { counted > limits.requestsPerInterval && !isFromProxy }

    /// Handles the oldest unanswered request, unless the relay is still answering the one before.
    private mutating func answerNext() -> [Action] {
        guard case .open = state, hand == .free, let request = requests.first else { return [] }
        switch request.answer {
        case .upgrade:
            state = .upgrading(request.head)
            requests = []
            return []
        case .health(let answer, let isHead):
            return finish(request, .health(answer, isHead: isHead), keepsAlive: false)
        case .refuse(let refusal):
            let isHead = request.head.method == .HEAD
            let response = HTTPResponse.problem(refusal, path: request.head.uri, isHead: isHead)
            return [.noteRefusal(refusal)] + finish(request, response, keepsAlive: false)
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

    /// Answers the oldest request. If `keepsAlive` is true, the next request is handled when the response is written;
    /// otherwise the connection closes then.
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
