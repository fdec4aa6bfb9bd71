import CredentialsCore
import EasySetupRelay
import EasySetupSeed
import Foundation
import TestSupport
import Testing

@testable import CredentialsService

/// The files that an operator gets, and the file of accounts across versions.
@Suite("The operator's files")
struct OperatorTests {
    private let scratch = ScratchFolder()

    private static let promtool = "/usr/bin/promtool"
    private static let hasPromtool = FileManager.default.isExecutableFile(atPath: promtool)

    @Test(
        "The alerts fire where they should, and not elsewhere",
        .enabled(if: hasPromtool, "promtool is not installed")
    )
    func alerts() async throws {
        let test = Documented.path("ops/prometheus/easysetup-credentials.test.yml")
        let run = try Running(["test", "rules", test], of: Self.promtool)
        let code = await run.end()
        let told = await run.output() + run.errors()
        #expect(code == 0, "\(told)")
    }

    @Test("Each metric of an alert is in the page about metrics, and each notice of an alert's kind has one")
    func metrics() throws {
        let page = try Documented.page("docs/credentials.md")
        let rules = try Documented.page("ops/prometheus/easysetup-credentials.rules.yml")
        for match in rules.matches(of: #/easysetup_credentials_[a-z_]+/#) {
            #expect(page.contains("| `\(match.output)` |"), "\(match.output)")
        }
        for alert in ["StoreFailed", "Busy", "Full", "NearlyFull", "Reload", "WrongHost", "TooMany"] {
            #expect(rules.contains("alert: EasySetupCredentials\(alert)\n"))
        }
    }

    @Test("The packaged settings have a line for what the service needs, and no name that there is not")
    func settings() throws {
        let text = try Documented.page("packaging/credentials.conf")
        let all = text.split(separator: "\n").map { $0.hasPrefix("#") ? $0.dropFirst() : $0[...] }
            .filter { $0.contains(" = ") && $0.first?.isLowercase == true }
        var reader = try SettingsReader(arguments: [])
        try reader.add(file: all.joined(separator: "\n"))
        let configuration = try ProgramConfiguration(reader) { path in
            ["/etc/easysetup/broker": "A\nB\n", "/etc/easysetup/poster": "C\nD\n"][path]
        }
        #expect(configuration.nodes.count == 1)
        #expect(configuration.admin?.port == 9465)
        // As it is installed, it lacks what only the operator knows.
        var installed = try SettingsReader(arguments: [])
        try installed.add(file: text)
        #expect(throws: SettingsFault.self) { try ProgramConfiguration(installed) { _ in nil } }
    }

    @Test("The manual page has every setting, and man finds nothing wrong in it")
    func manual() async throws {
        let page = ManualPage.text(version: "1.2.3")
        for setting in ProgramSetting.all {
            let name = setting.isSecret ? setting.variable : "--" + setting.name
            #expect(page.contains(name.replacing("-", with: "\\-")), "\(name)")
        }
        guard FileManager.default.isExecutableFile(atPath: "/usr/bin/groff") else { return }
        let file = try scratch.file("page.1", page)
        let run = try Running(["-man", "-Tutf8", "-ww", "-z", file], of: "/usr/bin/groff")
        #expect(await run.end() == 0)
        #expect(await run.errors() == "")
    }

    /// The tables as version 1 of the file has them, with a chain.
    private static let version1 = """
        import sqlite3, sys
        file = sqlite3.connect(sys.argv[1])
        file.executescript('''
        CREATE TABLE grdb_migrations (identifier TEXT NOT NULL PRIMARY KEY);
        INSERT INTO grdb_migrations VALUES ('1');
        CREATE TABLE node (
          name TEXT NOT NULL PRIMARY KEY, capacity INTEGER NOT NULL, load INTEGER NOT NULL,
          available INTEGER NOT NULL, downed INTEGER NOT NULL, backoff INTEGER NOT NULL
        ) STRICT;
        CREATE TABLE account (
          user BLOB NOT NULL PRIMARY KEY, node TEXT NOT NULL REFERENCES node (name),
          created INTEGER NOT NULL, seen INTEGER NOT NULL, deleted INTEGER,
          objects INTEGER, counted INTEGER
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE nonce (
          user BLOB NOT NULL, nonce BLOB NOT NULL, ends INTEGER NOT NULL, PRIMARY KEY (user, nonce)
        ) STRICT, WITHOUT ROWID;
        CREATE INDEX nonce_ends ON nonce (ends);
        CREATE TABLE revocation (
          user BLOB NOT NULL, device BLOB NOT NULL, created INTEGER NOT NULL, PRIMARY KEY (user, device)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE invitation (
          digest BLOB NOT NULL PRIMARY KEY, created INTEGER NOT NULL, used INTEGER
        ) STRICT, WITHOUT ROWID;
        INSERT INTO node VALUES ('old', 10, 1, 0, 0, 0);
        ''')
        file.execute("INSERT INTO account VALUES (?, 'old', 0, 0, NULL, 3, 0)", [bytes.fromhex(sys.argv[2])])
        if len(sys.argv) > 3: file.execute("INSERT INTO grdb_migrations VALUES (?)", [sys.argv[3]])
        file.commit()
        """

    private func make(_ file: String, _ more: String...) async throws -> UserID {
        let user = SyncSeed.random().userID
        let hex = user.bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let run = try Running(["python3", "-c", Self.version1, file, hex] + more, of: "/usr/bin/env")
        let code = await run.end()
        let told = await run.errors()
        try #require(code == 0, "\(told)")
        return user
    }

    @Test("A file of the first version is opened, and its chains keep their nodes")
    func firstVersion() async throws {
        let file = scratch.path + "/accounts"
        let user = try await make(file)
        let store = try AccountStore(path: file, limits: ServiceLimits())
        #expect(try await store.enter(user, registration: .closed) == .success(Account(node: "old", objects: 3)))
    }

    @Test("A file that a newer program has changed is refused, and stays as it is")
    func newer() async throws {
        let file = scratch.path + "/accounts"
        _ = try await make(file, "a-later-change")
        #expect(throws: StoreFault.newer) { try AccountStore(path: file, limits: ServiceLimits()) }
    }
}
