import EasySetupRelayCore
import EasySetupRelayProtocol
import Logging
import NIOCore
import NIOEmbedded
import NIOHTTP1
import NIOWebSocket

@testable import EasySetupRelay

/// A relay without sockets, on event loops with manual clocks. It has one loop by default.
final class MemoryRelay {
    let loop: EmbeddedEventLoop
    let loops: [EmbeddedEventLoop]
    let hub: RelayHub
    let worker: LoopWorker
    let workers: [LoopWorker]
    let ended: EventLoopFuture<Void>

    init(
        connectionLimits: ConnectionLimits = ConnectionLimits(),
        limits: Limits = Limits(),
        proxies: TrustedProxies = .none,
        origins: Set<String> = [],
        cores: Int = 1
    ) throws {
        let loops = (0..<cores).map { _ in EmbeddedEventLoop() }
        let loop = loops[0]
        (self.loop, self.loops) = (loop, loops)
        let clock = RelayClock.of(loop)
        var limits = limits
        limits.restartGuard = .zero
        let keys = try TokenKeys(current: [UInt8](repeating: 7, count: 32))
        let promise = loop.makePromise(of: Void.self)
        ended = promise.futureResult
        let hub = RelayHub(
            limits: connectionLimits,
            rendezvous: Rendezvous(
                limits: limits,
                keys: keys,
                lifecycle: Lifecycle(connectionLimits),
                started: clock.now
            ),
            ended: promise,
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        self.hub = hub
        workers = loops.map { loop in
            LoopWorker(
                loop: loop,
                hub: hub,
                routes: HTTPRoutes(allowedOrigins: origins),
                proxies: proxies,
                clock: clock
            )
        }
        worker = workers[0]
    }

    deinit {
        worker.stop()
        for loop in loops { loop.advanceTime(by: .seconds(60)) }
    }

    var calls: LongPollSessions { hub.read { $0.calls } }
    var outcomes: [ConnectionOutcome: Int] { hub.read { $0.outcomes } }
    var bodyBytes: Int { hub.read { $0.admission.bodyBytes } }

    /// A connection on which no bytes were sent yet.
    func connect(from address: String = "192.0.2.1", core: Int = 0) throws -> MemoryPeer {
        let channel = EmbeddedChannel(loop: loops[core])
        let address = try SocketAddress(ipAddress: address, port: 1)
        channel.remoteAddress = address
        channel.localAddress = try SocketAddress(ipAddress: "192.0.2.2", port: 2)
        try ConnectionPipeline.configure(channel, worker: workers[core], certificate: nil)
        channel.connect(to: address, promise: nil)
        return MemoryPeer(channel: channel)
    }

    /// A connection that has been upgraded to a WebSocket.
    func connectDevice(from address: String = "192.0.2.1", headers: [String] = [], core: Int = 0) throws -> MemoryPeer {
        let peer = try connect(from: address, core: core)
        try peer.send(text: Requests.upgrade(adding: headers))
        _ = try peer.received()
        return peer
    }
}

/// The other end of a connection in memory.
struct MemoryPeer {
    let channel: EmbeddedChannel

    var isOpen: Bool { channel.isActive }

    func send(text: String) throws {
        try send(Array(text.utf8))
    }

    func send(_ frame: DeviceFrame) throws {
        try send(WebSocketBytes.frame(.binary, frame.serialized()))
    }

    func send(_ bytes: [UInt8]) throws {
        // The loop must run even if the relay refuses the bytes.
        defer { channel.embeddedEventLoop.run() }
        try channel.writeInbound(ByteBuffer(bytes: bytes))
    }

    /// All bytes from the relay since the last call.
    func received() throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) {
            bytes += Array(buffer: buffer)
        }
        return bytes
    }

    /// All WebSocket frames from the relay since the last call.
    func receivedFrames() throws -> [WebSocketBytes.Parsed] {
        WebSocketBytes.parse(try received())
    }
}

/// WebSocket frames. The tests write and parse them with code of their own, because the relay's code is under test.
enum WebSocketBytes {
    struct Parsed: Equatable {
        var opcode: WebSocketOpcode
        var payload: [UInt8]

        /// The code in a close frame; nil for another frame.
        var closeCode: UInt16? {
            guard opcode == .connectionClose, payload.count >= 2 else { return nil }
            return UInt16(payload[0]) << 8 | UInt16(payload[1])
        }

        var relayFrame: RelayFrame? {
            opcode == .binary ? try? RelayFrame(parsing: payload) : nil
        }
    }

    static func frame(
        _ opcode: WebSocketOpcode,
        _ payload: [UInt8],
        isFinal: Bool = true,
        isMasked: Bool = true,
        reserved: UInt8 = 0
    ) -> [UInt8] {
        let key: [UInt8] = [0x12, 0x34, 0x56, 0x78]
        var bytes: [UInt8] = [(isFinal ? 0x80 : 0) | reserved << 4 | UInt8(webSocketOpcode: opcode)]
        let mask: UInt8 = isMasked ? 0x80 : 0
        switch payload.count {
        case ..<126: bytes += [mask | UInt8(payload.count)]
        case ..<65536: bytes += [mask | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        default: bytes += [mask | 127] + (0..<8).map { UInt8(truncatingIfNeeded: payload.count >> (56 - 8 * $0)) }
        }
        guard isMasked else { return bytes + payload }
        return bytes + key + payload.enumerated().map { $0.element ^ key[$0.offset % 4] }
    }

    /// Parses the output of a server, which consists of whole frames without masks.
    static func parse(_ bytes: [UInt8]) -> [Parsed] {
        var frames: [Parsed] = []
        var rest = bytes[...]
        while rest.count >= 2 {
            let first = rest.removeFirst()
            var count = Int(rest.removeFirst())
            if count == 126 {
                count = Int(rest.removeFirst()) << 8
                count |= Int(rest.removeFirst())
            }
            guard let opcode = WebSocketOpcode(encodedWebSocketOpcode: first & 0x0F) else { return frames }
            frames.append(Parsed(opcode: opcode, payload: Array(rest.prefix(count))))
            rest = rest.dropFirst(count)
        }
        return frames
    }
}

/// HTTP requests as text.
enum Requests {
    static func upgrade(
        path: String = "/easysetup/v1/ws",
        method: String = "GET",
        replacing replaced: [String: String?] = [:],
        adding added: [String] = []
    ) -> String {
        var headers = [
            "Host": "localhost", "Upgrade": "websocket", "Connection": "Upgrade", "Sec-WebSocket-Version": "13",
            "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Protocol": "easysetup.v1",
        ]
        for (name, value) in replaced {
            headers[name] = value
        }
        let lines = headers.map { "\($0.key): \($0.value)" } + added
        return "\(method) \(path) HTTP/1.1\r\n" + lines.joined(separator: "\r\n") + "\r\n\r\n"
    }
}

extension RelayClock {
    /// A clock that shows the manual time of an event loop.
    static func of(_ loop: EmbeddedEventLoop) -> RelayClock {
        RelayClock {
            Moment(monotonic: .nanoseconds(Int64(loop.now.uptimeNanoseconds)), utcSeconds: 1_800_000_000)
        }
    }
}
