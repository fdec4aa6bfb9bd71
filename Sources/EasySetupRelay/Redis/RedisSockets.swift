import EasySetupFleetStore
import NIOCore
import NIOPosix
import NIOSSL

/// The object that ``RedisSockets`` bring bytes and ends of connections to.
protocol RedisSocketsOwner: AnyObject {
    /// One of the connections is open.
    func opened()
    /// So many bytes wait for the server to take them in.
    func hasUnwritten(_ count: Int, on line: RedisLine, attempt: Int)
    func received(_ bytes: ByteBuffer, on line: RedisLine, attempt: Int)
    /// What had come by then was received.
    func readCompleted()
    func failed(attempt: Int, _ problem: StoreProblem)
}

/// The two connections of an attempt to reach a server of Redis. They belong to an event loop.
final class RedisSockets {
    private let tls: () -> NIOSSLContext?
    private let loop: any EventLoop
    private unowned let owner: any RedisSocketsOwner
    private var questions: (any Channel)?
    private var messages: (any Channel)?
    /// The attempt whose connections are wanted; nil between attempts.
    private var attempt: Int?
    /// The connections that are read when the owner says so, and whether each of them waits for bytes.
    private var isReading: [RedisLine: Bool] = [:]

    /// - Parameters:
    ///   - tls: what the server's certificate is checked with, for each new connection; nil for those without TLS.
    ///   - owner: the object to which this one belongs. It closes the connections before it ends.
    init(tls: @escaping () -> NIOSSLContext?, loop: any EventLoop, owner: any RedisSocketsOwner) {
        (self.tls, self.loop, self.owner) = (tls, loop, owner)
    }

    deinit {
        questions?.close(promise: nil)
        messages?.close(promise: nil)
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
        let channels = [questions, messages]
        (questions, messages, isReading) = (nil, nil, [:])
        for channel in channels { channel?.close(promise: nil) }
    }

    /// Reads a connection from now on when ``read(_:)`` says so, and not when bytes come. Its end is noticed all the same.
    func readOnDemand(_ line: RedisLine) {
        guard isReading[line] == nil, let channel = channel(line) else { return }
        isReading[line] = false
        channel.setOption(.autoRead, value: false).assumeIsolated().whenFailure { _ in channel.close(promise: nil) }
    }

    /// Reads what has come on a connection, or the next that comes.
    func read(_ line: RedisLine) {
        readOnDemand(line)
        guard isReading[line] == false else { return }
        isReading[line] = true
        channel(line)?.read()
    }

    private func readCompleted(_ line: RedisLine, _ attempt: Int) {
        guard attempt == self.attempt else { return }
        if isReading[line] != nil { isReading[line] = false }
        owner.readCompleted()
    }

    func isOpen(_ line: RedisLine) -> Bool { channel(line) != nil }

    private func channel(_ line: RedisLine) -> (any Channel)? {
        switch line {
        case .questions: questions
        case .messages: messages
        }
    }

    /// Writes these bytes to a connection that is open. A failure ends the connection, which says so by itself.
    func write(_ bytes: [UInt8], on line: RedisLine) {
        guard let attempt, let channel = channel(line) else { return }
        channel.writeAndFlush(channel.allocator.buffer(bytes: bytes), promise: nil)
        // A channel that can be written to has next to nothing that waits.
        let count = channel.isWritable ? 0 : try? channel.syncOptions?.getOption(.bufferedWritableBytes)
        owner.hasUnwritten(count ?? bytes.count, on: line, attempt: attempt)
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
            switch line {
            case .questions: sockets.questions = channel
            case .messages: sockets.messages = channel
            }
            sockets.owner.opened()
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

        func channelReadComplete(context: ChannelHandlerContext) {
            sockets?.readCompleted(line, attempt)
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
