import EasySetupFleetStore
import Foundation
import TestSupport
import Testing

@testable import EasySetupRelay

/// The lines of `docs/fleet.md` that operators copy, in a real Redis and a real HAProxy.
@Suite(
    "The operators' page of several relays",
    .inTurn,
    .enabled(if: RedisServer.program != nil, RedisServer.hint),
    .timeLimit(.minutes(60))
)
struct FleetPageTests {
    /// The indented block of the page that begins with this line, without its indentation.
    private static func block(_ first: String) throws -> [Substring] {
        let page = try String(contentsOf: StatusPageTests.root.appending(path: "docs/fleet.md"), encoding: .utf8)
        let lines = page.split(separator: "\n", omittingEmptySubsequences: false)
        let start = try #require(lines.firstIndex { $0.drop { $0 == " " } == first })
        let block = lines[start...].prefix { $0.isEmpty || $0.hasPrefix("       ") }
        return block.map { $0.dropFirst(7) }
    }

    @Test("Redis as the page has it lets relays in, and nobody else") func redis() async throws {
        var options: [String] = []
        for line in try Self.block("bind 10.0.0.1") where !line.isEmpty && !line.hasPrefix("bind") {
            let words = line.split(separator: " ").map { $0 == "\"\"" ? "" : String($0) }
            options += ["--" + words[0]] + words.dropFirst()
        }
        #expect(options.contains("noeviction") && options.contains(">PASSWORD"))
        let scratch = ScratchFolder()
        let key = try scratch.file("key", String(repeating: "a", count: 64))
        try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: key)
        try await RedisServer.run(options) { server in
            for (account, names) in [("relay:PASSWORD@", []), ("", ["fleet-away"])] {
                var configuration = RelayConfiguration()
                configuration.keyFile = PathBytes(key)
                configuration.fleet = RedisSettings(
                    try RedisAddress(url: "redis://\(account)127.0.0.1:\(server.port)")
                )
                let found = await configuration.fleetFindings(listening: .zero)
                #expect(found.map(\.code.rawValue) == names, "\(found)")
            }
        }
    }

    @Test(
        "HAProxy as the page has it sends devices to relays that are joined, and to all of them when none is",
        .enabled(if: HAProxy.path != nil, "HAProxy is not installed")
    )
    func haproxy() async throws {
        try await SharedRedisTests.withRelays(2) { _, ports, redis in
            let port = try FreePort.below30000()
            let sections = try Self.block("frontend devices").joined(separator: "\n")
                .replacing("frontend devices", with: "frontend page")
                .replacing("bind :443 ssl crt /etc/haproxy/relay.pem alpn http/1.1", with: "bind 127.0.0.1:\(port)")
                .replacing("10.0.0.11:8080", with: "127.0.0.1:\(ports[0])")
                .replacing("10.0.0.12:8080", with: "127.0.0.1:\(ports[1])")
            let proxy = try await HAProxy(
                mode: "http",
                server: """
                    127.0.0.1:\(ports[0])
                    defaults
                        mode http
                        timeout connect 5s
                        timeout client 75s
                        timeout server 75s
                        timeout tunnel 120s
                    \(sections)
                    """,
                backend: "",
                watched: "relays"
            )
            defer { proxy.stop() }
            #expect(try await proxy.health(until: "UP") == "UP")
            try await PairingTests.Pair(port: port).run(bodies: [[1], [2]])
            await redis.kill()
            #expect(try await proxy.health(until: "DOWN") == "DOWN")
            try await until { try await exchange("GET /health/live HTTP/1.0\r\n\r\n", port: port).contains(" 200 ") }
        }
    }
}
