import EasySetupFleetStore
import NIOCore
import NIOPosix
import NIOSSL

/// The object that ``RedisSockets`` bring bytes and ends of connections to.
protocol RedisSocketsOwner: AnyObject {
    /// The bytes that are to be written; nil if there are none.
    func takeOutput(_ line: RedisLine) -> [UInt8]?
    func wrote(_ count: Int, on line: RedisLine, attempt: Int)
    func received(_ bytes: ByteBuffer, on line: RedisLine, attempt: Int)
    func failed(attempt: Int, _ problem: StoreProblem)
}

/// The two connections of an attempt to reach a server of Redis. They belong to an event loop.
final class RedisSockets {
    private let tls: () -> NIOSSLContext?
    private let loop: any EventLoop
    private unowned let owner: any RedisSocketsOwner
    private var channels: [RedisLine: any Channel] = [:]
    /// The attempt whose connections are wanted; nil between attempts.
    private var attempt: Int?
    private var willFlush = false

    /// - Parameters:
    ///   - tls: what the server's certificate is checked with, for each new connection; nil for those without TLS.
    ///   - owner: the object to which this one belongs. It closes the connections before it ends.
    init(tls: @escaping () -> NIOSSLContext?, loop: any EventLoop, owner: any RedisSocketsOwner) {
        (self.tls, self.loop, self.owner) = (tls, loop, owner)
    }

    deinit {
        for channel in channels.values { channel.close(promise: nil) }
    }

    func open(_ place: RedisPlace, attempt: Int) {
        self.attempt = attempt
        for line in RedisLine.allCases {
            ClientBootstrap(group: loop)
                .channelOption(.tcpOption(.tcp_nodelay), value: 1)
                .connect(host: place.host, port: place.port)
                .assumeIsolated()
                .whenComplete { [weak self] result in
                    switch result {
                    case .success(let channel): Self.opened(channel, by: self, line, attempt, place)
                    case .failure: self?.failed(attempt, .unreachable)
                    }
                }
        }
    }

    func close() {
        attempt = nil
        let channels = channels.values
        self.channels = [:]
        for channel in channels { channel.close(promise: nil) }
    }

    /// Writes what there is when the present batch of events ends.
    func flushSoon() {
        guard !willFlush, !channels.isEmpty else { return }
        willFlush = true
        loop.assumeIsolated().execute { [weak self] in self?.flush() }
    }

    private func flush() {
        willFlush = false
        guard let attempt else { return }
        for (line, channel) in channels {
            guard let bytes = owner.takeOutput(line) else { continue }
            // A failure ends the connection, which says so by itself.
            channel.writeAndFlush(channel.allocator.buffer(bytes: bytes)).assumeIsolated().whenSuccess { [weak self] in
                if self?.attempt == attempt { self?.owner.wrote(bytes.count, on: line, attempt: attempt) }
            }
        }
    }

    private static func opened(
        _ channel: any Channel,
        by sockets: RedisSockets?,
        _ line: RedisLine,
        _ attempt: Int,
        _ place: RedisPlace
    ) {
        guard let sockets, attempt == sockets.attempt else { return channel.close(promise: nil) }
        do {
            let pipeline = channel.pipeline.syncOperations
            if let tls = sockets.tls() {
                let isNumeric = (try? SocketAddress(ipAddress: place.host, port: 0)) != nil
                try pipeline.addHandler(
                    NIOSSLClientHandler(context: tls, serverHostname: isNumeric ? nil : place.host)
                )
            }
            try pipeline.addHandler(Handler(sockets, line, attempt))
            sockets.channels[line] = channel
            sockets.flushSoon()
        } catch {
            channel.close(promise: nil)
            sockets.failed(attempt, .untrusted)
        }
    }

    private func failed(_ attempt: Int, _ problem: StoreProblem) {
        if attempt == self.attempt { owner.failed(attempt: attempt, problem) }
    }

    /// Hands on what happens on a connection.
    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private weak var sockets: RedisSockets?
        private let line: RedisLine
        private let attempt: Int

        init(_ sockets: RedisSockets, _ line: RedisLine, _ attempt: Int) {
            (self.sockets, self.line, self.attempt) = (sockets, line, attempt)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            guard let sockets, sockets.attempt == attempt else { return }
            sockets.owner.received(unwrapInboundIn(data), on: line, attempt: attempt)
        }

        func channelInactive(context: ChannelHandlerContext) {
            sockets?.failed(attempt, .closed)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            sockets?.failed(attempt, Self.isOfTLS(error) ? .untrusted : .closed)
            context.close(promise: nil)
        }

        /// Whether the error comes from a handshake or a certificate.
        private static func isOfTLS(_ error: any Error) -> Bool {
            switch error {
            case NIOSSLError.uncleanShutdown: false
            case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: true
            default: false
            }
        }
    }
}
