import CredentialsService
import EasySetupChain
import EasySetupRelayProtocol
import Foundation
import Logging

/// `easysetup-credentials`: reads its settings, and serves until a signal ends it (`Protocol/credentials.md`).
@main struct Program {
    /// The exit codes, which are those of sysexits.h, and 40 for a store that is not as it must be or is not set up.
    private enum Exit {
        static let wrongStore: Int32 = 40
        static let setup: Int32 = 40
        static let usage: Int32 = 64
        static let system: Int32 = 74
        static let settings: Int32 = 78
    }

    static func main() async {
        exit(await run(Array(CommandLine.arguments.dropFirst()), ProcessInfo.processInfo.environment))
    }

    private static func run(_ arguments: [String], _ variables: [String: String]) async -> Int32 {
        do throws(SettingsFault) {
            let reader = try SettingsReader(arguments: arguments)
            if reader.text("help") != nil {
                print(ProgramSetting.helpText, terminator: "")
                return 0
            }
            if reader.text("version") != nil {
                print("easysetup-credentials \(Release.version)")
                return 0
            }
            if reader.text("manual") != nil {
                print(ManualPage.text(version: Release.version), terminator: "")
                return 0
            }
            if reader.text("setup") != nil {
                return await setUp(try StoreSetup(reader), isApplied: reader.text("apply") != nil)
            }
        } catch {
            return fail(error.description, Exit.usage)
        }
        let settings: ProgramSettings
        let invitations: Int?
        do throws(SettingsFault) {
            settings = try ProgramSettings(arguments, variables)
            let reader = settings.reader
            invitations =
                reader.text("invite") == nil ? nil : try reader.number("invite", 1...1_000, 1)
        } catch {
            return fail(error.description, Exit.settings)
        }
        let configuration = settings.configuration
        // A check makes no file of accounts, which would be that of the user who checks.
        if settings.reader.text("check-settings") != nil { return show(settings) ? 0 : Exit.wrongStore }
        if settings.reader.text("check") != nil { return await check(settings) }
        do {
            let store = try AccountStore(path: configuration.store, limits: configuration.service.limits)
            if let invitations { return try await invite(invitations, store) }
            LogLines.level = settings.level
            let logger = Logger(label: "easysetup.credentials") { LogLines(label: $0, format: settings.format) }
            try await store.set(configuration.nodes.map(\.node))
            for fault in settings.unsafeFiles { logger.warning("\(fault)") }
            try await Serving(settings, arguments, variables, store, logger).run()
            return 0
        } catch {
            return fail("\(error)", Exit.system)
        }
    }

    private static func fail(_ text: String, _ code: Int32) -> Int32 {
        FileHandle.standardError.write(Data("easysetup-credentials: \(text)\n".utf8))
        return code
    }

    // MARK: The operator's calls

    private static func invite(_ count: Int, _ store: AccountStore) async throws -> Int32 {
        let invitations = (0..<count).map { _ in
            Base64URL.text((0..<16).map { _ in UInt8.random(in: .min ... .max) })
        }
        try await store.add(invitations: invitations, now: ServiceClock.now())
        for invitation in invitations { print(invitation) }
        return 0
    }

    /// Prints the steps of setting up a store, or takes them.
    private static func setUp(_ setup: StoreSetup, isApplied: Bool) async -> Int32 {
        guard isApplied else {
            print(setup.text, terminator: "")
            return 0
        }
        let client = STSClient()
        var code: Int32 = 0
        do {
            try await SetupRun(setup, client: client, now: ServiceClock.now()).run { print($0) }
            print("\nThe lines for the settings of the service:\n\(setup.settings)", terminator: "")
        } catch {
            code = fail("\(error)", Exit.setup)
        }
        await client.shutdown()
        return code
    }

    /// Prints the settings and where they come from; false if something is unsafe.
    private static func show(_ settings: ProgramSettings) -> Bool {
        for setting in ProgramSetting.all {
            guard let found = settings.reader.found[setting.name] else { continue }
            for value in found.values {
                print("\(setting.name) = \(setting.isSecret ? "(secret)" : value)  [\(found.source)]")
            }
        }
        for fault in settings.unsafeFiles { print("unsafe: \(fault)") }
        return settings.unsafeFiles.isEmpty
    }

    private static func check(_ settings: ProgramSettings) async -> Int32 {
        let client = STSClient()
        var isRight = show(settings)
        for (_, access) in settings.configuration.nodes {
            print("node \(access.name):")
            let check = StoreCheck(
                access,
                client: client,
                duration: settings.configuration.duration,
                now: ServiceClock.now()
            )
            for finding in await check.findings() {
                print("  \(finding.verdict.rawValue): \(finding.subject)")
                if finding.verdict == .wrong {
                    isRight = false
                    print("    \(finding.advice)")
                }
            }
        }
        await client.shutdown()
        return isRight ? 0 : Exit.wrongStore
    }
}
