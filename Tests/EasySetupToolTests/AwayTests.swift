import Foundation
import TestSupport
import Testing

/// The status line in real terminals: it shows the time that the relay gives, and that the other device is away.
@Suite("The time left and a peer that is away, on a screen", .inTurn, .timeLimit(.minutes(60))) struct AwayTests {
    let folder = ScratchFolder()

    private static func isAway(_ lines: [String]) -> Bool {
        lines.contains { $0.contains(/The other device is away; waiting for it for [0-9]:[0-9][0-9]\./) }
    }

    @Test("The device that is asked says that the other is away, before and after a slip") func holder() async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let offer = try await Window(["offer", "--relay", url, "--store", try await folder.seed("a")])
        defer { offer.stop() }
        let code = try await offer.code()
        let join = try Running(["join", code, "--relay", url, "--store", folder.store, "--json"])
        defer { join.stop() }
        try await offer.wait(for: "Is this the device in your hands")
        join.interrupt(SIGKILL)
        let lines = try await offer.wait(until: Self.isAway, "away")
        #expect(lines.contains { $0.contains("Is this the device in your hands") }, "the question stays")
        try await offer.enter("y")
        try await offer.wait(for: "Type yes in full, or no.")
        #expect(Self.isAway(try await offer.lines()))
        try await offer.enter("no")
        #expect(try await offer.end().code == 1)
    }

    @Test("The device that waits says that the other is away") func receiver() async throws {
        let (relay, url) = try await PairingCommandTests.relay()
        defer { relay.stop() }
        let offer = try Running(["offer", "--relay", url, "--store", try await folder.seed("a"), "--json"])
        defer { offer.stop() }
        let code = try #require(try await offer.event("offered")["code"] as? String)
        let join = try await Window(["join", code, "--relay", url, "--store", folder.store])
        defer { join.stop() }
        try await join.wait(for: "look at the other device and answer there")
        offer.interrupt(SIGKILL)
        try await join.wait(until: Self.isAway, "away")
        try await join.press("C-c")
        #expect(try await join.end().code == 1)
    }

    @Test("Both screens count down from the relay's time") func timeLeft() async throws {
        let (relay, url) = try await PairingCommandTests.relay(limits: ["seatedLifetime=240"])
        defer { relay.stop() }
        let offer = try await Window(["offer", "--relay", url, "--store", try await folder.seed("a")])
        defer { offer.stop() }
        let code = try await offer.code()
        let join = try await Window(["join", code, "--relay", url, "--store", folder.store])
        defer { join.stop() }
        try await offer.wait(until: { $0.contains { $0.contains(/Time to answer: [0-3]:/) } }, "the relay's time")
        let waiting = try await join.wait(for: "Waiting for the answer there for")
        #expect(waiting.contains { $0.contains(/there for [0-3]:/) }, "never more than that")
    }
}
