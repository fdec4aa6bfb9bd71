import EasySetupHandshake
import EasySetupPairingSession
import EasySetupRelayProtocol
import NIOCore
import NIOHTTP1
import NIOPosix

/// The result of an HTTP request.
enum HTTPResult: Equatable, Sendable {
    /// An answer of a server. Of a body longer than the caller's limit, `body` has only one byte more than that limit.
    case answered(status: Int, body: [UInt8], retryAfter: Duration?, redirection: Reply.Redirection? = nil)
    /// No answer came, for this reason, as far as it is known.
    case unanswered(PairingError)
}

/// A TCP connection for HTTP requests, such as those of long polling, one request at a time. It stays open for the next request if the server
/// allows that. Otherwise the next request opens a new connection.
///
/// SwiftNIO's own HTTP handlers are enough. An HTTP client library would bring full Foundation, redirects, cookies and
/// decompression, none of which a relay uses.
final class HTTPChannel: Sendable {
    private let host: RelayHost
    private let loop: any EventLoop
    private let limits: ClientLimits
    private let channel: NIOLoopBoundBox<(any Channel)?>

    init(to host: RelayHost, on loop: any EventLoop, limits: ClientLimits) {
        self.host = host
        self.loop = loop
        self.limits = limits
        channel = .makeBoxSendingValue(nil, eventLoop: loop)
    }

    /// Sends a POST request with this body, after connecting if no connection is open. Call it on the event loop.
    ///
    /// - Parameters:
    ///   - timeout: the time for connecting, sending the request and receiving the whole answer.
    ///   - isProbe: whether the request only finds out what the server is: a relay never answers it with status 200.
    /// - Returns: the result; the future never fails.
    func call(
        _ path: String,
        body: [UInt8],
        timeout: Duration,
        isProbe: Bool = false
    ) -> EventLoopFuture<HTTPResult> {
        let headers: HTTPHeaders = ["Content-Type": RelayPath.bodyType, "Content-Length": "\(body.count)"]
        return call(.POST, path, headers, body: body, timeout: timeout, isProbe: isProbe)
    }

    /// Sends a request with this method and these headers, as ``call(_:body:timeout:isProbe:)`` does.
    ///
    /// - Parameters:
    ///   - largest: the greatest length in bytes of the answer's body.
    ///   - seen: called with the head of the answer when the head arrives.
    func call(
        _ method: HTTPMethod,
        _ path: String,
        _ headers: HTTPHeaders,
        body: [UInt8] = [],
        timeout: Duration,
        isProbe: Bool,
        largest: Int = WireLimits.callBytes,
        seen: @escaping @Sendable (HTTPResponseHead) -> Void = { _ in }
    ) -> EventLoopFuture<HTTPResult> {
        let promise = loop.makePromise(of: HTTPResult.self)
        let attempt = Attempt(on: host.route)
        let isOpen = channel.value?.isActive == true
        if isOpen { attempt.phase = .arrived }
        let timer = loop.scheduleTask(in: TimeAmount(timeout)) {
            attempt.giveUp(nil)
            promise.succeed(.unanswered(attempt.failure(ChannelError.eof)))
            self.close()
        }
        promise.futureResult.whenComplete { _ in timer.cancel() }
        let call = Call(
            method: method,
            path: path,
            headers: headers,
            body: body,
            isProbe: isProbe,
            largest: largest,
            attempt: attempt,
            answer: promise,
            seen: seen
        )
        if isOpen, let channel = channel.value {
            post(call, on: channel)
        } else {
            connect(attempt).whenComplete { outcome in
                switch outcome {
                case .success(let channel): self.post(call, on: channel)
                case .failure(let error): promise.succeed(.unanswered(attempt.failure(error)))
                }
            }
        }
        return promise.futureResult
    }

    /// Closes the connection at once. A running request ends as ``HTTPResult/unanswered(_:)``. Call it on the event
    /// loop.
    func close() {
        channel.value?.close(promise: nil)
        channel.value = nil
    }

    private func connect(_ attempt: Attempt) -> EventLoopFuture<any Channel> {
        host.bootstrap(on: loop, timeout: TimeAmount(limits.connectTimeout), limits: limits)
            .channelInitializer { [host, limits] channel in
                channel.eventLoop.makeCompletedFuture {
                    // The channel is stored at once, so that ``close()`` can close it while it is still connecting.
                    self.channel.value = channel
                    try host.prepare(channel, for: attempt, limits: limits)
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    let handler = HTTPChannelHandler(to: host.address, patience: TimeAmount(limits.bodyTimeout)) {
                        if self.channel.value === channel { self.channel.value = nil }
                    }
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(host: host.next.host, port: host.next.port)
    }

    private func post(_ call: Call, on channel: any Channel) {
        channel.writeAndFlush(call).whenFailure { call.answer.succeed(.unanswered(call.attempt.failure($0))) }
    }
}

private struct Call: Sendable {
    let method: HTTPMethod
    let path: String
    /// The headers. `Host` may be missing, and is the host and port of the address then.
    let headers: HTTPHeaders
    let body: [UInt8]
    let isProbe: Bool
    let largest: Int
    let attempt: Attempt
    let answer: EventLoopPromise<HTTPResult>
    let seen: @Sendable (HTTPResponseHead) -> Void
}

/// Writes the requests one after the other, and reads each answer's body up to the request's limit.
private final class HTTPChannelHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = Call
    typealias OutboundOut = HTTPClientRequestPart

    private let address: RelayAddress
    private let patience: TimeAmount
    private let retire: () -> Void
    private var call: Call?
    /// Whether the relay's host is reached and, with TLS, has shown a trusted certificate. Before that, no request is
    /// written.
    private var isOpen = false
    private var waiting: EventLoopPromise<Void>?
    private var head: HTTPResponseHead?
    private var body: [UInt8] = []
    /// The timer that ends the wait for the body of an answer that can be judged by its head alone.
    private var timer: Scheduled<Void>?
    /// The first error of this connection, such as an untrusted certificate. A request that is written later fails with
    /// this error.
    private var failure: (any Error)?

    /// - Parameters:
    ///   - patience: how long the body of an answer without frames may take.
    ///   - retire: called when this connection can't take another request.
    init(to address: RelayAddress, patience: TimeAmount, retire: @escaping () -> Void) {
        self.address = address
        self.patience = patience
        self.retire = retire
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let call = unwrapOutboundIn(data)
        if let failure {
            promise?.fail(failure)
            return
        }
        self.call = call
        if isOpen { write(call, context, promise) } else { waiting = promise }
    }

    func channelActive(context: ChannelHandlerContext) {
        isOpen = true
        if let call {
            write(call, context, waiting)
            waiting = nil
            context.flush()
        }
        context.fireChannelActive()
    }

    private func write(_ call: Call, _ context: ChannelHandlerContext, _ promise: EventLoopPromise<Void>?) {
        var headers: HTTPHeaders = ["Host": call.headers.first(name: "Host") ?? address.authorityWithoutZone]
        headers.add(contentsOf: call.headers.filter { $0.name != "Host" })
        let head = HTTPRequestHead(version: .http1_1, method: call.method, uri: call.path, headers: headers)
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        if !call.body.isEmpty {
            context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: call.body)))), promise: nil)
        }
        context.write(wrapOutboundOut(.end(nil)), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
            call?.seen(head)
            // An answer with the relay's frames has status 200, so this handler waits for the whole body. Any other
            // answer can be judged by its head.
            guard head.status != .ok || call?.isProbe == true else { return }
            timer = context.eventLoop.assumeIsolated().scheduleTask(in: patience) {
                if let head = self.head { self.end(context, self.answer(head)) }
            }
        case .body(let buffer):
            guard let head, let call else { return }
            body.append(contentsOf: buffer.readableBytesView.prefix(call.largest + 1 - body.count))
            // The server's body is never this long, so the answer comes from some other server. The beginning of its
            // body is enough to tell the user what kind of server that is.
            if body.count > call.largest { end(context, answer(head)) }
        case .end:
            guard let head else { return }
            let answer = answer(head)
            if head.isKeepAlive { self.answer(answer) } else { end(context, answer) }
        }
    }

    private func answer(_ head: HTTPResponseHead) -> HTTPResult {
        self.head = nil
        let reply = Reply(head, body: "", from: address)
        return .answered(
            status: Int(head.status.code),
            body: body,
            retryAfter: reply.retryAfter,
            redirection: reply.redirection
        )
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if failure == nil { failure = error }
        end(context, .unanswered(told(error)))
    }

    func channelInactive(context: ChannelHandlerContext) {
        retire()
        answer(.unanswered(failure.map(told) ?? (isOpen ? .connectionLost : told(ChannelError.eof))))
        context.fireChannelInactive()
    }

    private func told(_ error: any Error) -> PairingError {
        call?.attempt.failure(error) ?? PairingError(connecting: error, to: address.host)
    }

    private func end(_ context: ChannelHandlerContext, _ last: HTTPResult) {
        // The connection is retired before the caller gets the answer, because the caller may make its next request at
        // once, and that request needs a new connection.
        retire()
        // The request gets its answer before the channel closes. Without TLS, closing makes the channel inactive at
        // once, and then `channelInactive` would report that no answer came.
        answer(last)
        context.close(promise: nil)
    }

    private func answer(_ answer: HTTPResult) {
        // `succeed` may write the next request, which sets `call`, before it returns. So `call` is emptied before.
        timer?.cancel()
        timer = nil
        let answered = call
        call = nil
        answered?.answer.succeed(answer)
        // If the request was never written, its write promise is still open and must be completed.
        waiting?.succeed()
        waiting = nil
    }
}
