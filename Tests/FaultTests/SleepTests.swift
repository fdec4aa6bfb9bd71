import EasySetupHandshake
import Foundation
import TestSupport
import Testing

/// Devices as processes that the system stops and continues, as a phone sleeps and wakes. The test moves the relay's
/// clock.
@Suite("Devices that sleep", .inTurn, .timeLimit(.minutes(60))) struct SleepTests {
    let folder = ScratchFolder()

    private func devices(
        at relay: LiveRelay,
        _ body: (_ offer: Running, _ code: String, _ join: (String) throws -> Running) async throws -> Void
    ) async throws {
        let url = "ws://127.0.0.1:\(relay.address.port)"
        let offer = try Running(["offer", "--relay", url, "--store", try await folder.seed("a"), "--json"])
        // A stopped process receives its end signal only when it continues.
        defer { end(offer) }
        let code = try #require(try await offer.event("offered")["code"] as? String)
        var others: [Running] = []
        defer { others.forEach(end) }
        try await body(offer, code) { code in
            let join = try Running(["join", code, "--relay", url, "--store", folder.path + "/b", "--json"])
            others.append(join)
            return join
        }
    }

    private func end(_ process: Running) {
        process.stop()
        process.interrupt(SIGCONT)
    }

    @Test("A device that sleeps during the other user's yes pairs when it wakes up") func middle() async throws {
        try await LiveRelay.run { relay in
            try await devices(at: relay) { offer, code, join in
                let join = try join(code)
                _ = try await offer.event("peer")
                _ = try await join.event("peer")
                join.interrupt(SIGSTOP)
                offer.type("yes\n")
                _ = try await offer.event("given")
                relay.clock.pass(.seconds(60))
                join.interrupt(SIGCONT)
                let (here, there) = (try await offer.event("paired"), try await join.event("paired"))
                #expect(here["user_id"] as? String == there["user_id"] as? String)
                #expect(await offer.end() == 0)
                #expect(await join.end() == 0)
            }
        }
    }

    @Test("Devices that sleep beyond the code's time say so when they wake up: one by its error, one by a fresh code")
    func expired() async throws {
        try await LiveRelay.run { relay in
            try await devices(at: relay) { offer, code, join in
                offer.interrupt(SIGSTOP)
                let join = try join(code)
                _ = try await join.event("greeting")
                join.interrupt(SIGSTOP)
                relay.clock.pass(.seconds(600))
                join.interrupt(SIGCONT)
                let failure = try await join.event("failed")
                #expect(["expired", "timed-out"].contains(failure["error"] as? String))
                offer.interrupt(SIGCONT)
                let fresh = try await offer.event("offered") { $0["code"] as? String != code }
                #expect(fresh["code"] is String)
            }
        }
    }
}
