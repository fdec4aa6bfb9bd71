import CredentialsCore
import EasySetupRelay
import Testing

@testable import CredentialsService

@Suite("The report of the service")
struct ServiceReportTests {
    private func summary(_ nodes: [Node], silent: Int = 0) -> AccountSummary {
        AccountSummary(
            nodes: nodes,
            accounts: 1,
            deleted: 0,
            silent: silent,
            full: 0,
            counted: 1,
            objects: 3,
            revocations: 0,
            invitations: 0,
            nonces: 0
        )
    }

    private func report(
        _ history: ServiceHistory,
        _ nodes: [Node] = [Node(name: "n1", capacity: 100)],
        silent: Int = 0,
        isDraining: Bool = false,
        isReloadGood: Bool = true,
        now: Int = 5_000
    ) -> ServiceReport {
        ServiceReport(
            summary(nodes, silent: silent),
            history,
            isDraining: isDraining,
            isReloadGood: isReloadGood,
            now: now,
            process: .now()
        )
    }

    @Test("The last hour forgets what is older, and the total does not")
    func hour() {
        var history = ServiceHistory(now: 0)
        for time in stride(from: 0, to: 20_000, by: 7) { history.add(done: "credentials", now: time) }
        let (seconds, counts) = history.lastHour(now: 19_999)
        #expect(seconds == 3_600)
        // A sample a minute, so an hour may be a minute longer.
        #expect(3_600 / 7...3_660 / 7 + 2 ~= counts.done["credentials"] ?? 0)
        #expect(history.counts.done["credentials"] == (20_000 + 6) / 7)
        #expect(history.lastHour(now: 40_000).counts.done["credentials"] == 0)
        #expect(ServiceHistory(now: 10).lastHour(now: 15).seconds == 5)
    }

    @Test("A clock that is set back loses no counts")
    func clock() {
        var history = ServiceHistory(now: 10_000)
        history.add(done: "credentials", now: 10_100)
        history.add(done: "credentials", now: 500)
        history.add(done: "credentials", now: 600)
        #expect(history.counts.done["credentials"] == 3)
        #expect(history.lastHour(now: 700).seconds >= 0)
    }

    @Test("The state is the weightiest that holds, and each notice has its reason")
    func states() {
        let fresh = ServiceHistory(now: 1_000)
        #expect(report(fresh).state == .ready)
        #expect(report(fresh).notices.isEmpty)
        #expect(report(fresh, [Node(name: "n1", capacity: 5, load: 5)]).state == .full)
        #expect(report(fresh, [Node(name: "n1", capacity: 5, isDowned: true)]).state == .full)
        #expect(report(fresh, [Node(name: "n1", capacity: 100, load: 95)]).notices.map(\.name) == ["nearly-full"])
        #expect(report(fresh, silent: 2).notices.map(\.name) == ["silent"])
        #expect(report(fresh, isReloadGood: false).notices.map(\.name) == ["reload"])
        var failing = fresh
        failing.add(refused: .storeFailed, now: 4_900)
        failing.add(refused: .busy, now: 4_900)
        failing.add(refused: .wrongHost, now: 4_900)
        #expect(report(failing).state == .failing)
        #expect(report(failing).notices.map(\.name) == ["store-failed", "busy", "wrong-host"])
        #expect(report(failing, now: 20_000).state == .ready)
        #expect(report(failing, isDraining: true).state == .draining)
        for _ in 0..<101 { failing.add(refused: .tooMany, now: 4_901) }
        #expect(report(failing).notices.map(\.name).contains("too-many"))
    }
}
