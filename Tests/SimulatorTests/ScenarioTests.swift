import EasySetupHandshake
import EasySetupPairingSession
import EasySetupRelayCore
import Simulator
import TestSupport
import Testing

/// Worlds that were not drawn: what the seeds showed to be worth a name.
@Suite("Scenes in worlds", .busy, .timeLimit(.minutes(60))) struct ScenarioTests {
    /// A world in which every pair must finish.
    private static func fair(seed: UInt64 = 1, limits: ClientLimits = ClientLimits()) -> World {
        let world = World(seed: seed, limits: limits)
        world.isFair = true
        return world
    }

    private static func habits(offererHolds: Bool) -> Habits {
        var habits = Habits()
        habits.offererHolds = offererHolds
        return habits
    }

    @Test("Devices that sleep for minutes in the middle of a pairing go on", arguments: 1...30) func sleep(second: Int)
    {
        let world = Self.fair(seed: UInt64(second))
        let user = world.addUser(Self.habits(offererHolds: second.isMultiple(of: 2)), at: world.addRelay())
        for device in [user.offerer, user.visitor] {
            device.path.latency = 100...900
            world.schedule(.milliseconds(second * 333)) { device.sleep(for: .seconds(180)) }
        }
        world.run()
        #expect(world.breaches.isEmpty)
        #expect(user.pairedAt != nil)
        #expect(user.offers == 1)
    }

    @Test("A relay that lost its key is reported as such, and a fresh code follows by itself") func forgets() {
        let world = Self.fair()
        let relay = world.addRelay()
        let user = world.addUser(at: relay)
        world.schedule(.seconds(2)) { relay.kill(forgetting: true) }
        world.run()
        #expect(world.breaches.isEmpty)
        #expect(user.pairedAt != nil)
        #expect(user.offers == 1)
        #expect(user.offerer.shown.count == 2)
    }

    @Test(
        "Devices that were away while the relay's key was replaced come back with their tokens",
        arguments: [true, false],
        1...12
    )
    func replacedKey(keepsOld: Bool, second: Int) {
        let world = Self.fair(seed: UInt64(second))
        let relay = world.addRelay()
        let user = world.addUser(Self.habits(offererHolds: second.isMultiple(of: 2)), at: relay)
        world.schedule(.milliseconds(second * 700)) {
            for device in [user.offerer, user.visitor] { device.loseNetwork(for: .seconds(20)) }
        }
        // Twice, so that a token may have been made with the key before the last.
        for time in [5, 10] {
            world.schedule(.milliseconds(second * 700 + time * 1_000)) { relay.replaceKey(keepingOld: keepsOld) }
        }
        world.run()
        #expect(world.breaches.isEmpty)
        #expect(user.pairedAt != nil)
        #expect(user.offers == 1)
        #expect(user.offerer.shown.count == 1)
    }

    @Test("A relay that was started again without its earlier key is reported as such, and a fresh code follows")
    func droppedKey() {
        let world = Self.fair()
        let relay = world.addRelay()
        let user = world.addUser(at: relay)
        world.schedule(.seconds(2)) { relay.replaceKey(keepingOld: false) }
        world.schedule(.seconds(3)) { relay.kill() }
        world.run()
        #expect(world.breaches.isEmpty)
        #expect(user.pairedAt != nil)
        #expect(user.offers == 1)
        #expect(user.offerer.shown.count == 2)
    }

    @Test("A relay that was started again with both keys takes everybody back") func keptKey() {
        let world = Self.fair()
        let relay = world.addRelay()
        let user = world.addUser(at: relay)
        world.schedule(.seconds(2)) { relay.replaceKey(keepingOld: true) }
        world.schedule(.seconds(3)) { relay.kill() }
        world.run()
        #expect(world.breaches.isEmpty)
        #expect(user.offerer.shown.count == 1)
        #expect(user.pairedAt != nil)
    }

    @Test("A slow visitor among strangers who hold places is paired", arguments: 1...20) func slow(seed: Int) {
        let world = Self.fair(seed: UInt64(seed))
        var limits = Limits()
        limits.meetings = 2
        let relay = world.addRelay(limits: limits)
        let user = world.addUser(at: relay)
        user.visitor.path.latency = 800...1_400
        for number in 0..<4 as Range<UInt32> {
            let path = Path(address: 0xC000_0200 + number)
            world.add(Squatter(world, at: relay, path: path, manner: .silent, pace: .milliseconds(300)))
        }
        world.run()
        #expect(world.breaches.isEmpty)
        #expect(user.pairedAt != nil)
        #expect(user.offerer.acts.allSatisfy { $0.wrongProofs == 0 })
    }

    @Test("Tokens of old meetings are worth nothing at a relay that was started again") func oldTokens() {
        let world = Self.fair()
        let relay = world.addRelay()
        _ = world.addUser(at: relay)
        var late = Habits()
        late.start = .seconds(60)
        let user = world.addUser(late, at: relay)
        let path = Path(address: 0xC000_0200)
        let thief = Replayer(world, at: relay, path: path, pace: .seconds(1), onlyOld: true)
        world.add(thief)
        world.schedule(.seconds(40)) { relay.kill() }
        world.run()
        #expect(world.breaches.isEmpty)
        #expect(user.pairedAt != nil)
    }

    @Test("A stranger who knows the code and sends a bad proof is reported, and the code is replaced") func knownCode()
    {
        var told = 0
        for seed in 1...20 as ClosedRange<UInt64> {
            let world = World(seed: seed)
            let relay = world.addRelay()
            var habits = Self.habits(offererHolds: seed.isMultiple(of: 2))
            habits.typing = .seconds(60)
            let user = world.addUser(habits, at: relay)
            let path = Path(address: 0xC000_0200)
            world.add(Guesser(world, at: relay, path: path, luck: 1, pace: .seconds(5)))
            world.run()
            #expect(world.breaches.isEmpty, "\(seed)")
            told += user.offerer.shown.count { $0.isKnownTold }
        }
        #expect(told > 0)
    }

    @Test("A receiver that asks first keeps nothing after its user's no, and a yes pairs", arguments: [true, false])
    func asksFirst(keeps: Bool) {
        let world = Self.fair()
        var habits = Self.habits(offererHolds: false)
        habits.asksFirst = true
        habits.declinesToKeep = !keeps
        // Longer than a store may take.
        habits.thinking = .seconds(90)
        let user = world.addUser(habits, at: world.addRelay())
        world.isFair = keeps
        world.run()
        #expect(world.breaches.isEmpty)
        #expect((user.pairedAt != nil) == keeps)
        #expect(user.visitor.acts.last?.outcome == (keeps ? .paired : .failed(.declined(by: .receiver))))
        #expect(user.offerer.acts.last?.outcome == (keeps ? .paired : .failed(.declinedHere(.receiver))))
    }

    @Test("A relay that plays the other device gets three guesses at each device, and gains nothing") func falseRelay()
    {
        for seed in 1...10 as ClosedRange<UInt64> {
            let world = World(seed: seed)
            let relay = FalseRelay(world, luck: 1_000_000)
            world.keep(relay)
            let user = world.addUser(at: relay)
            world.run()
            #expect(world.breaches.isEmpty)
            #expect(user.pairedAt == nil)
            #expect(world.seedsWon == 0)
            // The user was told of each.
            #expect(user.offerer.acts.reduce(0) { $0 + $1.wrongProofs } > 0)
            #expect(
                user.visitor.acts.contains { $0.outcome == .failed(.wrongCode) || $0.outcome == .failed(.cancelled) }
            )
        }
    }
}
