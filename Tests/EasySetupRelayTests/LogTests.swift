import EasySetupFleet
import EasySetupRelayProtocol
import Foundation
import TestSupport
import Testing

@testable import EasySetupRelay

/// The lines that a relay logs, and the texts that it must never log.
@Suite("A relay's logs", .inTurn, .timeLimit(.minutes(60))) struct LogTests {
    @Test("While something happens there is a line a minute, with what was counted since the last") func minutes()
        async throws
    {
        let keeper = LogKeeper()
        let clock = HandClock()
        var configuration = MetricsTests.configuration
        configuration.clock = clock.clock
        try await withRelay(configuration, logger: keeper.logger) { server, port in
            let lines = { keeper.lines.filter { $0.hasPrefix("info the last minute") } }
            // Nothing has happened, so there is nothing to tell.
            clock.pass(.seconds(300))
            try await PairingTests.Pair(port: port).run(bodies: [[1], [2]])
            // The devices have left, and the relay may learn of it later.
            let done = MetricsTests.name(#"pairings_ended_total{outcome="done"}"#)
            try await until { try await MetricsTests.scrape(server)[done] == 1 }
            #expect(lines() == [])
            clock.pass(.seconds(60))
            try await until { lines().count == 1 }
            let counted = [("codes", 1), ("seats", 1), ("done", 1), ("visits", 1), ("messages", 2), ("misses", 0)]
            for (key, value) in counted {
                #expect(keeper.values(of: key).last == "\(value)", "\(key)")
            }
            // The minute after is quiet. A device that comes then begins a new one, with counts of its own.
            clock.pass(.seconds(300))
            let device = try await TestDevice.connect(port: port)
            try await device.send(.offer(slotLength: 0, work: nil))
            #expect(await device.nextFrame()?.isOffered == true)
            #expect(lines().count == 1)
            clock.pass(.seconds(60))
            try await until { lines().count == 2 }
            #expect(keeper.values(of: "codes") == ["1", "1"] && keeper.values(of: "seats") == ["1", "0"])
            #expect(keeper.values(of: "codes-now") == ["0", "1"])
        }
    }

    @Test("The line of a relay of a fleet has what it said and heard, and that of a relay alone has not") func fleet() {
        var lines = MinuteLines()
        var status = RelayStatus.example.hub
        let alone = lines.line(status)
        #expect(alone["codes"] != nil && alone["published"] == nil && alone["joined-now"] == nil)
        var counts = FleetCounts()
        (counts.published, counts.unheard, counts.cuts) = (7, 2, 1)
        status.fleet = FleetStatus(isJoined: true, unchanged: .zero, others: 2, farDevices: 3, counts: counts)
        let first = lines.line(status)
        let values = ["published": 7, "unheard": 2, "cuts": 1, "joined-now": 1, "relays-now": 2, "far-devices-now": 3]
        for (key, value) in values { #expect(first[key].map { "\($0)" } == "\(value)", "\(key)") }
        status.fleet?.counts.published = 9
        status.fleet?.isJoined = false
        let second = lines.line(status)
        #expect(second["published"].map { "\($0)" } == "2" && second["joined-now"].map { "\($0)" } == "0")
    }

    @Test("No log, no metric and no status page of a whole run has an address, a slot, a token, an id or a body")
    func secrets() async throws {
        let keeper = LogKeeper()
        let clock = HandClock()
        var configuration = MetricsTests.configuration
        configuration.clock = clock.clock
        let bodies = ["the body of a hello", "the body of a reply"].map { Array($0.utf8) }
        var secrets: [String] = ["127.0.0.1", "::1"]
        var slots: Set<String> = []
        var page = ""
        try await withRelay(configuration, logger: keeper.logger) { server, port in
            for way in [PairingTests.Transport.webSocket, .longPolling] {
                let transports = PairingTests.Transports(offerer: way, visitor: way)
                let pair = try await PairingTests.Pair(port: port, through: transports)
                for bytes in pair.tokens.map(\.bytes) + [pair.meeting.bytes] + bodies {
                    let hex = bytes.map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }.joined()
                    secrets += [hex, Data(bytes).base64EncodedString(), "\(bytes)"]
                }
                slots.insert(pair.slot.symbols)
                try await pair.run(bodies: bodies)
            }
            // A visit that finds nothing, a frame that is none, and a request that is refused are logged too.
            let lost = try await TestDevice.connect(port: port)
            try await lost.send(.visit(slot: try #require(Slot("ZZZZZZ")), work: nil))
            _ = await lost.nextFrame()
            slots.insert("ZZZZZZ")
            _ = try await exchange("GET /nothing HTTP/1.1\r\nHost: x\r\n\r\n", port: port)
            clock.pass(.seconds(60))
            try await until { keeper.lines.contains { $0.contains("the last minute") } }
            page = try await MetricsTests.page(server)
            for path in ["/", "/status.json"] { page += "\n" + (try await StatusPageTests.ask(path, server).body) }
        }
        secrets += bodies.map { String(decoding: $0, as: UTF8.self) }
        let logs = keeper.lines.joined(separator: "\n")
        #expect(keeper.values(of: "problem") == ["not-found"] && keeper.values(of: "status") == ["404"])
        #expect(logs.contains("stopped") && logs.contains("refused-request"), "the logs are there at all")
        for secret in secrets { #expect(!logs.contains(secret) && !page.contains(secret), "\(secret)") }
        let words = Set((logs + "\n" + page).split { !$0.isLetter && !$0.isNumber }.map(String.init))
        #expect(words.isDisjoint(with: slots))
    }
}
