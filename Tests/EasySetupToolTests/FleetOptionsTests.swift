import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

@Suite("The options of a fleet", .inTurn, .timeLimit(.minutes(60))) struct FleetOptionsTests {
    private static let password = "topsecretword"

    private let scratch = ScratchFolder()

    private func check(_ arguments: [String]) async throws -> (code: Int32, output: String, errors: String) {
        let key = scratch.path + "/key"
        let all = ["relay", "--check", "--json", "--listen", "127.0.0.1:0", "--key-file", key] + arguments
        let result = try await Program.run(all)
        return (result.code, result.output, result.errors)
    }

    @Test(
        "Settings that do not go together are refused, without a part of the address",
        arguments: [
            (["--fleet", "http://:?@a"], 64, "begins with none of redis://"),
            (["--fleet", "redis://:?@"], 64, "has no host"), (["--fleet=redis://:?@a:0"], 64, "its port is not"),
            (["--fleet", "redis://:?@a#b"], 64, "a query or a fragment"),
            (["--fleet", "redis://:?%@a"], 64, "percent-encoded"), (["--fleet", "redis://:?@a/b"], 64, "database"),
            (["--fleet", "redis+sentinel://:?@a"], 64, "after the sentinels"),
            (["--fleet", "redis://:?@a", "--fleet", "redis://b@a"], 64, "a server twice"),
            (["--fleet-password-file", "/none"], 64, "need --fleet"),
            (["--fleet", "rediss://:?@a", "--fleet-key", "/none"], 64, "go together"),
            (["--fleet", "redis://:?@a", "--fleet-password-file", "/none"], 78, "bad-fleet"),
            (["--fleet", "redis://:?@a", "--fleet-authorities", "/none"], 78, "bad-fleet"),
            (["--fleet", "redis://user@a"], 78, "bad-fleet"),
            (["--fleet", "redis://a", "--fleet-password-file", "/none"], 78, "there is no such file"),
        ] as [([String], Int32, String)]
    )
    func refused(arguments: [String], code: Int32, words: String) async throws {
        let result = try await check(arguments.map { $0.replacing("?", with: Self.password) })
        #expect(result.code == code && (result.errors + result.output).contains(words), "\(result)")
        #expect(!(result.output + result.errors).contains(Self.password))
    }

    @Test("A relay of a fleet needs a key file, and says so") func keyFile() async throws {
        let result = try await Program.run(["relay", "--check", "--listen", "127.0.0.1:0", "--fleet", "redis://a"])
        #expect(result.code == 64 && result.errors.contains("--fleet needs --key-file"))
    }

    @Test("The commas in an address of sentinels, or in a password, separate nothing") func commas() async throws {
        let addresses = ["redis+sentinel://127.0.0.1:1,127.0.0.1:2/main", "redis://127.0.0.1:3,4"]
        #expect(
            Setting(option: "fleet", command: ["relay"], kind: .list, isPath: false).whole(
                ["redis+sentinel://127.0.0.1:1", "127.0.0.1:2/main", "redis://127.0.0.1:3", "4"]) == addresses
        )
        let file = try scratch.file("relay.conf", "fleet = \(addresses[0])\n")
        chmod(file, 0o600)
        #expect(try await check(["--config", file]).output.contains(addresses[0]))
        let relay = try Running(
            ["relay", "--check", "--listen", "127.0.0.1:0", "--key-file", scratch.path + "/key"],
            variables: ["EASYSETUP_RELAY_FLEET": addresses[0]]
        )
        relay.endInput()
        _ = await relay.end()
        #expect(await relay.output().contains(addresses[0]))
    }

    @Test("A file for Redis that can't be used ends the start, with its cause") func start() async throws {
        let file = try scratch.file("password", "word")
        chmod(file, 0o644)
        let result = try await Program.run([
            "relay", "--listen", "127.0.0.1:0", "--key-file", scratch.path + "/key", "--fleet", "redis://127.0.0.1:1",
            "--fleet-password-file", file, "--json",
        ])
        #expect(result.code == 78)
        let error = try result.json()
        #expect(error["error"] as? String == "bad-fleet" && error["cause"] as? String == "open-to-others")
    }

    @Test("A password in an argument is a warning, and nobody sees it in the list of processes") func argument()
        async throws
    {
        let address = "redis://relay:\(Self.password)@127.0.0.1:1"
        let result = try await check(["--fleet", address])
        #expect(result.output.contains("\"open-fleet-secret\"") && !result.output.contains(Self.password))
        #expect(result.output.contains("redis://127.0.0.1:1") && !result.output.contains("relay:"))
        let relay = try Running(
            [
                "relay", "--listen", "127.0.0.1:0", "--key-file", scratch.path + "/key", "--fleet", address, "--json",
                "--log-level", "debug",
            ]
        )
        defer { relay.stop() }
        #expect(await relay.logLine { $0.contains("The password for Redis is in an argument") } != nil)
        #expect(await relay.logLine { $0.contains("cut off from the fleet") } != nil)
        let shown = try String(contentsOfFile: "/proc/\(relay.pid)/cmdline", encoding: .utf8)
        #expect(shown.contains("--fleet") && !shown.contains(Self.password))
        relay.interrupt(SIGTERM)
        #expect(await relay.end() == 0)
        let errors = await relay.errors()
        let output = await relay.output()
        #expect(!(errors + output).contains(Self.password))
    }

    @Test(
        "A password in the file of settings is a warning where everybody may read it",
        arguments: [0o644, 0o600, 0o640] as [mode_t]
    )
    func settings(mode: mode_t) async throws {
        let file = try scratch.file("relay.conf", "fleet = redis://:\(Self.password)@127.0.0.1:1\n")
        chmod(file, mode)
        let result = try await check(["--config", file])
        #expect(result.output.contains("\"open-fleet-secret\"") == (mode == 0o644), "\(result.output)")
        #expect(!(result.output + result.errors).contains(Self.password))
        let relay = try Running(
            ["relay", "--check", "--listen", "127.0.0.1:0", "--key-file", scratch.path + "/key"],
            variables: ["EASYSETUP_RELAY_FLEET": "redis://:\(Self.password)@127.0.0.1:1"]
        )
        relay.endInput()
        _ = await relay.end()
        let output = await relay.output()
        #expect(output.contains("redis://127.0.0.1:1") && !output.contains(Self.password))
        #expect(!output.contains("The password for Redis"))
    }
}
