import Simulator
import TestSupport
import Testing

/// Worlds of relays of a fleet. `scripts/worlds fleet` has many more.
@Suite("Simulated worlds of a fleet", .busy, .timeLimit(.minutes(60))) struct FleetWorldTests {
    @Test("Worlds of a fleet break no law, whatever trouble its relays have", arguments: FleetTrouble.allCases)
    func laws(trouble: FleetTrouble) {
        var tally = FleetTally()
        for seed in 1...20 as ClosedRange<UInt64> {
            let world = World.drawn(seed, trouble: trouble)
            world.run()
            #expect(
                world.breaches.isEmpty,
                "scripts/worlds fleet --seed \(seed) --trouble \(trouble.rawValue) --trace: \(world.breaches)"
            )
            tally += FleetTally(world)
        }
        // Devices were at different relays.
        #expect(tally.messages > 0)
    }
}
