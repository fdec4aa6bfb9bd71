import EasySetupFleetStore
import NIOCore
import NIOPosix
import NIOSSL

/// A single connection to a server of Redis for an operator's check: it says all that it has to say at once, and takes what
/// the server says for a while.
enum RedisLook {
    /// How long connecting and the answers may take.
    static let patience = TimeAmount.seconds(4)
    /// The most that is taken of one server.
    private static let mostValues = 10_000

    struct Result: Sendable {
        var values: [RESPValue] = []
        /// The reason why there is not all that was asked for.
        var problem: StoreProblem?
    }

    /// Connects, says `commands`, and waits until `answers` values have come and the time for `listening` has passed
    /// afterwards.
    static func at(
        _ place: RedisPlace,
        tls: NIOSSLContext?,
        saying commands: [UInt8],
        answers: Int,
        listening: TimeAmount = .zero
    ) async -> Result {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let done = loop.makePromise(of: Result.self)
        ClientBootstrap(group: loop)
            .connectTimeout(patience)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    if let tls {
                        let isNumeric = (try? SocketAddress(ipAddress: place.host, port: 0)) != nil
                        try pipeline.addHandler(
                            NIOSSLClientHandler(context: tls, serverHostname: isNumeric ? nil : place.host)
                        )
                    }
                    try pipeline.addHandler(
                        Handler(saying: commands, answers: answers, listening: listening, done: done)
                    )
                }
            }
            .connect(host: place.host, port: place.port)
            .whenFailure { _ in done.succeed(Result(problem: .unreachable)) }
        return (try? await done.futureResult.get()) ?? Result(problem: .unreachable)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let commands: [UInt8]
        private let answers: Int
        private let listening: TimeAmount
        private let done: EventLoopPromise<Result>
        private var reader = RESPReader()
        private var result = Result()
        private var alarm: Scheduled<Void>?
        private var isListening = false
        private var isDone = false

        init(saying commands: [UInt8], answers: Int, listening: TimeAmount, done: EventLoopPromise<Result>) {
            (self.commands, self.answers, self.listening, self.done) = (commands, answers, listening, done)
        }

        func channelActive(context: ChannelHandlerContext) {
            context.writeAndFlush(wrapOutboundOut(context.channel.allocator.buffer(bytes: commands)), promise: nil)
            wait(RedisLook.patience, .silent, context)
        }

        private func wait(_ time: TimeAmount, _ problem: StoreProblem?, _ context: ChannelHandlerContext) {
            alarm?.cancel()
            let channel = context.channel
            alarm = context.eventLoop.assumeIsolated().scheduleTask(in: time) { [weak self] in
                self?.end(problem, channel)
            }
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let bytes = Array(unwrapInboundIn(data).readableBytesView)
            var place = 0
            do {
                while result.values.count < RedisLook.mostValues,
                    let value = try reader.next(in: bytes.span, from: &place)
                {
                    result.values.append(value)
                }
            } catch {
                return end(.garbled, context.channel)
            }
            guard !isListening, result.values.count >= answers else { return }
            isListening = true
            wait(listening, nil, context)
        }

        func channelInactive(context: ChannelHandlerContext) { end(isListening ? nil : .closed, context.channel) }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            switch error {
            case NIOSSLError.uncleanShutdown: end(.closed, context.channel)
            case is NIOSSLError, is NIOSSLExtraError, is BoringSSLError: end(.untrusted, context.channel)
            default: end(.closed, context.channel)
            }
        }

        private func end(_ problem: StoreProblem?, _ channel: any Channel) {
            guard !isDone else { return }
            isDone = true
            alarm?.cancel()
            result.problem = problem
            done.succeed(result)
            channel.close(promise: nil)
        }
    }
}
