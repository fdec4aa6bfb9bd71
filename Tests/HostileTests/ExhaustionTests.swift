import EasySetupHandshake
import EasySetupRelayProtocol
import EasySetupSeed
import Foundation
import TestSupport
import Testing

@testable import EasySetup

/// Strangers who take a relay's places and hold them, while honest devices pair (`Protocol/limits.md`, "When the relay
/// fills"). The tests count connections and visits, never seconds. Run by scripts/hostile.
extension HostileTests {
    @Test(
        "Strangers who hold a relay's places leave some for honest pairings, and for health requests",
        arguments: Exhaustion.all
    )
    func exhaustion(_ attack: Exhaustion) async throws {
        let limits = Order.isLong ? attack.long : attack.short
        let options =
            attack.options + limits.filter { $0.key != "misses" }.flatMap { ["--limit", "\($0.key)=\($0.value)"] }
        try await withRelay(options) { relay, port in
            let start = ContinuousClock.now
            let peak = Memory.Peak(relay.pid)
            let held = await onThread { attack.body(port, limits) }
            let proxy = attack.usesProxyProtocol ? try PrefacingProxy(to: port) : nil
            let address = proxy?.port ?? port
            let health = await health(port: address)
            #expect(health.hasPrefix("HTTP/1.1 200"), "health while \(attack.name): \(health.prefix(40))")
            let honest = try await pair(port: address, times: 3)
            let time = ContinuousClock.now - start
            say(Table.row(attack.name, held.outcome, peak.stop(), honest, time) + "   " + held.note)
            #expect(honest.done == 3, "\(attack.name)")
            #expect(held.outcome.attempts > 0, "\(attack.name)")
            if let hasComeBack = held.hasComeBack { #expect(hasComeBack, "\(attack.name): a device with a token") }
            if attack.isAllRefused { #expect(held.outcome.refused == held.outcome.attempts, "\(attack.name)") }
            withExtendedLifetime((held.strangers, proxy)) {}
        }
    }

    @Test("Strangers who bring tokens of one relay to the next take no places of others") func tokens() async throws {
        let folder = ScratchFolder()
        let key = ["--key-file", folder.path + "/relay.key"]
        let (rooms, meetings, count) = Order.isLong ? (2_000, 4_000, 251) : (200, 400, 40)
        try await withRelay(key) { _, first in
            let limits = ["--limit", "rooms=\(rooms)", "--limit", "meetingsInAll=\(meetings)"]
            try await withRelay(key + limits) { relay, second in
                let start = ContinuousClock.now
                let peak = Memory.Peak(relay.pid)
                let outcome = await onThread {
                    var outcome = Attack.Outcome()
                    for number in 0..<count {
                        let source = "127.40.\(number / 160).\(1 + number / 20 % 8)"
                        guard let token = Stranger(port: first, source: source)?.token() else { continue }
                        outcome =
                            outcome
                            + Attack.Outcome(
                                isRefused: !Stranger.attaches(token, at: second, source: "127.41.0.1", meetings: 16)
                            )
                    }
                    return outcome
                }
                let honest = try await pair(port: second, times: 3)
                let time = ContinuousClock.now - start
                say(Table.row("tokens at the next relay", outcome, peak.stop(), honest, time))
                #expect(outcome.attempts == count)
                #expect(honest.done == 3)
            }
        }
    }

    @Test("Strangers who fill a line from one block leave a place in it for the device that has the code") func line()
        async throws
    {
        try await withRelay([]) { relay, port in
            let start = ContinuousClock.now
            let peak = Memory.Peak(relay.pid)
            let address = try #require(RelayAddress(host: "127.0.0.1", port: port, isPlain: true))
            let offering = PairingClient(name: DeviceName(cleaning: "old laptop")!, store: MemorySeedStore(.random()))
            let offerer = Watch(offering.offer(at: address, approve: { _ in .approve }))
            let code = try await offerer.offer().code
            let slot = try #require(Slot(code.slot))
            // As many addresses of one /24 as filled the 16 meetings and all 256 places of a queue.
            let held = await onThread {
                var held = Exhaustion.Held()
                for number in 0..<272 {
                    guard let visitor = Stranger(port: port, source: "127.90.0.\(1 + number / 2)") else { continue }
                    visitor.send(Stranger.upgrade())
                    visitor.send(.visit(slot: slot, work: nil))
                    var isLetIn = false
                    if !visitor.head().isEmpty {
                        switch visitor.frame() {
                        case .met, .inLine: isLetIn = true
                        default: break
                        }
                    }
                    held.outcome = held.outcome + Attack.Outcome(isRefused: !isLetIn)
                    if isLetIn { held.strangers.append(visitor) }
                }
                return held
            }
            let visiting = PairingClient(name: DeviceName(cleaning: "new phone")!, store: MemorySeedStore(nil))
            var honest = Pairings()
            let visitor = Watch(visiting.join(code, at: address, approve: { _ in .approve }))
            if case .success = try await visitor.outcome() { honest.done = 1 }
            honest.slowest = ContinuousClock.now - start
            say(Table.row("line of one /24", held.outcome, peak.stop(), honest, honest.slowest))
            #expect(honest.done == 1)
            withExtendedLifetime(held.strangers) {}
        }
    }

    private func withRelay(_ options: [String], _ body: (Running, Int) async throws -> Void) async throws {
        let (relay, port) = try await Program.relay(options, of: Order.program)
        defer { relay.stop() }
        try await body(relay, port)
    }

    /// The relay's answer to a health check.
    private func health(port: Int) async -> String {
        await onThread {
            guard let supervisor = Stranger(port: port, source: "127.0.0.1") else { return "no connection" }
            supervisor.send("GET /health/live HTTP/1.1\r\nHost: localhost\r\n\r\n")
            return supervisor.head()
        }
    }
}

extension Exhaustion: CustomTestStringConvertible {
    var testDescription: String { name }
}
