import EasySetupFleet
import EasySetupRelayCore
import EasySetupRelayProtocol
import Foundation
import Testing

@testable import EasySetupRelay

/// Tests of the advice that the status page gives an operator, and of its bounds.
@Suite("The notices of the status page") struct StatusNoticeTests {
    /// The notices of a relay with two cores, some hours after its start.
    private static func notices(
        history: StatusHistory = StatusHistory(startedAt: .zero),
        _ change: (inout RelayStatus) -> Void
    ) -> [String] {
        report(history: history, change).notices.map(\.name)
    }

    private static func report(
        history: StatusHistory = StatusHistory(startedAt: .zero),
        _ change: (inout RelayStatus) -> Void
    ) -> StatusReport {
        var status = RelayStatus.example
        (status.memoryCeiling, status.process.residentBytes) = (1000, 10)
        (status.process.openFiles, status.process.mostFiles) = (1, 100)
        change(&status)
        return StatusReport(status, history, now: .seconds(10_000))
    }

    @Test("A relay that is well has none") func well() {
        #expect(Self.notices { _ in } == [])
        #expect(Self.report { _ in }.state == .ready)
    }

    @Test("Each notice has the name and the bounds of an alert for Prometheus") func alerts() throws {
        let rules = try String(
            contentsOf: StatusPageTests.root.appending(path: "ops/prometheus/easysetup-relay.rules.yml"),
            encoding: .utf8
        )
        let alerts = rules.matches(of: /alert: EasySetupRelay(\w+)/).map { match in
            match.1.replacing(/([a-z])([A-Z])/) { "\($0.1)-\($0.2)" }.lowercased()
        }
        // A relay that is down answers nothing, and no alert is needed for one that drains.
        let told = Self.notices { status in
            status.hub.statistics.isDraining = true
            status.hub.fill = [("rooms", 0.81)]
            status.certificateExpiry = status.taken + 7 * 86_400 - 1
            status.lastReloadSucceeded = false
            (status.process.residentBytes, status.process.openFiles) = (901, 91)
            for _ in 0..<11 {
                status.hub.counts.refusals.add(.relayFull)
                status.hub.counts.pairings.add(.failed)
            }
            for _ in 0..<31 { status.hub.counts.wrongProofs += 1 }
            (status.hub.counts.misses, status.hub.counts.visits) = (301, 600)
            let late = LoopCounts(timesMessages: false)
            for _ in 0..<4 { late.wasLate(by: .milliseconds(101)) }
            status.loops[1] = late.status
            var counts = FleetCounts()
            (counts.unreadable, counts.refused) = (11, 11)
            status.hub.fleet = FleetStatus(
                isJoined: false,
                unchanged: .seconds(1),
                othersUnlike: 1,
                serversLost: 1,
                counts: counts
            )
        }
        #expect(Set(told) == Set(alerts).subtracting(["down", "missing"]).union(["draining"]))
        #expect(told.count == 16 && told.first == "draining")
        for bound in ["> 30", "> 300", "> 0.8", "[5m])) > 10", "> 0.1", "> 0.9", "7 * 86400"] {
            #expect(rules.contains(bound), "\(bound)")
        }
    }

    @Test("At its bounds a relay is still well") func bounds() {
        let told = Self.notices { status in
            status.hub.fill = [("rooms", 0.8)]
            var counts = FleetCounts()
            (counts.unreadable, counts.refused) = (10, 10)
            status.hub.fleet = FleetStatus(isJoined: true, unchanged: .zero, counts: counts)
            status.certificateExpiry = status.taken + 7 * 86_400
            (status.process.residentBytes, status.process.openFiles) = (900, 90)
            for _ in 0..<10 {
                status.hub.counts.refusals.add(.tooMany)
                status.hub.counts.pairings.add(.expired)
            }
            // Refusals for other reasons are the devices' own affair.
            for _ in 0..<50 { status.hub.counts.refusals.add(.noSuchCode) }
            status.hub.counts.wrongProofs = 30
            (status.hub.counts.misses, status.hub.counts.visits) = (300, 300)
            let late = LoopCounts(timesMessages: false)
            for _ in 0..<3 { late.wasLate(by: .seconds(1)) }
            status.loops = [late.status, late.status]
        }
        #expect(told == [])
    }

    @Test("What was minutes ago is told no more, and stays in the hour") func past() {
        var before = RelayStatus.example
        for _ in 0..<100 {
            before.hub.counts.refusals.add(.relayFull)
            before.hub.counts.wrongProofs += 1
        }
        let late = LoopCounts(timesMessages: false)
        for _ in 0..<20 { late.wasLate(by: .seconds(1)) }
        before.loops = [late.status]
        for (age, told) in [(1000, []), (301, ["guessing"]), (299, ["refusing", "loop-lag", "guessing"])] {
            var history = StatusHistory(startedAt: .zero)
            history.add(StatusSample(before, at: .seconds(10_000 - age)))
            // The samples before that one are needed to know what has grown since.
            let report = Self.report(history: history) { $0.hub.counts = before.hub.counts }
            #expect(report.notices.map(\.name) == told, "\(age)")
            #expect(report.json["hour.turned_away"]?.written == "100")
            #expect(report.state == (age < 300 ? .refusing : .ready))
        }
    }

    @Test("The state is the weightiest: draining, refusing, full, ready") func state() {
        var change: (inout RelayStatus) -> Void = { $0.hub.fill = [("rooms", 0.99), ("deadlines", 1)] }
        #expect(Self.report(change).state == .full)
        #expect(Self.report(change).notices.first?.text == "The limit deadlines is 100 % used.")
        // Devices that come by calls are turned away by an answer of HTTP.
        let refuse = { (status: inout RelayStatus) in
            let place = ConnectionOutcome.allCases.firstIndex(of: .turnedAway)!
            status.hub.outcomes[place].count = 11
            status.hub.counts.limits.add(.keptConnections)
        }
        change = { [full = change] in
            full(&$0)
            refuse(&$0)
        }
        #expect(Self.report(change).state == .refusing)
        #expect(Self.report(change).notices.first?.text.hasSuffix("Limits that were hit: keptConnections.") == true)
        change = { [refusing = change] in
            refusing(&$0)
            $0.hub.statistics.isDraining = true
        }
        #expect(Self.report(change).state == .draining)
    }

    @Test("A certificate that has expired, and one that is not there") func certificates() {
        let expired = Self.report { ($0.taken, $0.certificateExpiry) = (86_400, 86_400) }
        #expect(expired.notices.map(\.text) == ["The certificate expired on 1970-01-02."])
        let none = Self.report { $0.certificateExpiry = nil }
        #expect(none.notices == [] && none.html.text.contains(#"data-as="day">none</span>"#))
    }

    @Test("The page escapes every text and shows each list by its words") func page() {
        let report = Self.report { status in
            status.hub.fill = [("<script>alert(1)</script>", 0.9)]
            status.build.version = "\"'&<"
        }
        let html = report.html.text
        #expect(!html.contains("<script>alert") && html.contains("&lt;script&gt;alert(1)&lt;/script&gt;"))
        #expect(html.contains("&quot;&#39;&amp;&lt;"))
        #expect(html.contains(#"<tr><th scope="row">code-burnt</th><td>0</td></tr>"#))
    }
}
