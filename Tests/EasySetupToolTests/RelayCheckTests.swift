import EasySetupRelay
import Foundation
import TestSupport
import Testing

@testable import EasySetupTool

@Suite("What the check of a relay says of its machine", .inTurn, .timeLimit(.minutes(60))) struct RelayCheckTests {
    let scratch = ScratchFolder()

    private func check(_ arguments: [String], program: [String] = []) async throws -> [[String: Any]] {
        let words = program + (program.isEmpty ? [] : [Program.path]) + ["relay", "--check", "--json"] + arguments
        let relay =
            program.isEmpty ? try Running(words) : try Running(Array(words.dropFirst()), of: program[0])
        relay.endInput()
        _ = await relay.end()
        return try await relay.output().split(separator: "\n").compactMap {
            try JSONSerialization.jsonObject(with: Data($0.utf8)) as? [String: Any]
        }
    }

    private func found(_ events: [[String: Any]], _ name: String) -> [String: Any]? {
        events.first { $0["finding"] as? String == name }
    }

    @Test("A port of another program is a notice, a port of the admin and the devices at once an error") func ports()
        async throws
    {
        let relay = try Running(["relay", "--listen", "127.0.0.1:0", "--json"])
        defer { relay.stop() }
        let port = try #require(try await relay.event("listening")["port"] as? Int)
        let taken = found(try await check(["--listen", "127.0.0.1:\(port)"]), "port-in-use")
        #expect(taken?["severity"] as? String == "notice")
        #expect((taken?["advice"] as? String)?.contains("ss -ltnp") == true)
        let free = try FreePort.below30000()
        for (listen, admin, isTaken) in [
            ("127.0.0.1", "127.0.0.1", true), ("0.0.0.0", "127.0.0.1", true), ("127.0.0.1", "*", true),
            ("[::1]", "127.0.0.1", false),
        ] {
            let events = try await check(["--listen", "\(listen):\(free)", "--admin", "\(admin):\(free)"])
            #expect(
                (found(events, "cannot-listen")?["severity"] as? String == "error") == isTaken,
                "\(listen) \(admin)"
            )
        }
    }

    /// The first port that users without rights may open.
    private static let firstFreePort =
        (try? String(
            contentsOfFile: "/proc/sys/net/ipv4/ip_unprivileged_port_start",
            encoding: .utf8
        )).flatMap { Int($0.trimmingCharacters(in: .whitespacesAndNewlines)) }

    @Test(
        "A port that this user may not open is an error, and the advice names the socket unit",
        .enabled(if: (firstFreePort ?? 0) > 443 && geteuid() == 0, "every user may open the port, or nobody is root")
    )
    func privilegedPort() async throws {
        let ordinary = ["/usr/bin/setpriv", "--reuid=65534", "--clear-groups", "--inh-caps=-all"]
        let finding = found(try await check(["--listen", "127.0.0.1:443"], program: ordinary), "cannot-listen")
        #expect(finding?["severity"] as? String == "error")
        #expect((finding?["advice"] as? String)?.contains("easysetup-relay.socket") == true)
    }

    @Test(
        "A folder of the settings that others may write is a warning, but not one with the sticky bit",
        arguments: [(0o755, false), (0o777, true), (0o775, true), (0o1777, false)] as [(mode_t, Bool)]
    )
    func openFolder(mode: mode_t, isOpen: Bool) async throws {
        let folder = scratch.path + "/conf"
        #expect(mkdir(folder, 0o700) == 0 && chmod(folder, mode) == 0)
        let file = folder + "/relay.conf"
        try "listen = 127.0.0.1:0\n".write(toFile: file, atomically: false, encoding: .utf8)
        chmod(file, 0o644)
        let finding = found(try await check(["--config", file]), "open-folder")
        #expect((finding?["severity"] as? String == "warning") == isOpen)
        #expect((finding?["message"] as? String)?.contains(file) ?? true)
    }

    @Test("The check tells the connections and the memory as they will be, and people read them too") func effective()
        async throws
    {
        let arguments = ["--listen", "127.0.0.1:0", "--memory", "512", "--limit", "connections=300"]
        let checked = try #require(try await check(arguments).last)
        #expect(checked["connections"] as? Int == 300)
        #expect(try #require(checked["memory_ceiling"] as? Int) <= 512 << 20)
        let text = try await Program.run(["relay", "--check"] + arguments)
        #expect(text.code == 40)
        #expect(text.output.contains("It takes 300 connections at a time, and holds at most 51"))
        #expect(text.output.contains("warnings: the relay would start."))
    }

    @Test("Limits that take more than the memory are refused, with what they take") func tooHigh() async throws {
        let arguments = ["relay", "--listen", "127.0.0.1:0", "--memory", "512", "--limit", "connections=100000"]
        let run = try await Program.run(arguments)
        #expect(run.code == 64)
        #expect(run.errors.contains("--memory is too little for the values of --limit, which take 5"))
    }

    @Test(
        "A value that does not fit is explained, on the command line and in the file",
        arguments: [
            ("memory", "512M", "without a unit"), ("listen", "127.0.0.1", "The port is missing"),
            ("listen", "localhost", "The port is missing"), ("listen", "::1:8080", "in brackets"),
            ("listen", "[::1]", "The port is missing"), ("listen", "127.0.0.1:http", "a number from 0 to 65535"),
            ("listen", "a b:8080", "a name or an address"), ("admin", "localhost", "The port is missing"),
            ("trusted-proxy", "10.0.0.5/8", "bits behind the length"), ("trusted-proxy", "localhost", "not by a name"),
            ("trusted-proxy", "10.0.0.0/33", "0 to 32"), ("trusted-proxy", "10.0.0.0/", "0 to 32"),
        ]
    )
    func badValues(name: String, value: String, words: String) async throws {
        let direct = try await Program.run(["relay", "--listen", "127.0.0.1:0", "--\(name)", value])
        #expect(direct.code == 64 && direct.errors.contains(words), "\(direct.errors)")
        let file = try scratch.file("relay.conf", "\(name) = \(value)\n")
        chmod(file, 0o600)
        let listen = name == "listen" ? [] : ["--listen", "127.0.0.1:0"]
        let kept = try await Program.run(["relay", "--config", file] + listen)
        #expect(kept.code == 78 && kept.errors.contains(words) && kept.errors.contains("ine 1 of"), "\(kept.errors)")
    }

    @Test("The limit of a control group, and of those around it, is found") func controlGroups() {
        let files = [
            "/sys/fs/cgroup/system.slice/relay.service/memory.max": "1073741824\n",
            "/sys/fs/cgroup/system.slice/memory.max": "max\n", "/sys/fs/cgroup/memory.max": "4096\n",
        ]
        let found = MachineMemory.limits(ofGroups: "1:cpu:/x\n0::/system.slice/relay.service\n") { files[$0] }
        #expect(found == [1_073_741_824, 4_096])
        #expect(MachineMemory.limits(ofGroups: "") { files[$0] } == [])
        #expect(MachineMemory.bytes().map { $0 > 0 } == true)
    }

    @Test("A relay whose settings are unsafe says so in its log when it starts") func warnsAtStart() async throws {
        let relay = try Running(["relay", "--listen", "127.0.0.1:0", "--json"])
        defer { relay.stop() }
        let line = try #require(await relay.logLine { $0.contains("There is no key file") })
        #expect(line.contains(" warning ") && line.contains("--key-file"))
        relay.interrupt(SIGTERM)
        #expect(await relay.end() == 0)
    }
}
