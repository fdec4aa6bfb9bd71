import EasySetupHandshake
import EasySetupPairingSession
import EasySetupRelayProtocol
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket

/// A WebSocket connection to a relay (`Protocol/relay.md`, "Transport"). It sends frames, and reports the relay's
/// frames in batches.
///
/// The connection reads from its socket only when the session calls ``read()``. So TCP slows down a relay that sends
/// faster than the session handles frames, and no frames pile up here.
final class WebSocketConnection: Sendable {
    private let channel: any Channel
    private let goodbye: TimeAmount

    private init(channel: any Channel, goodbye: TimeAmount) {
        self.channel = channel
        self.goodbye = goodbye
    }

    /// Connects and upgrades to WebSocket.
    ///
    /// - Parameters:
    ///   - loop: the event loop of the connection.
    ///   - report: called on that loop: `through` when the relay's first frame has arrived, then frames, and
    ///     `closed`.
    /// - Throws: ``UpgradeFailure``, which tells whether long polling is worth a try.
    static func open(
        to host: RelayHost,
        on loop: any EventLoop,
        limits: ClientLimits,
        report: @escaping @Sendable (ConnectionReport) -> Void
    ) async throws(UpgradeFailure) -> WebSocketConnection {
        let attempt = Attempt(on: host.route)
        let limit = TimeAmount(limits.connectTimeout)
        do throws(any Error) {
            let outcome = try await host.bootstrap(on: loop, timeout: limit, limits: limits)
                .connect(host: host.next.host, port: host.next.port) { channel in
                    channel.eventLoop.makeCompletedFuture {
                        let hurry = TimeAmount(limits.upgradeTimeout)
                        // Once this device has reached the host, the host has only `upgradeTimeout` to answer the
                        // upgrade, so that time is left for long polling.
                        try host.prepare(channel, for: attempt, limits: limits) { context in
                            context.eventLoop.scheduleTask(in: hurry) { [channel = context.channel] in
                                if !attempt.isOver { attempt.giveUp(channel) }
                            }
                        }
                        let timer = channel.eventLoop.scheduleTask(in: limit) { attempt.giveUp(channel) }
                        let result = try upgrade(channel, host: host, limits: limits, report: report)
                        result.whenComplete { outcome in
                            timer.cancel()
                            attempt.isOver = true
                            // The caller gets no connection object that it could close, so the channel is closed here.
                            if case .failure = outcome { channel.close(promise: nil) }
                        }
                        return result
                    }
                }
            switch try await outcome.get() {
            case .upgraded(let channel):
                // The relay must answer this ping. If a middlebox allows the upgrade but drops all later frames, the
                // missing answer shows that soon, even when the relay has nothing to send.
                let ping = WebSocketFrame(fin: true, opcode: .ping, maskKey: .random(), data: ByteBuffer())
                channel.writeAndFlush(ping, promise: nil)
                return WebSocketConnection(channel: channel, goodbye: TimeAmount(limits.goodbye))
            case .refused(let refusal, let channel):
                let reply = try await refusal.get()
                channel.close(promise: nil)
                if reply.status == nil {
                    throw UpgradeFailure(error: attempt.failure(ChannelError.eof), mayFallBack: true)
                }
                let refusal = UpgradeRefusal(reply)
                throw UpgradeFailure(error: refusal.error, mayFallBack: !refusal.isFinal)
            }
        } catch let failure as UpgradeFailure {
            throw failure
        } catch {
            throw UpgradeFailure(error: attempt.failure(error), mayFallBack: attempt.hasArrived)
        }
    }

    /// Sends several frames in one write.
    func send(_ frames: [DeviceFrame]) {
        for frame in frames {
            var buffer = channel.allocator.buffer(capacity: 64)
            buffer.writeBytes(frame.serialized())
            channel.write(WebSocketFrame(fin: true, opcode: .binary, maskKey: .random(), data: buffer), promise: nil)
        }
        channel.flush()
    }

    /// Asks for the next batch of the relay's frames.
    func read() {
        channel.read()
    }

    /// Sends a WebSocket ping.
    ///
    /// - Returns: a future that completes at the relay's next pong, and fails when the connection ends.
    func ping() -> EventLoopFuture<Void> {
        let pong = channel.eventLoop.makePromise(of: Void.self)
        channel.triggerUserOutboundEvent(PingRequest(pong: pong)).cascadeFailure(to: pong)
        return pong.futureResult
    }

    /// Sends a WebSocket close frame and waits for the relay's close frame. If the socket were closed with unread data
    /// in it, the system would drop the frames that were sent last. The caller can ignore later reports.
    ///
    /// - Returns: a future that completes when the connection is closed, after ``ClientLimits/goodbye`` at the latest.
    @discardableResult
    func close() -> EventLoopFuture<Void> {
        let frame = WebSocketFrame(fin: true, opcode: .connectionClose, maskKey: .random(), data: ByteBuffer())
        channel.setOption(.autoRead, value: true).whenComplete { [channel] _ in channel.read() }
        channel.writeAndFlush(frame, promise: nil)
        let timer = channel.eventLoop.scheduleTask(in: goodbye) { [channel] in channel.close(promise: nil) }
        channel.closeFuture.whenComplete { _ in timer.cancel() }
        return channel.closeFuture
    }

    private enum Upgraded: Sendable {
        case upgraded(any Channel)
        case refused(EventLoopFuture<Reply>, any Channel)
    }

    private static func upgrade(
        _ channel: any Channel,
        host: RelayHost,
        limits: ClientLimits,
        report: @escaping @Sendable (ConnectionReport) -> Void
    ) throws -> EventLoopFuture<Upgraded> {
        let upgrader = NIOTypedWebSocketClientUpgrader<Upgraded>(
            maxFrameSize: WireLimits.frameBytes,
            enableAutomaticErrorHandling: false
        ) { channel, head in
            guard head.headers["Sec-WebSocket-Protocol"] == [Subprotocol.name] else {
                return channel.eventLoop.makeFailedFuture(PairingError.relayVersion)
            }
            return channel.setOption(.autoRead, value: false).flatMapThrowing {
                let life = IdleStateHandler(readTimeout: TimeAmount(limits.silence))
                let frames = FrameHandler(patience: TimeAmount(limits.upgradeTimeout), report: report)
                try channel.pipeline.syncOperations.addHandlers([life, frames])
                return .upgraded(channel)
            }
        }
        let head = HTTPRequestHead(
            version: .http1_1,
            method: .GET,
            uri: RelayPath.webSocket,
            headers: ["Host": host.address.authorityWithoutZone, "Sec-WebSocket-Protocol": Subprotocol.name]
        )
        let upgrade = NIOTypedHTTPClientUpgradeConfiguration<Upgraded>(
            upgradeRequestHead: head,
            upgraders: [upgrader]
        ) { channel in
            channel.eventLoop.makeCompletedFuture {
                let promise = channel.eventLoop.makePromise(of: Reply.self)
                let handler = RefusalHandler(
                    promise: promise,
                    from: host.address,
                    patience: TimeAmount(limits.bodyTimeout)
                )
                try channel.pipeline.syncOperations.addHandler(handler)
                return .refused(promise.futureResult, channel)
            }
        }
        var configuration = NIOUpgradableHTTPClientPipelineConfiguration(upgradeConfiguration: upgrade)
        // A relay that refuses at once may send its frame in the same packet as the answer to the upgrade, so the bytes
        // after that answer are kept.
        configuration.leftOverBytesStrategy = .forwardBytes
        return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(configuration: configuration)
    }
}

/// The error of a WebSocket that could not be opened.
struct UpgradeFailure: Error, Equatable {
    let error: PairingError
    /// Whether long polling may work although the WebSocket failed, because this device reached the relay's host.
    let mayFallBack: Bool
}

/// The event by which a connection asks its ``FrameHandler`` for a ping.
private struct PingRequest: Sendable {
    let pong: EventLoopPromise<Void>
}

/// Reads and writes WebSocket frames, answers pings, and ends the connection on any frame that the protocol does not
/// allow.
///
/// While the relay does not read, this handler reads nothing either, so that its answers to pings can't pile up in
/// memory.
private final class FrameHandler: ChannelDuplexHandler {
    typealias InboundIn = WebSocketFrame
    typealias OutboundIn = WebSocketFrame
    typealias OutboundOut = WebSocketFrame

    private let patience: TimeAmount
    private let report: @Sendable (ConnectionReport) -> Void
    private var batch: [ReceivedFrame] = []
    private var isOver = false
    private var isHeard = false
    private var isWaiting = false
    private var isReadHeld = false
    private var isPinged = false
    /// The requests for a ping that wait for the relay's next pong.
    private var requests: [PingRequest] = []

    /// - Parameter patience: how long the relay's first frame may take, counted from the first call of
    ///   ``read(context:)``.
    init(patience: TimeAmount, report: @escaping @Sendable (ConnectionReport) -> Void) {
        self.patience = patience
        self.report = report
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if isOver { return }
        let frame = unwrapInboundIn(data)
        isPinged = false
        if !isHeard {
            isHeard = true
            report(.through(.webSocket))
        }
        switch frame.opcode {
        case .binary where frame.fin:
            do {
                batch.append(try ReceivedFrame(parsing: Array(frame.unmaskedData.readableBytesView)))
            } catch {
                end(context, .relayMisbehaved)
            }
        case .ping where frame.length <= 125:
            let pong = WebSocketFrame(fin: true, opcode: .pong, maskKey: .random(), data: frame.unmaskedData)
            context.writeAndFlush(wrapOutboundOut(pong), promise: nil)
        case .pong:
            for request in requests { request.pong.succeed() }
            requests = []
        case .connectionClose: end(context, .connectionLost)
        default: end(context, .relayMisbehaved)
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        if batch.isEmpty {
            // The bytes contain no frame for the session, only a ping or half a frame, so this handler itself asks for
            // more bytes.
            read(context: context)
        } else {
            let frames = batch
            batch.removeAll()
            report(.frames(frames))
        }
    }

    func read(context: ChannelHandlerContext) {
        if !isWaiting {
            isWaiting = true
            context.eventLoop.assumeIsolated().scheduleTask(in: patience) {
                if !self.isHeard { self.end(context, .connectionLost) }
            }
        }
        if context.channel.isWritable { context.read() } else { isReadHeld = true }
    }

    func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
        guard event is IdleStateHandler.IdleStateEvent else { return context.fireUserInboundEventTriggered(event) }
        if isPinged { return end(context, .connectionLost) }
        isPinged = true
        let ping = WebSocketFrame(fin: true, opcode: .ping, maskKey: .random(), data: ByteBuffer())
        context.writeAndFlush(wrapOutboundOut(ping), promise: nil)
    }

    func triggerUserOutboundEvent(context: ChannelHandlerContext, event: Any, promise: EventLoopPromise<Void>?) {
        guard let request = event as? PingRequest, !isOver else {
            return context.triggerUserOutboundEvent(event, promise: promise)
        }
        requests.append(request)
        let ping = WebSocketFrame(fin: true, opcode: .ping, maskKey: .random(), data: ByteBuffer())
        context.writeAndFlush(wrapOutboundOut(ping), promise: promise)
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if isReadHeld, context.channel.isWritable {
            isReadHeld = false
            context.read()
        }
        context.fireChannelWritabilityChanged()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        end(context, error is NIOWebSocketError ? .relayMisbehaved : .connectionLost)
    }

    func channelInactive(context: ChannelHandlerContext) {
        end(context, .connectionLost)
    }

    /// Reports the end at once and then closes, because closing TLS takes seconds when the other side does not answer
    /// any more.
    private func end(_ context: ChannelHandlerContext, _ error: PairingError) {
        guard !isOver else { return }
        isOver = true
        if !batch.isEmpty { report(.frames(batch)) }
        batch = []
        for request in requests { request.pong.fail(error) }
        requests = []
        report(.closed(error))
        context.close(promise: nil)
    }
}

/// Reads the answer of a server that did not upgrade. The head has come already, and says most, so this handler waits
/// for the body no longer than ``ClientLimits/bodyTimeout``.
private final class RefusalHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart

    /// The number of bytes that this handler keeps of the body of a server's HTTP answer. It ignores the rest.
    private static let bodyLimit = 4096

    private let promise: EventLoopPromise<Reply>
    private let address: RelayAddress
    private let patience: TimeAmount
    private var timer: Scheduled<Void>?
    private var head: HTTPResponseHead?
    private var body = ""

    /// - Parameters:
    ///   - address: the address of the relay to which the request was sent.
    ///   - patience: how long this handler waits for the body of the server's answer.
    init(promise: EventLoopPromise<Reply>, from address: RelayAddress, patience: TimeAmount) {
        self.promise = promise
        self.address = address
        self.patience = patience
    }

    func handlerAdded(context: ChannelHandlerContext) {
        timer = context.eventLoop.assumeIsolated().scheduleTask(in: patience) { self.promise.succeed(self.reply) }
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        timer?.cancel()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head): self.head = head
        case .body(let buffer):
            let room = Self.bodyLimit - body.utf8.count
            body += String(decoding: buffer.readableBytesView.prefix(max(0, room)), as: UTF8.self)
            if body.utf8.count >= Self.bodyLimit { promise.succeed(reply) }
        case .end: promise.succeed(reply)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.succeed(reply)
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private var reply: Reply { head.map { Reply($0, body: body, from: address) } ?? Reply(status: nil) }
}
