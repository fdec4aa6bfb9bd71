import EasySetupRelay
import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

@Suite("The settings of a relay", .inTurn, .timeLimit(.minutes(60))) struct RelaySettingsTests {
    let scratch = ScratchFolder()

    private func check(
        _ arguments: String...,
        variables: [String: String] = [:]
    ) async throws -> (code: Int32, events: [[String: Any]]) {
        let relay = try Running(["relay", "--check", "--json"] + arguments, variables: variables)
        relay.endInput()
        let code = await relay.end()
        let events = try await relay.output().split(separator: "\n").map {
            try #require(try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any])
        }
        return (code, events)
    }

    private func findings(_ events: [[String: Any]]) -> [String] {
        // Whether the default ceiling of memory fits depends on the machine.
        events.filter { $0["event"] as? String == "finding" }
            .filter { $0["finding"] as? String != "memory" || $0["severity"] as? String != "notice" }
            .map { "\($0["severity"] as? String ?? "") \($0["finding"] as? String ?? "")" }
    }

    private func key() throws -> String {
        let path = try scratch.file("relay.key", String(repeating: "ab", count: 32))
        chmod(path, 0o600)
        return path
    }

    @Test("The check tells each value and its source: an option, a variable, a line, a default") func sources()
        async throws
    {
        let key = try key()
        let file = try scratch.file(
            "relay.conf",
            "# mine\nlisten = *:80, [::1]:81\nkey-file = relay.key\ncores = 3\nlog-level = info\n"
        )
        let (code, events) = try await check(
            "--config",
            file,
            "--listen",
            "127.0.0.1:0",
            variables: [
                "EASYSETUP_RELAY_CORES": "2", "EASYSETUP_RELAY_LISTEN": "*:82", "EASYSETUP_RELAY": "wss://device",
            ]
        )
        #expect(code == 0)
        let settings = Dictionary(
            uniqueKeysWithValues: events.filter { $0["event"] as? String == "setting" }
                .map { ($0["name"] as? String ?? "", $0) }
        )
        let listen = try #require(settings["listen"])
        #expect(listen["value"] as? [String] == ["127.0.0.1:0"] && listen["source"] as? String == "option")
        let cores = try #require(settings["cores"])
        #expect(cores["value"] as? String == "2" && cores["source"] as? String == "variable")
        #expect(cores["variable"] as? String == "EASYSETUP_RELAY_CORES")
        // A relative path begins at the file's folder.
        let keyFile = try #require(settings["key-file"])
        #expect(
            keyFile["value"] as? String == key && keyFile["line"] as? Int == 3 && keyFile["file"] as? String == file
        )
        #expect(settings["code-lifetime"]?["value"] as? String == "600")
        #expect(settings["code-lifetime"]?["source"] as? String == "default")
        #expect(settings["relay"] == nil)
        #expect(events.last?["event"] as? String == "checked" && events.last?["warnings"] as? Int == 0)
        let text = try await Program.run(["relay", "--check", "--config", file])
        #expect(text.output.contains("listen = *:80") && text.output.contains("# line 2"))
    }

    @Test("All faults of a file and of variables are told at once, in the order of the lines, and none that follows")
    func allFaults() async throws {
        let file = try scratch.file(
            "relay.conf",
            """
            listen = 8080, *:http
            cores = 0
            lissten = a
            memory = 5M
            forwarded-header = forwarded
            trusted-proxy = localhost
            tls-key = key.pem
            limit = hats=3, meetings=0

            """
        )
        chmod(file, 0o600)
        for form in [[], ["--check"]] {
            let relay = try Running(
                ["relay", "--config", file] + form,
                variables: ["EASYSETUP_RELAY_DRAIN_TIME": "99999", "EASYSETUP_RELAY_CROES": "1"]
            )
            relay.endInput()
            #expect(await relay.end() == 78)
            let told = await relay.errors()
            let places = told.matches(of: /[Ll]ine (\d) of/).compactMap { Int($0.1) }
            #expect(places == [1, 1, 2, 3, 4, 6, 7, 8, 8], "\(told)")
            #expect(told.hasPrefix("11 settings can't be used.") && told.contains("EASYSETUP_RELAY_DRAIN_TIME"))
            // The proxy is there, although it can't be used, and so are the addresses.
            #expect(!told.contains("Say where to listen") && !told.contains("need --trusted-proxy"))
        }
    }

    @Test("All files that a relay can't use are told at its start, and by the check") func allFiles() async throws {
        let arguments = [
            "relay", "--listen", "127.0.0.1:0", "--key-file", "/none/key", "--tls-certificate", "/none/cert",
            "--tls-key", "/none/cert", "--message-file", "/none/message",
        ]
        let start = try await Program.run(arguments)
        #expect(start.code == 78)
        for path in ["/none/key", "/none/cert", "/none/message"] { #expect(start.errors.contains(path), "\(path)") }
        #expect(
            findings(
                try await check("--listen", "127.0.0.1:0", "--key-file", "/none/key", "--message-file", "/none/m")
                    .events
            ).count == 2
        )
    }

    private static let cases: [(arguments: [String], findings: [String])] = [
        (["--listen", "127.0.0.1:0"], ["warning no-key-file"]),
        (["--listen", "*:0", "--key-file", "KEY"], ["warning open-without-tls"]),
        (["--listen", "127.0.0.1:0", "--listen", "0.0.0.0:0", "--key-file", "KEY"], ["warning open-without-tls"]),
        (["--listen", "localhost:0", "--listen", "[::1]:0", "--key-file", "KEY"], []),
        (["--listen", "192.0.2.1:0", "--key-file", "KEY"], ["warning open-without-tls", "error cannot-listen"]),
        (
            ["--listen", "*:0", "--key-file", "KEY", "--trusted-proxy", "10.0.0.1", "--proxy-protocol"],
            []
        ),
        (
            [
                "--listen", "*:0", "--key-file", "KEY", "--trusted-proxy", "10.0.0.1", "--forwarded-header",
                "forwarded",
            ],
            ["notice open-without-tls"]
        ),
        (
            ["--listen", "[::1]:0", "--key-file", "KEY", "--trusted-proxy", "0.0.0.0/0", "--proxy-protocol"],
            ["warning trusts-everybody"]
        ),
        (
            ["--listen", "[::1]:0", "--key-file", "KEY", "--trusted-proxy", "::/0", "--proxy-protocol"],
            ["warning trusts-everybody"]
        ),
        (
            [
                "--listen", "[::1]:0", "--key-file", "KEY", "--origin", "http://a.example", "--origin",
                "http://localhost:80",
            ],
            ["warning plain-origin"]
        ),
        (["--listen", "[::1]:0", "--key-file", "KEY", "--admin", "*:9464"], ["warning open-admin"]),
        (["--listen", "[::1]:0", "--key-file", "KEY", "--admin", "9464"], []),
        (
            ["--listen", "127.0.0.1:0", "--key-file", "KEY", "--limit", "rooms=999999999"],
            ["warning memory"]
        ),
        (["--listen", "[::1]:0", "--key-file", "NEW"], ["notice key-file-new"]),
        (["--listen", "[::1]:0", "--key-file", "/none/here/key"], ["error bad-key-file"]),
        (["--listen", "010.0.0.1:0", "--key-file", "KEY"], ["error cannot-listen"]),
        (
            ["--listen", "[::1]:0", "--key-file", "KEY", "--tls-certificate", "KEY", "--tls-key", "KEY"],
            ["error bad-certificate"]
        ),
    ]

    /// The exit code of a check with these findings.
    private static func code(for findings: [String]) -> Int32 {
        if findings.contains(where: { $0.hasPrefix("error") }) { return 78 }
        return findings.contains { $0.hasPrefix("warning") } ? 40 : 0
    }

    @Test("The check names what is unsafe or would not work", arguments: cases)
    func finds(arguments: [String], expected: [String]) async throws {
        let key = try key()
        let new = scratch.path + "/new.key"
        let relay = try Running(
            ["relay", "--check", "--json"] + arguments.map { $0 == "KEY" ? key : $0 == "NEW" ? new : $0 }
        )
        relay.endInput()
        let code = await relay.end()
        let events = try await relay.output().split(separator: "\n").compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
        #expect(findings(events) == expected)
        #expect(code == Self.code(for: expected))
        // A check makes nothing.
        #expect(!FileManager.default.fileExists(atPath: new))
    }

    @Test("The check looks into the certificate: its time, its key, its rights") func certificates() async throws {
        let key = try key()
        let run = try await Program.shell(
            """
            set -e; cd '\(scratch.path)'
            make() { openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days "$2" -subj "/CN=$1" \\
                -addext subjectAltName=IP:127.0.0.1 -keyout "$1.key" -out "$1.pem" 2> /dev/null; chmod 600 "$1.key"; }
            make good 90; make soon 3; make open 90; chmod 644 open.key
            """
        )
        #expect(run.code == 0)
        for (certificate, own, expected) in [
            ("good", "good", ["notice certificate"]), ("soon", "soon", ["notice certificate", "warning certificate"]),
            ("open", "open", ["notice certificate", "warning certificate"]),
            ("good", "soon", ["error bad-certificate"]),
        ] {
            let (code, events) = try await check(
                "--listen",
                "*:0",
                "--key-file",
                key,
                "--tls-certificate",
                scratch.path + "/\(certificate).pem",
                "--tls-key",
                scratch.path + "/\(own).key"
            )
            #expect(findings(events) == expected, "\(certificate) \(own)")
            if certificate != own { continue }
            let facts = try #require(events.first { $0["finding"] as? String == "certificate" })
            #expect((facts["message"] as? String)?.contains("is for 127.0.0.1, until 20") == true)
            if certificate == "open" {
                let finding = try #require(events.last { $0["finding"] as? String == "certificate" })
                for member in ["message", "advice"] {
                    #expect((finding[member] as? String)?.contains(scratch.path + "/open.key") == true)
                }
            }
            #expect(code == Self.code(for: expected))
        }
    }

    @Test(
        "Root's check judges files as the owner of the key file's folder would, and says so",
        .enabled(if: geteuid() == 0, "only root can take the rights of another user")
    )
    func serviceUser() async throws {
        let nobody: uid_t = 65534
        chmod(scratch.path, 0o755)
        let made = try await Program.shell(
            """
            set -e; cd '\(scratch.path)'
            openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 90 -subj /CN=relay \\
                -addext subjectAltName=IP:127.0.0.1 -keyout own.key -out own.pem 2> /dev/null
            """
        )
        #expect(made.code == 0)
        let (state, ours) = (scratch.path + "/state", scratch.path + "/ours")
        for (folder, owner) in [(state, nobody), (ours, 0)] {
            #expect(mkdir(folder, 0o700) == 0 && chown(folder, owner, gid_t.max) == 0)
        }
        let tls = ["--tls-certificate", scratch.path + "/own.pem", "--tls-key", scratch.path + "/own.key"]
        let isUser = "notice service-user"
        for (folder, owner, more, expected) in [
            (state, nobody, [], [isUser]), (state, nil, [], [isUser, "notice key-file-new"]),
            (state, 0, [], [isUser, "error bad-key-file"]),
            (state, 1, [], [isUser, "error bad-key-file"]), (state, nobody, tls, [isUser, "error bad-certificate"]),
            (ours, nobody, [], ["error bad-key-file"]), (ours, 0, tls, ["notice certificate"]),
        ] as [(String, uid_t?, [String], [String])] {
            let key = folder + "/relay.key"
            unlink(key)
            if let owner {
                try String(repeating: "ab", count: 32).write(toFile: key, atomically: false, encoding: .utf8)
                #expect(chmod(key, 0o600) == 0 && chown(key, owner, gid_t.max) == 0)
            }
            let check = try Running(
                ["relay", "--check", "--json", "--listen", "127.0.0.1:0", "--key-file", key] + more
            )
            check.endInput()
            let code = await check.end()
            let events = try await check.output().split(separator: "\n").compactMap {
                try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
            }
            #expect(findings(events) == expected, "\(folder) \(owner.map { "\($0)" } ?? "none") \(more.first ?? "")")
            #expect(code == Self.code(for: expected))
            if owner == nobody, folder == state {
                let notice = try #require(events.first { $0["finding"] as? String == "service-user" })
                #expect((notice["message"] as? String)?.contains("nobody") == true)
            }
        }
    }

    @Test("A file that is missing, open to others or wrong is refused with its place") func files() async throws {
        let start = { (text: String?, mode: mode_t) in
            let path = scratch.path + "/relay.conf"
            unlink(path)
            if let text { _ = try scratch.file("relay.conf", text) }
            chmod(path, mode)
            return try await Program.run(["relay", "--config", path, "--listen", "127.0.0.1:0", "--json"])
        }
        for (text, mode, error, words) in [
            (nil, 0o600, "settings-file", "no such file"),
            ("cores = 1", 0o666, "settings-file", "other users may write"),
            ("\ncores = hunter2", 0o644, "bad-setting", "ine 2 of"),
            ("\ncoers = 1", 0o644, "unknown-setting", "ine 2 of"),
            ("cores = 1\ncores = 2", 0o644, "bad-setting", "as line 1 does"),
            ("relay = wss://a", 0o644, "unknown-setting", "which the relay does not have"),
            ("check = yes", 0o644, "unknown-setting", "single call"),
            ("config = other.conf", 0o644, "unknown-setting", "single call"),
        ] as [(String?, mode_t, String, String)] {
            let result = try await start(text, mode)
            #expect(result.code == 78 && result.output.contains("\"\(error)\""), "\(result.output)")
            #expect(result.output.contains(words) && !result.output.contains("hunter2"), "\(result.output)")
        }
    }

    @Test("At SIGHUP a relay takes from its file what it can change, and names what needs a new start") func reloads()
        async throws
    {
        let file = try scratch.file("relay.conf", "listen = 127.0.0.1:0\n")
        // A file may be a link, as Kubernetes makes it.
        let link = scratch.path + "/link.conf"
        try FileManager.default.createSymbolicLink(atPath: link, withDestinationPath: file)
        let relay = try Running(["relay", "--json", "--config", link])
        defer { relay.stop() }
        let port = try #require(try await relay.event("listening")["port"] as? Int)
        let status = {
            let url = "http://127.0.0.1:\(port)/easysetup/v1/ws"
            let words = ["-s", "-o", "/dev/null", "-w", "%{http_code}", "-H", "Origin: https://notes.example", url]
            return try await Running(["curl"] + words, of: "/usr/bin/env").output()
        }
        #expect(try await status() == "403")
        try "listen = 127.0.0.1:0\norigin = https://notes.example\ncores = 2\ndrain-time = 0\n"
            .write(toFile: file, atomically: false, encoding: .utf8)
        relay.interrupt(SIGHUP)
        let left = try #require(await relay.logLine { $0.contains("hold only after a new start") })
        #expect(left.contains("settings=cores"))
        _ = try #require(await relay.logLine { $0.contains("reload done") })
        #expect(try await status() != "403")
        // A file that can't be used changes nothing.
        try "origin = nonsense\n".write(toFile: file, atomically: false, encoding: .utf8)
        relay.interrupt(SIGHUP)
        let kept = try #require(await relay.logLine { $0.contains("settings not changed") })
        #expect(kept.contains("ine 1 of") && !kept.contains("nonsense"))
        // The last line of a reload sums up.
        _ = try #require(await relay.logLine { $0.contains(" error ") && $0.contains("reload failed in part") })
        #expect(try await status() != "403")
        relay.interrupt(SIGTERM)
        #expect(await relay.end() == 0)
    }
}
