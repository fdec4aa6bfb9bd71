import EasySetupFleetStore
import EasySetupRelayCore
import EasySetupRelayProtocol
import Foundation
import Testing

/// Two relays, or more, that race. What is under way happens in random orders; `scripts/fleet races` has more of them.
@Suite("Races of relays of a fleet") struct FleetRaceTests {
    /// The number of races of each kind.
    static let count = ProcessInfo.processInfo.environment["EASYSETUP_RACES"].flatMap { Int($0) } ?? 400
    /// So many races are at the same relays, one after the other.
    static let perFleet = 25

    private static func races(isRotating: Bool = false, _ body: (FleetRace) throws -> Void) throws {
        for seed in 0..<UInt64(count / perFleet) {
            let race = try FleetRace(seed: seed, isRotating: isRotating)
            for _ in 0..<perFleet { try body(race) }
        }
    }

    @Test("No slot has two rooms, although all relays claim the same slots") func slot() throws {
        var contested = 0
        try Self.races { race in
            // All offer at once. What they claim next is claimed while others claim it.
            let offers = (0..<3).map { ConnectionID(number: UInt64(1 << 32 + $0)) }
            for (index, relay) in race.relays.enumerated() {
                relay.come(offers[index], .offer(slotLength: 0, work: nil))
                race.steps(race.any(0..<6))
            }
            race.settle(seconds: 1)
            let slots = race.relays.indices.compactMap { race.relays[$0].last(offers[$0]).offered?.slot }
            #expect(slots.count == 3 && Set(slots).count == 3, "\(slots.map(\.symbols))")
            contested += race.relays.reduce(0) { $0 + $1.failedClaims }
            for (index, relay) in race.relays.enumerated() { relay.say(offers[index], .leave(.done)) }
            race.settle(seconds: 1)
            for (index, relay) in race.relays.enumerated() { relay.forget(offers[index]) }
        }
        // As many claims as there were offers have failed, at least.
        #expect(contested >= 3 * Self.count)
    }

    @Test("No two visitors get the seat") func seat() throws {
        var seated = 0
        try Self.races { race in
            race.meet(visitors: 2 + race.any(0..<2), isProof: true)
            race.sayAll()
            race.settle(seconds: 40) { race.visitors.contains(where: \.isSeated) }
            race.settle(seconds: 1)
            let winners = race.visitors.count(where: \.isSeated)
            #expect(winners <= 1)
            seated += winners
            race.leave()
        }
        #expect(seated > Self.count * 9 / 10)
    }

    @Test(
        "Of two relays that take a room over, the one with the newer attach has it, and no other, also while keys are rotated",
        arguments: [false, true]
    )
    func takeover(isRotating: Bool) throws {
        var taken = 0
        try Self.races(isRotating: isRotating) { race in
            race.meet(visitors: 0, isProof: true)
            let offerer = try #require(race.offerer)
            let home = offerer.relay
            if race.chance(2) { race.relays[home].lose(offerer.connection) }
            // A home that is there keeps the room; one that nobody reaches loses it.
            if race.chance(2) {
                race.relays[home].isCut = true
                race.settle(seconds: 6)
            }
            for _ in 0..<2 + race.any(0..<2) {
                race.attach(offerer, at: race.any(0..<3))
                race.steps(race.any(0..<8))
            }
            race.relays[home].isCut = false
            race.settle(seconds: 30)
            #expect(offerer.end == nil && !offerer.isAway)
            #expect(race.relays[offerer.relay].heard[offerer.connection]?.first?.isAttachedOfferer == true)
            let homes = race.relays.indices.filter { race.relays[$0].rooms > 0 }
            #expect(homes.count == 1, "\(homes) of \(home), \(offerer.slot?.symbols ?? ""), \(offerer.attempt)")
            if homes != [home] { taken += 1 }
            race.leave()
        }
        #expect(taken > Self.count / 5)
    }

    @Test("No code is guessed at a fourth time") func lastGuess() throws {
        var burnt = 0
        try Self.races { race in
            race.meet(visitors: 4 + race.any(0..<3), isProof: false)
            race.sayAll()
            let offerer = try #require(race.offerer)
            race.settle(seconds: 40) { offerer.end != nil }
            race.settle(seconds: 2)
            #expect(offerer.guesses <= 3)
            #expect(race.visitors.count { $0.end == .wrongProof } <= 3)
            burnt += offerer.end == .codeBurnt ? 1 : 0
            race.leave()
        }
        #expect(burnt > Self.count * 9 / 10)
    }
}
