import EasySetup
import EasySetupHandshake
import EasySetupSeed
import NIOCore
import NIOPosix
import Synchronization
import Testing

/// Stands between one device and the relay and lets one thing go wrong: in the device's first connection, or by long polling, where
/// each device has two, in whichever the unit comes.
///
/// A unit goes on when it is complete, so that what is cut in its middle is cut there and nowhere else.
final class FaultProxy: Sendable {
    /// What goes wrong, and where.
    struct Plan: Sendable {
        var boundary: Boundary
        var fault: Fault
    }

    /// What was seen.
    struct Report: Sendable {
        /// How many connections the device made.
        var connections = 0
        /// Whether the fault happened.
        var hasFired = false
        /// The units in which something could have gone wrong, in the order in which they came.
        var units: [(direction: Direction, name: String)] = []
        fileprivate var counts: [Direction: Int] = [:]
    }

    /// Where the relay is, which of this machine's addresses the connection to it comes from, and how the two talk.
    struct Way: Sendable {
        var port: Int
        /// The source address by connection, from the first on; the last is for all that follow.
        var sources: [String] = ["127.0.0.1"]
        var form = UnitSplitter.Form.webSocket
    }

    private let listener: any Channel
    private let state: State

    /// Listens, for as long as the body runs.
    ///
    /// - Parameter strike: what ``Fault/strike(_:)`` does; called on the proxy's event loop.
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

    /// The relay, as the device is told.
    func address(isPlain: Bool = true) throws -> RelayAddress {
        let port = try #require(listener.localAddress?.port)
        return try #require(RelayAddress(host: "127.0.0.1", port: port, isPlain: isPlain))
    }

    /// What was seen so far.
    var report: Report { state.report.withLock { $0 } }

    private func close() async {
        try? await listener.close()
        try? await state.loop.submit { [state] in state.closeAll() }.get()
    }

    /// What all connections share. Everything but the report is touched on the loop alone.
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

        /// What goes wrong at this unit.
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
    /// Directions in which nothing goes any more.
    private var dead: Set<Direction> = []
    /// Those of them in which not even an end is told.
    private var stalled: Set<Direction> = []
    /// What waits behind a unit that trickles.
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
        // What comes after the fault may go through another transport.
        let form = isWatched ? way.form : .raw
        splitters = [.up: UnitSplitter(form, .up), .down: UnitSplitter(form, .down)]
    }

    /// - Parameter fault: what goes wrong before there is a connection to the relay.
    func start(_ fault: Fault?) throws {
        try device.pipeline.syncOperations.addHandler(End(self, .up))
        switch fault {
        case .cut(let cut, _):
            // Not before the channel is active: there is nothing to close yet.
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
                    // Who went meanwhile did so before anybody read.
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

    /// As a proxy does that lets no WebSocket through.
    private func refuse() {
        let answer = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        device.writeAndFlush(ByteBuffer(string: answer), promise: nil)
        close()
    }

    /// One of the two ends is closed.
    func closed(_ direction: Direction) {
        // What stalls tells nobody.
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
            // What has not gone by now does not go at all, as it is with a connection that breaks.
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

    /// A byte at a time; of a long unit the first sixty-four so, the rest in as many pieces.
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

    /// One end of a tunnel: the device's, whose bytes go up, or the relay's.
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
