import ArgumentParser
import EasySetupRelay
import EasySetupSeed
import Logging
import ServiceLifecycle
import UnixSignals

/// `easysetup relay`: runs a relay until a signal ends it (`Protocol/operating.md`).
struct RelayCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "relay",
        abstract: "Run a relay, at which devices meet.",
        discussion: """
            Under systemd it serves on the sockets of its socket unit, in place of --listen, and tells when it is ready. \
            SIGTERM and SIGINT end it when the pairings in hand have ended, or after --drain-time; a second one ends it at \
            once. SIGHUP reads the file of --config, the certificate, the key file and the message for devices anew. SIGUSR1 makes it log more, SIGUSR2 \
            less.
            """
    )

    @Option(
        help: ArgumentHelp(
            "Where to listen, as 127.0.0.1:8080, [::1]:8080 or *:8080; may be given several times.",
            discussion: """
                * or nothing for the host is every address, IPv4 and IPv6; a name is every address that it has. Port 0 takes a free \
                one. It listens at all of them, or ends.
                """,
            valueName: "host:port"
        ),
        transform: ListenAddress.init(argument:)
    )
    var listen: [ListenAddress] = []

    @Option(
        help: ArgumentHelp(
            "A file with settings, a line each, such as listen = *:8080.",
            discussion: "An option beats a variable, a variable beats the file.",
            valueName: "file"
        )
    )
    var config: PathArgument?

    @Option(
        help: ArgumentHelp(
            "The file with the key of the tokens; made when it is missing.",
            discussion: "Without it, devices cannot come back to a relay that was started again.",
            valueName: "file"
        )
    )
    var keyFile: PathArgument?

    @Option(help: ArgumentHelp("The certificate chain, PEM, the relay's own first.", valueName: "file"))
    var tlsCertificate: PathArgument?

    @Option(help: ArgumentHelp("The certificate's private key, PEM.", valueName: "file"))
    var tlsKey: PathArgument?

    @Option(
        help: ArgumentHelp("A web origin that may connect; may be given several times.", valueName: "origin"),
        transform: WebOrigin.init(argument:)
    )
    var origin: [WebOrigin] = []

    @Option(
        help: ArgumentHelp(
            "The most memory it may come to hold, at least \(leastMemory): fewer connections, codes and pairings at a time.",
            valueName: "MiB"
        ),
        transform: RelayCommand.mebibytes
    )
    var memory: Int?

    @Option(help: ArgumentHelp("How many cores it serves with, 1 to 255.", valueName: "number"))
    var cores = 1

    @OptionGroup(title: "Behind a proxy") var proxy: ProxyOptions

    @OptionGroup(title: "Together with other relays") var fleet: FleetOptions

    @Option(help: ArgumentHelp("How long a code lives, 1 to 3600.", valueName: "seconds"))
    var codeLifetime = 600

    @Option(
        help: ArgumentHelp(
            "How long pairings in hand may go on once it is told to end, 0 to 3600.",
            valueName: "seconds"
        )
    )
    var drainTime = 300

    @Option(
        help: ArgumentHelp(
            "Another value for a limit of limits.md, seconds where it is a time; may be given several times.",
            valueName: "name=value"
        ),
        transform: LimitOption.init(argument:)
    )
    var limit: [LimitOption] = []

    @OptionGroup var message: MessageOptions

    @Option(
        help: ArgumentHelp(
            "Where the status page, metrics and health are, as 127.0.0.1:9464; nowhere without it.",
            discussion: "Without a host it is 127.0.0.1. It asks for no password. Port 0 takes a free one.",
            valueName: "host:port"
        ),
        transform: AdminAddress.init(argument:)
    )
    var admin: AdminAddress?

    @Option(help: ArgumentHelp("The form of the logs.", valueName: "format"))
    var logFormat = LogLines.Format.text

    @Flag(help: "Say what would be used, where each setting comes from, and what is unsafe; then end.")
    var check = false

    @OptionGroup var common: CommonOptions

    private static let mebibyte = 1024 * 1024

    private static func mebibytes(_ text: String) throws -> Int {
        guard let number = Int(text) else {
            throw ValidationError("It is a whole number of MiB, without a unit behind it.")
        }
        return number
    }

    /// The least `--memory` in MiB: enough for the process and a few hundred connections.
    private static let leastMemory = 128
    /// The most `--memory` in MiB: a tebibyte.
    private static let mostMemory = 1_048_576

    /// Read once, because the variables are removed from the environment then.
    private static let manager = ServiceManager.current()

    func validate() throws {
        guard (tlsCertificate == nil) == (tlsKey == nil) else {
            throw ValidationError("--tls-certificate and --tls-key go together.")
        }
        guard Self.leastMemory...Self.mostMemory ~= memory ?? Self.leastMemory else {
            throw ValidationError("--memory is \(Self.leastMemory) to \(Self.mostMemory) MiB.")
        }
        guard 1...255 ~= cores else { throw ValidationError("--cores is 1 to 255.") }
        guard 1...3600 ~= codeLifetime else {
            throw ValidationError("--code-lifetime is 1 to 3600 seconds.")
        }
        guard 0...3600 ~= drainTime else {
            throw ValidationError("--drain-time is 0 to 3600 seconds.")
        }
        guard fleet.fleet.isEmpty || keyFile != nil else {
            throw ValidationError("--fleet needs --key-file: all relays of a fleet have the same keys.")
        }
        var fitting = wanted
        if let memory, !fitting.fit(memory: memory * Self.mebibyte, keeping: Set(limit.map(\.name))) {
            let least = (fitting.memoryCeiling + Self.mebibyte - 1) / Self.mebibyte
            throw ValidationError("--memory is too little for the values of --limit, which take \(least) MiB at least.")
        }
        let names = limit.map(\.name)
        if let twice = names.first(where: { name in names.count { $0 == name } > 1 }) {
            throw ValidationError("--limit sets \(twice) more than once.")
        }
        // It comes last, so that a file in which this is missing too is checked as a whole.
        guard !listen.isEmpty || !Self.manager.sockets.isEmpty else {
            throw ValidationError(
                "Say where to listen: --listen 127.0.0.1:8080, or the variable EASYSETUP_RELAY_LISTEN, or a line listen = 127.0.0.1:8080 in the file of --config."
            )
        }
    }

    func run() async throws {
        try await common.run(logFormat: logFormat) { output in
            let logger = Logger(label: "easysetup.relay")
            if check { return try await check(output) }
            var configuration = configuration
            try fit(&configuration, to: OpenFiles.raiseLimit(), logger)
            let server = RelayServer(configuration: configuration, logger: logger)
            do {
                try await serve(server, configuration, output, logger)
            } catch let error as RelayError where !server.hasListened {
                // The start ends with the first fault of the files. The others are told too.
                for other in configuration.findings(probesListen: false, probesAdmin: false)
                where other.severity == .error && other.message != error.description {
                    logger.error("\(other.message)", metadata: ["advice": "\(other.advice)"])
                }
                throw error
            }
        }
    }

    var configuration: RelayConfiguration {
        var configuration = wanted
        if let memory { configuration.fit(memory: memory * Self.mebibyte, keeping: Set(limit.map(\.name))) }
        return configuration
    }

    /// The number of connections that `--limit` sets.
    var wantedConnections: Int? {
        limit.contains { $0.name == "connections" } ? wanted.connectionLimits.connections : nil
    }

    /// The settings before `--memory` lowers the limits that `--limit` does not set.
    private var wanted: RelayConfiguration {
        var configuration = RelayConfiguration(listen: listen)
        configuration.sockets = Self.manager.sockets
        configuration.keyFile = keyFile.map { PathBytes(bytes: $0.bytes) }
        if let tlsCertificate, let tlsKey {
            configuration.certificate = CertificateFiles(
                certificate: PathBytes(bytes: tlsCertificate.bytes),
                key: PathBytes(bytes: tlsKey.bytes)
            )
        }
        configuration.cores = cores
        configuration.admin = admin?.address
        configuration.fleet = fleet.settings
        configuration.allowedOrigins = Set(origin.map(\.text))
        configuration.trustedProxies = proxy.trusted
        configuration.codeLifetime = .seconds(codeLifetime)
        message.apply(to: &configuration)
        for limit in limit { limit.apply(to: &configuration) }
        configuration.connectionLimits.drainTime = .seconds(drainTime)
        return configuration
    }

    /// Lowers the number of connections to what the system allows.
    /// - Parameter allowed: how many files the process may open; nil if the system does not tell the number.
    /// - Throws: ``CommandError/tooFewFiles(allowed:least:)`` if the relay could serve nobody.
    func fit(_ configuration: inout RelayConfiguration, to allowed: Int?, _ logger: Logger) throws(CommandError) {
        guard let allowed else { return }
        let listening = max(listen.count, configuration.sockets.count)
        let reserve = OpenFiles.reserve(cores: cores, listening: listening, hasAdmin: admin != nil)
        let room = allowed - reserve
        guard room >= OpenFiles.leastConnections else {
            throw .tooFewFiles(allowed: allowed, least: reserve + OpenFiles.leastConnections)
        }
        guard room < configuration.connectionLimits.connections else { return }
        configuration.connectionLimits.connections = room
        let few = room < OpenFiles.usualConnections ? "few" : "fewer than --limit says"
        guard room < OpenFiles.usualConnections || room < (wantedConnections ?? 0) else { return }
        logger.warning(
            "the system allows few open files, so the relay takes few connections: allow more (LimitNOFILE)",
            metadata: [
                "open_files": .stringConvertible(allowed), "connections": .stringConvertible(room), "which": "\(few)",
            ]
        )
    }

    private func serve(
        _ server: RelayServer,
        _ configuration: RelayConfiguration,
        _ output: Output,
        _ logger: Logger
    ) async throws {
        // The signal handlers are installed before the relay listens, so that no signal is lost.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup, .sigusr1, .sigusr2)
        let group = ServiceGroup(services: [server], logger: quiet(logger))
        try await withThrowingTaskGroup(of: Bool.self) { tasks in
            tasks.addTask {
                try await group.run()
                return true
            }
            tasks.addTask {
                await Self.obey(signals, group: group, server: server, output, logger)
                return true
            }
            tasks.addTask {
                // If the relay can't start, the task that runs it reports the error.
                if let addresses = try? await server.addresses, let admin = try? await server.adminAddresses {
                    try announce(addresses, admin, configuration, output)
                    for finding in configuration.findingsAtStart() + passwordFindings {
                        logger.warning("\(finding.message)", metadata: ["advice": "\(finding.advice)"])
                    }
                }
                return false
            }
            // When the task of the server or of the signals ends, all tasks end. The task that announces the addresses
            // ends early, and the loop skips it.
            while let isEnd = try await tasks.next(), !isEnd {}
            tasks.cancelAll()
        }
    }

    /// Handles signals. Returns at the second signal that asks for the end.
    private static func obey(
        _ signals: UnixSignalsSequence,
        group: ServiceGroup,
        server: RelayServer,
        _ output: Output,
        _ logger: Logger
    ) async {
        var isEnding = false
        await withTaskGroup { readings in
            for await signal in signals {
                if LogLevelSignal.obey(signal, logger) { continue }
                if signal == .sighup {
                    // The relay reloads its files in a task of its own, so that a slow disk does not delay later
                    // signals.
                    readings.addTask { await reload(server, logger) }
                } else if !server.hasListened {
                    // No pairing is active before the relay listens, so the process ends at once, even if its start is
                    // blocked.
                    output.failed(RelayError.stopped)
                    DefaultSignal.endProcess(by: signal.rawValue)
                } else if isEnding {
                    break
                } else {
                    isEnding = true
                    manager.notify(.stopping, status: "Draining: no new codes, pairings in hand go on")
                    await group.triggerGracefulShutdown()
                }
            }
            readings.cancelAll()
        }
    }

    /// Reads the settings anew, and has the relay take those that a running one can change. Settings that can't be used
    /// change nothing, and the files that the relay uses already are read anew all the same.
    private static func reload(_ server: RelayServer, _ logger: Logger) async {
        guard let arguments = Invocation.current?.arguments else { return await server.reload() }
        var changed: RelayConfiguration?
        var isRead = true
        var explain: (any Error) -> any ExplainedError = { $0 as? any ExplainedError ?? CommandError.internal }
        do {
            let invocation = try Invocation(arguments)
            explain = invocation.explained
            guard let command = try invocation.command() as? RelayCommand else { return }
            var configuration = command.configuration
            try command.fit(&configuration, to: OpenFiles.raiseLimit(), command.quiet(logger, .critical))
            changed = configuration
            Invocation.current = invocation
        } catch {
            let error = explain(error)
            isRead = false
            for error in (error as? SettingsErrors)?.all ?? [error] as [any ExplainedError] {
                logger.error(
                    "settings not changed",
                    metadata: ["error": "\(error.description)", "advice": "\(error.commandAdvice)"]
                )
            }
        }
        // A level that a signal has set ends here, also where the new settings can't be used.
        if let level = (try? Invocation.current?.command() as? RelayCommand)?.common.logLevel {
            LogLines.level = level.level
        }
        let left: [String]
        if let changed {
            left = await server.reload(changed)
        } else {
            await server.reload()
            left = []
        }
        if !isRead { server.noteUnusableSettings() }
        if isRead, let file = Invocation.current?.file {
            logger.notice("settings read anew", metadata: ["file": "\(file.name)"])
        }
        if !left.isEmpty {
            logger.warning(
                "settings have changed that hold only after a new start",
                metadata: ["settings": "\(left.joined(separator: ", "))"]
            )
        }
        // The last line sums up, because an operator looks at the end of the journal.
        if server.isReloadGood {
            logger.notice("reload done: everything could be used")
        } else {
            logger.error("reload failed in part: what could not be used stays as it was, and lines above say why")
        }
    }

    private func announce(
        _ addresses: [BoundAddress],
        _ admin: [BoundAddress],
        _ configuration: RelayConfiguration,
        _ output: Output
    ) throws(CommandError) {
        let isSecure = tlsCertificate != nil
        let scheme = isSecure ? "wss" : "ws"
        let urls = addresses.map { "\(scheme)://\($0.authority)" }
        let lines =
            zip(addresses, urls).map { address, url in
                "The relay listens at \(url)" + (address.scope.map { ", \($0)" } ?? "") + " (\(Version.text))"
            } + ReachableAddresses.lines(addresses, ofMachine: ReachableAddresses.machine, isSecure: isSecure)
        let adminLines = admin.map { "The status page is at http://\($0.authority)/, and metrics and health beside it" }
        var fields: [(String, JSONValue)] = [
            ("port", .integer(addresses[0].port)), ("host", .string(addresses[0].host)),
            ("tls", .boolean(isSecure)),
            ("url", .string(urls[0])), ("addresses", .list(addresses.map { .string($0.description) })),
            ("memory_ceiling", .integer(configuration.memoryCeiling)),
            ("connections", .integer(configuration.connectionLimits.connections)),
            ("version", .string(Version.program)), ("protocol", .string(Version.protocolName)),
        ]
        if let first = admin.first { fields.append(("admin_port", .integer(first.port))) }
        output.event("listening", fields, people: (lines + adminLines).joined(separator: "\n"))
        // Output that can't be written is an error, because a program that waits for the relay's address would wait for
        // ever.
        if output.isLost { throw .outputFailed }
        Self.manager.notify(.ready, status: "Listening at \(urls.joined(separator: ", "))")
    }

    /// Silences the log lines of swift-service-lifecycle, which an operator does not need.
    func quiet(_ logger: Logger, _ level: Logger.Level = .error) -> Logger {
        var logger = logger
        logger.logLevel = max(logger.logLevel, level)
        return logger
    }
}

extension LogLines.Format: ExpressibleByArgument {}
