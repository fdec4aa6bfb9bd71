import Simulator
import TestSupport
import Testing

/// Worlds of relays of a fleet. `scripts/worlds fleet` has many more.
@Suite("Simulated worlds of a fleet", .busy, .timeLimit(.minutes(60))) struct FleetWorldTests {
    @Test("Worlds of a fleet break no law, whatever trouble its relays have", arguments: FleetTrouble.allCases)
    func laws(trouble: FleetTrouble) {
        var tally = FleetTally()
        for seed in 1...8 as ClosedRange<UInt64> {
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
        #expect(tally.paired == tally.pairs)
    }

    @Test(
        "A device that notices that its relay is stopped finds another, even if the directory is lost meanwhile",
        arguments: [(3299, .mixed), (11569, .mixed), (12776, .stopped)] as [(UInt64, FleetTrouble)]
    )
    func stopped(seed: UInt64, trouble: FleetTrouble) {
        let world = World.drawn(seed, trouble: trouble)
        world.run()
        #expect(world.breaches.isEmpty, "\(world.breaches)")
    }

    /// A rule, and worlds in which a law breaks without it.
    struct Example: CustomStringConvertible, Sendable {
        let rule: FleetRule
        let trouble: FleetTrouble
        let seeds: [UInt64]

        init(_ rule: FleetRule, _ trouble: FleetTrouble, _ seeds: UInt64...) {
            (self.rule, self.trouble, self.seeds) = (rule, trouble, seeds)
        }

        var description: String { "\(rule.rawValue), \(trouble.rawValue)" }
    }

    static let examples = [
        Example(.trunk, .lost, 4, 9), Example(.register, .forgotten, 1, 2), Example(.epoch, .forgotten, 2, 36),
        Example(.miss, .mixed, 72, 158), Example(.silent, .stopped, 45, 101), Example(.line, .stopped, 415, 470),
        Example(.repeat, .lost, 27, 33), Example(.jump, .killed, 3, 104), Example(.attempt, .killed, 408),
        Example(.copy, .lost, 29, 80), Example(.drain, .drained, 101, 167),
    ]

    /// The seeds are those with which the worlds of today break (`scripts/worlds fleet --count 500 --trouble TROUBLE
    /// --without RULE`). Where a change of the relay draws other numbers, others are looked for, which takes a minute.
    @Test("A law breaks without a rule, and holds with it", arguments: examples) func rules(example: Example) {
        for seed in example.seeds {
            let world = World.drawn(seed, trouble: example.trouble)
            world.run()
            #expect(world.breaches.isEmpty, "\(example) \(seed)")
        }
        #expect(
            (example.seeds + Array(1...500)).contains { seed in
                let world = World.drawn(seed, trouble: example.trouble, without: example.rule)
                world.run()
                return world.breaches.contains { $0.law == .finish }
            }
        )
    }
}
