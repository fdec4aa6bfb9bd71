import CoreMetrics
import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
import EasySetupRelayProtocol
import Foundation
import MetricsTestKit
import TestSupport
import Testing

@testable import EasySetupRelay

/// The metrics of a running relay: their page, their values, and what an embedding program gets.
@Suite("Metrics", .inTurn, .timeLimit(.minutes(60))) struct MetricsTests {
    /// A scrape: each line of values with its number.
    static func scrape(_ server: RelayServer) async throws -> [String: Double] {
        let text = try await page(server)
        var values: [String: Double] = [:]
        for line in text.split(separator: "\n") where !line.hasPrefix("#") {
            let space = try #require(line.lastIndex(of: " "))
            let value: Double = try #require(Double(String(line[line.index(after: space)...])))
            values[String(line[..<space])] = value
        }
        return values
    }

    static func page(_ server: RelayServer) async throws -> String {
        let port = try await server.adminAddresses[0].port
        let answer = try await exchange("GET /metrics HTTP/1.1\r\nHost: localhost\r\n\r\n", port: port)
        #expect(answer.hasPrefix("HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\n"))
        return String(answer[try #require(answer.range(of: "\r\n\r\n")).upperBound...])
    }

    static var configuration: RelayConfiguration {
        var configuration = RelayConfiguration()
        configuration.admin = ListenAddress(host: "127.0.0.1", port: 0)
        return configuration
    }

    /// The settings of a relay of a fleet whose Redis is not there.
    static func ofFleet(in folder: String) throws -> RelayConfiguration {
        var configuration = configuration
        configuration.keyFile = PathBytes(folder + "/key")
        configuration.fleet = RedisSettings(try RedisAddress(url: "redis://:topsecret@127.0.0.1:1"))
        return configuration
    }

    static func name(_ rest: String) -> String { "easysetup_relay_" + rest }

    @Test("The times of messages are counted only where somebody can read them", arguments: [false, true])
    func timesOfMessages(areCounted: Bool) {
        let counts = LoopCounts(timesMessages: areCounted)
        counts.messageSent()
        #expect(counts.hasMessages == areCounted)
        if counts.hasMessages { counts.messagesWritten(in: .microseconds(20)) }
        #expect(counts.status.relaying.count == (areCounted ? 1 : 0))
        #expect(!counts.hasMessages)
    }

    @Test("Pairings are counted, through both transports and on several cores", arguments: [1, 2])
    func pairings(cores: Int) async throws {
        var configuration = Self.configuration
        configuration.cores = cores
        try await withRelay(configuration) { server, port in
            for way in [PairingTests.Transport.webSocket, .longPolling] {
                let transports = PairingTests.Transports(offerer: way, visitor: way)
                try await PairingTests.Pair(port: port, through: transports).run(bodies: [[1], [2]])
            }
            try await until { try await Self.scrape(server)[Self.name("pairings_ended_total{outcome=\"done\"}")] == 2 }
            let values = try await Self.scrape(server)
            for (name, value) in [
                ("codes_issued_total", 2), ("seats_total", 2), ("visits_total", 2), ("meetings_begun_total", 2),
                ("offer_to_seat_seconds_count", 2), ("seat_to_done_seconds_count", 2), ("messages_total", 4),
                ("message_relaying_seconds_count", 2), ("misses_total", 0), ("draining", 0), ("codes_live", 0),
                ("pairings_in_hand", 0), ("cores", Double(cores)), ("wrong_proofs_total", 0),
            ] as [(String, Double)] { #expect(values[Self.name(name)] == value, "\(name)") }
            for transport in ["websocket", "long-polling"] {
                for name in ["frames_received", "frames_sent", "received_bytes", "sent_bytes"] {
                    #expect(values[Self.name("\(name)_total{transport=\"\(transport)\"}")] ?? 0 > 0, "\(name)")
                }
            }
            let accepted = (0..<cores).map { values[Self.name("connections_accepted_total{core=\"\($0)\"}")] ?? -1 }
            #expect(accepted.reduce(0, +) >= 4 && !accepted.contains(-1))
            #expect(values["process_resident_memory_bytes"] ?? 0 > 1_000_000)
            #expect(values["process_open_fds"] ?? 0 > 5 && values["process_max_fds"] ?? 0 > 5)
            let now = Date().timeIntervalSince1970
            #expect(0..<86_400 * 30 ~= now - (values["process_start_time_seconds"] ?? 0))
            #expect(values[Self.name("certificate_expiry_timestamp_seconds")] == nil)
        }
    }

    @Test("A relay with TLS tells when its certificate expires") func certificate() async throws {
        var configuration = Self.configuration
        let made = try MadeCertificate.loopback.get()
        configuration.certificate = CertificateFiles(certificate: made.certificate, key: made.key)
        try await withRelay(configuration) { server, _ in
            let expiry = try await Self.scrape(server)[Self.name("certificate_expiry_timestamp_seconds")]
            #expect(expiry ?? 0 > Date().timeIntervalSince1970)
        }
    }

    @Test("The lag of each loop is measured while there is an admin port") func lag() async throws {
        var configuration = Self.configuration
        configuration.cores = 2
        try await withRelay(configuration) { server, _ in
            for core in 0..<2 {
                let name = Self.name("event_loop_lag_seconds_count{core=\"\(core)\"}")
                try await until { try await Self.scrape(server)[name] ?? 0 > 0 }
            }
        }
    }

    @Test("A refusal is counted by its reason and the limit that was hit") func refusals() async throws {
        var configuration = Self.configuration
        configuration.limits.rooms = 1
        try await withRelay(configuration) { server, port in
            let first = try await TestDevice.connect(port: port)
            try await first.send(.offer(slotLength: 0, work: nil))
            #expect(await first.nextFrame()?.isOffered == true)
            let second = try await TestDevice.connect(port: port)
            try await second.send(.offer(slotLength: 0, work: nil))
            _ = await second.nextFrame()
            let values = try await Self.scrape(server)
            #expect(values[Self.name("refusals_total{reason=\"relay-full\"}")] == 1)
            #expect(values[Self.name("limit_hits_total{limit=\"rooms\"}")] == 1)
            #expect(values[Self.name("fill_ratio{limit=\"rooms\"}")] == 1 && values[Self.name("codes_live")] == 1)
            #expect(values[Self.name("devices{transport=\"websocket\"}")] ?? 0 >= 1)
        }
    }

    @Test("The page has each metric with its kind, unit, labels and meaning, and no other") func documented()
        async throws
    {
        let file = URL(filePath: #filePath).deletingLastPathComponent()
            .appending(components: "..", "..", "docs", "metrics.md")
        let rows = try String(contentsOf: file, encoding: .utf8).matches(
            of: /\| `([a-z_]+)` \| (counter|gauge|histogram) \| ([a-z]*) ?\| ([^|]*?) ?\| ([^|]*) \|/
        ).map { (name: String($0.1), text: "\($0.2), \($0.3), \($0.4), \($0.5)") }
        let scratch = ScratchFolder()
        var configuration = try Self.ofFleet(in: scratch.path)
        let made = try MadeCertificate.loopback.get()
        configuration.certificate = CertificateFiles(certificate: made.certificate, key: made.key)
        try await withRelay(configuration) { server, _ in
            // All metrics of a relay of a fleet with TLS have a value from the start.
            let page = try await Self.page(server)
            let told = page.matches(of: /# TYPE ([a-z_]+) ([a-z]+)/).map { String($0.1) }
            #expect(rows.map(\.name) == told)
            for (row, metric) in zip(rows, RelayMetrics.all) {
                let starts = metric.kind == .histogram ? [metric.name + "_"] : [metric.name + "{"]
                let lines = page.split(separator: "\n").filter { line in starts.contains(where: line.hasPrefix) }
                let named = Set(lines.joined().matches(of: /[{,]([a-z]+)="/).map { String($0.1) })
                let labels = named.subtracting(["le"]).sorted().map { "`\($0)`" }.joined(separator: " ")
                #expect(
                    row.text == "\(metric.kind.rawValue), \(metric.unit?.rawValue ?? ""), \(labels), \(metric.help)"
                )
            }
        }
    }

    @Test("A relay alone tells nothing of a fleet, and one that is cut off says so, without an address") func fleets()
        async throws
    {
        try await withRelay(Self.configuration) { server, _ in
            let page = try await Self.page(server)
            #expect(!page.contains("fleet"))
        }
        let scratch = ScratchFolder()
        try await withRelay(try Self.ofFleet(in: scratch.path)) { server, _ in
            let values = try await Self.scrape(server)
            #expect(values[Self.name("fleet_joined")] == 0 && values[Self.name("fleet_relays_heard")] == 0)
            #expect(values[Self.name("fill_ratio{limit=\"farDevices\"}")] == 0)
            let page = try await Self.page(server)
            #expect(!page.contains("127.0.0.1") && !page.contains("topsecret"))
        }
    }

    @Test(
        "Relays of a fleet tell what they hear and say, and how long Redis takes",
        .enabled(if: RedisServer.program != nil, RedisServer.hint)
    )
    func joined() async throws {
        let scratch = ScratchFolder()
        try await RedisServer.run { redis in
            var configuration = try Self.ofFleet(in: scratch.path)
            configuration.fleet = RedisSettings(try RedisAddress(url: "redis://127.0.0.1:\(redis.port)"))
            try await withRelay(configuration) { [configuration] one, port in
                try await withRelay(configuration) { two, _ in
                    for server in [one, two] {
                        try await until {
                            let values = try await Self.scrape(server)
                            return values[Self.name("fleet_joined")] == 1
                                && values[Self.name("fleet_relays_heard")] == 1
                        }
                        let values = try await Self.scrape(server)
                        for counted in ["messages_published_total", "messages_heard_total", "publish_seconds_count"] {
                            #expect(values[Self.name("fleet_" + counted)] ?? 0 > 0, "\(counted)")
                        }
                        #expect(values[Self.name("fleet_messages_unreadable_total")] == 0)
                    }
                    let device = try await TestDevice.connect(port: port)
                    try await device.send(.offer(slotLength: 0, work: nil))
                    #expect(await device.nextFrame()?.isOffered == true)
                    try await until {
                        let values = try await Self.scrape(one)
                        return values[Self.name("fleet_rooms")] == 1
                            && values[Self.name("fleet_directory_seconds_count")] ?? 0 > 0
                    }
                }
            }
        }
    }

    @Test("Names and units follow Prometheus' conventions, and every label is a word of the program") func names() {
        let status = RelayStatus.example
        for metric in RelayMetrics.all {
            #expect(metric.name.hasSuffix("_total") == (metric.kind == .counter), "\(metric.name)")
            let bare = metric.name.replacing("_total", with: "")
            #expect(metric.unit == nil || bare.hasSuffix("_" + metric.unit!.rawValue), "\(metric.name)")
            #expect(metric.help.hasSuffix(".") && PrometheusText.metricName(metric.name) == metric.name)
            for (label, value) in metric.read(status).flatMap(\.labels) {
                #expect(PrometheusText.labelName(label) == label)
                #expect(value.wholeMatch(of: /[A-Za-z0-9.-]+/) != nil, "\(value)")
            }
        }
        #expect(Set(RelayMetrics.all.map(\.name)).count == RelayMetrics.all.count)
        // OpenMetrics names a counter without its suffix, so another metric must not have that name.
        let bare = RelayMetrics.all.map { $0.name.replacing("_total", with: "") }
        #expect(Set(bare).count == bare.count)
    }

    @Test("An embedding program's factory gets counts as they grow, gauges, and times by their buckets") func embedded()
        throws
    {
        let factory = TestMetrics()
        let recorder = MetricsRecorder(factory)
        var status = RelayStatus.example
        recorder.record(status)
        status.hub.counts.codes = 5
        status.hub.counts.timeToSeat.add(.seconds(3), times: 2)
        recorder.record(status)
        recorder.record(status)
        let codes = try factory.expectCounter(Self.name("codes_issued_total"))
        #expect(codes.totalValue == 5 && codes.values == [5])
        let times = try factory.expectRecorder(Self.name("offer_to_seat_seconds")).values
        #expect(times == [5, 5])
        let cores = try factory.expectMeter(Self.name("cores")).lastValue
        #expect(cores == 2)
    }

    @Test("A program with a relay inside is told of each pairing that is over") func pairingEnded() async throws {
        let (ended, told) = AsyncStream<EndedPairing>.makeStream()
        var configuration = RelayConfiguration()
        configuration.pairingEnded = { told.yield($0) }
        try await withRelay(configuration) { _, port in
            for _ in 0..<2 { try await PairingTests.Pair(port: port).run(bodies: [[1], [2]]) }
            var pairings: [EndedPairing] = []
            for await pairing in ended.prefix(2) { pairings.append(pairing) }
            #expect(pairings.map(\.outcome) == ["done", "done"])
            #expect(pairings.allSatisfy { $0.sinceOffer >= .zero && $0.sinceSeat ?? .seconds(-1) >= .zero })
        }
    }

    @Test("A running relay records into the factory of its configuration") func recording() async throws {
        let factory = TestMetrics()
        var configuration = RelayConfiguration()
        configuration.metrics = factory
        configuration.metricsInterval = .milliseconds(20)
        try await withRelay(configuration) { _, port in
            let device = try await TestDevice.connect(port: port)
            try await device.send(.offer(slotLength: 0, work: nil))
            _ = await device.nextFrame()
            try await until { (try? factory.expectCounter(Self.name("codes_issued_total")).totalValue) == 1 }
        }
    }
}

extension RelayStatus {
    /// A relay with two cores in which nothing has happened.
    static var example: RelayStatus {
        let loop = LoopCounts(timesMessages: true).status
        return RelayStatus(
            hub: HubStatus(
                counts: Counts(),
                statistics: Statistics(),
                outcomes: ConnectionOutcome.allCases.map { ($0.rawValue, 0) },
                sockets: 0,
                accepted: [0, 0],
                webSocketDevices: 0,
                longPollingDevices: 0,
                unreadBytes: 0,
                bodyBytes: 0,
                fill: [("rooms", 0.5)],
                fleet: nil
            ),
            loops: [loop, loop],
            process: ProcessStatus.now(),
            build: BuildStatus(version: "1.2.3", protocolName: "easysetup.v1", cores: 2, isTLS: true),
            certificateExpiry: 2_000_000_000,
            memoryCeiling: 1,
            started: 1,
            taken: 2
        )
    }
}
