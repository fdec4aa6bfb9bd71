import EasySetupRelayCore
import Foundation
import NIOHTTP1
import TestSupport
import Testing

@testable import EasySetupRelay

/// The status page over HTTP: what a relay answers, and what of the last hour it keeps.
@Suite("The status page", .inTurn, .timeLimit(.minutes(60))) struct StatusPageTests {
    /// The answer to a request at the admin port of a relay: its head and its body.
    static func ask(
        _ path: String,
        _ server: RelayServer,
        method: String = "GET",
        host: String = "localhost"
    ) async throws -> (head: String, body: String) {
        let port = try await server.adminAddresses[0].port
        let answer = try await exchange("\(method) \(path) HTTP/1.1\r\nHost: \(host)\r\n\r\n", port: port)
        let end = try #require(answer.range(of: "\r\n\r\n"))
        return (String(answer[..<end.lowerBound]), String(answer[end.upperBound...]))
    }

    static func status(_ server: RelayServer) async throws -> [String: Any] {
        let body = try await ask("/status.json", server).body
        return try #require(try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any])
    }

    static func column(_ name: String, _ server: RelayServer) async throws -> [Int] {
        let history = try await status(server)["history"] as? [String: Any]
        return try #require(history?[name] as? [Int])
    }

    private static func count(_ path: String, _ server: RelayServer) async throws -> Int {
        let value = path.split(separator: ".").reduce(try await status(server) as Any?) { value, name in
            (value as? [String: Any])?[String(name)]
        }
        return try #require(value as? Int)
    }

    @Test(
        "Each file has its type, and a policy by which a browser loads nothing else",
        arguments: [
            ("/", "text/html; charset=utf-8"), ("/status.json", "application/json"),
            ("/status.js", "text/javascript; charset=utf-8"), ("/status.css", "text/css; charset=utf-8"),
            ("/status.svg", "image/svg+xml"),
        ]
    )
    func answers(path: String, type: String) async throws {
        try await withRelay(MetricsTests.configuration) { server, _ in
            let answer = try await Self.ask(path, server)
            let policy =
                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; "
                + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'"
            for line in [
                "Content-Type: \(type)", "Content-Security-Policy: \(policy)", "Cache-Control: no-store",
                "X-Content-Type-Options: nosniff", "Referrer-Policy: no-referrer", "X-Frame-Options: DENY",
                "Content-Length: \(answer.body.utf8.count)",
            ] { #expect((answer.head + "\r\n").contains("\r\n\(line)\r\n"), "\(line)") }
            #expect(answer.head.hasPrefix("HTTP/1.1 200 OK\r\n") && !answer.body.isEmpty)
            // Nothing of another host, and nothing that the policy forbids.
            for forbidden in ["http:", "https:", "//", "style=", "onclick", "innerHTML", "@import", "url("] {
                let isKnown = forbidden == "//" || forbidden == "http:"
                let text = isKnown ? Self.withoutComments(answer.body) : answer.body
                #expect(!text.contains(forbidden), "\(path) has \(forbidden)")
            }
            let head = try await Self.ask(path, server, method: "HEAD")
            #expect(head.body.isEmpty && head.head.contains("Content-Type: \(type)"))
            #expect(try await Self.ask(path, server, method: "POST").head.hasPrefix("HTTP/1.1 405 "))
            #expect(try await Self.ask(path, server, host: "evil.example").head.hasPrefix("HTTP/1.1 421 "))
            let missing = try await Self.ask(path + "x", server)
            #expect(missing.head.hasPrefix("HTTP/1.1 404 ") && missing.body.contains(" \(path) "))
        }
    }

    /// A text without the script's comments and the name of SVG, which begins with `http:` and is fetched by nobody.
    private static func withoutComments(_ text: String) -> String {
        text.replacing(#/(?m)^ *// .*$/#, with: "").replacing("http://www.w3.org/2000/svg", with: "")
    }

    @Test("A relay without an admin port has neither page nor history") func off() async throws {
        try await withRelay { server, port in
            let addresses = try await server.adminAddresses
            #expect(addresses == [])
            let answer = try await exchange("GET /status.json HTTP/1.1\r\nHost: localhost\r\n\r\n", port: port)
            #expect(answer.hasPrefix("HTTP/1.1 404 "))
        }
    }

    @Test("The last hour is kept, and no more: what is older is forgotten, and the sums are those of the samples")
    func hour() async throws {
        let clock = HandClock()
        var configuration = MetricsTests.configuration
        configuration.clock = clock.clock
        try await withRelay(configuration) { server, port in
            #expect(try await Self.column("ago", server) == [0])
            try await PairingTests.Pair(port: port).run(bodies: [[1], [2]])
            try await until { try await Self.count("hour.pairings.done", server) == 1 }
            #expect(try await Self.column("done", server) == [1])
            // A movement of less than the interval takes no sample.
            clock.pass(.seconds(20))
            #expect(try await Self.column("ago", server) == [0])
            clock.pass(.seconds(10))
            try await until { try await Self.column("ago", server) == [0, 0] }
            #expect(try await Self.column("done", server) == [1, 0])
            clock.pass(.seconds(30))
            try await until { try await Self.column("ago", server) == [30, 0, 0] }
            for _ in 0..<110 { clock.pass(.seconds(30)) }
            try await until { try await Self.column("ago", server).count == 113 }
            try await PairingTests.Pair(port: port).run(bodies: [[1], [2]])
            try await until { try await Self.count("hour.pairings.done", server) == 2 }
            #expect(try await Self.column("done", server).reduce(0, +) == 2)
            #expect(try await Self.count("hour.seconds", server) == 3360)

            // The first pairing is more than an hour ago, then the second.
            for _ in 0..<20 { clock.pass(.seconds(30)) }
            try await until { try await Self.column("ago", server).first == 3570 }
            #expect(try await Self.column("ago", server).count == 121)
            #expect(try await Self.count("hour.seconds", server) == 3600)
            #expect(try await Self.count("hour.pairings.done", server) == 1)
            #expect(try await Self.column("done", server).reduce(0, +) == 1)
            for _ in 0..<130 { clock.pass(.seconds(30)) }
            try await until { try await Self.count("hour.pairings.done", server) == 0 }
            #expect(try await Self.column("ago", server).count == 121)
            let total = MetricsTests.name(#"pairings_ended_total{outcome="done"}"#)
            #expect(try await MetricsTests.scrape(server)[total] == 2)

            // A machine that has slept for days has no samples of that time.
            clock.pass(.seconds(500_000))
            try await until { try await Self.column("ago", server).count == 2 }
        }
    }

    @Test("docs/status.md has each member of /status.json, and no other") func documented() async throws {
        let page = try String(contentsOf: Self.root.appending(path: "docs/status.md"), encoding: .utf8)
        let rows = page.matches(of: /\n\| `([a-z_.]+)` \|/).map { String($0.1) }
        #expect(Set(rows).count == rows.count)
        func paths(_ value: Any, _ path: String) -> [String] {
            guard let object = value as? [String: Any], !rows.contains(path) else { return [path] }
            return object.flatMap { paths($1, path.isEmpty ? $0 : "\(path).\($0)") }
        }
        let scratch = ScratchFolder()
        try await withRelay(try MetricsTests.ofFleet(in: scratch.path)) { server, _ in
            let told = paths(try await Self.status(server), "")
            #expect(told.sorted() == rows.sorted())
            let html = try await Self.ask("/", server).body
            let shown = Set(html.matches(of: /data-is="(fleet\.[a-z_.]+)"/).map { String($0.1) })
            #expect(shown == Set(rows.filter { $0.hasPrefix("fleet.") }))
            #expect(html.contains("cut off from the other relays for") && !html.contains("topsecret"))
        }
        try await withRelay(MetricsTests.configuration) { server, _ in
            #expect(try await Self.status(server)["fleet"] == nil)
            let html = try await Self.ask("/", server).body
            #expect(!html.contains("data-is=\"fleet"))
        }
        let names = page.matches(of: #/\n- `([a-z-]+)`: /#).map { String($0.1) }
        #expect(names == StatusState.allCases.map(\.rawValue))
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent().appending(components: "..", "..")
        .standardizedFileURL

    @Test("A history drops its oldest samples, and compares with the newest that is old enough") func history() {
        var limits = AdminLimits()
        (limits.statusInterval, limits.statusSamples) = (.seconds(10), 3)
        var history = StatusHistory(startedAt: .seconds(100), limits: limits)
        #expect(!history.isDue(.seconds(100)) && !history.isDue(.seconds(108)))
        let isDue = [109, 110, 118].map { history.isDue(.seconds($0)) }
        #expect(isDue == [true, false, true])
        for at in [110, 120, 130, 140, 150] { history.add(StatusSample(startedAt: .seconds(at))) }
        #expect(history.samples.map(\.at) == [.seconds(130), .seconds(140), .seconds(150)])
        #expect(history.base.at == .seconds(120))
        #expect(history.sample(.seconds(15), before: .seconds(156)).at == .seconds(140))
        #expect(history.sample(.seconds(16), before: .seconds(156)).at == .seconds(140))
        #expect(history.sample(.seconds(500), before: .seconds(156)).at == .seconds(120))
        history.add(StatusSample(startedAt: .seconds(1000)))
        #expect(history.samples.map(\.at) == [.seconds(1000)] && history.base.at == .seconds(150))
    }

    @Test("The worst lag and the times that a loop was late are those since the last sample") func lag() {
        let counts = LoopCounts(timesMessages: false)
        for lag in [5, 250, 100, 101] { counts.wasLate(by: .milliseconds(lag)) }
        #expect(counts.status.lagWindow.worst == .milliseconds(250) && counts.status.lagWindow.late == 2)
        counts.endLagWindow()
        #expect(counts.status.lagWindow == LagWindow() && counts.status.lag.count == 4)
        let other = LoopCounts(timesMessages: false)
        for lag in [150, 160, 170] { other.wasLate(by: .milliseconds(lag)) }
        counts.wasLate(by: .seconds(2))
        let both = counts.status.lagWindow.worse(other.status.lagWindow)
        #expect(both.worst == .seconds(2) && both.late == 3)
    }

    @Test("JSON and HTML are escaped, whatever a text has") func escaping() {
        let text = "a\"b\\c\n\u{1}<script>'&é"
        let json = JSONValue.object([(text, .list([.text(text), .null, .bool(true), .count(-1), .number(.nan)]))])
        let read = try? JSONSerialization.jsonObject(with: Data(json.written.utf8)) as? [String: [Any]]
        #expect(read?[text]?.first as? String == text && read?[text]?.count == 5)
        let html: HTML = "<p title=\"\(text)\">\(["<b>", "\(text)"] as [HTML])</p>"
        #expect(html.text.hasPrefix("<p title=\"a&quot;b\\c\n\u{1}&lt;script&gt;&#39;&amp;é\"><b>"))
    }

    @Test(
        "Numbers are written for people",
        arguments: [
            (StatusFormat.count, 1_234_567, "1,234,567"), (.count, 999, "999"), (.count, 1000, "1,000"),
            (.bytes, 34_324_480, "32.7 MiB"), (.bytes, 2_483_138_560, "2.3 GiB"), (.milliseconds, 0.000157, "0.2 ms"),
            (.milliseconds, 1.25, "1250.0 ms"), (.ratio, 0.999, "99 %"), (.ratio, 1, "100 %"), (.span, 59, "59 s"),
            (.span, 3599, "59 min"), (.span, 3600, "1 h 0 min"), (.span, 300_000, "3 d 11 h"),
            (.day, 1_795_977_472, "2026-11-29"), (.time, 1_795_977_472, "18:37:52 UTC"),
        ]
    )
    func formats(format: StatusFormat, value: Double, text: String) {
        #expect(format.text(value) == text)
    }

    @Test("Every colour of text has a contrast of 4.5 to 1, by day and by night, and every line one of 3 to 1")
    func contrast() throws {
        let parts = StatusStyle.text.components(separatedBy: "prefers-color-scheme: dark")
        try #require(parts.count == 2)
        var day: [String: [Double]] = [:]
        for (part, isNight) in zip(parts, [false, true]) {
            for match in part.matches(of: /--([a-z0-9]+): #([0-9a-f]{6});/) {
                let number = try #require(Int(match.2, radix: 16))
                day[String(match.1)] = [16, 8, 0].map { Double(number >> $0 & 255) / 255 }
            }
            #expect(part.matches(of: /--([a-z0-9]+): #/).count == 15, "\(isNight)")
            func light(_ name: String) throws -> Double {
                let parts = try #require(day[name]).map { $0 <= 0.04045 ? $0 / 12.92 : pow(($0 + 0.055) / 1.055, 2.4) }
                return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]
            }
            for ground in ["page", "card"] {
                for (names, least) in [
                    (["text", "soft", "link", "ready", "full", "refusing", "draining", "lost"], 4.5),
                    (["s0", "s1", "s2", "edge"], 3),
                ] {
                    for name in names {
                        let lights = [try light(name), try light(ground)].sorted()
                        let ratio = (lights[1] + 0.05) / (lights[0] + 0.05)
                        #expect(ratio >= least, "\(name) on \(ground): \(ratio)")
                    }
                }
            }
        }
        // No other colour is in the style.
        let plain = StatusStyle.text.replacing(/--[a-z0-9]+: #[0-9a-f]{6};/, with: "")
        #expect(plain.firstMatch(of: /#[0-9a-f]{3}|rgb|hsl/) == nil)
    }
}
