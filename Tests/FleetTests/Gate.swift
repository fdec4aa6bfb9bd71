import EasySetup
import NIOCore
import NIOPosix
import Testing

/// A proxy in front of relays: each connection goes to the relay that the test chooses.
struct Gate: Sendable {
    /// The proxy's address, which devices use as the relay's.
    let address: RelayAddress

    /// Runs the proxy as long as the body runs.
    ///
    /// - Parameters:
    ///   - changing: makes what changes the bytes that go to the relay, for each connection; nil if they go as they come.
    ///   - withoutWebSocket: whether it refuses WebSockets, as some proxies do, so that devices come by long polling.
    ///   - choose: the ports of relays for one connection, which goes to the first one that takes it.
    static func run<Result: Sendable>(
        changing: (@Sendable () -> any BytesChanger)? = nil,
        withoutWebSocket: Bool = false,
        to choose: @escaping @Sendable () -> [Int],
        _ body: @Sendable (Gate) async throws -> Result
    ) async throws -> Result {
        // On one loop, a connection to a relay is not there before the one that it is for.
        let listener = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton.next())
            .serverChannelOption(.backlog, value: 256)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let way = Way(device: channel, withoutWebSocket: withoutWebSocket, changer: changing?())
                    try channel.pipeline.syncOperations.addHandler(Way.End(way, isDevice: true))
                    way.connect(to: choose()[...])
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(listener.localAddress?.port)
        let gate = Gate(address: try #require(RelayAddress(host: "127.0.0.1", port: port, isPlain: true)))
        do {
            let result = try await body(gate)
            try await listener.close()
            return result
        } catch {
            try? await listener.close()
            throw error
        }
    }
}

/// Changes what goes from one end of a connection to the other.
protocol BytesChanger: AnyObject {
    /// The bytes in place of those that have come.
    func change(_ bytes: [UInt8]) throws -> [UInt8]
}

/// One connection through the proxy, on its loop.
private final class Way {
    private let device: any Channel
    private var relay: (any Channel)?
    private let withoutWebSocket: Bool
    private let changer: (any BytesChanger)?

    init(device: any Channel, withoutWebSocket: Bool, changer: (any BytesChanger)?) {
        self.device = device
        self.withoutWebSocket = withoutWebSocket
        self.changer = changer
    }

    /// Connects to the first of these ports at which a relay listens.
    func connect(to ports: ArraySlice<Int>) {
        guard let port = ports.first else { return device.close(promise: nil) }
        let way = NIOLoopBound(self, eventLoop: device.eventLoop)
        ClientBootstrap(group: device.eventLoop)
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(End(way.value, isDevice: false))
                }
            }
            .connect(host: "127.0.0.1", port: port)
            .whenComplete { [device] result in
                switch result {
                case .success(let channel):
                    way.value.relay = channel
                    // The device may have gone meanwhile.
                    if !device.isActive { channel.close(promise: nil) }
                    device.setOption(.autoRead, value: true).whenComplete { _ in device.read() }
                case .failure: way.value.connect(to: ports.dropFirst())
                }
            }
    }

    func came(_ bytes: ByteBuffer, fromDevice: Bool) {
        // A WebSocket begins by a GET, and calls are POSTs.
        if fromDevice, withoutWebSocket, bytes.readableBytesView.starts(with: Array("GET ".utf8)) {
            let answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
            device.writeAndFlush(ByteBuffer(string: answer), promise: nil)
            return close()
        }
        guard fromDevice, let changer else {
            (fromDevice ? relay : device)?.writeAndFlush(bytes, promise: nil)
            return
        }
        do {
            relay?.writeAndFlush(ByteBuffer(bytes: try changer.change(Array(bytes.readableBytesView))), promise: nil)
        } catch {
            Issue.record(error)
            close()
        }
    }

    func close() {
        device.close(promise: nil)
        relay?.close(promise: nil)
    }

    /// One end of the connection: the device's or the relay's.
    final class End: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let way: Way
        private let isDevice: Bool

        init(_ way: Way, isDevice: Bool) {
            self.way = way
            self.isDevice = isDevice
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            way.came(unwrapInboundIn(data), fromDevice: isDevice)
        }

        func channelInactive(context: ChannelHandlerContext) { way.close() }

        func errorCaught(context: ChannelHandlerContext, error: any Error) { context.close(promise: nil) }
    }
}
