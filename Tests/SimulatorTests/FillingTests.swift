import EasySetupPairingSession
import EasySetupRelayCore
import Simulator
import TestSupport
import Testing

/// Strangers who take a relay's places (`Protocol/limits.md`, "When the relay fills"). That each law can fail beside them is in
/// ``WorldsTests``.
@Suite("A relay that strangers fill", .busy, .timeLimit(.minutes(60))) struct FillingTests {
    @Test("Honest pairs finish by their first code, and no living room is ended", arguments: [1, 3, 6])
    func pairs(networks: Int) {
        let (world, relay, crowd) = Filling(networks: networks).world(seed: UInt64(networks))
        var users: [User] = []
        for number in 0..<3 {
            var habits = Habits()
            habits.offererHolds = number.isMultiple(of: 2)
            habits.start = .seconds(60 + number * 20)
            habits.typing = .seconds(15)
            users.append(world.addUser(habits, at: relay))
        }
        var mostRooms = 0
        world.run(
            until: {
                mostRooms = max(mostRooms, relay.rendezvous.statistics.rooms)
                return users.allSatisfy(\.isDone)
            },
            atMost: .seconds(1_200)
        )
        #expect(world.breaches.isEmpty)
        #expect(users.allSatisfy { $0.pairedAt != nil && $0.offers == 1 })
        // The strangers were there, and came to what they may have.
        #expect(networks == 6 ? mostRooms == relay.limits.rooms : mostRooms * 2 >= relay.limits.rooms)
        #expect(crowd.hoarders.reduce(0) { $0 + $1.rooms } >= mostRooms - users.count)
        #expect(crowd.loiterers.reduce(0) { $0 + $1.places } >= relay.limits.roomlessPerPrefix)
        #expect(crowd.chatterers.contains { $0.ended > 0 })
        #expect(crowd.seekers.contains { $0.mostBits > relay.limits.difficulty.upperBound })
    }

    @Test("A relay that was killed takes devices with a token back, whatever strangers bring", arguments: 1...6)
    func comeBack(seed: Int) {
        let (world, relay, _) = Filling(networks: 3).world(seed: UInt64(seed))
        var habits = Habits()
        habits.start = .seconds(60)
        habits.typing = .seconds(15)
        habits.thinking = .seconds(30)
        let user = world.addUser(habits, at: relay)
        for second in [70, 90] { world.schedule(.seconds(second)) { relay.kill() } }
        world.run()
        #expect(world.breaches.isEmpty)
        #expect(user.pairedAt != nil)
        #expect(user.offers == 1)
    }

    @Test("The relay tells strangers for minutes how a code ended, and then no longer") func ended() {
        let (world, relay, crowd) = Filling(networks: 1).world(seed: 3)
        _ = world.addUser(at: relay)
        var late = Habits()
        late.start = .seconds(500)
        _ = world.addUser(late, at: relay)
        world.run()
        #expect(world.breaches.isEmpty)
        #expect(crowd.seekers.contains { $0.told > 0 })
    }
}
