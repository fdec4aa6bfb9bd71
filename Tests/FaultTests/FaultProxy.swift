import EasySetup
import EasySetupHandshake
import EasySetupSeed
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// A proxy between one device and the relay that causes one fault: in the device's first connection or, with long
/// polling, in the one of its two connections in which the unit comes.
///
/// A unit is passed on when it is complete, so that a cut in its middle has an exact place.
final class FaultProxy: Sendable {
    /// A fault and its place.
    struct Plan: Sendable {
        var boundary: Boundary
        var fault: Fault
    }

    /// The proxy's observations.
    struct Report: Sendable {
        /// The number of the device's connections.
        var connections = 0
        /// Whether the fault happened.
        var hasFired = false
        /// The units at which a fault was possible, in their order.
        var units: [(direction: Direction, name: String)] = []
        fileprivate var counts: [Direction: Int] = [:]
    }

    /// The way to the relay: its port, the source address of the connection, and the form of the bytes.
    struct Way: Sendable {
        var port: Int
        /// The source addresses of the connections in their order; the last is for all further ones.
        var sources: [String] = ["127.0.0.1"]
        var form = UnitSplitter.Form.webSocket
    }

    private let listener: any Channel
    private let state: State

    /// Runs the proxy as long as the body runs.
    ///
    /// - Parameter strike: the action of ``Fault/strike(_:)``; called on the proxy's event loop.
    static func run<Result>(
        to way: Way,
        _ plan: Plan? = nil,
        strike: @escaping @Sendable () -> Void = {},
        _ body: (FaultProxy) async throws -> Result
    ) async throws -> Result {
        let state = State(way, plan, strike)
        let listener = try await ServerBootstrap(group: state.loop)
            .serverChannelOption(.backlog, value: 64)
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(.autoRead, value: false)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture { try state.accept(channel) }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let proxy = FaultProxy(listener, state)
        do {
            let result = try await body(proxy)
            await proxy.close()
            return result
        } catch {
            await proxy.close()
            throw error
        }
    }

    private init(_ listener: any Channel, _ state: State) {
        self.listener = listener
        self.state = state
    }

    /// The proxy's address, which the device uses as the relay's.
    func address(isPlain: Bool = true) throws -> RelayAddress {
        let port = try #require(listener.localAddress?.port)
        return try #require(RelayAddress(host: "127.0.0.1", port: port, isPlain: isPlain))
    }

    /// The observations so far.
    var report: Report { state.report.withLock { $0 } }

    private func close() async {
        try? await listener.close()
        try? await state.loop.submit { [state] in state.closeAll() }.get()
    }

    /// The state that all connections share. All of it but the report is used only on the loop.
    private final class State: @unchecked Sendable {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let way: Way
        let plan: Plan?
        let strike: @Sendable () -> Void
        let report = Mutex(Report())
        private var tunnels: [Tunnel] = []

        init(_ way: Way, _ plan: Plan?, _ strike: @escaping @Sendable () -> Void) {
            self.way = way
            self.plan = plan
            self.strike = strike
        }

        func accept(_ channel: any Channel) throws {
            let number = report.withLock { report in
                report.connections += 1
                return report.connections
            }
            let isWatched = number == 1 || way.form == .http
            let tunnel = Tunnel(
                device: channel,
                way: way,
                source: way.sources[min(number, way.sources.count) - 1],
                strike: strike,
                fault: { [self] unit, direction in isWatched ? fault(at: unit, direction) : nil },
                isWatched: isWatched
            )
            tunnels.append(tunnel)
            let isHit = number == 1 && plan?.boundary == .connecting
            if isHit { report.withLock { $0.hasFired = true } }
            try tunnel.start(isHit ? plan?.fault : nil)
        }

        /// The fault at this unit; nil for none.
        private func fault(at unit: Unit, _ direction: Direction) -> Fault? {
            report.withLock { report in
                let number = report.counts[direction, default: 0]
                report.counts[direction] = number + 1
                report.units.append((direction, unit.name))
                guard let plan, plan.boundary == .unit(direction, number) else { return nil }
                if case .corrupt(let part) = plan.fault, unit.flipped(in: part) == nil { return nil }
                report.hasFired = true
                return plan.fault
            }
        }

        func closeAll() {
            tunnels.forEach { $0.close() }
            tunnels = []
        }
    }
}

/// One connection through the proxy, on its loop.
private final class Tunnel {
    private let device: any Channel
    private let way: FaultProxy.Way
    private let source: String
    private let strike: @Sendable () -> Void
    private let fault: (Unit, Direction) -> Fault?
    private var relay: (any Channel)?
    private var splitters: [Direction: UnitSplitter]
    /// The directions in which no more bytes are passed on.
    private var dead: Set<Direction> = []
    /// The dead directions in which the close is not passed on either.
    private var stalled: Set<Direction> = []
    /// The bytes that wait for a unit that is passed on byte by byte.
    private var behind: [Direction: [[UInt8]]] = [:]

    init(
        device: any Channel,
        way: FaultProxy.Way,
        source: String,
        strike: @escaping @Sendable () -> Void,
        fault: @escaping (Unit, Direction) -> Fault?,
        isWatched: Bool
    ) {
        self.device = device
        self.way = way
        self.source = source
        self.strike = strike
        self.fault = fault
        // After the fault the device may use the other transport.
        let form = isWatched ? way.form : .raw
        splitters = [.up: UnitSplitter(form, .up), .down: UnitSplitter(form, .down)]
    }

    /// - Parameter fault: the fault before there is a connection to the relay.
    func start(_ fault: Fault?) throws {
        try device.pipeline.syncOperations.addHandler(End(self, .up))
        switch fault {
        case .cut(let cut, _):
            // The code runs when the channel is active, because before there is nothing to close.
            let tunnel = NIOLoopBound(self, eventLoop: device.eventLoop)
            return device.eventLoop.execute { tunnel.value.end(cut) }
        case .strike: strike()
        case .some:
            stall([.up, .down])
            device.setOption(.autoRead, value: true).whenComplete { [device] _ in device.read() }
            return
        case nil: break
        }
        let tunnel = NIOLoopBound(self, eventLoop: device.eventLoop)
        ClientBootstrap(group: device.eventLoop)
            .bind(to: try SocketAddress(ipAddress: source, port: 0))
            .channelOption(.socketOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(End(tunnel.value, .down))
                }
            }
            .connect(host: "127.0.0.1", port: way.port)
            .whenComplete { [device] result in
                switch result {
                case .success(let channel):
                    tunnel.value.relay = channel
                    // The device may have closed its connection before anything was read.
                    if !device.isActive { channel.close(promise: nil) }
                    device.setOption(.autoRead, value: true).whenComplete { _ in device.read() }
                case .failure: tunnel.value.end(.reset)
                }
            }
    }

    func close() {
        device.close(promise: nil)
        relay?.close(promise: nil)
    }

    /// Bytes from one of the two ends.
    func came(_ bytes: [UInt8], _ direction: Direction) {
        for unit in splitters[direction]?.add(bytes) ?? [] {
            guard unit.isCounted else {
                forward(unit.bytes, direction)
                continue
            }
            if way.form == .http, unit.name == "ws" {
                refuse()
            } else if let fault = fault(unit, direction) {
                happen(fault, unit, direction)
            } else {
                forward(unit.bytes, direction)
            }
        }
    }

    /// Refuses a WebSocket, as some proxies do.
    private func refuse() {
        let answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        device.writeAndFlush(ByteBuffer(string: answer), promise: nil)
        close()
    }

    /// One of the two ends is closed.
    func closed(_ direction: Direction) {
        // A stalled direction passes on no close.
        if stalled.contains(direction) { return }
        close()
    }

    private func happen(_ fault: Fault, _ unit: Unit, _ direction: Direction) {
        func send(_ spot: Spot) {
            switch spot {
            case .before: break
            case .middle: forward(Array(unit.bytes.prefix(max(1, unit.bytes.count / 2))), direction)
            case .after: forward(unit.bytes, direction)
            }
        }
        switch fault {
        case .cut(let cut, let spot):
            send(spot)
            end(cut)
        case .stall(let spot):
            send(spot)
            stall([.up, .down])
        case .stallOneWay(let spot):
            send(spot)
            stall([direction])
        case .trickle: trickle(unit.bytes[...], direction)
        case .corrupt(let part):
            forward(unit.flipped(in: part) ?? unit.bytes, direction)
        case .strike(let spot):
            send(spot)
            // Bytes that were not sent yet are lost, as in a connection that breaks.
            dead = [.up, .down]
            strike()
        }
    }

    private func stall(_ directions: Set<Direction>) {
        dead.formUnion(directions)
        stalled.formUnion(directions)
    }

    private func forward(_ bytes: [UInt8], _ direction: Direction) {
        if behind[direction] != nil {
            behind[direction]?.append(bytes)
            return
        }
        if dead.contains(direction) { return }
        let channel = direction == .up ? relay : device
        channel?.writeAndFlush(ByteBuffer(bytes: bytes), promise: nil)
    }

    /// Passes on byte by byte; of a long unit only the first sixty-four bytes, and the rest in as many pieces.
    private func trickle(_ bytes: ArraySlice<UInt8>, _ direction: Direction, sent: Int = 0, piece: Int? = nil) {
        let piece = piece ?? max(1, (bytes.count - 64) / 64)
        guard !bytes.isEmpty else {
            let waiting = behind.removeValue(forKey: direction) ?? []
            return waiting.forEach { forward($0, direction) }
        }
        let count = sent < 64 ? 1 : min(piece, bytes.count)
        let waiting = behind.removeValue(forKey: direction) ?? []
        forward(Array(bytes.prefix(count)), direction)
        behind[direction] = waiting
        let tunnel = NIOLoopBound(self, eventLoop: device.eventLoop)
        device.eventLoop.scheduleTask(in: .microseconds(300)) {
            tunnel.value.trickle(bytes.dropFirst(count), direction, sent: sent + 1, piece: piece)
        }
    }

    private func end(_ cut: Fault.Cut) {
        if cut == .reset {
            for channel in [device, relay] {
                (channel as? any SocketOptionProvider)?.setSoLinger(linger(l_onoff: 1, l_linger: 0))
                    .whenFailure { _ in }
            }
        }
        close()
    }

    /// One end of a tunnel: that of the device, whose bytes go up, or that of the relay.
    private final class End: ChannelInboundHandler {
        typealias InboundIn = ByteBuffer

        private let tunnel: Tunnel
        private let direction: Direction

        init(_ tunnel: Tunnel, _ direction: Direction) {
            self.tunnel = tunnel
            self.direction = direction
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            tunnel.came(Array(unwrapInboundIn(data).readableBytesView), direction)
        }

        func channelInactive(context: ChannelHandlerContext) {
            tunnel.closed(direction)
        }

        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            context.close(promise: nil)
        }
    }
}
