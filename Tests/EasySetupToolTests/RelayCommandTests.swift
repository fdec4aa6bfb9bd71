import ArgumentParser
import EasySetupSeed
import Foundation
import TestSupport
import Testing

@testable import EasySetupRelay
@testable import EasySetupTool

@Suite("The program as a relay", .inTurn, .timeLimit(.minutes(60))) struct RelayCommandTests {
    let folder = ScratchFolder()

    @Test("The relay says where it listens, answers there, and ends with 0 when told to", arguments: [SIGTERM, SIGINT])
    func listens(signal: Int32) async throws {
        let relay = try await RunningRelay(["--listen", "127.0.0.1:0", "--key-file", folder.path + "/key"])
        #expect(try await relay.health() == "200")
        #expect(await relay.end(by: signal) == 0)
        #expect(try Data(contentsOf: URL(filePath: folder.path + "/key")).count > 64)
    }

    @Test("The relay listens on IPv6") func listensOnIPv6() async throws {
        let relay = try await RunningRelay(["--listen", "[::1]:0"])
        #expect(try await relay.health(host: "[::1]") == "200")
        #expect(await relay.end(by: SIGTERM) == 0)
    }

    @Test(
        "An asterisk and an empty host mean every address, and the announced addresses were bound",
        arguments: ["*:0", ":0"]
    )
    func listensEverywhere(address: String) async throws {
        let relay = try await RunningRelay(["--listen", address])
        let announced = try await relay.process.event("listening")
        #expect(announced["addresses"] as? [String] == ["0.0.0.0:\(relay.port)", "[::]:\(relay.port)"])
        #expect(announced["url"] as? String == "ws://0.0.0.0:\(relay.port)")
        for host in ["127.0.0.1", "[::1]"] { #expect(try await relay.health(host: host) == "200") }
        #expect(await relay.end(by: SIGTERM) == 0)
    }

    @Test("The relay listens at every --listen, and tells each address") func listensTwice() async throws {
        let relay = try await RunningRelay(["--listen", "127.0.0.1:0", "--listen", "[::1]:0", "--cores", "2"])
        let addresses = try #require(try await relay.process.event("listening")["addresses"] as? [String])
        #expect(addresses.count == 2 && addresses[0] == "127.0.0.1:\(relay.port)" && addresses[1].hasPrefix("[::1]:"))
        for address in addresses { #expect(try await relay.health(at: address) == "200") }
        #expect(await relay.end(by: SIGTERM) == 0)
    }

    @Test("The relay tells people each address on a line of its own") func tellsPeople() async throws {
        let process = try Running(["relay", "--listen", "127.0.0.1:0", "--listen", "*:0"])
        _ = try #require(await process.line { $0.contains("every IPv6 address") })
        process.interrupt(SIGTERM)
        #expect(await process.end() == 0)
        let lines = await process.output().split(separator: "\n")
        #expect(lines.count == 4)
        #expect(lines[0].wholeMatch(of: /The relay listens at ws:\/\/127\.0\.0\.1:\d+ \(.+\)/) != nil)
        let every4 = /The relay listens at ws:\/\/0\.0\.0\.0:\d+, every IPv4 address of this machine \(.+\)/
        #expect(lines[1].wholeMatch(of: every4) != nil)
        let every6 = /The relay listens at ws:\/\/\[::\]:\d+, every IPv6 address of this machine \(.+\)/
        #expect(lines[2].wholeMatch(of: every6) != nil)
        // Whether this machine has an address on a network depends on the machine.
        #expect(lines[3].contains("Other devices reach it at ws://") || lines[3].hasPrefix("No other device"))
    }

    @Test("A relay that listens at every address tells those that can be typed on another device") func reachable()
        throws
    {
        let every = [BoundAddress(host: "0.0.0.0", port: 80), BoundAddress(host: "::", port: 81)]
        let own = ["192.0.2.7", "2001:db8::7"]
        let told = ReachableAddresses.lines(every, ofMachine: own, isSecure: false)
        #expect(told.count == 1)
        #expect(told[0].contains("ws://192.0.2.7:80 or ws://[2001:db8::7]:81, with --allow-plain"))
        #expect(ReachableAddresses.lines([every[0]], ofMachine: own, isSecure: false)[0].contains("2001") == false)
        #expect(ReachableAddresses.lines(every, ofMachine: own, isSecure: true)[0].contains("wss://NAME:80"))
        #expect(ReachableAddresses.lines(every, ofMachine: [], isSecure: false)[0].contains("hostname -I"))
        let many = (1...9).map { "192.0.2.\($0)" }
        let few = ReachableAddresses.lines(every, ofMachine: many, isSecure: false)[0]
        #expect(few.contains("192.0.2.4:") && !few.contains("192.0.2.5:") && few.contains("hostname -I lists all"))
        let one = BoundAddress(host: "192.0.2.7", port: 80)
        #expect(ReachableAddresses.lines([one], ofMachine: own, isSecure: false) == [])
    }

    @Test(
        "An address without its option, or a port without a host, is refused with the form that is right",
        arguments: [
            (["127.0.0.1:8080"], "--listen HOST:PORT"), (["--json", "8080"], "--listen HOST:PORT"),
            (["--listen", "8080"], "*:PORT"), (["--listen=8080"], "--listen"),
        ]
    )
    func addressAlone(arguments: [String], words: String) async throws {
        let result = try await Program.run(["relay"] + arguments)
        #expect(result.code == 64 && result.errors.contains(words), "\(result.errors)")
        #expect(result.errors.contains("rgument "), "it says which argument is meant")
    }

    @Test("When one of several addresses can't be had, the relay ends with an error that names it") func notHalfOpen()
        async throws
    {
        let result = try await Program.run(
            ["relay", "--listen", "127.0.0.1:0", "--listen", "192.0.2.99:80", "--json"]
        )
        #expect(result.code == 74)
        #expect(try result.json()["error"] as? String == "cannot-listen")
        #expect(try #require(try result.json()["message"] as? String).contains("192.0.2.99:80"))
        #expect(!result.output.contains("listening"))
    }

    @Test(
        "The relay warns of few open files at the start, and with too few it does not start",
        arguments: [16, 40, 64, 200]
    )
    func openFiles(allowed: Int) async throws {
        let relay = try Running(
            ["-c", "ulimit -n \(allowed); exec '\(Program.path)' relay --listen 127.0.0.1:0 --json"],
            of: "/bin/bash"
        )
        defer { relay.stop() }
        if allowed < 56 {
            #expect(await relay.end() == 74)
            #expect(await relay.output().contains("\"error\":\"too-few-files\""))
        } else {
            let room = try #require(try await relay.event("listening")["connections"] as? Int)
            #expect(room >= 32 && room < allowed)
            let warning = await relay.logLine { $0.contains("few open files") }
            #expect(warning?.contains("LimitNOFILE") == true)
        }
    }

    @Test(
        "An origin is accepted in the forms that people write, and refused where no browser would send it",
        arguments: [
            ("https://example.org", "https://example.org"), ("https://EXAMPLE.org/", "https://example.org"),
            ("https://example.org:443", "https://example.org"), ("http://localhost:80/", "http://localhost"),
            ("https://[::1]:8443", "https://[::1]:8443"), ("https://example.org:8443/", "https://example.org:8443"),
            ("example.org", nil), ("*", nil), ("", nil), ("null", nil), ("https://", nil), ("https:///", nil),
            ("https://example.org/page", nil), ("https://*.example.org", nil), ("https://a@example.org", nil),
            ("https://example.org:0", nil), ("https://example.org:", nil), ("ftp://example.org", nil),
            ("https://bücher.example", nil), ("https://example.org?", nil),
        ]
    )
    func origins(written: String, sent: String?) throws {
        #expect((try? WebOrigin(argument: written))?.text == sent)
        if sent == nil {
            #expect(throws: (any Error).self) { try EasySetupCommand.parseAsRoot(["relay", "--origin", written]) }
        }
    }

    @Test(
        "A limit that can't be set has an error with the reason",
        arguments: [
            ("meetins=3", "Did you mean meetings?"), ("Meetings=3", "Did you mean meetings?"),
            ("hats=3", "limits.md has"),
            ("meetings", "NAME=VALUE"), ("meetings=three", "NAME=VALUE"), ("meetings=0", "meetings is 1 to"),
            ("idleTime=86401", "idleTime is 1 to 86400 seconds"), ("codeLifetime=3", "--code-lifetime"),
        ]
    )
    func limits(argument: String, words: String) async throws {
        let run = try await Program.run(["relay", "--listen", "127.0.0.1:0", "--limit", argument])
        #expect(run.code == 64)
        #expect(run.errors.contains(words), "\(run.errors)")
    }

    @Test("A signal ends the relay whenever it comes", arguments: [SIGTERM, SIGINT])
    func endsAtAnyMoment(signal: Int32) async throws {
        for round in 0..<12 {
            let process = try Running(["relay", "--listen", "127.0.0.1:0", "--key-file", folder.path + "/\(round).key"])
            // The signal comes at different moments: from before the program's first instruction to well after it
            // listens.
            for _ in 0..<(round * round * 400) { await Task.yield() }
            process.interrupt(signal)
            // Before the relay listens, the signal ends the process, and the status is the signal's number. Afterwards
            // the relay handles the signal, and the status is 0.
            #expect([0, signal].contains(await process.end()))
        }
    }

    @Test("A pipe in place of a key or certificate is refused, and does not block the relay") func pipes() async throws
    {
        let pipe = folder.path + "/pipe"
        #expect(mkfifo(pipe, 0o600) == 0)
        let key = try await Program.run(["relay", "--listen", "127.0.0.1:0", "--key-file", pipe, "--json"])
        #expect(key.code == 78)
        #expect(try key.json()["error"] as? String == "bad-key-file")
        let tls = try await Program.run(
            ["relay", "--listen", "127.0.0.1:0", "--tls-certificate", pipe, "--tls-key", pipe, "--json"]
        )
        #expect(tls.code == 78)
        #expect(try tls.json()["error"] as? String == "bad-certificate")
    }

    @Test("A key file that is a link to nowhere is refused, and nothing is written") func danglingKeyFile() async throws
    {
        let path = folder.path + "/relay.key"
        try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: "/not/mounted/relay.key")
        let result = try await Program.run(["relay", "--listen", "127.0.0.1:0", "--key-file", path, "--json"])
        #expect(result.code == 78)
        #expect(try result.json()["error"] as? String == "bad-key-file")
        #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["relay.key"])
    }

    @Test("Behind a proxy that speaks the PROXY protocol the relay lets nobody else in") func takesProxies()
        async throws
    {
        let relay = try await RunningRelay([
            "--listen", "127.0.0.1:0", "--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "::1", "--proxy-protocol",
            "--forwarded-header", "forwarded",
        ])
        #expect(try await relay.health() == "000")
        #expect(await relay.end(by: SIGTERM) == 0)
    }

    @Test("SIGHUP makes the relay read the key file again, and the relay logs the result") func reloadsKeys()
        async throws
    {
        let path = folder.path + "/relay.key"
        let relay = try await RunningRelay(["--listen", "127.0.0.1:0", "--key-file", path])
        relay.process.interrupt(SIGHUP)
        _ = try #require(await relay.process.logLine { $0.contains("key file read anew") })
        try "nonsense".write(toFile: path, atomically: false, encoding: .utf8)
        relay.process.interrupt(SIGHUP)
        let line = try #require(await relay.process.logLine { $0.contains("keys not changed") })
        #expect(line.contains("error") && line.contains("line 1"))
        try FileManager.default.removeItem(atPath: path)
        relay.process.interrupt(SIGHUP)
        #expect(await relay.process.logLine { $0.contains("Put it there") } != nil)
        #expect(try await relay.health() == "200")
        #expect(await relay.end(by: SIGTERM) == 0)
    }

    @Test("SIGHUP makes the relay read the certificate again, and does not end a relay without one") func reloads()
        async throws
    {
        let relay = try await RunningRelay(["--listen", "127.0.0.1:0"])
        relay.process.interrupt(SIGHUP)
        #expect(try await relay.health() == "200")
        #expect(await relay.end(by: SIGTERM) == 0)
    }

    @Test("A taken port has an exit code and advice") func portTaken() async throws {
        let relay = try await RunningRelay(["--listen", "127.0.0.1:0"])
        let second = try await Program.run(["relay", "--listen", "127.0.0.1:\(relay.port)", "--json"])
        #expect(second.code == 74)
        let failure = try second.json()
        #expect(failure["event"] as? String == "failed")
        #expect(failure["error"] as? String == "cannot-listen")
        #expect(failure["retry"] as? Bool == true)
        #expect(await relay.end(by: SIGTERM) == 0)
    }

    @Test("A key file that others may read is refused with advice") func openKeyFile() async throws {
        let path = try folder.file("key", String(repeating: "ab", count: 32))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        let result = try await Program.run(["relay", "--listen", "127.0.0.1:0", "--key-file", path])
        #expect(result.code == 78)
        #expect(result.errors.contains("chmod 600 \(path)"))
        #expect(result.output.isEmpty)
    }

    @Test("A missing certificate is refused") func noCertificate() async throws {
        let none = folder.path + "/none.pem"
        let result = try await Program.run(
            ["relay", "--listen", "127.0.0.1:0", "--tls-certificate", none, "--tls-key", none, "--json"]
        )
        #expect(result.code == 78)
        #expect(try result.json()["error"] as? String == "bad-certificate")
    }

    @Test(
        "Wrong arguments are reported as such",
        arguments: [
            [], ["--listen", "8080"], ["--listen", "localhost:65536"], ["--listen", "::1:80"], ["--listen", "[]:80"],
            ["--listen", "localhost:+80"], ["--listen", "localhost:0", "--tls-key", "file"],
            ["--listen", "localhost:0", "--code-lifetime", "0"],
            ["--listen", "localhost:0", "--trusted-proxy", "127.0.0.1"],
            ["--listen", "localhost:0", "--trusted-proxy", "10.0.0.1/8", "--proxy-protocol"],
            ["--listen", "localhost:0", "--trusted-proxy", "localhost", "--proxy-protocol"],
            ["--listen", "localhost:0", "--trusted-proxy", "::1", "--forwarded-header", "x-real-ip"],
            ["--listen", "localhost:0", "--forwarded-header", "forwarded"],
            ["--listen", "localhost:0", "--proxy-protocol"],
        ]
    ) func usage(arguments: [String]) async throws {
        #expect(try await Program.run(["relay"] + arguments).code == 64)
    }

    @Test("Every error of a relay has a name, a text, advice and an exit code") func errors() {
        let errors: [RelayError] = [
            .cannotListen(host: "::1", port: 80, .notPermitted), .badCertificate(path: "/a", .mismatch),
            .badKeyFile(path: "/a", .noKey), .badMessageFile(path: "/a", .text(.empty)),
            .badFleet(.twoPasswords), .stopped,
        ]
        #expect(Set(errors.map(\.name)).count == errors.count)
        for error in errors {
            #expect(ExitCodes.table[error.name] != nil, "\(error.name)")
            #expect(error.description.hasSuffix(".") && !error.advice.isEmpty, "\(error.name)")
        }
    }
}

/// A relay as a process of its own. `init` returns when it listens.
private struct RunningRelay {
    let process: Running
    let port: Int

    init(_ arguments: [String]) async throws {
        process = try Running(["relay", "--json"] + arguments)
        port = try #require(try await process.event("listening")["port"] as? Int)
    }

    /// The HTTP status that the relay answers to a health check.
    func health(host: String = "127.0.0.1") async throws -> String {
        try await health(at: "\(host):\(port)")
    }

    func health(at address: String) async throws -> String {
        let address = "http://\(address)/health/ready"
        let arguments = ["curl", "-s", "-g", "-o", "/dev/null", "-w", "%{http_code}", address]
        let curl = try Running(arguments, of: "/usr/bin/env")
        return await curl.output()
    }

    func end(by signal: Int32) async -> Int32 {
        process.interrupt(signal)
        return await process.end()
    }
}
