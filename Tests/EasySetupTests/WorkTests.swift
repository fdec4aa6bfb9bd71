import EasySetupHandshake
import EasySetupRelay
import EasySetupRelayCore
import EasySetupRelayProtocol
import EasySetupSeed
import TestSupport
import Testing

@testable import EasySetup

/// A relay that asks for proofs of work, and devices that solve them without asking their users.
@Suite("Proofs of work, over sockets", .inTurn, .timeLimit(.minutes(60))) struct WorkTests {
    /// Runs a relay that asks for work at each offer and each visit, because it may remember no address prefix.
    private func asking<Result: Sendable>(
        _ difficulty: Int,
        _ body: @Sendable (LiveRelay) async throws -> Result
    ) async throws -> Result {
        try await LiveRelay.run(
            configure: {
                $0.limits.prefixes = 0
                $0.limits.difficulty = difficulty...difficulty
            },
            body
        )
    }

    private func limits(maximumWork: Int) -> ClientLimits {
        var limits = ClientLimits.unhurried
        limits.maximumWork = maximumWork
        return limits
    }

    /// The names of the states that a device has shown, without repeats.
    private func shown(by device: Watch) async -> [String] {
        await device.states.map(\.name).reduce(into: []) { if $0.last != $1 { $0.append($1) } }
    }

    @Test("Both devices do the most work that they would, and the user sees a pairing like any other")
    func pays() async throws {
        let seed = SyncSeed.random()
        try await asking(14) { relay in
            let limits = limits(maximumWork: 14)
            let offerer = Watch(
                relay.client("one", seed, limits: limits).offer(at: relay.address, approve: { _ in .approve })
            )
            let code = try await offerer.offer().code
            let visitor = Watch(
                relay.client("two", limits: limits).join(code, at: relay.address, approve: { _ in .decline })
            )
            #expect(try await visitor.outcome().get().userID == seed.userID)
            #expect(try await offerer.outcome().get().userID == seed.userID)
            // A device shows a state again when its deadline moves, which happens more often on some machines.
            #expect(await shown(by: offerer) == ["connecting", "offered", "deciding", "given", "paired"])
            #expect(await shown(by: visitor) == ["connecting", "greeting", "waiting", "paired"])
        }
    }

    @Test("The offerer and the visitor refuse one bit more than a device's limit") func ceiling()
        async throws
    {
        try await asking(12) { relay in
            let able = limits(maximumWork: 12)
            let unable = limits(maximumWork: 11)
            let offerer = Watch(
                relay.client("one", .random(), limits: able).offer(at: relay.address, approve: { _ in .approve })
            )
            let code = try await offerer.offer().code
            let visitor = Watch(
                relay.client("two", limits: unable).join(code, at: relay.address, approve: { _ in .decline })
            )
            #expect(try await visitor.failure() == .workRefused)
            let other = Watch(
                relay.client("three", .random(), limits: unable).offer(at: relay.address, approve: { _ in .approve })
            )
            #expect(try await other.failure() == .workRefused)
        }
    }

    @Test("A device does all the work that this relay ever asks for") func defaults() {
        #expect(ClientLimits().maximumWork >= Limits().difficulty.upperBound)
        #expect(WireLimits.difficulty.contains(ClientLimits().maximumWork))
    }

    @Test("A device that stops, stops working") func stops() async throws {
        let endless = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return ProofOfWork.solve(challenge: [7], difficulty: 60)
        }
        #expect(await endless.value == nil)
    }
}
