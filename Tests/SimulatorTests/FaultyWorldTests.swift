import EasySetupPairingSession
import SeededRandom
import Simulator
import TestSupport
import Testing

/// One pair and its relay, with one fault at every possible frame, and with many drawn at random. The devices end by
/// themselves: the user enters one code, and then stops and begins nothing.
@Suite("One pair among faults", .busy, .timeLimit(.minutes(60))) struct FaultyWorldTests {
    private static func world(
        seed: UInt64 = 1,
        _ habits: Habits = Habits(),
        offererHolds: Bool
    ) -> (world: World, relay: Relay, user: User) {
        let world = World(seed: seed)
        var habits = habits
        habits.offererHolds = offererHolds
        habits.typing = .zero
        habits.onlyOnce = true
        let relay = world.addRelay()
        return (world, relay, world.addUser(habits, at: relay))
    }

    /// Runs a world in which the fault may change only how long the pairing takes. Both devices must report the
    /// success, even if the fault hits the receipt or its acknowledgement.
    private static func expectPaired(_ world: World, _ user: User, _ what: String) {
        world.isFair = true
        world.run()
        #expect(world.breaches.isEmpty, "\(what)")
        #expect(user.pairedAt != nil, "\(what)")
        #expect(user.offers == 1 && user.visits == 1, "\(what)")
        for device in [user.offerer, user.visitor] {
            #expect(device.acts.map(\.outcome) == [.paired], "\(what)")
        }
    }

    /// How many frames a pairing without faults takes.
    private static func frames(offererHolds: Bool) -> Int {
        let (world, _, user) = world(offererHolds: offererHolds)
        expectPaired(world, user, "no fault")
        return world.frames
    }

    @Test("A pair finishes when a connection is cut before or after any frame", arguments: [true, false], [0, 3_000])
    func cuts(offererHolds: Bool, notice: Int) {
        for number in 1...Self.frames(offererHolds: offererHolds) {
            for fault in [FrameFault.cutBefore, .cutAfter] {
                let (world, _, user) = Self.world(offererHolds: offererHolds)
                for device in [user.offerer, user.visitor] { device.path.relayNotices = notice...notice }
                world.frameFaults = [number: fault]
                Self.expectPaired(world, user, "\(fault) at frame \(number)")
            }
        }
    }

    @Test(
        "A pair finishes when the relay is killed at any frame and started again with its key",
        arguments: [true, false]
    )
    func restarts(offererHolds: Bool) {
        for number in 1...Self.frames(offererHolds: offererHolds) {
            for down in [Duration.milliseconds(50), .seconds(1), .seconds(20)] {
                let (world, relay, user) = Self.world(offererHolds: offererHolds)
                relay.down = down
                world.frameFaults = [number: .killRelay]
                Self.expectPaired(world, user, "killed for \(down) at frame \(number)")
            }
        }
    }

    @Test("Devices with the same seed are told so when a connection is cut before or after any frame")
    func sameSeed() {
        var habits = Habits()
        habits.sameSeed = true
        var frames = 0
        for number in 0... {
            for fault in [FrameFault.cutBefore, .cutAfter] {
                let (world, _, user) = Self.world(habits, offererHolds: true)
                world.isFair = true
                if number > 0 { world.frameFaults = [number: fault] }
                world.run()
                if number == 0 { frames = world.frames }
                #expect(world.breaches.isEmpty, "\(fault) at frame \(number)")
                for device in [user.offerer, user.visitor] {
                    #expect(device.acts.map(\.outcome) == [.failed(.alreadyPaired)], "\(fault) at frame \(number)")
                }
            }
            guard number < frames else { break }
        }
        #expect(frames > 8)
    }

    /// Checks that each act ended in the longest time that a device may take: three codes, a seated pairing, and the
    /// time after it.
    private static func expectEnds(_ world: World, _ user: User) {
        let limits = world.limits
        let longest = limits.codeLifetime * 3 + limits.seatedLifetime + .seconds(120)
        #expect(world.breaches.isEmpty, "world \(world.seed)")
        for act in user.offerer.acts + user.visitor.acts {
            #expect(act.outcome != nil, "world \(world.seed)")
            #expect((act.end ?? world.now) - act.start <= longest, "world \(world.seed)")
        }
    }

    @Test("Both devices end in time, and agree, whatever the network does", arguments: 1...8 as ClosedRange<UInt64>)
    func manyFaults(part: UInt64) {
        var paired = 0
        for number in 0..<150 as Range<UInt64> {
            let seed = part * 1_000 + number
            var random = SplitMix(state: seed)
            var habits = Habits()
            habits.storing = random.milliseconds(1...40_000)
            habits.thinking = random.milliseconds(1...330_000)
            habits.declines = random.once(in: 8)
            if random.once(in: 6) {
                let time = random.milliseconds(0...20_000)
                if random.once(in: 2) { habits.stopsOfferer = time } else { habits.stopsVisitor = time }
            }
            let (world, relay, user) = Self.world(seed: seed, habits, offererHolds: random.once(in: 2))
            relay.down = random.milliseconds(0...30_000)
            let latency = 1...Int.random(in: 2...1_500, using: &random)
            let notice = Int.random(in: 0...40, using: &random) * 1_000
            for device in [user.offerer, user.visitor] {
                device.path.latency = latency
                device.path.relayNotices = notice...notice
            }
            for (fault, most) in [(FrameFault.cutBefore, 4), (.cutAfter, 4), (.killRelay, 2)] {
                for _ in 0..<Int.random(in: 0...most, using: &random) {
                    world.frameFaults[Int.random(in: 3...60, using: &random)] = fault
                }
            }
            world.run()
            Self.expectEnds(world, user)
            if user.pairedAt != nil { paired += 1 }
        }
        #expect((1..<150).contains(paired), "the faults do not matter, or nothing works")
    }

    @Test(
        "A lying relay gets no seed, takes no success back and keeps no device for ever",
        arguments: 1...8 as ClosedRange<UInt64>
    )
    func lyingRelay(part: UInt64) {
        var paired = 0
        for number in 0..<150 as Range<UInt64> {
            let seed = part * 1_000 + number
            var random = SplitMix(state: seed)
            var habits = Habits()
            habits.storing = random.milliseconds(1...4_000)
            habits.thinking = random.milliseconds(1...4_000)
            habits.declines = random.once(in: 3)
            let (world, _, user) = Self.world(seed: seed, habits, offererHolds: random.once(in: 2))
            // One latency for all frames, because frames that a meddler may touch do not wait for earlier ones.
            let latency = Int.random(in: 1...200, using: &random)
            for device in [user.offerer, user.visitor] { device.path.latency = latency...latency }
            let liar = Middlebox(world, Middlebox.Habits())
            world.add(liar)
            world.schedule(.milliseconds(latency * 4 + 1)) {
                for _ in 0..<Int.random(in: 1...12, using: &random) {
                    let device = random.once(in: 2) ? user.offerer : user.visitor
                    world.after(random.milliseconds(0...9_000)) { liar.lie(to: device) }
                }
            }
            world.run()
            Self.expectEnds(world, user)
            #expect(!habits.declines || (user.offerer.acts + user.visitor.acts).allSatisfy { $0.stored == nil })
            if user.pairedAt != nil { paired += 1 }
        }
        #expect((1..<150).contains(paired), "the lies do not matter, or nothing works")
    }
}
