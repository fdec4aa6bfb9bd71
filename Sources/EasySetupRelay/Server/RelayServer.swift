import CoreMetrics
import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
import EasySetupRelayProtocol
public import Logging
import NIOCore
import NIOPosix
public import ServiceLifecycle
import Synchronization

/// A relay server: it accepts WebSockets and long-polling requests from devices and brings the devices together
/// (`Protocol/relay.md`). Event loops do all the work, one for each core; ``run()`` only waits for them to end.
public final class RelayServer: Service {
    /// The version of this relay, by semantic versioning (`CHANGELOG.md`). The relay logs its version when it begins to
    /// listen.
    public static var version: String { Release.version }

    /// The configuration with which the relay was made.
    private let configuration: RelayConfiguration
    /// The configuration with what ``reload(_:)`` has changed.
    private let latest: Mutex<RelayConfiguration>
    private let logger: Logger
    private let clock: RelayClock
    private let whenListening: EventLoopPromise<Bound>
    private let reloads = ReloadResult()
    private let running = Mutex<Running?>(nil)
    /// The message that devices are told now.
    private let told = Mutex<RelayMessage?>(nil)

    /// The addresses that the system has bound: those for devices, and those of the admin port.
    private struct Bound {
        let addresses: [BoundAddress]
        let admin: [BoundAddress]
    }

    /// The parts of a running relay that ``reload()`` changes.
    private struct Running {
        let certificate: CertificateKeeper?
        /// Nil for a relay alone.
        let redis: RedisKeeper?
        let replaceKeys: @Sendable (TokenKeys, FleetKeys) -> Void
        /// Passes the changed settings to the event loops.
        let take: @Sendable (RelayConfiguration) -> Void
        let say: @Sendable (RelayMessage?) -> Void
    }

    /// Creates a relay. It opens no files or sockets before ``run()`` is called.
    public init(configuration: RelayConfiguration, logger: Logger) {
        self.configuration = configuration
        latest = Mutex(configuration)
        self.logger = logger
        clock = configuration.clock ?? .system()
        whenListening = MultiThreadedEventLoopGroup.singleton.next().makePromise()
    }

    deinit {
        whenListening.fail(RelayError.stopped)
    }

    /// The addresses on which the relay listens, in the order of ``RelayConfiguration/listen``. The getter waits until
    /// the relay listens. It throws a ``RelayError`` when the relay could not start.
    public var addresses: [BoundAddress] {
        get async throws { try await whenListening.futureResult.get().addresses }
    }

    /// The addresses of the admin port (``RelayConfiguration/admin``); empty if there is none. The getter waits and
    /// throws as that of ``addresses`` does.
    public var adminAddresses: [BoundAddress] {
        get async throws { try await whenListening.futureResult.get().admin }
    }

    /// The port of the first of ``addresses``. The getter waits and throws as that of ``addresses`` does.
    public var port: Int {
        get async throws { try await addresses[0].port }
    }

    /// Whether the relay is listening, or listened before it ended.
    public var hasListened: Bool { running.withLock { $0 != nil } }

    /// Serves until the surrounding task is cancelled or shut down gracefully. When the task is cancelled, the relay
    /// ends at once. When the task is shut down gracefully, the relay admits no new devices, and waits for pairings in
    /// progress for at most ``ConnectionLimits/drainTime``. It tells devices to connect again, to the restarted relay
    /// or to another one.
    ///
    /// Throws a ``RelayError`` when the relay can't start. May be called only once.
    public func run() async throws {
        do {
            try await serve()
        } catch {
            whenListening.fail(error)
            throw error
        }
    }

    /// Reads the certificate, the token keys, the message for devices, and what lets the relay in at Redis, from their files again. If the relay does not listen yet, the call
    /// waits until it does.
    ///
    /// New connections get the new certificate; existing ones go on. The relay makes new tokens with the new current
    /// key, and accepts earlier tokens until they expire. If a file can't be used, the relay logs an error and keeps
    /// what it had. It does the same if no device would accept the new certificate at present while the previous one is
    /// valid. It never creates a key file here.
    public func reload() async {
        guard (try? await whenListening.futureResult.get()) != nil, let running = running.withLock({ $0 }) else {
            return
        }
        reloads.begin()
        let configuration = latest.withLock { $0 }
        // The files are read on a thread of a pool, because reading them may block.
        try? await NIOThreadPool.singleton.runIfActive { [self] in
            if running.certificate?.reload(configuration.certificate) == false { reloads.fail() }
            if running.redis?.reload(configuration.fleet) == false { reloads.fail() }
            do {
                let message = try configuration.loadMessage()
                running.say(message)
                let before = told.withLock { exchange(&$0, with: message) }
                if message != before { log(message) }
            } catch let error as RelayError {
                logger.error("message for devices not changed", metadata: error.metadata)
                reloads.fail()
            }
            guard let path = configuration.keyFile else { return }
            do {
                let keys = try KeyFile.read(path: path)
                running.replaceKeys(
                    try TokenKeys(current: keys.current, others: keys.others),
                    try FleetKeys(current: keys.current, others: keys.others)
                )
                logger.notice("key file read anew", metadata: ["keys": .stringConvertible(1 + keys.others.count)])
            } catch let error as RelayError {
                logger.error("keys not changed", metadata: error.metadata)
                reloads.fail()
            }
        }
    }

    /// Whether everything could be used at the last ``reload()``; true before the first one.
    package var isReloadGood: Bool { reloads.isGood }

    /// Notes that the operator's settings could not be used at the last reload, for the relay's metrics and status page.
    package func noteUnusableSettings() { reloads.fail() }

    /// Takes what a running relay can change from other settings: the paths of the certificate, its key and the key
    /// file, the message for devices or its file, the allowed origins, the trusted proxies, the drain time, and users,
    /// passwords and files for the servers of Redis. Then it reads the files as ``reload()`` does.
    /// - Returns: the names of the settings that differ and hold only after a new start.
    public func reload(_ changed: RelayConfiguration) async -> [String] {
        guard (try? await whenListening.futureResult.get()) != nil, let running = running.withLock({ $0 }) else {
            return []
        }
        let left = latest.withLock { latest in
            let left = configuration.needingStart(changed)
            if latest.certificate != nil, let files = changed.certificate { latest.certificate = files }
            if changed.keyFile != nil { latest.keyFile = changed.keyFile }
            if latest.fleet?.servers == changed.fleet?.servers { latest.fleet = changed.fleet }
            (latest.allowedOrigins, latest.trustedProxies) = (changed.allowedOrigins, changed.trustedProxies)
            (latest.message, latest.messageFile) = (changed.message, changed.messageFile)
            latest.connectionLimits.drainTime = changed.connectionLimits.drainTime
            running.take(latest)
            return left
        }
        await reload()
        return left
    }
}

extension RelayServer {
    private func serve() async throws {
        // On a thread of a pool, because it may block.
        let prepared = try await NIOThreadPool.singleton.runIfActive { [configuration, clock, logger] in
            try PreparedRelay(configuration, clock: clock, logger: logger)
        }
        // The threads of this relay, one for each core. They end when the relay ends.
        let group = MultiThreadedEventLoopGroup(numberOfThreads: configuration.coreCount)
        do {
            try await serve(prepared, on: Array(group.makeIterator()))
            try? await group.shutdownGracefully()
        } catch {
            try? await group.shutdownGracefully()
            throw error
        }
    }

    private func serve(_ prepared: PreparedRelay, on loops: [any EventLoop]) async throws {
        let ended = loops[0].makePromise(of: Void.self)
        var limits = configuration.limits
        if prepared.hasNewKeys { limits.restartGuard = .zero }
        var pairingEnded: (@Sendable (PairingEnding) -> Void)?
        if let tell = configuration.pairingEnded { pairingEnded = { tell(EndedPairing($0)) } }
        var rendezvous = Rendezvous(
            limits: limits,
            keys: prepared.keys,
            lifecycle: Lifecycle(configuration.connectionLimits),
            surroundings: prepared.fleet.map { .amongOthers(run: $0.run.bytes, configuration.sharing) } ?? .alone,
            started: clock.now
        )
        rendezvous.message = prepared.message
        told.withLock { $0 = prepared.message }
        let hub = RelayHub(
            limits: configuration.connectionLimits,
            rendezvous: rendezvous,
            fleet: prepared.fleet.map { [started = clock.monotonic] fleet in
                FleetMachine(run: fleet.run, keys: fleet.keys, started: started) { ConnectionID(farAs: $0) }
            },
            servers: prepared.fleet?.redis.names ?? [],
            ended: ended,
            logger: logger,
            pairingEnded: pairingEnded
        )
        var workers: [NIOLoopBound<LoopWorker>] = []
        for loop in loops {
            workers.append(try await makeWorker(hub, clock, on: loop).get())
        }
        let runningLoops = RunningLoops(workers)
        // The caller shuts the loops down when this function returns.
        defer { runningLoops.end() }
        clock.whenMoved { runningLoops.each { $0.clockMoved() } }
        let stop: @Sendable () -> Void = { runningLoops.first { $0.stop() } }
        let collector = StatusCollector(
            hub,
            runningLoops,
            prepared.certificate,
            reloads,
            clock: clock,
            configuration: configuration
        )
        let sampler = StatusSampler(collector, clock: clock, loop: MultiThreadedEventLoopGroup.singleton.next())
        let admin = AdminServer(
            routes: AdminRoutes(
                routes: AdminPages(collector: collector, sampler: sampler).routes,
                hosts: AdminHosts(name: configuration.admin?.host)
            ),
            logger: logger
        )
        let adminAddresses: [BoundAddress]
        let listeners: [any Channel]
        do {
            adminAddresses = try await admin.open(prepared.adminPlaces)
            let opener = Listeners(logger: logger, cores: loops.count, loop: loops[0]) { [workers] core in
                self.bootstrap(workers[core], prepared.certificate, on: loops[core])
            }
            listeners =
                configuration.sockets.isEmpty
                ? try await opener.open(prepared.places) : try await opener.adopt(configuration.sockets)
        } catch {
            await admin.close()
            stop()
            try? await ended.futureResult.get()
            throw error
        }
        if let redis = prepared.fleet?.redis {
            let times = DirectoryTimes(
                roomLifetime: configuration.limits.roomLifetime,
                claimAge: configuration.sharing.claimAge
            )
            runningLoops.first { $0.join(redis.store(times, on: $0.loop)) }
        }
        if configuration.admin != nil || configuration.metrics != nil { runningLoops.each { $0.watchLag() } }
        let sampling = configuration.admin.map { _ in sampler.start() }
        defer { sampling?.cancel() }
        let recording = configuration.metrics.map { record($0, collector) }
        defer { recording?.cancel() }
        let watch = prepared.certificate?.watch(on: loops[0])
        defer { watch?.cancel() }
        running.withLock {
            $0 = Running(
                certificate: prepared.certificate,
                redis: prepared.fleet?.redis,
                replaceKeys: { keys, fleet in runningLoops.first { $0.replaceKeys(by: keys, fleet) } },
                take: { changed in
                    runningLoops.each { $0.take(changed) }
                    runningLoops.first { $0.setDrainTime(changed.connectionLimits.drainTime) }
                },
                say: { message in runningLoops.first { $0.setMessage(message) } }
            )
        }
        tellListening(listeners, adminAddresses, cores: loops.count)
        if prepared.message != nil { log(prepared.message) }

        // If a listening socket closes by itself, the whole relay stops.
        for listener in listeners { listener.closeFuture.whenComplete { _ in stop() } }
        try await withTaskCancellationHandler {
            try await withGracefulShutdownHandler {
                try await ended.futureResult.get()
            } onGracefulShutdown: {
                runningLoops.first { $0.drain() }
            }
        } onCancel: {
            stop()
        }
        for listener in listeners { try? await listener.close() }
        await admin.close()
    }

    /// Records the relay's metrics from now on. That runs on another loop than those of devices, because the system takes
    /// its time to count open files.
    private func record(_ factory: any MetricsFactory, _ collector: StatusCollector) -> RepeatedTask {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let recorder = MetricsRecorder(factory)
        let interval = TimeAmount(configuration.metricsInterval)
        return loop.scheduleRepeatedTask(initialDelay: .zero, delay: interval) { _ in
            collector.collect(on: loop).whenSuccess { recorder.record($0) }
        }
    }

    /// Logs the message for devices that is in force from now on.
    private func log(_ message: RelayMessage?) {
        guard let message else { return logger.notice("devices are told nothing any more") }
        logger.notice("devices are told", metadata: ["message": "\(message)"])
    }

    private func tellListening(_ listeners: [any Channel], _ admin: [BoundAddress], cores: Int) {
        // Each core has its own socket for the same address, so repeated addresses are left out.
        var addresses: [BoundAddress] = []
        for case let address? in listeners.map({ $0.localAddress?.bound }) where !addresses.contains(address) {
            addresses.append(address)
        }
        let metadata: Logger.Metadata = [
            "ports": "\(Set(addresses.map(\.port)).sorted().map(String.init).joined(separator: " "))",
            "tls": "\(configuration.certificate != nil)", "cores": .stringConvertible(cores),
            "version": "\(Self.version)",
        ]
        logger.notice("listening", metadata: metadata)
        whenListening.succeed(Bound(addresses: addresses, admin: admin))
    }

    private func makeWorker(
        _ hub: RelayHub,
        _ clock: RelayClock,
        on loop: any EventLoop
    ) -> EventLoopFuture<NIOLoopBound<LoopWorker>> {
        loop.submit { [configuration] in
            let worker = LoopWorker(
                loop: loop,
                hub: hub,
                routes: HTTPRoutes(allowedOrigins: configuration.allowedOrigins),
                proxies: configuration.trustedProxies,
                clock: clock,
                timesMessages: configuration.admin != nil || configuration.metrics != nil
            )
            return NIOLoopBound(worker, eventLoop: loop)
        }
    }

    private func bootstrap(
        _ worker: NIOLoopBound<LoopWorker>,
        _ certificate: CertificateKeeper?,
        on loop: any EventLoop
    ) -> ServerBootstrap {
        ServerBootstrap(group: loop)
            .serverChannelOption(.backlog, value: configuration.connectionLimits.backlog)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .serverChannelOption(.socketOption(.reusePort), value: configuration.coreCount > 1 ? 1 : 0)
            .serverChannelOption(.maxMessagesPerRead, value: 16)
            .serverChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let gate = AcceptGate(worker: worker.value) { [self] accepted in
                        try configure(accepted, worker.value, certificate)
                    }
                    try channel.pipeline.syncOperations.addHandler(gate)
                }
            }
    }

    /// Sets up an accepted connection. The system has copied the option TCP_NODELAY from the listening socket.
    private func configure(
        _ accepted: any Channel,
        _ worker: LoopWorker,
        _ certificate: CertificateKeeper?
    ) throws {
        if let options = accepted.syncOptions {
            // With one read per batch, SwiftNIO keeps only the channel's first buffer, and asks this allocator for each
            // later one.
            try options.setOption(.maxMessagesPerRead, value: 1)
            try options.setOption(.recvAllocator, value: worker.receiveBuffers)
        }
        try ConnectionPipeline.configure(accepted, worker: worker, certificate: certificate?.context)
    }
}
