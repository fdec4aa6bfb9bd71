public import Logging
import NIOCore
import NIOPosix
import NIOSSL
import Rendezvous
public import ServiceLifecycle
import Synchronization

/// A relay: takes devices' WebSockets and lets them find each other (`Protocol/relay.md`). One event loop does all the
/// work; ``run()`` only waits for it to end.
public final class RelayServer: Service {
    private let configuration: RelayConfiguration
    private let logger: Logger
    private let loop: any EventLoop
    private let whenListening: EventLoopPromise<Int>
    private let certificate: Mutex<NIOSSLContext?>

    /// Nothing happens before ``run()``.
    public init(configuration: RelayConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        loop = MultiThreadedEventLoopGroup.singleton.next()
        whenListening = loop.makePromise()
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
        let ended = loop.makePromise(of: Void.self)
        let switchboard = try await makeSwitchboard(rendezvous, ended: ended).get()
        let stop: @Sendable () -> Void = { [loop] in
            loop.execute { switchboard.value.stop() }
        }
        let listener: any Channel
        do {
            listener = try await bind(switchboard)
        } catch {
            stop()
            throw error
        }
        let port = listener.localAddress?.port ?? configuration.port
        logger.info("listening", metadata: ["port": "\(port)", "tls": "\(context != nil)"])
        whenListening.succeed(port)

        // A listener that ends by itself takes the relay with it.
        listener.closeFuture.whenComplete { _ in stop() }
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await ended.futureResult.get()
            } onGracefulShutdown: { [loop] in
                loop.execute { switchboard.value.drain() }
            }
        } onCancel: {
            stop()
        }
        try? await listener.close()
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
        _ rendezvous: @escaping @Sendable (Moment) -> Rendezvous<ConnectionID>,
        ended: EventLoopPromise<Void>
    ) -> EventLoopFuture<NIOLoopBound<Switchboard>> {
        loop.submit { [loop, configuration, logger] in
            let clock = RelayClock.system()
            let switchboard = Switchboard(
                loop: loop,
                limits: configuration.connectionLimits,
                frontDoor: FrontDoor(allowedOrigins: configuration.allowedOrigins),
                proxies: configuration.trustedProxies,
                clock: clock,
                rendezvous: rendezvous(clock.now),
                ended: ended,
                logger: logger
            )
            return NIOLoopBound(switchboard, eventLoop: loop)
        }
    }

    private func bind(_ switchboard: NIOLoopBound<Switchboard>) async throws(RelayError) -> any Channel {
        let limits = configuration.connectionLimits
        let outbound = ChannelOptions.Types.WriteBufferWaterMark(
            low: limits.outboundBytes / 2,
            high: limits.outboundBytes
        )
        let bootstrap = ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: limits.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.maxMessagesPerRead, value: 16)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(AcceptGate(switchboard: switchboard.value))
                }
            }
            .childChannelOption(.socketOption(.tcp_nodelay), value: 1)
            .childChannelOption(.writeBufferWaterMark, value: outbound)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let context = self.certificate.withLock { $0 }
                    try ConnectionPipeline.configure(channel, switchboard: switchboard.value, certificate: context)
                }
            }
        do {
            return try await bootstrap.bind(host: configuration.host, port: configuration.port).get()
        } catch {
            throw .cannotListen(host: configuration.host, port: configuration.port, RelayError.Cause(error))
        }
    }
}
