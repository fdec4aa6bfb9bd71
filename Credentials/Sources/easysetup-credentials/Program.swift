import CredentialsCore
import CredentialsService
import EasySetupChain
import EasySetupRelay
import EasySetupRelayProtocol
import Foundation
import Hummingbird
import HummingbirdCore
import Logging
import ServiceLifecycle
import UnixSignals

/// `easysetup-credentials`: reads its settings, and serves until a signal ends it (`Protocol/credentials.md`).
@main struct Program {
    /// The exit codes, which are those of sysexits.h, and 40 for a store that is not as it must be.
    private enum Exit {
        static let wrongStore: Int32 = 40
        static let usage: Int32 = 64
        static let system: Int32 = 74
        static let settings: Int32 = 78
    }

    static func main() async {
        exit(await run(Array(CommandLine.arguments.dropFirst()), ProcessInfo.processInfo.environment))
    }

    private static func run(_ arguments: [String], _ variables: [String: String]) async -> Int32 {
        var reader: SettingsReader
        do throws(SettingsFault) {
            reader = try SettingsReader(arguments: arguments)
            if reader.text("help") != nil {
                print(ProgramSetting.helpText, terminator: "")
                return 0
            }
            if reader.text("version") != nil {
                print("easysetup-credentials \(Release.version)")
                return 0
            }
        } catch {
            return fail(error.description, Exit.usage)
        }
        let configuration: ProgramConfiguration
        let logger: Logger
        let invitations: Int?
        do throws(SettingsFault) {
            try reader.add(variables: variables)
            if let path = reader.text("config") {
                guard let text = read(path) else { throw SettingsFault("The file of --config can't be read.") }
                try reader.add(file: text)
            }
            logger = try makeLogger(reader)
            configuration = try ProgramConfiguration(reader, read: read)
            invitations =
                reader.text("invite") == nil ? nil : try reader.number("invite", 1...1_000, 1)
        } catch {
            return fail(error.description, Exit.settings)
        }
        do {
            let store = try AccountStore(path: configuration.store, limits: configuration.service.limits)
            if let invitations { return try await invite(invitations, store) }
            if reader.text("check") != nil { return await check(configuration, reader) }
            try await store.set(configuration.nodes.map(\.node))
            try await serve(configuration, store, logger)
            return 0
        } catch {
            return fail("\(error)", Exit.system)
        }
    }

    private static func fail(_ text: String, _ code: Int32) -> Int32 {
        FileHandle.standardError.write(Data("easysetup-credentials: \(text)\n".utf8))
        return code
    }

    /// A small file as text; nil if it can't be read.
    private static func read(_ path: String) -> String? {
        guard let bytes = FileManager.default.contents(atPath: path), bytes.count <= 65_536 else { return nil }
        return String(data: bytes, encoding: .utf8)
    }

    private static func makeLogger(_ reader: SettingsReader) throws(SettingsFault) -> Logger {
        guard let format = LogLines.Format(rawValue: reader.text("log-format") ?? "text") else {
            throw SettingsFault("log-format is text or json.")
        }
        guard let level = Logger.Level(rawValue: reader.text("log-level") ?? "info") else {
            throw SettingsFault("log-level is debug, info, notice, warning or error.")
        }
        return Logger(label: "easysetup.credentials") { LogLines(label: $0, format: format, logLevel: level) }
    }

    @Sendable private static func now() -> Int { Int(Date().timeIntervalSince1970) }

    // MARK: The operator's calls

    private static func invite(_ count: Int, _ store: AccountStore) async throws -> Int32 {
        let invitations = (0..<count).map { _ in
            Base64URL.text((0..<16).map { _ in UInt8.random(in: .min ... .max) })
        }
        try await store.add(invitations: invitations, now: now())
        for invitation in invitations { print(invitation) }
        return 0
    }

    private static func check(_ configuration: ProgramConfiguration, _ reader: SettingsReader) async -> Int32 {
        for setting in ProgramSetting.all {
            guard let found = reader.found[setting.name] else { continue }
            for value in found.values {
                print("\(setting.name) = \(setting.isSecret ? "(secret)" : value)  [\(found.source)]")
            }
        }
        let client = STSClient()
        var wrong = 0
        for (_, access) in configuration.nodes {
            print("node \(access.name):")
            let check = StoreCheck(access, client: client, duration: configuration.duration, now: now())
            for finding in await check.findings() {
                print("  \(finding.verdict.rawValue): \(finding.subject)")
                if finding.verdict == .wrong {
                    wrong += 1
                    print("    \(finding.advice)")
                }
            }
        }
        await client.shutdown()
        return wrong == 0 ? 0 : Exit.wrongStore
    }

    // MARK: Serving

    private static func serve(_ configuration: ProgramConfiguration, _ store: AccountStore, _ logger: Logger)
        async throws
    {
        let client = STSClient()
        let limits = configuration.service.limits
        let server = CredentialsServer(
            settings: configuration.service,
            store: store,
            issuer: Issuer(
                nodes: configuration.nodes.map(\.access),
                client: client,
                duration: configuration.duration,
                deviceDuration: configuration.deviceDuration,
                objects: limits.objectsPerUser
            ),
            certificate: { DeviceRights.read($0, of: $1) },
            logger: logger,
            now: now
        )
        var services: [any Service] = [
            application(configuration.listen, "devices", logger) { request, context in
                await server.respond(to: request, context: context)
            }
        ]
        if let admin = configuration.admin {
            let pages = AdminServer(server, store: store, name: admin.host, now: now)
            services.append(
                application(admin, "admin", logger) { request, context in
                    await pages.respond(to: request, context: context)
                }
            )
        }
        if configuration.service.allowsPlain {
            logger.warning("plain requests are answered: whoever sees one can repeat it")
        }
        let group = ServiceGroup(configuration: .init(services: services.map { .init(service: $0) }, logger: quiet))
        let drainTime = configuration.drainTime
        try await withThrowingTaskGroup(of: Bool.self) { tasks in
            tasks.addTask {
                try await group.run()
                return true
            }
            tasks.addTask {
                await waitForEnd(server, drainTime: drainTime, logger)
                await group.triggerGracefulShutdown()
                return false
            }
            while let hasEnded = try await tasks.next() { if hasEnded { tasks.cancelAll() } }
        }
        await client.shutdown()
        logger.notice("ended")
    }

    /// The libraries' own lines are not ours to promise; what matters is in lines of the server.
    private static var quiet: Logger {
        Logger(label: "easysetup.credentials.http") { _ in SwiftLogNoOpLogHandler() }
    }

    private static func application(
        _ address: ListenAddress,
        _ name: String,
        _ logger: Logger,
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
            onServerRunning: { channel in
                let port = channel.localAddress?.port ?? 0
                logger.notice("listening", metadata: ["for": "\(name)", "port": "\(port)"])
            },
            logger: quiet
        )
    }

    /// Waits for a signal to end, and then for the drain time or another signal.
    private static func waitForEnd(_ server: CredentialsServer, drainTime: Int, _ logger: Logger) async {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        var iterator = signals.makeAsyncIterator()
        guard await iterator.next() != nil else { return }
        server.isDraining = true
        logger.notice("ending", metadata: ["seconds": "\(drainTime)"])
        guard drainTime > 0 else { return }
        await withTaskGroup(of: Void.self) { tasks in
            tasks.addTask { try? await Task.sleep(for: .seconds(drainTime)) }
            tasks.addTask { for await _ in signals { return } }
            await tasks.next()
            tasks.cancelAll()
        }
    }
}
