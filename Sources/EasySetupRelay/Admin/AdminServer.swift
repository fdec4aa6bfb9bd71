import Logging
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// The server of the admin port: a small HTTP/1.1 server for the operator's own programs. It runs on a loop of its own,
/// so that neither a scrape delays devices nor a stuck loop of devices the answer about its health.
final class AdminServer: Sendable {
    private let routes: AdminRoutes
    private let limits: AdminLimits
    private let logger: Logger
    private let loop: any EventLoop
    private let state = Mutex(State())

    private struct State {
        var listeners: [any Channel] = []
        var connections: [ObjectIdentifier: any Channel] = [:]
    }

    init(routes: AdminRoutes, limits: AdminLimits = AdminLimits(), logger: Logger) {
        self.routes = routes
        self.limits = limits
        self.logger = logger
        loop = MultiThreadedEventLoopGroup.singleton.next()
    }

    /// Listens at all these addresses, or at none. Returns the addresses that the system has bound. Warns of those that
    /// other machines may reach.
    func open(_ places: [Resolver.ResolvedAddress]) async throws(RelayError) -> [BoundAddress] {
        let opener = Listeners(logger: logger, cores: 1, loop: loop) { [self] _ in bootstrap() }
        let listeners = try await opener.open(places)
        state.withLock { $0.listeners = listeners }
        let addresses = listeners.compactMap { $0.localAddress?.bound }
        if listeners.contains(where: { $0.localAddress?.isLoopback != true }) {
            logger.warning(
                "other machines may reach the admin port, which asks for no password: keep it behind a firewall"
            )
        }
        return addresses
    }

    /// Closes all sockets.
    func close() async {
        let all = state.withLock { state in
            defer { state = State() }
            return state.listeners + Array(state.connections.values)
        }
        for channel in all { try? await channel.close() }
    }

    private func bootstrap() -> ServerBootstrap {
        ServerBootstrap(group: loop)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.maxMessagesPerRead, value: 1)
            .childChannelInitializer { [self] channel in
                channel.eventLoop.makeCompletedFuture { try configure(channel) }
            }
    }

    private func configure(_ channel: any Channel) throws {
        let id = ObjectIdentifier(channel)
        let hasPlace = state.withLock { state in
            guard state.connections.count < limits.adminConnections else { return false }
            state.connections[id] = channel
            return true
        }
        guard hasPlace else { return channel.close(promise: nil) }
        channel.closeFuture.whenComplete { [self] _ in state.withLock { _ = $0.connections.removeValue(forKey: id) } }
        var decoder = NIOHTTPDecoderLimitConfiguration()
        decoder.maxHeaderListSize = limits.adminHeaderBytes
        decoder.maxHeaderFieldSize = limits.adminHeaderBytes
        decoder.maxHeaderFieldCount = limits.adminHeaderFields
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(HTTPResponseEncoder())
        try pipeline.addHandler(
            ByteToMessageHandler(
                HTTPRequestDecoder(leftOverBytesStrategy: .dropBytes, limitConfiguration: decoder),
                maximumBufferSize: 2 * limits.adminHeaderBytes
            )
        )
        try pipeline.addHandler(AdminRequestHandler(routes: routes, limits: limits))
    }
}

extension SocketAddress {
    /// Whether only this machine reaches the address: 127.0.0.0/8 or ::1.
    fileprivate var isLoopback: Bool {
        guard let bytes = PeerAddress(self)?.bytes else { return false }
        return bytes.count == 4 ? bytes[0] == 127 : bytes.dropLast().allSatisfy { $0 == 0 } && bytes.last == 1
    }
}
