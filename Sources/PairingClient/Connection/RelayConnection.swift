import Handshake
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket
import RelayWire

/// One WebSocket connection to a relay: frames out, batches of frames in (`Protocol/relay.md`, "Transport").
///
/// It reads only when it is told to, so a relay that sends faster than the session handles is held up by TCP, and nothing
/// piles up here.
final class RelayConnection: Sendable {
    /// What a connection reports: first `opened` or `failed`, then batches, then `closed`.
    enum Report: Sendable {
        /// Frames that came together; the next come after ``RelayConnection/read()``.
        case frames([RelayFrame])
        /// The connection is gone.
        case closed(PairingError)
    }

    private let channel: any Channel

    private init(channel: any Channel) {
        self.channel = channel
    }

    /// Connects, with TLS where the address says so, and upgrades to WebSocket.
    ///
    /// - Parameters:
    ///   - tls: what is trusted; used where the address is not plain.
    ///   - timeout: for all of it together.
    ///   - silence: after which the relay is asked for a sign of life, and after as long again is lost.
    ///   - report: called on the connection's event loop.
    /// - Throws: ``PairingError`` that names the cause as well as it can be known.
    static func open(
        to address: RelayAddress,
        tls: TrustedRoots,
        timeout: Duration,
        silence: Duration,
        report: @escaping @Sendable (Report) -> Void
    ) async throws(PairingError) -> RelayConnection {
        let context: NIOSSLContext? = address.isPlain ? nil : try tls.context()
        let limit = TimeAmount(timeout)
        do throws(any Error) {
            let outcome = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .connectTimeout(limit)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .connect(host: address.host, port: address.port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        if let context {
                            let name = isName(address.host) ? address.host : nil
                            let handler = try NIOSSLClientHandler(context: context, serverHostname: name)
                            try channel.pipeline.syncOperations.addHandler(handler)
                        }
                        let timer = channel.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
                        let result = try upgrade(channel, address: address, silence: silence, report: report)
                        result.whenComplete { outcome in
                            timer.cancel()
                            // Who gets no connection can't close it.
                            if case .failure = outcome { channel.close(promise: nil) }
                        }
                        return result
                    }
                }
            switch try await outcome.get() {
            case .upgraded(let channel):
                return RelayConnection(channel: channel)
            case .refused(let error, let channel):
                // Whoever answers here may take any time over the rest of it.
                let timer = channel.eventLoop.scheduleTask(in: limit) { channel.close(promise: nil) }
                let error = try await error.get()
                timer.cancel()
                channel.close(promise: nil)
                throw error
            }
        } catch {
            throw PairingError(connecting: error)
        }
    }

    /// Sends frames together.
    func send(_ frames: [DeviceFrame]) {
        for frame in frames {
            var buffer = channel.allocator.buffer(capacity: 64)
            buffer.writeBytes(frame.serialized())
            channel.write(WebSocketFrame(fin: true, opcode: .binary, maskKey: .random(), data: buffer), promise: nil)
        }
        channel.flush()
    }

    /// Asks for the next batch.
    func read() {
        channel.read()
    }

    /// Says goodbye in WebSocket's way and waits until the relay has too: closing a socket while something is still unread
    /// would make the system throw away what was sent last. Nothing is reported any more that matters.
    ///
    /// - Returns: when the connection is closed, ``goodbye`` at the latest.
    @discardableResult
    func close() -> EventLoopFuture<Void> {
        let goodbye = WebSocketFrame(fin: true, opcode: .connectionClose, maskKey: .random(), data: ByteBuffer())
        channel.setOption(.autoRead, value: true).whenComplete { [channel] _ in channel.read() }
        channel.writeAndFlush(goodbye, promise: nil)
        let timer = channel.eventLoop.scheduleTask(in: Self.goodbye) { [channel] in channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in timer.cancel() }
        return channel.closeFuture
    }

    /// How long a relay may take to answer a goodbye.
    private static let goodbye = TimeAmount.seconds(2)

    private enum Upgraded: Sendable {
        case upgraded(any Channel)
        case refused(EventLoopFuture<PairingError>, any Channel)
    }

    private static func upgrade(
        _ channel: any Channel,
        address: RelayAddress,
        silence: Duration,
        report: @escaping @Sendable (Report) -> Void
    ) throws -> EventLoopFuture<Upgraded> {
        let upgrader = NIOTypedWebSocketClientUpgrader<Upgraded>(
            maxFrameSize: WireLimits.frameBytes,
            enableAutomaticErrorHandling: false
        ) { channel, head in
            guard head.headers["Sec-WebSocket-Protocol"] == [RelayDoor.subprotocol] else {
                return channel.eventLoop.makeFailedFuture(PairingError.relayVersion)
            }
            return channel.setOption(.autoRead, value: false).flatMapThrowing {
                let life = IdleStateHandler(readTimeout: TimeAmount(silence))
                try channel.pipeline.syncOperations.addHandlers([life, FrameHandler(report: report)])
                return .upgraded(channel)
            }
        }
        let head = HTTPRequestHead(
            version: .http1_1,
            method: .GET,
            uri: RelayDoor.webSocketPath,
            headers: ["Host": address.authority, "Sec-WebSocket-Protocol": RelayDoor.subprotocol]
        )
        let upgrade = NIOTypedHTTPClientUpgradeConfiguration<Upgraded>(
            upgradeRequestHead: head,
            upgraders: [upgrader]
        ) { channel in
            channel.eventLoop.makeCompletedFuture {
                let promise = channel.eventLoop.makePromise(of: PairingError.self)
                try channel.pipeline.syncOperations.addHandler(RefusalHandler(promise: promise))
                return .refused(promise.futureResult, channel)
            }
        }
        var configuration = NIOUpgradableHTTPClientPipelineConfiguration(upgradeConfiguration: upgrade)
        // A relay that refuses at once may say so in the packet that answers the upgrade.
        configuration.leftOverBytesStrategy = .forwardBytes
        return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(configuration: configuration)
    }

    private static func isName(_ host: String) -> Bool {
        (try? SocketAddress(ipAddress: host, port: 0)) == nil
    }
}

/// Where a relay answers (`Protocol/relay.md`, "Transport").
enum RelayDoor {
    static let webSocketPath = "/easysetup/v1/ws"
    static let subprotocol = "easysetup.v1"
}

/// WebSocket frames as the relay's; pings are answered, everything that the protocol does not have ends the connection.
///
/// A relay that does not read is not read from either, so that what it makes this device say can't pile up.
private final class FrameHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let report: @Sendable (RelayConnection.Report) -> Void
    private var batch: [RelayFrame] = []
    private var error = PairingError.connectionLost
    private var isReadHeld = false
    private var isPinged = false

    init(report: @escaping @Sendable (RelayConnection.Report) -> Void) {
        self.report = report
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let frame = unwrapInboundIn(data)
        isPinged = false
        switch frame.opcode {
        case .binary where frame.fin:
            do {
                batch.append(try RelayFrame(parsing: Array(frame.unmaskedData.readableBytesView)))
            } catch {
                fail(context)
            }
        case .ping where frame.length <= 125:
            let pong = WebSocketFrame(fin: true, opcode: .pong, maskKey: .random(), data: frame.unmaskedData)
            context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
        case .pong: break
        case .connectionClose: context.close(promise: nil)
        default: fail(context)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if batch.isEmpty {
            // Nothing for the session: a ping, or half a frame. The next read is this handler's own affair.
            read(context: context)
        } else {
            let frames = batch
            batch.removeAll()
            report(.frames(frames))
        }
    }

    func read(context: ChannelHandlerContext) {
        if context.channel.isWritable { context.read() } else { isReadHeld = true }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is IdleStateHandler.IdleStateEvent else { return context.fireUserInboundEventTriggered(event) }
        if isPinged { return context.close(promise: nil) }
        isPinged = true
        let ping = WebSocketFrame(fin: true, opcode: .ping, maskKey: .random(), data: ByteBuffer())
        context.writeAndFlush(wrapOutboundOut(ping), promise: nil)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if isReadHeld, context.channel.isWritable {
            isReadHeld = false
            context.read()
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is NIOWebSocketError { self.error = .relayMisbehaved }
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        if !batch.isEmpty { report(.frames(batch)) }
        report(.closed(error))
    }

    private func fail(_ context: ChannelHandlerContext) {
        error = .relayMisbehaved
        context.close(promise: nil)
    }
}

/// Reads the answer of a relay, or of something else, that did not upgrade.
private final class RefusalHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    /// More than this of a body is not looked at.
    private static let bodyLimit = 4096

    private let promise: EventLoopPromise<PairingError>
    private var status: HTTPResponseStatus?
    private var body = ""

    init(promise: EventLoopPromise<PairingError>) {
        self.promise = promise
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): status = head.status
        case .body(let buffer):
            if body.utf8.count + buffer.readableBytes <= Self.bodyLimit { body += String(buffer: buffer) }
        case .end:
            promise.succeed(error)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.succeed(error)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private var error: PairingError {
        // The body is a problem document (RFC 9457); its type's last part is what tells these apart.
        if body.contains("wrong-version") { return .relayVersion }
        switch status {
        case .serviceUnavailable:
            return body.contains("draining")
                ? .relayDraining(retryAfter: .seconds(60)) : .relayFull(retryAfter: .seconds(5))
        case .tooManyRequests: return .tooMany(retryAfter: .seconds(10))
        default: return .notARelay
        }
    }
}

extension PairingError {
    /// What a failed attempt to connect means to a person.
    init(connecting error: any Error) {
        switch error {
        case let error as PairingError: self = error
        case let error as NIOSSLError: self = error.isOfCertificate ? .relayUntrusted : .relayUnreachable
        case is NIOSSLExtraError: self = .relayUntrusted
        // Half an answer says nothing about who gave it.
        case HTTPParserError.invalidEOFState, HTTPParserError.closedConnection: self = .relayUnreachable
        case is HTTPParserError, is NIOHTTPDecoderError: self = .notARelay
        default: self = .relayUnreachable
        }
    }
}

extension NIOSSLError {
    /// Whether the relay showed a certificate that does not do. All else that ends a TLS handshake (a cut, a flipped bit, a
    /// server that speaks no TLS) tells nothing of whom it was held with.
    fileprivate var isOfCertificate: Bool {
        switch self {
        case .noCertificateToValidate, .unableToValidateCertificate: true
        case .handshakeFailed(.sslError(let errors)):
            // BoringSSL's own name for it is all that is public.
            errors.contains { $0.description.contains("CERTIFICATE_VERIFY_FAILED") }
        default: false
        }
    }
}

extension TimeAmount {
    init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self = .nanoseconds(seconds * 1_000_000_000 + attoseconds / 1_000_000_000)
    }
}
