import Foundation
import TestSupport
import Testing

@testable import EasySetupRelay

/// A real Prometheus (Debian's package `prometheus`), with the alerts and the dashboard of `ops/`.
@Suite(
    "A relay and a Prometheus",
    .enabled(if: PrometheusServer.isInstalled, "Prometheus is not installed"),
    .inTurn,
    .timeLimit(.minutes(60))
)
struct PrometheusServerTests {
    @Test("The alerts are in order, and fire when they should", arguments: ["rules", "test"])
    func alerts(kind: String) async throws {
        let arguments = kind == "rules" ? ["check", "rules"] : ["test", "rules"]
        let file = "ops/prometheus/easysetup-relay.\(kind == "rules" ? "rules" : "test").yml"
        let run = try Running(arguments + [PrometheusServer.path(file)], of: "/usr/bin/promtool")
        let code = await run.end()
        let told = await run.output() + run.errors()
        #expect(code == 0, "\(told)")
    }

    @Test("Prometheus' own check of names, kinds and help finds nothing to say") func check() async throws {
        try await withRelay(MetricsTests.configuration) { server, _ in
            let run = try Running(["check", "metrics"], of: "/usr/bin/promtool")
            run.type(try await MetricsTests.page(server))
            run.endInput()
            let code = await run.end()
            let told = await run.output() + run.errors()
            #expect(code == 0 && told == "", "\(told)")
        }
    }

    @Test("Prometheus scrapes the relay, evaluates each alert, and answers each question of the dashboard")
    func scrape() async throws {
        try await withFolder { folder in
            try await withRelay(try MetricsTests.ofFleet(in: folder)) { server, port in
                try await PairingTests.Pair(port: port).run(bodies: [[1], [2]])
                let prometheus = try await PrometheusServer(
                    target: try await server.adminAddresses[0].port,
                    folder: folder
                )
                defer { prometheus.stop() }
                let done = #"easysetup_relay_pairings_ended_total{outcome="done"}"#
                try await until { try await prometheus.values(done) == ["1"] }
                #expect(try await prometheus.values("up") == ["1"])

                try await until { try await !prometheus.ruleHealths().contains("unknown") }
                #expect(try await prometheus.ruleHealths() == Array(repeating: "ok", count: 17))

                let told = try await MetricsTests.scrape(server).keys.map { String($0.prefix { $0 != "{" }) }
                // These have no value without TLS.
                let known = Set(told + ["easysetup_relay_certificate_expiry_timestamp_seconds"])
                let questions = try Self.questions()
                #expect(questions.count > 40)
                for question in questions {
                    let names = question.matches(of: /\b(?:easysetup_relay|process)_\w+/).map { String($0.0) }
                    #expect(Set(names).subtracting(known) == [], "\(question)")
                    _ = try await prometheus.values(question)
                }
                // Nearly each metric of a relay is in the dashboard.
                let named = Set(questions.joined().matches(of: /easysetup_relay_\w+/).map { String($0.0) })
                let all = RelayMetrics.all.map(\.name).filter { $0.hasPrefix("easysetup") }
                let shown = all.filter { name in named.contains { $0.hasPrefix(name) } }
                #expect(shown.count >= all.count - 5, "\(Set(all).subtracting(shown))")
            }
        }
    }

    /// The expressions of the dashboard, as Grafana would send them.
    private static func questions() throws -> [String] {
        let data = try Data(contentsOf: URL(filePath: PrometheusServer.path("ops/grafana/easysetup-relay.json")))
        var found: [String] = []
        func search(_ value: Any) {
            if let object = value as? [String: Any] {
                if let question = object["expr"] as? String { found.append(question) }
                object.values.forEach(search)
            } else if let list = value as? [Any] {
                list.forEach(search)
            }
        }
        search(try JSONSerialization.jsonObject(with: data))
        return found.map { $0.replacing("$instance", with: ".*").replacing("$__rate_interval", with: "1m") }
    }
}

/// A running Prometheus that scrapes one relay.
private struct PrometheusServer {
    static let isInstalled = ["prometheus", "promtool"].allSatisfy {
        FileManager.default.isExecutableFile(atPath: "/usr/bin/\($0)")
    }

    private let process: Running
    private let port: Int

    static func path(_ file: String) -> String {
        URL(filePath: #filePath).deletingLastPathComponent().appending(components: "..", "..", file)
            .standardizedFileURL.path
    }

    init(target: Int, folder: String) async throws {
        port = try FreePort.below30000()
        let configuration = """
            global:
              scrape_interval: 1s
              evaluation_interval: 1s
            rule_files: ["\(Self.path("ops/prometheus/easysetup-relay.rules.yml"))"]
            scrape_configs:
              - job_name: easysetup-relay
                static_configs:
                  - targets: ["127.0.0.1:\(target)"]

            """
        try configuration.write(toFile: folder + "/prometheus.yml", atomically: true, encoding: .utf8)
        process = try Running(
            [
                "--config.file=\(folder)/prometheus.yml", "--storage.tsdb.path=\(folder)/data",
                "--web.listen-address=127.0.0.1:\(port)",
            ],
            of: "/usr/bin/prometheus"
        )
        let ready = await process.logLine { $0.contains("Server is ready to receive web requests") }
        try #require(ready != nil, "Prometheus has ended")
    }

    func stop() { process.stop() }

    private func ask(_ path: String) async throws -> Any {
        // An answer to HTTP/1.0 comes in one piece.
        let answer = try await exchange("GET /api/v1/\(path) HTTP/1.0\r\nHost: 127.0.0.1\r\n\r\n", port: port)
        let body = String(answer[try #require(answer.firstIndex(of: "{"))...])
        let object = try JSONSerialization.jsonObject(with: Data(body.utf8)) as? [String: Any]
        #expect(object?["status"] as? String == "success", "\(path): \(body)")
        return try #require(object?["data"])
    }

    /// The values that a question has now.
    func values(_ question: String) async throws -> [String] {
        let encoded = try #require(question.addingPercentEncoding(withAllowedCharacters: .alphanumerics))
        let data = try await ask("query?query=\(encoded)") as? [String: Any]
        let results = try #require(data?["result"] as? [[String: Any]])
        return results.compactMap { ($0["value"] as? [Any])?.last as? String }
    }

    /// Whether each alert can be evaluated: `ok`, `err` or not yet `unknown`.
    func ruleHealths() async throws -> [String] {
        let data = try await ask("rules") as? [String: Any]
        let groups = try #require(data?["groups"] as? [[String: Any]])
        return groups.flatMap { $0["rules"] as? [[String: Any]] ?? [] }.compactMap { $0["health"] as? String }
    }
}
