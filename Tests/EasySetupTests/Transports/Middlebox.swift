import EasySetupHandshake
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import TestSupport
import Testing

/// A middlebox between a device and its relay: it handles WebSocket requests and long-poll requests as a test
/// configures, and passes everything else on unchanged.
final class Middlebox: Sendable {
    /// The handling of a WebSocket request.
    enum Upgrades: Sendable {
        case pass
        case answer(String)
        case hangUp
        case ignore
        /// The middlebox passes on the request and its answer, and then drops all bytes from the device.
        case swallowFrames
        /// The middlebox passes on the request and its answer, and closes the connection at the device's next byte.
        case endAtFrames
    }

    /// The handling of a long-poll request.
    enum Calls: Sendable {
        case pass
        case answer(String)
        /// The relay does not receive the request.
        case loseCall
        /// The relay receives the request, but the device does not receive the answer.
        case loseAnswer
        /// As ``loseAnswer``, and the connection to the device stays open.
        case holdAnswer
    }

    fileprivate let upgrades: Upgrades
    private let calls: @Sendable (Int) -> Calls
    private struct State {
        var target: Int
        var calls = 0
        var open: [ObjectIdentifier: any Channel] = [:]
    }
    private let state: Mutex<State>

    private init(target: Int, upgrades: Upgrades, calls: @escaping @Sendable (Int) -> Calls) {
        self.upgrades = upgrades
        self.calls = calls
        state = Mutex(State(target: target))
    }

    /// Runs a middlebox in front of a relay, on loopback and a free port, as long as `body` runs.
    ///
    /// - Parameters:
    ///   - tls: whether devices use TLS to the middlebox. The connection from the middlebox to the relay never has TLS.
    ///   - calls: the handling of each long-poll request, by its number from 1.
    static func run<Result: Sendable>(
        before relay: Int,
        tls: Bool = false,
        upgrades: Upgrades = .pass,
        calls: @escaping @Sendable (Int) -> Calls = { _ in .pass },
        _ body: @Sendable (Middlebox, RelayAddress) async throws -> Result
    ) async throws -> Result {
        let box = Middlebox(target: relay, upgrades: upgrades, calls: calls)
        let files = tls ? try MadeCertificate.loopback.get() : nil
        let context = try files.map { try NIOSSLContext.server(certificate: $0.certificate, key: $0.key) }
        return try await LoopbackServer.run(tls: context, handler: { DeviceSide(box: box) }) { port in
            try await body(box, try #require(RelayAddress(host: "127.0.0.1", port: port, isPlain: !tls)))
        }
    }

    /// The number of long-poll requests so far.
    var callCount: Int { state.withLock { $0.calls } }

    /// Waits for this many more long-poll requests.
    func sees(calls: Int) async {
        let goal = callCount + calls
        try? await until { self.callCount >= goal }
    }

    /// Sends all requests to another relay from now on, and closes all connections.
    func move(to relay: Int) {
        let open = state.withLock { state in
            state.target = relay
            return state.open.values
        }
        for channel in open { channel.close(promise: nil) }
    }

    fileprivate var target: Int { state.withLock { $0.target } }

    fileprivate func nextCall() -> Calls {
        let number = state.withLock { state in
            state.calls += 1
            return state.calls
        }
        return calls(number)
    }

    fileprivate func opened(_ channel: any Channel) {
        state.withLock { $0.open[ObjectIdentifier(channel)] = channel }
        channel.closeFuture.whenComplete { _ in
            self.state.withLock { $0.open[ObjectIdentifier(channel)] = nil }
        }
    }
}

/// The connection to a device.
private final class DeviceSide: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let box: Middlebox
    private var relay: EventLoopFuture<any Channel>?
    private var isUpgrading = false
    private var dropsAnswer = false
    private var holdsAnswer = false

    init(box: Middlebox) { self.box = box }

    func channelActive(context: ChannelHandlerContext) {
        box.opened(context.channel)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        let bytes = unwrapInboundIn(data)
        if isUpgrading {
            switch box.upgrades {
            case .swallowFrames: return
            case .endAtFrames: return context.close(promise: nil)
            case .pass, .answer, .hangUp, .ignore: return forward(bytes, context)
            }
        }
        let text = String(buffer: bytes)
        if text.hasPrefix("GET ") {
            isUpgrading = true
            switch box.upgrades {
            case .pass, .swallowFrames, .endAtFrames: forward(bytes, context)
            case .answer(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            case .hangUp: context.close(promise: nil)
            case .ignore: break
            }
        } else if text.hasPrefix("POST ") {
            switch box.nextCall() {
            case .pass: forward(bytes, context)
            case .answer(let text): context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            case .loseCall: context.close(promise: nil)
            case .loseAnswer:
                dropsAnswer = true
                forward(bytes, context)
            case .holdAnswer:
                holdsAnswer = true
                forward(bytes, context)
            }
        } else {
            forward(bytes, context)
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        relay?.whenSuccess { $0.close(promise: nil) }
        context.fireChannelInactive()
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func forward(_ bytes: ByteBuffer, _ context: ChannelHandlerContext) {
        let loop = context.eventLoop
        let device = NIOLoopBound(context, eventLoop: loop)
        let side = NIOLoopBound(self, eventLoop: loop)
        let relay =
            relay
            ?? ClientBootstrap(group: loop)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let answers = RelaySide { bytes in
                        if side.value.holdsAnswer { return }
                        guard let bytes, !side.value.dropsAnswer else { return device.value.close(promise: nil) }
                        device.value.writeAndFlush(side.value.wrapOutboundOut(bytes), promise: nil)
                    }
                    try channel.pipeline.syncOperations.addHandler(answers)
                }
            }
            .connect(host: "127.0.0.1", port: box.target)
        self.relay = relay
        relay.whenComplete { outcome in
            switch outcome {
            case .success(let channel): channel.writeAndFlush(bytes, promise: nil)
            case .failure: device.value.close(promise: nil)
            }
        }
    }
}

/// The connection to the relay. It calls `said` with the relay's bytes, and with nil when the relay has closed it.
private final class RelaySide: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer

    private let said: (ByteBuffer?) -> Void

    init(_ said: @escaping (ByteBuffer?) -> Void) { self.said = said }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        said(unwrapInboundIn(data))
    }

    func channelInactive(context: ChannelHandlerContext) {
        said(nil)
        context.fireChannelInactive()
    }
}
