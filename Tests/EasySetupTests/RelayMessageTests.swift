import EasySetup
import EasySetupRelay
import Foundation
import TestSupport
import Testing

/// The message of a relay's operator reaches devices by both transports, and only at the beginning.
@Suite("The relay's message by each transport") struct RelayMessageTests {
    @Test("Two programs hear it before code and meeting, and pair", arguments: [Middlebox.Upgrades.pass, .hangUp])
    func pairing(upgrades: Middlebox.Upgrades) async throws {
        let message = try RelayMessage("Away on 1 December, 8:00 to 9:00 UTC · 12月1日")
        try await LiveRelay.run(configure: { $0.message = message }) { live in
            try await Middlebox.run(before: live.address.port, upgrades: upgrades) { _, box in
                let folder = ScratchFolder()
                let at = ["--relay", "ws://127.0.0.1:\(box.port)", "--json"]
                let offer = try Running(["offer", "--yes", "--store", try await folder.seed("old")] + at)
                defer { offer.stop() }
                #expect(try await offer.event("relay-message")["message"] as? String == message.description)
                let code = try #require(try await offer.event("offered")["code"] as? String)
                let join = try Running(["join", code, "--store", folder.store] + at)
                defer { join.stop() }
                #expect(try await join.event("relay-message")["message"] as? String == message.description)
                _ = try await join.event("paired")
                #expect(await offer.end() == 0)
                for device in [offer, join] {
                    let events = await device.output().split(separator: "\n")
                    #expect(events.count { $0.contains("relay-message") } == 1)
                }
            }
        }
    }
}
