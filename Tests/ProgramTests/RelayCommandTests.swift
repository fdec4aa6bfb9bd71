import Foundation
import Relay
import SyncSeed
import TestSupport
import Testing

@testable import easysetup

@Suite("easysetup relay", .inTurn, .timeLimit(.minutes(60))) struct RelayCommandTests {
    let folder = ScratchFolder()

    @Test("it says where it listens, answers there, and ends with 0 when told to", arguments: [SIGTERM, SIGINT])
    func listens(signal: Int32) async throws {
        let relay = try await RunningRelay(["--listen", "127.0.0.1:0", "--key-file", folder.path + "/key"])
        #expect(try await relay.health() == "200")
        #expect(await relay.end(by: signal) == 0)
        #expect(try Data(contentsOf: URL(filePath: folder.path + "/key")).count > 64)
    }

    @Test("it listens on IPv6") func listensOnIPv6() async throws {
        let relay = try await RunningRelay(["--listen", "[::1]:0"])
        #expect(try await relay.health(host: "[::1]") == "200")
        #expect(await relay.end(by: SIGTERM) == 0)
    }

    @Test("behind a proxy that speaks the PROXY protocol it takes nobody else") func takesProxies() async throws {
        let relay = try await RunningRelay([
            "--listen", "127.0.0.1:0", "--trusted-proxy", "10.0.0.0/8", "--trusted-proxy", "::1", "--proxy-protocol",
            "--forwarded-header", "forwarded",
        ])
        #expect(try await relay.health() == "000")
        #expect(await relay.end(by: SIGTERM) == 0)
    }

    @Test("SIGHUP reads the certificate anew, and a relay without one lives through it") func reloads() async throws {
        let relay = try await RunningRelay(["--listen", "127.0.0.1:0"])
        relay.process.interrupt(SIGHUP)
        #expect(try await relay.health() == "200")
        #expect(await relay.end(by: SIGTERM) == 0)
    }

    @Test("a port that is taken has an exit code and advice") func portTaken() async throws {
        let relay = try await RunningRelay(["--listen", "127.0.0.1:0"])
        let second = try await Program.run(["relay", "--listen", "127.0.0.1:\(relay.port)", "--json"])
        #expect(second.code == 74)
        let failure = try second.json()
        #expect(failure["event"] as? String == "failed")
        #expect(failure["error"] as? String == "cannot-listen")
        #expect(failure["retry"] as? Bool == true)
        #expect(await relay.end(by: SIGTERM) == 0)
    }

    @Test("a key file that others may read is refused with advice") func openKeyFile() async throws {
        let path = try folder.file("key", String(repeating: "ab", count: 32))
        try FileManager.default.setAttributes([.posixPermissions: 0o644], ofItemAtPath: path)
        let result = try await Program.run(["relay", "--listen", "127.0.0.1:0", "--key-file", path])
        #expect(result.code == 78)
        #expect(result.errors.contains("chmod 600 \(path)"))
        #expect(result.output.isEmpty)
    }

    @Test("a certificate that is not there is refused") func noCertificate() async throws {
        let none = folder.path + "/none.pem"
        let result = try await Program.run(
            ["relay", "--listen", "127.0.0.1:0", "--tls-certificate", none, "--tls-key", none, "--json"]
        )
        #expect(result.code == 78)
        #expect(try result.json()["error"] as? String == "bad-certificate")
    }

    @Test(
        "wrong arguments are told as such",
        arguments: [
            [], ["--listen", "8080"], ["--listen", "localhost:65536"], ["--listen", "::1:80"], ["--listen", ":80"],
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

    @Test(
        "an address is a host, a colon and a port",
        arguments: [
            ("127.0.0.1:8080", "127.0.0.1", 8080), ("[::1]:0", "::1", 0), ("relay.example:443", "relay.example", 443),
        ]
    ) func addresses(written: String, host: String, port: Int) throws {
        let address = try #require(ListenAddress(argument: written))
        #expect(address.host == host)
        #expect(address.port == port)
    }

    @Test("every error of a relay has a name, a text, advice and an exit code") func errors() {
        let errors: [RelayError] = [
            .cannotListen(host: "::1", port: 80, .notPermitted), .badCertificate(path: "/a", .mismatch),
            .badKeyFile(path: "/a", .malformed), .stopped,
        ]
        #expect(Set(errors.map(\.name)).count == errors.count)
        for error in errors {
            #expect(ExitCodes.table[error.name] != nil, "\(error.name)")
            #expect(error.description.hasSuffix(".") && !error.advice.isEmpty, "\(error.name)")
        }
    }
}

/// A relay as a process of its own, from its first line on.
private struct RunningRelay {
    let process: Running
    let port: Int

    init(_ arguments: [String]) async throws {
        process = try Running(["relay", "--json"] + arguments)
        port = try #require(try await process.event("listening")["port"] as? Int)
    }

    /// The status of the relay's health.
    func health(host: String = "127.0.0.1") async throws -> String {
        let address = "http://\(host):\(port)/health/ready"
        let arguments = ["curl", "-s", "-g", "-o", "/dev/null", "-w", "%{http_code}", address]
        let curl = try Running(arguments, of: "/usr/bin/env")
        return await curl.output()
    }

    func end(by signal: Int32) async -> Int32 {
        process.interrupt(signal)
        return await process.end()
    }
}
