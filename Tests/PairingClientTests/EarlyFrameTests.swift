import Crypto
import Foundation
import Handshake
import NIOCore
import NIOPosix
import PairingClient
import RelayWire
import SyncSeed
import Synchronization
import Testing

/// The real client, at something that answers its request for a WebSocket byte for byte (`Protocol/relay.md`, "Early frames").
@Suite("A first frame in the request", .timeLimit(.minutes(5))) struct EarlyFrameTests {
    private static let offered = RelayFrame.offered(
        slot: Slot("000")!,
        token: Token(bytes: [1, 2, 3]),
        expiresIn: .seconds(300)
    )

    private static func bytes(_ opcode: UInt8, _ payload: [UInt8]) -> [UInt8] {
        [0x80 | opcode, UInt8(payload.count)] + payload
    }

    struct Other: Error {
        let state: PairingState?
    }

    /// What a device that offers shows, up to a code or its end.
    private func offer(
        choosing subprotocol: String,
        with more: [UInt8],
        answering: [UInt8] = [],
        limits: ClientLimits = ClientLimits()
    ) async throws -> (last: PairingState?, request: String, frames: [UInt8]) {
        let relay = Script(subprotocol: subprotocol, more: more, answer: answering)
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ScriptHandler(relay))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        let address = try #require(RelayAddress(host: "127.0.0.1", port: port, isPlain: true))
        let client = PairingClient(name: DeviceName(cleaning: "one")!, store: MemorySeedStore(), limits: limits)
        var last: PairingState?
        states: for await state in client.offer(at: address, approve: { _ in .decline }) {
            last = state
            switch state {
            case .offered, .failed: break states
            default: break
            }
        }
        try await server.close()
        return (last, relay.heard.withLock(\.request), relay.heard.withLock(\.frames))
    }

    @Test("the answer to it may come in one packet with the answer to the request") func together() async throws {
        let answer = Self.bytes(2, Self.offered.serialized())
        let (last, request, frames) = try await offer(choosing: "easysetup.v1.0a00", with: answer)
        guard case .offered? = last else { throw Other(state: last) }
        #expect(request.contains("\r\nSec-WebSocket-Protocol: easysetup.v1.0a00, easysetup.v1\r\n"))
        // It is not said again: all that may have come is a ping, and a goodbye.
        #expect(!frames.contains(0x82))
    }

    @Test("a relay that does not take it hears it as a message") func apart() async throws {
        let answer = Self.bytes(2, Self.offered.serialized())
        let (last, _, frames) = try await offer(choosing: "easysetup.v1", with: [], answering: answer)
        guard case .offered? = last else { throw Other(state: last) }
        #expect(frames.contains(0x82))
    }

    @Test(
        "a subprotocol that was not asked for is another version's",
        arguments: ["easysetup.v1.0a01", "easysetup.v2", ""]
    )
    func another(_ subprotocol: String) async throws {
        let (last, _, _) = try await offer(choosing: subprotocol, with: [])
        guard case .failed(.relayVersion)? = last else { throw Other(state: last) }
    }

    @Test("a refusal that comes with the answer and a close frame is heard") func refusal() async throws {
        let refused = RelayFrame.refused(.tooMany, retryAfter: .seconds(7)).serialized()
        let (last, _, _) = try await offer(
            choosing: "easysetup.v1.0a00",
            with: Self.bytes(2, refused) + Self.bytes(8, [0x03, 0xF5])
        )
        guard case .failed(.tooMany(retryAfter: .seconds(7)))? = last else {
            throw Other(state: last)
        }
    }
}

/// What a made-up relay says, and what it heard.
private final class Script: Sendable {
    let subprotocol: String
    /// In one packet with the answer to the request.
    let more: [UInt8]
    /// To the first frame with bytes in it.
    let answer: [UInt8]
    let heard = Mutex((request: "", frames: [UInt8]()))

    init(subprotocol: String, more: [UInt8], answer: [UInt8]) {
        self.subprotocol = subprotocol
        self.more = more
        self.answer = answer
    }
}

private final class ScriptHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let script: Script
    private var request = ""
    private var isUpgraded = false

    init(_ script: Script) { self.script = script }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Array(buffer: unwrapInboundIn(data))
        guard !isUpgraded else {
            // The kinds of its frames: each comes by itself here, or behind a ping.
            let kinds =
                bytes.starts(with: [0x89, 0x80]) ? [bytes[0]] + bytes.dropFirst(6).prefix(1) : Array(bytes.prefix(1))
            script.heard.withLock { $0.frames += kinds }
            if kinds.contains(0x82), !script.answer.isEmpty { write(script.answer, context) }
            return
        }
        request += String(decoding: bytes, as: UTF8.self)
        guard request.hasSuffix("\r\n\r\n") else { return }
        isUpgraded = true
        script.heard.withLock { $0.request = request }
        let key = request.split(separator: "\r\n").first { $0.lowercased().hasPrefix("sec-websocket-key: ") }?
            .dropFirst(19)
        let hash = Insecure.SHA1.hash(data: Data("\(key ?? "")258EAFA5-E914-47DA-95CA-C5AB0DC85B11".utf8))
        let line = script.subprotocol.isEmpty ? "" : "Sec-WebSocket-Protocol: \(script.subprotocol)\r\n"
        let head = """
            HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\(line)\
            Sec-WebSocket-Accept: \(Data(hash).base64EncodedString())\r\n\r\n
            """
        write(Array(head.utf8) + script.more, context)
    }

    private func write(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }
}
