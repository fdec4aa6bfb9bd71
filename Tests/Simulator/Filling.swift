package import EasySetupRelayCore
import SeededRandom

/// The strangers that take the places of a relay. The relay has few places, in the usual proportions
/// (`Protocol/limits.md`, "When the relay fills").
package struct Filling: Sendable {
    /// The number of networks that the strangers come from. No network is near another.
    package var networks: Int
    /// The number of strangers in each network, by what they do: holders offer codes and stay connected, leavers offer
    /// codes and leave, and claimers come back with tokens from before a restart. The holders keep their rooms alive,
    /// so there must be fewer of them than the relay has rooms.
    package var holders = 2
    package var leavers = 2
    package var claimers = 1
    package var loiterers = 4
    package var chatterers = 1
    package var sweepers = 1
    package var askers = 1
    package var squatters = 2

    package init(networks: Int) {
        self.networks = networks
    }

    /// The limits of a small relay. Strangers soon take half of its places.
    package static var limits: Limits {
        var limits = Limits()
        limits.rooms = 24
        limits.meetings = 3
        limits.meetingsInAll = 96
        limits.waitingInAll = 48
        limits.roomless = 64
        limits.roomlessPerPrefix = 3
        limits.waitingForOfferer = 32
        limits.missesPerPrefix = 3
        limits.difficulty = 1...4
        return limits
    }

    /// The strangers that ``send(to:of:)`` has added, without the squatters.
    package struct Crowd {
        package fileprivate(set) var hoarders: [Hoarder] = []
        package fileprivate(set) var loiterers: [Loiterer] = []
        package fileprivate(set) var chatterers: [Chatterer] = []
        package fileprivate(set) var seekers: [Seeker] = []
    }

    /// A fair world that contains only the strangers, and their relay.
    package func world(seed: UInt64) -> (world: World, relay: Relay, crowd: Crowd) {
        let world = World(seed: seed)
        world.kind = .filled
        world.isFair = true
        let relay = world.addRelay(limits: Self.limits)
        return (world, relay, send(to: relay, of: world))
    }

    /// Adds the strangers to a world, at this relay.
    @discardableResult
    package func send(to relay: Relay, of world: World) -> Crowd {
        world.watchesRooms = true
        var crowd = Crowd()
        for network in 0..<networks {
            // Each kind of stranger has a /24 of its own, so that one kind does not raise the work for another.
            var block: UInt32 = 0
            func path() -> Path {
                block += 1
                return Path(address: 0xC000_0001 + UInt32(network) << 16 + block << 8)
            }
            func pace(_ milliseconds: ClosedRange<Int>) -> Duration { world.random.milliseconds(milliseconds) }
            let rooms = path()
            for (manner, count) in [(Hoarder.Manner.holds, holders), (.leaves, leavers), (.claims, claimers)] {
                for _ in 0..<count {
                    let hoarder = Hoarder(world, at: relay, path: rooms, manner: manner, pace: pace(500...5_000))
                    crowd.hoarders.append(hoarder)
                }
            }
            let work = path()
            for _ in 0..<loiterers {
                crowd.loiterers.append(Loiterer(world, at: relay, path: work, pace: pace(500...5_000)))
            }
            for _ in 0..<chatterers {
                crowd.chatterers.append(Chatterer(world, at: relay, path: path(), pace: pace(500...3_000)))
            }
            for (manner, count) in [(Seeker.Manner.sweeps, sweepers), (.asks, askers)] {
                for _ in 0..<count {
                    let seeker = Seeker(world, at: relay, path: path(), manner: manner, pace: pace(500...5_000))
                    crowd.seekers.append(seeker)
                }
            }
            for _ in 0..<squatters {
                let manner = world.random.pick(Squatter.Manner.allCases) ?? .silent
                world.add(Squatter(world, at: relay, path: path(), manner: manner, pace: pace(500...10_000)))
            }
        }
        for stranger in crowd.hoarders { world.add(stranger) }
        for stranger in crowd.loiterers { world.add(stranger) }
        for stranger in crowd.chatterers { world.add(stranger) }
        for stranger in crowd.seekers { world.add(stranger) }
        return crowd
    }
}

extension World {
    /// Adds a relay that strangers fill, and honest pairs, each in a network of its own.
    func drawFilled() {
        let relay = addRelay(limits: Filling.limits)
        relay.down = random.milliseconds(0...8_000)
        drawRestarts(relay)
        let count = Int.random(in: 1...2, using: &random)
        for number in 0..<count {
            var habits = Habits()
            habits.offererHolds = random.once(in: 2)
            habits.scans = random.once(in: 3)
            // The strangers come before the first pair. The last pair may come long after the first pair's code has
            // ended.
            let isLate = number > 0 && random.once(in: 2)
            habits.start = random.seconds(isLate ? 300...500 : 10...60)
            habits.typing = random.milliseconds(500...40_000)
            habits.thinking = random.milliseconds(500...20_000)
            habits.patience = 30
            let user = addUser(habits, at: relay)
            for device in [user.offerer, user.visitor] { drawFaults(device) }
        }
        drawFrameFaults(count)
        // Five networks could hold every room for a while, each within its share. The relay would then rightly tell an
        // honest device that it is full, so there are at most four.
        Filling(networks: Int.random(in: 1...4, using: &random)).send(to: relay, of: self)
    }
}
