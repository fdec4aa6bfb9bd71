import CredentialsCore
import CredentialsService
import EasySetupRelay
import Hummingbird
import HummingbirdCore
import Logging
import ServiceLifecycle
import Synchronization
import UnixSignals

/// The service while it runs: its ports, and the signals that change or end it.
final class Serving: Sendable {
    private let arguments: [String]
    private let variables: [String: String]
    private let settings: Mutex<ProgramSettings>
    /// The settings at the start, some of which hold until the end.
    private let started: ProgramSettings
    private let store: AccountStore
    private let logger: Logger
    private let client = STSClient()
    private let server: CredentialsServer
    private let manager = ServiceManager.current()
    /// The ports that are open, and how many there will be.
    private let opened: Mutex<(names: [String], all: Int)>

    init(
        _ settings: ProgramSettings,
        _ arguments: [String],
        _ variables: [String: String],
        _ store: AccountStore,
        _ logger: Logger
    ) {
        self.arguments = arguments
        self.variables = variables
        self.settings = Mutex(settings)
        started = settings
        self.store = store
        self.logger = logger
        server = CredentialsServer(
            settings: settings.configuration.service,
            store: store,
            issuer: Self.issuer(settings.configuration, client),
            certificate: { DeviceRights.read($0, of: $1) },
            logger: logger,
            now: ServiceClock.now
        )
        opened = Mutex(([], settings.configuration.admin == nil ? 1 : 2))
    }

    private static func issuer(_ configuration: ProgramConfiguration, _ client: STSClient) -> Issuer {
        Issuer(
            nodes: configuration.nodes.map(\.access),
            client: client,
            duration: configuration.duration,
            deviceDuration: configuration.deviceDuration,
            objects: configuration.service.limits.objectsPerUser
        )
    }

    /// Serves until a signal ends it.
    func run() async throws {
        let configuration = settings.withLock { $0.configuration }
        // The signals are taken before the ports are open, so that none is lost.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup, .sigusr1, .sigusr2)
        let server = server
        var services: [any Service] = [
            application(configuration.listen, "devices") { request, context in
                await server.respond(to: request, context: context)
            }
        ]
        if let admin = configuration.admin {
            let pages = AdminServer(server, store: store, name: admin.host, now: ServiceClock.now)
            services.append(
                application(admin, "admin") { request, context in
                    await pages.respond(to: request, context: context)
                }
            )
        }
        if configuration.service.allowsPlain { warnOfPlainRequests() }
        let group = ServiceGroup(
            configuration: .init(services: services.map { .init(service: $0) }, logger: Self.quiet)
        )
        try await withThrowingTaskGroup(of: Bool.self) { tasks in
            tasks.addTask {
                try await group.run()
                return true
            }
            tasks.addTask { [self] in
                await obey(signals, group)
                await group.triggerGracefulShutdown()
                return false
            }
            while let hasEnded = try await tasks.next() { if hasEnded { tasks.cancelAll() } }
        }
        await client.shutdown()
        logger.notice("ended")
    }

    private func warnOfPlainRequests() {
        logger.warning("plain requests are answered: whoever sees one can repeat it")
    }

    // MARK: Ports

    /// The libraries' own lines are not ours to promise; what matters is in lines of the server.
    private static var quiet: Logger {
        Logger(label: "easysetup.credentials.http") { _ in SwiftLogNoOpLogHandler() }
    }

    private func application(
        _ address: ListenAddress,
        _ name: String,
        _ answer: @escaping @Sendable (Request, DeviceContext) async -> Response
    ) -> some ApplicationProtocol {
        Application(
            responder: CallbackResponder { (request: Request, context: DeviceContext) in await answer(request, context)
            },
            server: .http1(
                configuration: .init(
                    idleTimeout: .seconds(60),
                    httpDecoderConfiguration: .init(
                        maxHeaderFieldSize: 16_384,
                        maxHeaderListSize: 32_768,
                        maxHeaderFieldCount: 100
                    )
                )
            ),
            configuration: .init(
                // Every address of both families, where there is no host.
                address: .hostname(address.host ?? "::", port: address.port),
                availableConnectionsDelegate: MaximumAvailableConnections(1_024)
            ),
            onServerRunning: { [self] channel in
                let port = channel.localAddress?.port ?? 0
                logger.notice("listening", metadata: ["for": "\(name)", "port": "\(port)"])
                tell("\(name) at port \(port)")
            },
            logger: Self.quiet
        )
    }

    /// Tells the service manager once all ports are open.
    private func tell(_ port: String) {
        let all = opened.withLock { opened -> [String]? in
            opened.names.append(port)
            return opened.names.count == opened.all ? opened.names.sorted() : nil
        }
        if let all { manager.notify(.ready, status: "Listening for \(all.joined(separator: ", for "))") }
    }

    // MARK: Signals

    /// Obeys signals. Returns when the service is to end: at a second signal that asks for it, or when the drain time
    /// after the first is over.
    private func obey(_ signals: UnixSignalsSequence, _ group: ServiceGroup) async {
        var isEnding = false
        await withTaskGroup(of: Void.self) { tasks in
            for await signal in signals {
                switch signal {
                case .sigusr1: LogLevelStep.more.apply(to: LogLines.level, logger) { LogLines.level = $0 }
                case .sigusr2: LogLevelStep.less.apply(to: LogLines.level, logger) { LogLines.level = $0 }
                case .sighup: await reload()
                default:
                    guard !isEnding else { return tasks.cancelAll() }
                    isEnding = true
                    let seconds = settings.withLock { $0.configuration.drainTime }
                    server.isDraining = true
                    logger.notice("ending", metadata: ["seconds": "\(seconds)"])
                    manager.notify(.stopping, status: "Draining: calls are answered until it ends")
                    guard seconds > 0 else { return }
                    tasks.addTask {
                        try? await Task.sleep(for: .seconds(seconds))
                        await group.triggerGracefulShutdown()
                    }
                }
            }
            tasks.cancelAll()
        }
    }

    /// Reads the settings and the files of keys anew. All of them are checked before the first is used, so settings that
    /// can't be used change nothing.
    private func reload() async {
        server.isReloadGood = await takeAnew()
        // The last line sums up, because an operator looks at the end of the journal.
        if server.isReloadGood {
            logger.notice("reload done: everything could be used")
        } else {
            logger.error("reload failed: everything stays as it was, and lines above say why")
        }
    }

    private func takeAnew() async -> Bool {
        let changed: ProgramSettings
        do throws(SettingsFault) {
            changed = try ProgramSettings(arguments, variables)
        } catch {
            // A level that a signal has set ends here all the same.
            LogLines.level = settings.withLock { $0.level }
            logger.error("settings not changed", metadata: ["reason": "\(error)"])
            return false
        }
        let before = settings.withLock { $0 }
        do {
            // Before the issuer has them, so that no chain gets a node that it does not know.
            try await store.set(changed.configuration.nodes.map(\.node))
        } catch {
            LogLines.level = before.level
            logger.error("settings not changed", metadata: ["reason": "\(error)"])
            return false
        }
        server.take(changed.configuration.service, Self.issuer(changed.configuration, client))
        LogLines.level = changed.level
        settings.withLock { $0 = changed }
        for fault in changed.unsafeFiles { logger.warning("\(fault)") }
        if changed.configuration.service.allowsPlain, !before.configuration.service.allowsPlain {
            warnOfPlainRequests()
        }
        logger.notice("settings and keys read anew")
        let held =
            changed.configuration.heldUntilStart(started.configuration)
            + (changed.format == started.format ? [] : ["log-format"])
        if !held.isEmpty {
            logger.warning(
                "settings have changed that hold only after a new start",
                metadata: ["settings": "\(held.joined(separator: ", "))"]
            )
        }
        return true
    }
}
