public import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Rendezvous
public import ServiceLifecycle
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A relay: takes devices' WebSockets and lets them find each other (`Protocol/relay.md`). Event loops do all the work, one for each
/// core it may use; ``run()`` only waits for them to end.
public final class RelayServer: Service {
    private let configuration: RelayConfiguration
    private let logger: Logger
    private let whenListening: EventLoopPromise<Int>
    private let certificate: Mutex<NIOSSLContext?>

    /// Nothing happens before ``run()``.
    public init(configuration: RelayConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        whenListening = MultiThreadedEventLoopGroup.singleton.next().makePromise()
        certificate = Mutex(nil)
    }

    deinit {
        whenListening.fail(RelayError.stopped)
    }

    /// The port the relay listens on, as soon as it does. Throws a ``RelayError`` when it never will.
    public var port: Int {
        get async throws { try await whenListening.futureResult.get() }
    }

    /// Serves until the surrounding task is cancelled (then it ends at once), or shut down gracefully (then it takes nothing
    /// new, and waits for pairings in hand for ``ConnectionLimits/drainTime``). Devices are told to go on elsewhere.
    ///
    /// Throws a ``RelayError`` when it cannot start. To be called once.
    public func run() async throws {
        do {
            try await serve()
        } catch {
            whenListening.fail(error)
            throw error
        }
    }

    /// Reads the certificate and key files anew, for connections to come; those there are go on. Files that cannot be used
    /// leave the old certificate in place, and are logged. Does nothing for a relay without TLS.
    public func reloadCertificate() {
        guard let files = configuration.certificate else { return }
        do {
            let context = try files.load()
            certificate.withLock { $0 = context }
            logger.info("certificate read anew")
        } catch {
            logger.error("certificate not changed", metadata: ["error": "\(error)", "advice": "\(error.advice)"])
        }
    }
}

extension RelayServer {
    private func serve() async throws {
        let context = try configuration.certificate?.load()
        certificate.withLock { $0 = context }
        let rendezvous = try makeRendezvous()
        // Threads of its own, one for each core it may use; they end with it.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.coreCount)
        do {
            try await serve(rendezvous, on: Array(group.makeIterator()))
            try? await group.shutdownGracefully()
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private func serve(
        _ rendezvous: @Sendable (Moment) -> Rendezvous<ConnectionID>,
        on loops: [any EventLoop]
    ) async throws {
        let ended = loops[0].makePromise(of: Void.self)
        let clock = configuration.clock ?? .system()
        let exchange = Exchange(
            limits: configuration.connectionLimits,
            rendezvous: rendezvous(clock.now),
            ended: ended,
            logger: logger
        )
        var switchboards: [NIOLoopBound<Switchboard>] = []
        for loop in loops {
            switchboards.append(try await makeSwitchboard(exchange, clock, on: loop).get())
        }
        let first = switchboards[0]
        clock.whenMoved { [switchboards] in
            for (board, loop) in zip(switchboards, loops) { loop.execute { board.value.lookAtTheClock() } }
        }
        let stop: @Sendable () -> Void = { loops[0].execute { first.value.stop() } }
        var listeners: [any Channel] = []
        do {
            listeners = try await listen(switchboards, on: loops)
        } catch {
            stop()
            try? await ended.futureResult.get()
            throw error
        }
        let port = listeners[0].localAddress?.port ?? configuration.port
        let metadata: Logger.Metadata = [
            "port": "\(port)", "tls": "\(configuration.certificate != nil)", "cores": "\(loops.count)",
        ]
        logger.info("listening", metadata: metadata)
        whenListening.succeed(port)

        // A listener that ends by itself takes the relay with it.
        for listener in listeners { listener.closeFuture.whenComplete { _ in stop() } }
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await ended.futureResult.get()
            } onGracefulShutdown: {
                loops[0].execute { first.value.drain() }
            }
        } onCancel: {
            stop()
        }
        for listener in listeners { try? await listener.close() }
    }

    private func makeRendezvous() throws -> @Sendable (Moment) -> Rendezvous<ConnectionID> {
        var generator = SystemRandomNumberGenerator()
        var limits = configuration.limits
        let keys: TokenKeySet
        if let path = configuration.keyFile {
            let loaded = try KeyFile.load(path: path)
            keys = loaded.keys
            if loaded.isNew { limits.restartGuard = .zero }
        } else {
            keys = .random(using: &generator)
            limits.restartGuard = .zero
        }
        let tokenKeys = try TokenKeys(current: keys.current, previous: keys.previous)
        return { [limits] in Rendezvous(limits: limits, keys: tokenKeys, started: $0) }
    }

    private func makeSwitchboard(
        _ exchange: Exchange,
        _ clock: RelayClock,
        on loop: any EventLoop
    ) -> EventLoopFuture<NIOLoopBound<Switchboard>> {
        loop.submit { [configuration] in
            let switchboard = Switchboard(
                loop: loop,
                exchange: exchange,
                frontDoor: FrontDoor(allowedOrigins: configuration.allowedOrigins),
                proxies: configuration.trustedProxies,
                clock: clock
            )
            return NIOLoopBound(switchboard, eventLoop: loop)
        }
    }

    /// A socket that listens for each loop, all at the same port: the system gives each connection to one of them, and none has to
    /// be handed from loop to loop.
    private func listen(
        _ switchboards: [NIOLoopBound<Switchboard>],
        on loops: [any EventLoop]
    ) async throws(RelayError) -> [any Channel] {
        var listeners: [any Channel] = []
        do {
            // Only sockets that share a port may listen there together, another relay's of the same user among them. It had better hear
            // that the port is taken. Of ports that the system chooses, none is.
            if loops.count > 1, configuration.port != 0 {
                let alone = ServerBootstrap(group: loops[0]).serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                try await alone.bind(host: configuration.host, port: configuration.port).get().close()
            }
            for (switchboard, loop) in zip(switchboards, loops) {
                let bootstrap = bootstrap(switchboard, on: loop)
                if let address = listeners.first?.localAddress {
                    listeners.append(try await bootstrap.bind(to: address).get())
                } else {
                    listeners.append(
                        try await bootstrap.bind(host: configuration.host, port: configuration.port).get()
                    )
                }
            }
            return listeners
        } catch {
            for listener in listeners { try? await listener.close() }
            throw .cannotListen(host: configuration.host, port: configuration.port, RelayError.Cause(error))
        }
    }

    private func bootstrap(_ switchboard: NIOLoopBound<Switchboard>, on loop: any EventLoop) -> ServerBootstrap {
        ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: configuration.connectionLimits.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.socketOption(.reusePort), value: configuration.coreCount > 1 ? 1 : 0)
            .serverChannelOption(.maxMessagesPerRead, value: 16)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let gate = AcceptGate(switchboard: switchboard.value) { [self] accepted in
                        try configure(accepted, switchboard.value)
                    }
                    try channel.pipeline.syncOperations.addHandler(gate)
                }
            }
    }

    /// Makes an accepted connection ready. What is set by itself, TCP_NODELAY, it has from the socket that listens.
    private func configure(_ accepted: any Channel, _ switchboard: Switchboard) throws {
        if let options = accepted.syncOptions {
            // One read at a time is what makes it take all buffers but its first from there.
            try options.setOption(.maxMessagesPerRead, value: 1)
            try options.setOption(.recvAllocator, value: switchboard.receiveBuffers)
        }
        let context = certificate.withLock { $0 }
        try ConnectionPipeline.configure(accepted, switchboard: switchboard, certificate: context)
    }
}

extension NIOBSDSocket.Option {
    /// Lets several sockets of one user listen at the same port. NIO has no name for it.
    fileprivate static let reusePort = Self(rawValue: SO_REUSEPORT)
}
