import EasySetupRelayProtocol
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket

/// A device over a real socket: it sends the frames of the test and records events.
final class TestDevice {
    enum Event: Equatable {
        case frame(RelayFrame)
        /// The relay has sent a close frame with this code.
        case closing(UInt16?)
        /// The connection has ended.
        case gone
    }

    private let channel: any Channel
    private var events: AsyncStream<Event>.Iterator

    private init(channel: any Channel, events: AsyncStream<Event>) {
        self.channel = channel
        self.events = events.makeAsyncIterator()
    }

    /// Connects to a relay. The device sends `first` before TLS and everything else, as a proxy sends its header.
    static func connect(
        port: Int,
        host: String = "127.0.0.1",
        from source: String? = nil,
        trusting certificate: String? = nil,
        first: [UInt8] = [],
        headers: [(String, String)] = []
    ) async throws -> TestDevice {
        let (events, continuation) = AsyncStream.makeStream(of: Event.self)
        let tls = try certificate.map { path in
            var configuration = TLSConfiguration.makeClientConfiguration()
            configuration.trustRoots = .file(path)
            return try NIOSSLContext(configuration: configuration)
        }
        var bootstrap = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
        if let source { bootstrap = bootstrap.bind(to: try SocketAddress(ipAddress: source, port: 0)) }
        let upgraded =
            try await bootstrap
            .connect(host: host, port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    if !first.isEmpty { try channel.pipeline.syncOperations.addHandler(FirstBytes(first)) }
                    if let tls {
                        let handler = try NIOSSLClientHandler(context: tls, serverHostname: "localhost")
                        try channel.pipeline.syncOperations.addHandler(handler)
                    }
                    let upgrader = NIOTypedWebSocketClientUpgrader<any Channel> { channel, _ in
                        channel.eventLoop.makeCompletedFuture {
                            try channel.pipeline.syncOperations.addHandler(Inbox(continuation))
                            return channel
                        }
                    }
                    var head = HTTPRequestHead(version: .http1_1, method: .GET, uri: "/easysetup/v1/ws")
                    head.headers = ["Host": "localhost", "Sec-WebSocket-Protocol": "easysetup.v1"]
                    head.headers.add(contentsOf: headers)
                    var configuration = NIOUpgradableHTTPClientPipelineConfiguration(
                        upgradeConfiguration: NIOTypedHTTPClientUpgradeConfiguration(
                            upgradeRequestHead: head,
                            upgraders: [upgrader],
                            notUpgradingCompletionHandler: { channel in
                                channel.eventLoop.makeFailedFuture(NotUpgraded())
                            }
                        )
                    )
                    // A relay may send a frame in one packet with its answer to the upgrade.
                    configuration.leftOverBytesStrategy = .forwardBytes
                    return try channel.pipeline.syncOperations.configureUpgradableHTTPClientPipeline(
                        configuration: configuration
                    )
                }
            }
        return TestDevice(channel: try await upgraded.get(), events: events)
    }

    struct NotUpgraded: Error {}

    func send(_ frame: DeviceFrame) async throws {
        try await send(opcode: .binary, frame.serialized())
    }

    func send(opcode: WebSocketOpcode, _ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(
            WebSocketFrame(fin: true, opcode: opcode, maskKey: .random(), data: ByteBuffer(bytes: bytes))
        )
    }

    func next() async -> Event {
        var events = events
        let event = await events.next(isolation: #isolation)
        self.events = events
        return event ?? .gone
    }

    func hangUp() async throws {
        try await channel.close()
    }

    /// Writes bytes as soon as the connection is open.
    private final class FirstBytes: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer
        private let bytes: [UInt8]

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        func channelActive(context: ChannelHandlerContext) {
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
            context.fireChannelActive()
        }
    }

    private final class Inbox: ChannelInboundHandler {
        typealias InboundIn = WebSocketFrame
        typealias OutboundOut = WebSocketFrame

        private let events: AsyncStream<Event>.Continuation

        init(_ events: AsyncStream<Event>.Continuation) {
            self.events = events
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let frame = unwrapInboundIn(data)
            switch frame.opcode {
            case .binary:
                if let frame = try? RelayFrame(parsing: Array(buffer: frame.data)) { events.yield(.frame(frame)) }
            case .connectionClose:
                var data = frame.data
                events.yield(.closing(data.readInteger()))
                let answer = WebSocketFrame(fin: true, opcode: .connectionClose, maskKey: .random(), data: frame.data)
                context.writeAndFlush(wrapOutboundOut(answer), promise: nil)
            default:
                break
            }
        }

        func channelInactive(context: ChannelHandlerContext) {
            events.yield(.gone)
            events.finish()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
