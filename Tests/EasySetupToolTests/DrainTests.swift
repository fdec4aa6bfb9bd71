import Foundation
import TestSupport
import Testing

/// A relay gets the signal to end while pairings run, and the next relay starts at the same port with the same key.
/// Every device and every relay is a process of its own.
@Suite("The program as a relay that drains", .inTurn, .timeLimit(.minutes(60))) struct DrainTests {
    let folder = ScratchFolder()

    func relay(port: Int = 0) async throws -> (Running, port: Int) {
        try await Program.relay(["--key-file", folder.path + "/key"], port: port)
    }

    /// Starts a device that holds a seed and shows a code. Returns the process, and its event with the code.
    func offer(_ name: String, _ port: Int, _ more: String...) async throws -> (Running, [String: Any]) {
        let store = try await folder.seed(name)
        let offer = try Running(["offer", "--relay", "ws://127.0.0.1:\(port)", "--store", store, "--json"] + more)
        return (offer, try await offer.event("offered"))
    }

    func join(_ name: String, _ offered: [String: Any], _ port: Int) throws -> Running {
        let code = try #require(offered["code"] as? String)
        return try Running([
            "join", code, "--relay", "ws://127.0.0.1:\(port)", "--store", folder.path + "/" + name, "--json",
        ])
    }

    /// Starts two devices. The first is asking its user, so the relay must let this pairing finish.
    func pairInHand(_ port: Int) async throws -> (asked: Running, answered: Running) {
        let (asked, code) = try await offer("asked", port)
        let answered = try join("answered", code, port)
        _ = try await asked.event("peer")
        return (asked, answered)
    }

    @Test("A pairing under way finishes, an untyped code goes on at the next relay, and nothing new is accepted")
    func successor() async throws {
        let (first, port) = try await relay()
        defer { first.stop() }
        let (asked, answered) = try await pairInHand(port)
        defer { for device in [asked, answered] { device.stop() } }
        let (idle, idleCode) = try await offer("idle", port, "--yes")
        defer { idle.stop() }
        let left = try #require(idleCode["expires_in"] as? Int)

        first.interrupt(SIGTERM)
        _ = try await idle.event("reconnecting")
        let late = try await Program.run(
            ["offer", "--relay", "ws://127.0.0.1:\(port)", "--store", folder.path + "/late", "--receive", "--json"]
        )
        #expect(late.code == 23)
        let refusal = try late.json()
        #expect(refusal["error"] as? String == "draining")
        #expect(refusal["retry"] as? Bool == true)
        #expect(refusal["retry_after"] as? Int == 2)

        asked.type("yes\n")
        let seed = try await asked.event("paired")["user_id"] as? String
        #expect(try await answered.event("paired")["user_id"] as? String == seed)
        #expect(await first.end() == 0)
        for device in [asked, answered] {
            #expect(await device.end() == 0)
            #expect(await !device.output().contains("reconnecting"), "nobody who is in a pairing notices")
        }

        let (second, _) = try await relay(port: port)
        defer { second.stop() }
        let again = try await idle.event("offered") { ($0["expires_in"] as? Int ?? left) < left }
        #expect(again["code"] as? String == idleCode["code"] as? String)
        let joined = try join("joined", again, port)
        defer { joined.stop() }
        #expect(
            try await joined.event("paired")["user_id"] as? String == idle.event("paired")["user_id"] as? String
        )
        #expect(await idle.end() == 0)
        second.interrupt(SIGTERM)
        #expect(await second.end() == 0)
    }

    @Test("A drain time and a log level that a running relay has read anew at SIGHUP hold when it drains")
    func reloaded() async throws {
        let file = try folder.file("relay.conf", "drain-time = 0\n")
        let (relay, port) = try await Program.relay(["--config", file])
        defer { relay.stop() }
        let (asked, answered) = try await pairInHand(port)
        defer { for device in [asked, answered] { device.stop() } }
        try "drain-time = 600\nlog-level = info\n".write(toFile: file, atomically: false, encoding: .utf8)
        relay.interrupt(SIGHUP)
        _ = try #require(await relay.logLine { $0.contains("settings read anew") })
        relay.interrupt(SIGTERM)
        // The line is logged from the level `info` on.
        _ = try #require(await relay.logLine { $0.contains("draining") })
        asked.type("yes\n")
        let seed = try await asked.event("paired")["user_id"] as? String
        #expect(try await answered.event("paired")["user_id"] as? String == seed)
        for process in [relay, asked, answered] { #expect(await process.end() == 0) }
        #expect(await !asked.output().contains("reconnecting"))
    }

    @Test("A second signal ends the relay at once, and the pairing under way goes on at the next relay")
    func secondSignal()
        async throws
    {
        let (first, port) = try await relay()
        defer { first.stop() }
        let (asked, answered) = try await pairInHand(port)
        defer { for device in [asked, answered] { device.stop() } }
        let (idle, _) = try await offer("idle", port, "--yes")
        defer { idle.stop() }

        first.interrupt(SIGINT)
        // The relay sends this device away when its drain begins, so it has handled the first signal.
        _ = try await idle.event("reconnecting")
        let told = try #require(await first.logLine { $0.contains("pairings in hand are waited for") })
        #expect(told.contains("Control-C") && told.contains("pairings=1") && told.contains("seconds=300"))
        first.interrupt(SIGINT)
        #expect(await first.end() == 0)
        for device in [asked, answered] { _ = try await device.event("reconnecting") }

        let (second, _) = try await relay(port: port)
        defer { second.stop() }
        asked.type("yes\n")
        let seed = try await asked.event("paired")["user_id"] as? String
        #expect(try await answered.event("paired")["user_id"] as? String == seed)
        #expect(await asked.end() == 0)
        #expect(await answered.end() == 0)
    }
}
