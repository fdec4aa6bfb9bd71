import Handshake
import NIOCore
import NIOHTTP1
import NIOPosix
import RelayWire

/// What came back to a call.
enum CallAnswer: Equatable, Sendable {
    /// A whole answer; its body is at most ``WireLimits/callBytes`` long.
    case answered(status: Int, body: [UInt8], retryAfter: Duration?)
    /// None, with what is known of the reason.
    case unanswered(PairingError)
}

/// One socket for calls through the HTTP door, one call at a time; it stays open between them where the other end lets it,
/// and is opened anew where not.
///
/// NIO's own handlers are all it takes. A client library would bring full Foundation, redirects, cookies and decompression, none of
/// which a relay's door has.
final class CallSocket: Sendable {
    private let host: RelayHost
    private let loop: any EventLoop
    private let connectTimeout: TimeAmount
    private let channel: NIOLoopBoundBox<(any Channel)?>

    init(to host: RelayHost, on loop: any EventLoop, connectTimeout: Duration) {
        self.host = host
        self.loop = loop
        self.connectTimeout = TimeAmount(connectTimeout)
        channel = .makeBoxSendingValue(nil, eventLoop: loop)
    }

    /// Posts a body. Call it on the loop.
    ///
    /// - Parameter timeout: for all of it, connecting included.
    /// - Returns: the answer; never fails.
    func call(_ path: String, body: [UInt8], timeout: Duration) -> EventLoopFuture<CallAnswer> {
        let promise = loop.makePromise(of: CallAnswer.self)
        let timer = loop.scheduleTask(in: TimeAmount(timeout)) {
            promise.succeed(.unanswered(.relayUnreachable(.noAnswer)))
            self.close()
        }
        promise.futureResult.whenComplete { _ in timer.cancel() }
        if let channel = channel.value, channel.isActive {
            post(Call(path: path, body: body, answer: promise), on: channel)
        } else {
            connect().whenComplete { outcome in
                switch outcome {
                case .success(let channel): self.post(Call(path: path, body: body, answer: promise), on: channel)
                case .failure(let error): promise.succeed(.unanswered(PairingError(connecting: error)))
                }
            }
        }
        return promise.futureResult
    }

    /// Closes it at once; a call that is under way is not answered. Call it on the loop.
    func close() {
        channel.value?.close(promise: nil)
        channel.value = nil
    }

    private func connect() -> EventLoopFuture<any Channel> {
        host.bootstrap(on: loop, timeout: connectTimeout)
            .channelInitializer { [host] channel in
                channel.eventLoop.makeCompletedFuture {
                    // Known from the first moment, so that it can be closed at any.
                    self.channel.value = channel
                    try host.secure(channel)
                    try channel.pipeline.syncOperations.addHTTPClientHandlers()
                    let handler = CallHandler(authority: host.address.authority) {
                        if self.channel.value === channel { self.channel.value = nil }
                    }
                    try channel.pipeline.syncOperations.addHandler(handler)
                }
            }
            .connect(host: host.address.host, port: host.address.port)
    }

    private func post(_ call: Call, on channel: any Channel) {
        channel.writeAndFlush(call).whenFailure { call.answer.succeed(.unanswered(PairingError(connecting: $0))) }
    }
}

private struct Call: Sendable {
    let path: String
    let body: [UInt8]
    let answer: EventLoopPromise<CallAnswer>
}

/// Writes one call after the other, and reads what is answered, as far as it is not too long.
private final class CallHandler: ChannelDuplexHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundIn = Call
    typealias OutboundOut = HTTPClientRequestPart

    private let authority: String
    private let retire: () -> Void
    private var call: Call?
    private var head: HTTPResponseHead?
    private var body: [UInt8] = []
    /// What went wrong while no call was under way, as a certificate that is not trusted.
    private var failure: (any Error)?

    /// - Parameter retire: called when no further call is to be written.
    init(authority: String, retire: @escaping () -> Void) {
        self.authority = authority
        self.retire = retire
    }

    func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
        let call = unwrapOutboundIn(data)
        if let failure {
            promise?.fail(failure)
            return
        }
        self.call = call
        let head = HTTPRequestHead(
            version: .http1_1,
            method: .POST,
            uri: call.path,
            headers: [
                "Host": authority, "Content-Type": "application/protobuf", "Content-Length": "\(call.body.count)",
            ]
        )
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.write(wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: call.body)))), promise: nil)
        context.write(wrapOutboundOut(.end(nil)), promise: promise)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            self.head = head
            body = []
        case .body(let buffer):
            guard body.count + buffer.readableBytes <= WireLimits.callBytes else {
                return end(context, .unanswered(.notARelay(.unknown)))
            }
            body.append(contentsOf: buffer.readableBytesView)
        case .end:
            guard let head else { return }
            self.head = nil
            let wait = head.headers.first(name: "Retry-After").flatMap { Int($0) }
            let answer = CallAnswer.answered(
                status: Int(head.status.code),
                body: body,
                // An hour is as good as never.
                retryAfter: wait.map { .seconds(min(max($0, 0), 3_600)) }
            )
            if head.isKeepAlive { self.answer(answer) } else { end(context, answer) }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if failure == nil { failure = error }
        end(context, .unanswered(PairingError(connecting: error)))
    }

    func channelInactive(context: ChannelHandlerContext) {
        retire()
        answer(.unanswered(failure.map { PairingError(connecting: $0) } ?? .connectionLost))
        context.fireChannelInactive()
    }

    private func end(_ context: ChannelHandlerContext, _ last: CallAnswer) {
        // Closing may take its time, with TLS, and the next call may come with this answer.
        retire()
        context.close(promise: nil)
        answer(last)
    }

    private func answer(_ answer: CallAnswer) {
        // The next call may be written before this returns.
        let answered = call
        call = nil
        answered?.answer.succeed(answer)
    }
}
