import EasySetupHandshake
import NIOCore
import NIOPosix
import NIOSSL
import Synchronization
import TestSupport
import Testing

/// What may stand between a device and its relay: it treats requests for a WebSocket and calls as it is told, byte for byte, and
/// passes everything else on.
final class Middlebox: Sendable {
    /// What becomes of a request for a WebSocket.
    enum Upgrades: Sendable {
        case pass
        case answer(String)
        case hangUp
        case ignore
        /// Passed with its answer, and then not a byte more from the device.
        case swallowFrames
        /// Passed with its answer, and ended at the first byte from the device.
        case endAtFrames
    }

    /// What becomes of a call.
    enum Calls: Sendable {
        case pass
        case answer(String)
        /// The relay never sees it.
        case loseCall
        /// The relay has had it; the device never hears so.
        case loseAnswer
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

    /// Stands before a relay on loopback, on a free port, for as long as `body` runs.
    ///
    /// - Parameters:
    ///   - tls: whether devices speak TLS to it; the relay behind it is spoken to without.
    ///   - calls: what becomes of each call, by its number from 1.
    static func run<Result: Sendable>(
        before relay: Int,
        tls: Bool = false,
        upgrades: Upgrades = .pass,
        calls: @escaping @Sendable (Int) -> Calls = { _ in .pass },
        _ body: @Sendable (Middlebox, RelayAddress) async throws -> Result
    ) async throws -> Result {
        let box = Middlebox(target: relay, upgrades: upgrades, calls: calls)
        let files = tls ? try Certificate.files.get() : nil
        let context = try files.map { try NIOSSLContext.server(certificate: $0.certificate, key: $0.key) }
        return try await LoopbackServer.run(tls: context, handler: { DeviceSide(box: box) }) { port in
            try await body(box, try #require(RelayAddress(host: "127.0.0.1", port: port, isPlain: !tls)))
        }
    }

    /// How many calls there were.
    var callCount: Int { state.withLock { $0.calls } }

    /// Returns when so many more calls have come.
    func sees(calls: Int) async {
        let goal = callCount + calls
        try? await until { self.callCount >= goal }
    }

    /// Leads to another relay from now on, and ends every connection.
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

/// The end towards a device.
private final class DeviceSide: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let box: Middlebox
    private var relay: EventLoopFuture<any Channel>?
    private var isUpgrading = false
    private var dropsAnswer = false

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

/// The end towards the relay: hands on what it says, and nil when it has closed.
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
