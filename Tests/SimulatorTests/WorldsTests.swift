import EasySetupPairingSession
import Simulator
import TestSupport
import Testing

/// Tests of the simulator: honest devices and relays break no law, and each law can be broken. `scripts/worlds` checks that a seed
/// always gives the same run, because it can start programs with a fixed hash seed of Swift's dictionaries.
@Suite("Simulated worlds", .busy, .timeLimit(.minutes(60))) struct WorldsTests {
    @Test("Worlds of every kind break no law", arguments: Kind.allCases) func laws(kind: Kind) {
        // Few, because a world takes a hundred times as long here as in `scripts/worlds`, which has thousands.
        for seed in 1...20 as ClosedRange<UInt64> {
            let world = World.drawn(seed, kind: kind)
            world.run()
            #expect(world.breaches.isEmpty, "scripts/worlds --seed \(seed) --kind \(kind.rawValue) --trace")
        }
    }

    @Test("Worlds show a fault that was put in on purpose", arguments: Mutation.allCases) func mutations(
        mutation: Mutation
    ) {
        #expect(
            Self.someWorldBreaks(mutation.breaks) { seed in
                let world = World.drawn(seed, kind: mutation.kind)
                world.mutate(mutation)
                return world
            }
        )
    }

    @Test("Worlds show a visitor that tries a code more than three times") func fourthTry() {
        var limits = ClientLimits()
        limits.triesPerCode = 5
        #expect(Self.someWorldBreaks(.guesses) { World.drawn($0, kind: .betrayed, limits: limits) })
    }

    @Test("Worlds show an offerer that shows more than three codes in one act") func fourthCode() {
        var limits = ClientLimits()
        limits.codesPerOffer = 5
        #expect(Self.someWorldBreaks(.guesses) { World.drawn($0, kind: .betrayed, limits: limits) })
    }

    @Test("Worlds show devices that wait longer than they may") func longWaits() {
        var limits = ClientLimits()
        limits.seatedLifetime = .seconds(1)
        // Too short a time for a person breaks the law that every pair finishes.
        #expect(Self.someWorldBreaks(.finish) { World.drawn($0, kind: .fair, limits: limits) })
    }

    /// Whether one of the first worlds breaks this law.
    private static func someWorldBreaks(_ law: Law, _ make: (UInt64) -> World) -> Bool {
        (1...60 as ClosedRange<UInt64>).contains { seed in
            let world = make(seed)
            world.run()
            return world.breaches.contains { $0.law == law }
        }
    }
}
