import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOHTTP1

/// The requests of one connection: read and answered one after the other, counted, or let on to the WebSocket upgrade
/// (`Protocol/operating.md`, "HTTP"). Parts of requests in, actions out; it does no I/O and has no clock. What a request is answered
/// is decided in ``HTTPRoutes`` and, for calls, by the relay's core.
struct RequestMachine {
    private enum State {
        case open
        /// A request for an upgrade has begun. Next: `handingOver`.
        case upgrading(HTTPRequestHead)
        /// It has come whole, and HTTP's handlers leave: what comes still is bytes behind it, for the WebSocket.
        case handingOver
        /// The last answer is out. What comes still is dropped, so that the peer is not cut off before it reads that answer.
        case closing
    }

    private struct Request {
        let head: HTTPRequestHead
        var answer: HTTPRoutes.Answer
        var body: [UInt8] = []
        var isWhole = false
        /// The device was told to send the body.
        var isAskedFor = false

        /// Whether another request may follow. Behind one that asks for an upgrade the parser reads nothing more, given or not.
        var keepsAlive: Bool { head.isKeepAlive && !head.headers.contains(name: "upgrade") }
    }

    /// The reason why the first request is not looked at.
    private enum Hand {
        case free
        /// It is a call that waits for its answer.
        case waiting
        /// The answer to the one before it has not left yet: a peer that does not read makes no further ones.
        case writing
    }

    /// What is to be done, in this order.
    enum Action: Equatable {
        /// A request has begun on a connection that had others; it has ``ConnectionLimits/openingTime``.
        case watchOpening(request: Int)
        /// The first request has come whole: from now on the connection may be idle.
        case watchIdleness
        /// Bodies of so many bytes more, or fewer, are kept now, `total` in all. Where it is more, ``weighed(isAccepted:)`` is to be told.
        case keep(difference: Int, total: Int)
        /// A request is refused; for the counts.
        case noteRefusal
        /// The device waits to be asked for the body (RFC 9110, 10.1.1).
        case askForBody
        /// A call has come whole. Its answer goes to ``answered(_:)``.
        case call(HTTPRoutes.Call, body: [UInt8], HTTPHeaders)
        case respond(HTTPResponse, then: Afterwards)
        /// The connection becomes a WebSocket.
        case handOver(HTTPRequestHead)
        case close
    }

    /// What follows when an answer has left.
    enum Afterwards: Equatable {
        /// The next request; ``responseWritten()`` is to be told.
        case next
        case close
        /// The request has not come whole. It is read to its end first, so that the peer is not cut off while it still sends.
        case linger
    }

    private let limits: ConnectionLimits
    /// Whether a proxy that is trusted has connected: its requests are those of many devices, and are not counted.
    private let isFromProxy: Bool
    private var state = State.open
    /// The first is in hand, the last may still be coming.
    private var requests: [Request] = []
    private var hand = Hand.free
    private var hasReadParts = false
    /// How many requests have begun, the first with the connection itself.
    private var begun = 1
    /// Whether the last of them is still coming.
    private var isReading = true
    /// Whether a request came since idleness was last asked for.
    private var wasUsed = true
    private var quiet = 0
    /// How many requests came in this interval, which began then.
    private var counted = 0
    private var countedSince = NIODeadline.uptimeNanoseconds(0)
    /// The last answer is out, and the peer may still be sending.
    private(set) var isLingering = false
    /// The device whose poll waits here.
    private(set) var poller: ConnectionID?
    /// Of the bodies that are being read here, or wait.
    private(set) var bodyBytes = 0

    init(limits: ConnectionLimits, isFromProxy: Bool) {
        self.limits = limits
        self.isFromProxy = isFromProxy
    }

    /// Whether this request, counted from 1, has not come whole.
    func isReading(request: Int) -> Bool { isReading && begun == request }

    /// Whether no request that came whole is in hand here: nothing is lost when the connection is closed.
    var isNobody: Bool { poller == nil && (isLingering || (hand == .free && !requests.contains(where: \.isWhole))) }

    /// Whether HTTP's handlers are leaving, and what comes is not for them.
    var isHandingOver: Bool {
        if case .handingOver = state { true } else { false }
    }

    /// For how many times in a row, up to now, no request had come here since this was last asked, and nobody waited here.
    mutating func idleFourths() -> Int {
        quiet = wasUsed || isReading || poller != nil ? 0 : quiet + 1
        wasUsed = false
        return quiet
    }
}

// MARK: - In

extension RequestMachine {
    /// The head of a request has come; `answer` is what the ``HTTPRoutes`` says to it.
    mutating func received(_ head: HTTPRequestHead, answer: HTTPRoutes.Answer, now: NIODeadline) -> [Action] {
        hasReadParts = true
        guard case .open = state else { return [] }
        guard requests.count <= limits.waitingRequests else { return cutOff() }
        countRequest(now)
        // An upgrade is the end of requests, so none may be in hand.
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
        // Where it is more, it is weighed first.
        if case .keep(let difference, _)? = kept.first, difference > 0 { return kept }
        return kept + answerNext()
    }

    /// Whether there is place for the bodies that are kept here.
    mutating func bodyAccounted(isAccepted: Bool) -> [Action] {
        guard case .open = state else { return [] }
        return isAccepted ? answerNext() : cutOff()
    }

    /// The request has come whole.
    mutating func receivedEnd() -> [Action] {
        hasReadParts = true
        switch state {
        case .open:
            guard let last = requests.indices.last else { return [] }
            requests[last].isWhole = true
            // It may be idle for the first time.
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
        // Bytes that were no part yet are the beginning of one.
        let hasBegun = requests.last.map { !$0.isWhole } ?? !hasReadParts
        hasReadParts = false
        guard case .open = state, hasBegun, !isReading else { return [] }
        isReading = true
        begun += 1
        return [.watchOpening(request: begun)]
    }

    /// The parser has failed, or something else has: nothing more is read on this connection.
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

    /// Tells what is kept here, if that has changed.
    private mutating func keep() -> [Action] {
        let bytes = requests.reduce(0) { $0 + $1.body.count }
        defer { bodyBytes = bytes }
        return bytes == bodyBytes ? [] : [.keep(difference: bytes - bodyBytes, total: bytes)]
    }
}

// MARK: - Out

extension RequestMachine {
    /// The answer to a call, or the news that its poll waits.
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

    /// An answer has left, and the next request is in hand.
    mutating func responseWritten() -> [Action] {
        hand = .free
        return answerNext()
    }

    /// Whether more requests came on this connection than one device makes.
    private var hasHadEnough: Bool { counted > limits.requestsPerInterval && !isFromProxy }

    /// Looks at the request in hand.
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

    /// The request in hand gets its answer. The next one is in hand when that has left, or it was the last.
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
