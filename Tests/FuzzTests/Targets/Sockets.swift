import EasySetupRelayCore
import EasySetupRelayProtocol
import Logging
import NIOCore
import NIOEmbedded

@testable import EasySetupRelay

/// Bytes from a socket, through the relay's HTTP and WebSocket handlers into its core: raw, in long-poll requests, or
/// after an upgrade; in pieces, with time between them; with or without an expected PROXY header. The relay must send
/// few answers, end the connection by itself, and remember nothing of it.
@Sendable func relaySocket(_ input: [UInt8]) throws(BrokenRule) {
    var script = Script(input)
    do throws(any Error) {
        let start = script.byte()
        let relay = try EmbeddedRelay(usesProxyProtocol: start & 2 != 0)
        defer { relay.stop() }
        if start & 1 != 0 { try relay.write(Array(EmbeddedRelay.upgrade.utf8)) }
        while !script.isEmpty {
            let choice = script.byte()
            switch choice & 3 {
            case 0: relay.loop.advanceTime(by: .milliseconds(Int64(script.number16())))
            case 1: try relay.write(script.piece())
            case 2: try relay.write(EmbeddedRelay.call(choice & 4 == 0 ? "send" : "poll", script.piece()))
            default: try relay.write(EmbeddedRelay.frame(first: 0x80 | choice >> 2, script.piece()))
            }
        }
        // A time longer than the life of any room.
        relay.loop.advanceTime(by: .seconds(2_000))
        try hold(!relay.channel.isActive, "a connection stays for ever")
        try hold(relay.isForgotten, "a device is remembered for ever")
        // A poll may be repeated, and answered with the same frames.
        let bearable = 64 * 1024 + 4 * relay.written + relay.polls * WireLimits.callBytes
        try hold(relay.sent <= bearable, "\(relay.sent) bytes in answer to \(relay.written)")
    } catch let error as BrokenRule {
        throw error
    } catch {
        // NIO also throws its decoders' errors to the code that writes into the channel.
    }
}

private final class EmbeddedRelay {
    let loop = EmbeddedEventLoop()
    let channel: EmbeddedChannel
    private let hub: RelayHub
    private let worker: LoopWorker
    private(set) var sent = 0
    private(set) var written = 0
    private(set) var polls = 0

    var isForgotten: Bool { hub.read { $0.calls.isEmpty } }

    init(usesProxyProtocol: Bool) throws {
        let loop = self.loop
        let clock = RelayClock {
            Moment(monotonic: .nanoseconds(Int64(loop.now.uptimeNanoseconds)), utcSeconds: 1_800_000_000)
        }
        let keys = try TokenKeys(current: [UInt8](repeating: 7, count: 32))
        hub = RelayHub(
            limits: ConnectionLimits(),
            rendezvous: Rendezvous(
                limits: Limits(),
                keys: keys,
                lifecycle: Lifecycle(ConnectionLimits()),
                started: clock.now
            ),
            ended: loop.makePromise(of: Void.self),
            logger: Logger(label: "fuzz") { _ in SwiftLogNoOpLogHandler() }
        )
        worker = LoopWorker(
            loop: loop,
            hub: hub,
            routes: HTTPRoutes(allowedOrigins: []),
            proxies: TrustedProxies(
                at: [AddressBlock("192.0.2.0/24")!],
                header: .forwarded,
                usesProxyProtocol: usesProxyProtocol
            ),
            clock: clock
        )
        channel = EmbeddedChannel(loop: loop)
        let address = try SocketAddress(ipAddress: "192.0.2.1", port: 1)
        channel.remoteAddress = address
        channel.localAddress = address
        try ConnectionPipeline.configure(channel, worker: worker, certificate: nil)
        channel.connect(to: address, promise: nil)
    }

    func write(_ bytes: [UInt8]) throws {
        defer { loop.run() }
        guard channel.isActive else { return }
        written += bytes.count
        polls +=
            String(decoding: bytes, as: UTF8.self).split(separator: "/poll", omittingEmptySubsequences: false).count - 1
        try channel.writeInbound(ByteBuffer(bytes: bytes))
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) { sent += buffer.readableBytes }
    }

    func stop() {
        worker.stop()
        loop.advanceTime(by: .seconds(60))
        _ = try? channel.finish(acceptAlreadyClosed: true)
    }

    static let upgrade = """
        GET /easysetup/v1/ws HTTP/1.1\r
        Host: localhost\r
        Upgrade: websocket\r
        Connection: Upgrade\r
        Sec-WebSocket-Version: 13\r
        Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r
        Sec-WebSocket-Protocol: easysetup.v1\r
        \r

        """

    /// A long-poll request with a body.
    static func call(_ path: String, _ body: [UInt8]) -> [UInt8] {
        let head = """
            POST /easysetup/v1/\(path) HTTP/1.1\r
            Host: localhost\r
            Content-Type: application/protobuf\r
            Content-Length: \(body.count)\r
            \r

            """
        return Array(head.utf8) + body
    }

    /// A masked WebSocket frame; the mask is zeros.
    static func frame(first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let length: [UInt8] =
            payload.count < 126
            ? [0x80 | UInt8(payload.count)]
            : [0xFE, UInt8(truncatingIfNeeded: payload.count >> 8), UInt8(truncatingIfNeeded: payload.count)]
        return [first] + length + [0, 0, 0, 0] + payload
    }
}
