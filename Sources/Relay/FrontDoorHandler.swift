import NIOCore
import NIOHTTP1
import RelayWire
import Rendezvous

/// Answers the requests of a connection one after the other, or lets one on to the WebSocket upgrade. What the answers are is decided
/// in ``FrontDoor`` and, for calls, in the ``Switchboard``.
final class FrontDoorHandler: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private enum State {
        case open
        /// A request for an upgrade has begun. Next: `handingOver`.
        case upgrading(HTTPRequestHead, Subprotocol)
        /// It has come whole, and HTTP goes: what comes still is bytes behind it, for somebody else.
        case handingOver
        /// The last answer is out. What comes still is dropped, so that the peer is not cut off before it reads that answer.
        case closing
    }

    private struct Request {
        let head: HTTPRequestHead
        var answer: FrontDoor.Answer
        var body: [UInt8] = []
        var isWhole = false
        /// The device was told to send the body.
        var isAskedFor = false

        /// Whether another request may follow. Behind one that asks for an upgrade the parser reads nothing more, given or not.
        var keepsAlive: Bool { head.isKeepAlive && !head.headers.contains(name: "upgrade") }
    }

    /// What keeps the first request from being looked at.
    private enum Hand {
        case free
        /// It is a poll that waits for its answer.
        case waiting
        /// The answer to the one before it has not left yet: a peer that does not read makes no further ones.
        case writing
    }

    private let line: Line
    private let switchboard: Switchboard
    private var context: ChannelHandlerContext?
    private var state = State.open
    /// The first is in hand, the last may still be coming.
    private var requests: [Request] = []
    private var hand = Hand.free
    private var hasReadParts = false
    /// How many requests have begun, the first with the connection itself.
    private var begun = 1
    /// Whether the last of them is still coming.
    private var isReading = true
    /// Whether a request came since this was last asked.
    private var wasUsed = true
    private var quiet = 0
    /// How many came in this interval, which began then.
    private var counted = 0
    private var countedSince = NIODeadline.uptimeNanoseconds(0)
    /// Its last answer is out, and its peer may still be sending.
    private(set) var isLingering = false
    /// The device whose poll waits here.
    var poller: ConnectionID?
    /// Of the bodies that are being read here, or wait.
    private(set) var bodyBytes = 0

    init(line: Line, switchboard: Switchboard) {
        self.line = line
        self.switchboard = switchboard
    }

    /// Whether this request, counted from 1, has not come whole.
    func isReading(request: Int) -> Bool { isReading && begun == request }

    /// For how many times in a row, up to now, no request had come here since this was last asked, and nobody waited here.
    func idleFourths() -> Int {
        quiet = wasUsed || isReading || poller != nil ? 0 : quiet + 1
        wasUsed = false
        return quiet
    }

    /// Whether no request that came whole is in hand here.
    var isNobody: Bool { poller == nil && (isLingering || (hand == .free && !requests.contains(where: \.isWhole))) }

    // MARK: In

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        self.context = nil
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        hasReadParts = true
        switch state {
        case .open: receive(unwrapInboundIn(data), context: context)
        case .upgrading(let head, let subprotocol):
            if case .end = unwrapInboundIn(data) { handOver(head, subprotocol, context) }
        case .handingOver: context.fireChannelRead(data)
        case .closing:
            if case .end = unwrapInboundIn(data) { context.close(promise: nil) }
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        // Bytes that were no part yet are the beginning of one.
        let isReading = requests.last.map { !$0.isWhole } ?? !hasReadParts
        if case .open = state, isReading { requestBegan() }
        hasReadParts = false
        switchboard.settle()
    }

    /// The first bytes of another request have come. Called once for each, but for the first; more often does no harm.
    private func requestBegan() {
        guard !isReading else { return }
        isReading = true
        begun += 1
        switchboard.opens(line, request: begun)
    }

    /// A request has come whole.
    private func requestEnded() {
        // It is idle for the first time.
        if isReading, begun == 1 { switchboard.mayBeIdle(line) }
        isReading = false
        wasUsed = true
    }

    /// The parser's errors: it reads nothing more on this connection.
    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if case .closing = state { return }
        guard case .open = state, hand == .free, let refusal = FrontDoor.Refusal(error) else {
            return context.close(promise: nil)
        }
        switchboard.note(.refusedRequest)
        state = .closing
        requests = []
        closeWhenWritten(write(.problem(refusal, path: ""), keepsAlive: false, context: context))
    }

    private func receive(_ part: HTTPServerRequestPart, context: ChannelHandlerContext) {
        switch part {
        case .head(let head):
            guard requests.count <= switchboard.limits.waitingRequests else { return cutOff(context) }
            countRequest()
            var answer = switchboard.answer(to: head)
            // An upgrade is the end of requests, so none may be in hand.
            if case .upgrade = answer, !requests.isEmpty { answer = .refuse(.badUpgrade) }
            requests.append(Request(head: head, answer: answer))
        case .body(let bytes):
            guard let last = requests.indices.last, case .call = requests[last].answer else { return }
            requests[last].body += bytes.readableBytesView
            if requests[last].body.count > WireLimits.callBytes {
                requests[last].body = []
                requests[last].answer = .refuse(.bodyTooLarge)
            }
            guard tellKept() else { return cutOff(context) }
        case .end:
            guard let last = requests.indices.last else { return }
            requests[last].isWhole = true
            requestEnded()
        }
        goOn()
    }

    private func countRequest() {
        let now = switchboard.loop.now
        if now >= countedSince + TimeAmount(switchboard.limits.pingInterval) { (counted, countedSince) = (0, now) }
        counted += 1
    }

    /// Whether more requests came on this socket than one device makes. A proxy's are those of many.
    private var hasHadEnough: Bool { counted > switchboard.limits.requestsPerInterval && !line.isFromProxy }

    private func cutOff(_ context: ChannelHandlerContext) {
        state = .closing
        requests = []
        context.close(promise: nil)
    }

    /// Whether there is place for what is kept here.
    @discardableResult
    private func tellKept() -> Bool {
        let bytes = requests.reduce(0) { $0 + $1.body.count }
        defer { bodyBytes = bytes }
        return switchboard.keeps(bytes - bodyBytes, of: bytes)
    }

    /// HTTP goes, and the line is a WebSocket.
    private func handOver(_ head: HTTPRequestHead, _ subprotocol: Subprotocol, _ context: ChannelHandlerContext) {
        state = .handingOver
        ConnectionPipeline.removeHTTP(context) { [line, switchboard] behind in
            line.upgrade(
                key: Array((head.headers.first(name: "sec-websocket-key") ?? "").utf8),
                to: subprotocol,
                from: line.prefix(head.headers)
            )
            line.receivedBehindRequest(behind)
            switchboard.settle()
        }
    }

    // MARK: Out

    /// Answers what can be answered, in order.
    private func goOn() {
        while case .open = state, hand == .free, let request = requests.first {
            switch request.answer {
            case .upgrade(let subprotocol):
                state = .upgrading(request.head, subprotocol)
                requests = []
            case .health(let isWell, let isHead):
                finish(request, .health(isWell: isWell, isHead: isHead), keepsAlive: false)
            case .refuse(let refusal):
                switchboard.note(.refusedRequest)
                let isHead = request.head.method == .HEAD
                finish(request, .problem(refusal, path: request.head.uri, isHead: isHead), keepsAlive: false)
            case .call(let call):
                guard request.isWhole else { return askForBody(request) }
                answer(switchboard.received(call, body: request.body, headers: request.head.headers, on: line))
            }
        }
    }

    /// A device may wait to be asked (RFC 9110, 10.1.1).
    private func askForBody(_ request: Request) {
        guard !request.isAskedFor, request.body.isEmpty, request.head.version != .http1_0,
            request.head.headers.tokens("expect").contains("100-continue")
        else { return }
        requests[0].isAskedFor = true
        let head = HTTPResponseHead(version: .http1_1, status: .continue)
        context?.writeAndFlush(wrapOutboundOut(.head(head)), promise: nil)
    }

    /// The call in hand has its answer, or will have it. The ``Switchboard`` gives that of a poll that waited.
    func answer(_ answer: Exchange.State.CallAnswer) {
        guard case .open = state, let request = requests.first else { return }
        switch answer {
        case .later:
            hand = .waiting
            requests[0].body = []
            tellKept()
        case .body(let body):
            finish(request, .call(body), keepsAlive: request.keepsAlive && !hasHadEnough)
        case .refuse(let refusal, let retryAfter):
            switchboard.note(.refusedRequest)
            let response = Response.problem(refusal, path: request.head.uri, retryAfter: retryAfter)
            finish(request, response, keepsAlive: request.keepsAlive && !hasHadEnough)
        }
    }

    /// The request in hand gets its answer, and the next one is in hand when that has left, or it was the last.
    private func finish(_ request: Request, _ response: Response, keepsAlive: Bool) {
        guard let context else { return }
        if keepsAlive {
            requests.removeFirst()
            hand = .writing
            tellKept()
            var isLater = false
            write(response, keepsAlive: true, context: context).assumeIsolated().whenSuccess {
                self.hand = .free
                self.goOn()
                // What comes of the next request is nobody else's to send, when nothing has been read meanwhile.
                if isLater { self.switchboard.settle() }
            }
            isLater = true
            return
        }
        state = .closing
        requests = []
        tellKept()
        let written = write(response, keepsAlive: false, context: context)
        if request.isWhole {
            closeWhenWritten(written)
        } else {
            // It is read to its end first, so that the peer is not cut off while it still sends.
            isReading = false
            isLingering = true
            switchboard.isClosing(line)
        }
    }

    private func closeWhenWritten(_ written: EventLoopFuture<Void>) {
        written.assumeIsolated().whenComplete { _ in self.context?.close(promise: nil) }
    }

    private func write(_ response: Response, keepsAlive: Bool, context: ChannelHandlerContext) -> EventLoopFuture<Void>
    {
        var headers = response.headers
        // Said in every answer: those of the older version need to hear it.
        headers.add(name: "Connection", value: keepsAlive ? "keep-alive" : "close")
        let head = HTTPResponseHead(version: .http1_1, status: response.status, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if response.hasBody {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: response.body)))), promise: nil)
        }
        return context.writeAndFlush(wrapOutboundOut(.end(nil)))
    }
}

extension FrontDoorHandler {
    private struct Response {
        let status: HTTPResponseStatus
        var headers: HTTPHeaders
        let body: [UInt8]
        /// Whether the body is sent; if not, its length is told all the same.
        let hasBody: Bool

        private init(
            _ status: HTTPResponseStatus,
            type: String,
            body: [UInt8],
            isHead: Bool = false,
            headers: [(String, String)] = []
        ) {
            self.status = status
            self.body = body
            hasBody = !isHead
            self.headers = HTTPHeaders([
                ("Cache-Control", "no-store"),
                ("Content-Type", type),
                ("Content-Length", String(body.count)),
            ])
            self.headers.add(contentsOf: headers)
        }

        static func call(_ body: [UInt8]) -> Response {
            Response(.ok, type: FrontDoor.callType, body: body)
        }

        static func health(isWell: Bool, isHead: Bool) -> Response {
            let body = Array((isWell ? "ok" : "draining").utf8)
            return Response(isWell ? .ok : .serviceUnavailable, type: "text/plain", body: body, isHead: isHead)
        }

        static func problem(
            _ refusal: FrontDoor.Refusal,
            path: String,
            isHead: Bool = false,
            retryAfter: Duration = .zero
        ) -> Response {
            Response(
                refusal.status,
                type: "application/problem+json",
                body: Array(refusal.problem.utf8),
                isHead: isHead,
                headers: refusal.headers(path: path, retryAfter: retryAfter)
            )
        }
    }
}

extension FrontDoor.Refusal {
    /// What is wrong when the parser fails; nil when it isn't the parser.
    fileprivate init?(_ error: any Error) {
        switch error {
        case HTTPParserError.headerOverflow: self = .headersTooLarge
        case is HTTPParserError: self = .badRequest
        default: return nil
        }
    }
}
