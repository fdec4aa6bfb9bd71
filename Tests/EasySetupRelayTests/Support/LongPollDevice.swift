import EasySetupRelayProtocol
import NIOCore
import NIOPosix
import Synchronization

@testable import EasySetupRelay

/// A device of a pairing test, over either transport.
protocol PairDevice {
    func send(_ frame: DeviceFrame) async throws
    func next() async -> TestDevice.Event
    func hangUp() async throws
}

extension PairDevice {
    /// The next event if it is a frame, otherwise nil.
    func nextFrame() async -> RelayFrame? {
        guard case .frame(let frame) = await next() else { return nil }
        return frame
    }
}

extension TestDevice: PairDevice {}

/// A long-polling device at a real relay. It uses one connection to send and one to poll. Or it uses a new HTTP/1.0
/// connection for each request, as some proxies do.
final class LongPollDevice: PairDevice {
    let connection = LongPollConnectionID.random()
    private let port: Int
    private let sends: LongPollSocket?
    private let polls: LongPollSocket?
    private(set) var sent: UInt32 = 0
    private(set) var received: UInt32 = 0
    private var waiting: [RelayFrame] = []
    private(set) var isClosed = false

    init(port: Int, keepsOpen: Bool = true) async throws {
        self.port = port
        sends = keepsOpen ? try await LongPollSocket(port: port) : nil
        polls = keepsOpen ? try await LongPollSocket(port: port) : nil
    }

    func send(_ frame: DeviceFrame) async throws {
        let call = SendCall(connection: connection, first: sent + 1, frames: [frame.serialized()])
        let answer = try await answer(to: "send", call.serialized(), on: sends)
        guard answer.status == 200, try SendAnswer(parsing: answer.body).have == sent + 1 else {
            throw Refused(answer: answer)
        }
        sent += 1
    }

    func next() async -> TestDevice.Event {
        while waiting.isEmpty, !isClosed {
            let call = PollCall(connection: connection, received: received, wait: .seconds(20))
            guard let answer = try? await answer(to: "poll", call.serialized(), on: polls), answer.status == 200,
                let news = try? PollAnswer(parsing: answer.body), news.first == received + 1
            else { return .gone }
            waiting += news.frames.compactMap { try? RelayFrame(parsing: $0) }
            received += UInt32(news.frames.count)
            isClosed = news.isClosed
        }
        return waiting.isEmpty ? .gone : .frame(waiting.removeFirst())
    }

    func hangUp() async throws {
        try await sends?.close()
        try await polls?.close()
    }

    private func answer(to path: String, _ body: [UInt8], on socket: LongPollSocket?) async throws -> HTTPAnswer {
        if let socket { return try await socket.answer(to: Requests.call(path, body)) }
        let socket = try await LongPollSocket(port: port)
        let headers = ["Connection": "close"].mapValues(Optional.some)
        let answer = try await socket.answer(to: Requests.call(path, body, version: "1.0", replacing: headers))
        // With HTTP/1.0, the relay must close the connection after the answer.
        guard await socket.next() == nil else { throw Refused(answer: answer) }
        return answer
    }

    struct Refused: Error {
        let answer: HTTPAnswer
    }
}

/// A connection for long-polling requests over a real socket.
final class LongPollSocket {
    private let channel: any Channel
    private var chunks: AsyncStream<[UInt8]>.Iterator
    private var unread: [UInt8] = []

    init(port: Int) async throws {
        let (stream, continuation) = AsyncStream.makeStream(of: [UInt8].self)
        chunks = stream.makeAsyncIterator()
        channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Inbox(continuation))
                }
            }
            .connect(host: "127.0.0.1", port: port).get()
    }

    func send(_ bytes: [UInt8]) async throws {
        try await channel.writeAndFlush(ByteBuffer(bytes: bytes))
    }

    /// The next response; nil when the connection ends first.
    func next() async -> HTTPAnswer? {
        while true {
            if let answer = HTTPAnswer(takenFrom: &unread) { return answer }
            var chunks = chunks
            let more = await chunks.next(isolation: #isolation)
            self.chunks = chunks
            guard let more else { return nil }
            unread += more
        }
    }

    func answer(to request: [UInt8]) async throws -> HTTPAnswer {
        try await send(request)
        guard let answer = await next() else { throw Gone() }
        return answer
    }

    func close() async throws {
        try await channel.close()
    }

    struct Gone: Error {}

    private final class Inbox: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer
        private let chunks: AsyncStream<[UInt8]>.Continuation

        init(_ chunks: AsyncStream<[UInt8]>.Continuation) { self.chunks = chunks }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            chunks.yield(Array(buffer: unwrapInboundIn(data)))
        }

        func channelInactive(context: ChannelHandlerContext) {
            chunks.finish()
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
