import EasySetup
import EasySetupHandshake
import EasySetupSeed
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOWebSocket
import TestSupport
import Testing

/// The server at the relay's address is no relay, or is a malicious one. The real client, on real sockets, must end its
/// pairing nevertheless.
@Suite("A relay that does not do its part", .inTurn, .timeLimit(.minutes(60))) struct BadRelayTests {
    /// Runs a server on loopback that handles each connection with `serve`, as long as `body` runs.
    private func with(
        _ serve: @escaping @Sendable (any Channel) throws -> Void,
        _ body: (RelayAddress) async throws -> Void
    ) async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in channel.eventLoop.makeCompletedFuture { try serve(channel) } }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        try await body(try #require(RelayAddress(host: "127.0.0.1", port: port, isPlain: true)))
        try await server.close()
    }

    private func outcome(at relay: RelayAddress, _ limits: ClientLimits) async -> PairingError? {
        let client = PairingClient(name: DeviceName(cleaning: "one")!, store: MemorySeedStore(), limits: limits)
        var last: PairingError?
        for await state in client.offer(at: relay, approve: { _ in .decline }) {
            if case .failed(let error) = state { last = error }
        }
        return last
    }

    @Test("A device does not wait for a refusal that never ends") func trickle() async throws {
        let head = "HTTP/1.1 404 Not Found\r\nContent-Length: 100\r\n\r\nx"
        try await with { channel in
            try channel.pipeline.syncOperations.addHandler(Greeting(text: head))
        } _: { relay in
            var limits = ClientLimits()
            limits.connectTimeout = .milliseconds(200)
            limits.bodyTimeout = .milliseconds(20)
            // On a slow machine the head may arrive after `connectTimeout`. The client must retry then.
            limits.reachTimeout = .seconds(3_600)
            #expect(await outcome(at: relay, limits) == .notARelay(.web(status: 404)))
        }
    }

    @Test("A device does not wait for a server that accepts its connection and says nothing") func mute() async throws {
        try await with { _ in
        } _: { relay in
            var limits = ClientLimits()
            limits.connectTimeout = .milliseconds(200)
            #expect(await outcome(at: relay, limits) == .relayUnreachable(.noAnswer))
        }
    }

    @Test("A device leaves a server that upgrades and then shows no sign of life") func silent() async throws {
        try await with { channel in
            let upgrader = NIOWebSocketServerUpgrader(
                automaticErrorHandling: false,
                shouldUpgrade: { channel, _ in
                    channel.eventLoop.makeSucceededFuture(["Sec-WebSocket-Protocol": "easysetup.v1"])
                },
                upgradePipelineHandler: { channel, _ in channel.eventLoop.makeSucceededVoidFuture() }
            )
            try channel.pipeline.syncOperations.configureHTTPServerPipeline(
                withServerUpgrade: (upgraders: [upgrader], completionHandler: { _ in })
            )
        } _: { relay in
            var limits = ClientLimits()
            limits.silence = .milliseconds(100)
            limits.connectTimeout = .milliseconds(500)
            // Only the check for silence can end this connection, however slow the machine is.
            limits.answerTimeout = .seconds(3_600)
            limits.reachTimeout = .seconds(3_600)
            let last = await outcome(at: relay, limits)
            #expect(last == .connectionLost)
        }
    }
}

/// Sends one text to each client that connects.
private final class Greeting: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let text: String

    init(text: String) { self.text = text }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
    }
}
