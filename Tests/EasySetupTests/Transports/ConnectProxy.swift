import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import TestSupport
import Testing

/// A proxy for CONNECT requests on loopback, on a free port. All its tunnels lead to one port, whatever target the
/// client asks for.
final class ConnectProxy: Sendable {
    enum Way: Sendable {
        case tunnel
        /// The proxy opens a tunnel, and sends its answer byte by byte.
        case slowTunnel
        case answer(String)
        case silent
        case hangUp
    }

    private struct State {
        var heads: [String] = []
        var way: Way
    }

    fileprivate let target: Int
    private let state: Mutex<State>

    private init(to target: Int, _ way: Way) {
        self.target = target
        state = Mutex(State(way: way))
    }

    /// The heads of all requests that the proxy has received.
    var heads: [String] { state.withLock { $0.heads } }

    /// Sets the proxy's behaviour from now on.
    func turn(_ way: Way) { state.withLock { $0.way = way } }

    fileprivate func asked(_ head: String) -> Way {
        state.withLock { state in
            state.heads.append(head)
            return state.way
        }
    }

    /// Runs the proxy as long as `body` runs.
    static func run<Result: Sendable>(
        to target: Int,
        tls: MadeCertificate? = nil,
        _ way: Way = .tunnel,
        _ body: @Sendable (ConnectProxy, _ port: Int) async throws -> Result
    ) async throws -> Result {
        let proxy = ConnectProxy(to: target, way)
        let context = try tls.map { try NIOSSLContext.server(certificate: $0.certificate, key: $0.key) }
        return try await LoopbackServer.run(tls: context, handler: { AskedSide(proxy) }) { port in
            try await body(proxy, port)
        }
    }
}

private final class AskedSide: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let proxy: ConnectProxy
    private var head = ""
    private var isAsked = false
    private var relay: EventLoopFuture<any Channel>?

    init(_ proxy: ConnectProxy) { self.proxy = proxy }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        if let relay {
            relay.whenSuccess { $0.writeAndFlush(bytes, promise: nil) }
            return
        }
        head += String(buffer: bytes)
        guard !isAsked, head.hasSuffix("\r\n\r\n") else { return }
        isAsked = true
        switch proxy.asked(head) {
        case .silent: break
        case .hangUp: context.close(promise: nil)
        case .answer(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        case .tunnel: open(context, "HTTP/1.1 200 Connection established\r\nVia: test\r\n\r\n", inBytes: false)
        case .slowTunnel: open(context, "HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.0 200 OK\r\n\r\n", inBytes: true)
        }
    }

    private func open(_ context: ChannelHandlerContext, _ answer: String, inBytes: Bool) {
        let device = NIOLoopBound(context.channel, eventLoop: context.eventLoop)
        let relay = ClientBootstrap(group: context.eventLoop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        TargetSide { bytes in
                            if let bytes {
                                device.value.writeAndFlush(bytes, promise: nil)
                            } else {
                                device.value.close(promise: nil)
                            }
                        }
                    )
                }
            }
            .connect(host: "127.0.0.1", port: proxy.target)
        self.relay = relay
        relay.whenComplete { outcome in
            guard case .success = outcome else { return device.value.close(promise: nil) }
            let pieces = inBytes ? answer.utf8.map { ByteBuffer(bytes: [$0]) } : [ByteBuffer(string: answer)]
            for piece in pieces { device.value.writeAndFlush(piece, promise: nil) }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        relay?.whenSuccess { $0.close(promise: nil) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }
}

private final class TargetSide: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let said: (ByteBuffer?) -> Void

    init(_ said: @escaping (ByteBuffer?) -> Void) { self.said = said }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) { said(unwrapInboundIn(data)) }

    func channelInactive(context: ChannelHandlerContext) { said(nil) }
}
