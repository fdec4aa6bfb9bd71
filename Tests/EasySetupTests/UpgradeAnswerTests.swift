import Crypto
import EasySetup
import EasySetupHandshake
import EasySetupRelayProtocol
import EasySetupSeed
import Foundation
import NIOCore
import NIOPosix
import Synchronization
import TestSupport
import Testing

/// The real client against a server that answers its WebSocket request byte for byte (`Protocol/relay.md`,
/// "Transport").
@Suite("The answer to the request for a WebSocket", .inTurn, .timeLimit(.minutes(60))) struct UpgradeAnswerTests {
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

    /// Runs an offer. Returns its last state, which is a code or a failure, and the requests and frames that the server
    /// received.
    private func offer(at steps: [Script.Step]) async throws -> (last: PairingState?, heard: Script.Heard) {
        let relay = Script(steps: steps)
        var last: PairingState?
        try await with(relay) { address in
            let client = PairingClient(
                name: DeviceName(cleaning: "one")!,
                store: MemorySeedStore(),
                limits: .unhurried
            )
            states: for await state in client.offer(at: address, approve: { _ in .decline }) {
                last = state
                switch state {
                case .offered, .failed: break states
                default: break
                }
            }
        }
        return (last, relay.heard.withLock { $0 })
    }

    private func with(_ relay: Script, _ body: (RelayAddress) async throws -> Void) async throws {
        let server = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ScriptHandler(relay))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let port = try #require(server.localAddress?.port)
        let address = try #require(RelayAddress(host: "127.0.0.1", port: port, isPlain: true))
        try await body(address)
        try await server.close()
    }

    private static let answer = bytes(2, offered.serialized())
    private static let offer: [UInt8] = [0x0A, 0x00]

    private func expectOffered(_ state: PairingState?) throws {
        guard case .offered? = state else { throw Other(state: state) }
    }

    @Test("The first frame follows the answer") func first() async throws {
        let (last, heard) = try await offer(at: [.upgrade("easysetup.v1", answer: Self.answer)])
        try expectOffered(last)
        #expect(heard.requests.count == 1)
        #expect(heard.requests[0].contains("\r\nSec-WebSocket-Protocol: easysetup.v1\r\n"))
        #expect(heard.frames.first == Self.offer)
    }

    @Test(
        "A subprotocol that the device did not ask for is another version's",
        arguments: ["easysetup.v1.0", "easysetup.v2", ""]
    )
    func another(_ subprotocol: String) async throws {
        let (last, _) = try await offer(at: [.upgrade(subprotocol), .close])
        guard case .failed(.relayVersion)? = last else { throw Other(state: last) }
    }

    @Test("A refusal that comes with the answer and a close frame is read") func refusal() async throws {
        let refused = RelayFrame.refused(.tooMany, retryAfter: .seconds(7)).serialized()
        let more = Self.bytes(2, refused) + Self.bytes(8, [0x03, 0xF5])
        let (last, _) = try await offer(at: [.upgrade("easysetup.v1", with: more)])
        guard case .failed(.tooMany(retryAfter: .seconds(7)))? = last else { throw Other(state: last) }
    }

    @Test("After an answer that may pass, the device comes again by WebSocket")
    func again() async throws {
        // The client takes the first `badFrame` for a fault of the network, and connects again.
        let refused = RelayFrame.refused(.badFrame, retryAfter: .zero).serialized()
        let more = Self.bytes(2, refused) + Self.bytes(8, [0x03, 0xF0])
        let (last, heard) = try await offer(at: [
            .upgrade("easysetup.v1", with: more), .upgrade("easysetup.v1", answer: Self.answer),
        ])
        try expectOffered(last)
        #expect(heard.requests.count == 2)
        #expect(heard.requests.allSatisfy { $0.hasPrefix("GET ") })
    }

    @Test("A relay that ends between the request and its answer is asked again") func killed() async throws {
        // The first step ends the WebSocket, and the second the attempt at long polling. Then the client tries a
        // WebSocket again.
        let (last, heard) = try await offer(at: [
            .close, .close, .upgrade("easysetup.v1", answer: Self.answer),
        ])
        try expectOffered(last)
        #expect(heard.requests.first?.hasPrefix("GET ") == true)
        #expect(heard.requests.last?.hasPrefix("GET ") == true)
    }
}

/// A server's steps, one for each connection; the last step is repeated. The script records what the server receives.
private final class Script: Sendable {
    enum Step {
        /// The server closes the connection when it has the request.
        case close
        /// The server accepts the upgrade with this subprotocol, and sends `with` in the same packet. It sends `answer`
        /// when an `offer` frame arrives.
        case upgrade(String, with: [UInt8] = [], answer: [UInt8] = [])
    }

    struct Heard {
        var requests: [String] = []
        var frames: [[UInt8]] = []
    }

    private let steps: [Step]
    let heard = Mutex(Heard())

    init(steps: [Step]) { self.steps = steps }

    func next(for request: String) -> Step {
        heard.withLock {
            $0.requests.append(request)
            return steps[min($0.requests.count, steps.count) - 1]
        }
    }
}

private final class ScriptHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let script: Script
    private var request = ""
    /// The bytes that answer an `offer` frame; nil before the upgrade to a WebSocket.
    private var answer: [UInt8]?

    init(_ script: Script) { self.script = script }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = Array(buffer: unwrapInboundIn(data))
        if let answer {
            let frames = Self.frames(bytes)
            script.heard.withLock { $0.frames += frames }
            if frames.contains(where: { $0.first == 0x0A }), !answer.isEmpty { write(answer, context) }
            return
        }
        request += String(decoding: bytes, as: UTF8.self)
        guard request.contains("\r\n\r\n") else { return }
        guard case .upgrade(let subprotocol, let more, let answer) = script.next(for: request) else {
            return context.close(promise: nil)
        }
        self.answer = answer
        let key = request.split(separator: "\r\n").first { $0.lowercased().hasPrefix("sec-websocket-key: ") }
        let proof = "\(key?.dropFirst(19) ?? "")258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
        let line = subprotocol.isEmpty ? "" : "Sec-WebSocket-Protocol: \(subprotocol)\r\n"
        let head = """
            HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\(line)\
            Sec-WebSocket-Accept: \(Data(Insecure.SHA1.hash(data: Data(proof.utf8))).base64EncodedString())\r\n\r\n
            """
        write(Array(head.utf8) + more, context)
    }

    /// The payloads of the client's binary messages. In these tests, messages are short and arrive whole.
    private static func frames(_ bytes: [UInt8]) -> [[UInt8]] {
        var (frames, rest) = ([[UInt8]](), bytes[...])
        while rest.count >= 6 {
            let head = Array(rest.prefix(6))
            rest = rest.dropFirst(6)
            let payload = rest.prefix(Int(head[1] & 0x7F)).enumerated().map { $1 ^ head[2 + $0 % 4] }
            rest = rest.dropFirst(payload.count)
            if head[0] == 0x82 { frames.append(payload) }
        }
        return frames
    }

    private func write(_ bytes: [UInt8], _ context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: bytes)), promise: nil)
    }
}
