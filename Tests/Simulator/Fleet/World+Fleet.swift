package import EasySetupPairingSession
import EasySetupRelayCore
import SeededRandom

/// The trouble that the relays of a fleet have in a world. Devices lose their networks and sleep in all of them.
package enum FleetTrouble: String, CaseIterable, Sendable {
    /// None.
    case none
    /// Relays are killed, and started again as other runs.
    case killed
    /// Relays are drained and replaced, one after the other.
    case drained
    /// Relays are stopped for up to 90 s, and woken.
    case stopped
    /// Relays are cut off from what they share.
    case cut
    /// The directory loses its data.
    case forgotten
    /// The directory is away, and then has its data or not.
    case away
    /// Another server takes the directory's place, which lacks what was registered last.
    case failover
    /// Messages between relays are lost.
    case lost
    /// A relay hears nothing of another one for some seconds, while that one hears it.
    case deaf
    /// All of these, one after another.
    case mixed
}

extension World {
    /// A world of relays of a fleet.
    package static func drawn(
        _ seed: UInt64,
        trouble: FleetTrouble?,
        without rule: FleetRule? = nil,
        limits: ClientLimits = ClientLimits()
    ) -> World {
        let world = World(seed: seed, limits: limits)
        world.trouble = trouble
        world.rule = rule
        world.draw(.fleet)
        return world
    }

    /// Adds relays of a fleet, which have been there for long.
    package func addFleet(relays count: Int, without rule: FleetRule? = nil) -> Fleet {
        kind = .fleet
        var limits = Limits()
        limits.restartGuard = .zero
        let fleet = Fleet(self, relays: count, limits: limits, without: rule)
        self.fleet = fleet
        return fleet
    }

    func drawFleet() {
        calm = random.seconds(60...200)
        let drawn = random.pick(FleetTrouble.allCases) ?? .none
        let trouble = trouble ?? drawn
        self.trouble = trouble
        var limits = Limits()
        limits.difficulty = 1...4
        if random.once(in: 2) { limits.restartGuard = .zero }
        limits.meetings = Int.random(in: 1...4, using: &random)
        let fleet = Fleet(self, relays: Int.random(in: 2...4, using: &random), limits: limits, without: rule)
        self.fleet = fleet
        let count = random.pick([1, 1, 1, 2, 2, 3]) ?? 1
        for _ in 0..<count { drawUser(.fleet, at: fleet) }
        drawFrameCuts(count)
        draw(trouble, of: fleet)
        if random.once(in: 5) { drawCrowd(luck: .max, at: fleet) }
    }

    private func drawFrameCuts(_ users: Int) {
        guard random.once(in: 2) else { return }
        for _ in 0..<Int.random(in: 1...4 * users, using: &random) {
            let number = Int.random(in: 1...60 * users, using: &random)
            frameFaults[number] = random.once(in: 2) ? .cutBefore : .cutAfter
        }
    }

    private func draw(_ trouble: FleetTrouble, of fleet: Fleet) {
        for relay in fleet.relays { relay.down = random.milliseconds(100...8_000) }
        let times = Int.random(in: 1...3, using: &random)
        switch trouble {
        case .none: break
        case .killed:
            for relay in fleet.relays {
                for _ in 0..<Int.random(in: 0...3, using: &random) {
                    happen(lasting: relay.down) { [unowned relay] in relay.kill() }
                }
            }
            for _ in 0..<Int.random(in: 0...2, using: &random) {
                frameFaults[Int.random(in: 1...60, using: &random)] = .killRelay
            }
        case .drained: drawRolling(fleet)
        case .stopped:
            for _ in 0..<times {
                guard let relay = random.pick(fleet.relays) else { break }
                let time = random.once(in: 3) ? random.milliseconds(100...8_000) : random.seconds(5...90)
                happen(lasting: time) { [unowned relay] in relay.stop(for: time) }
            }
        case .cut:
            for _ in 0..<times {
                guard let relay = random.pick(fleet.relays) else { break }
                let time = random.milliseconds(100...30_000)
                happen(lasting: time) { [unowned relay] in relay.cutOff(for: time) }
            }
        case .forgotten:
            for _ in 0..<times { happen { [unowned fleet] in fleet.forget() } }
        case .away:
            for _ in 0..<times {
                let (time, isEmpty) = (random.milliseconds(100...30_000), random.once(in: 2))
                happen(lasting: time) { [unowned fleet] in fleet.goAway(for: time, forgetting: isEmpty) }
            }
        case .failover:
            for _ in 0..<times {
                let time = random.milliseconds(500...7_000)
                happen(lasting: time) { [unowned fleet] in fleet.failOver(after: time) }
            }
        case .lost: fleet.lose(oneOf: random.pick([5, 20, 100]) ?? 5)
        case .deaf:
            for _ in 0..<2 * times {
                guard let from = random.pick(fleet.relays), let to = random.pick(fleet.relays) else { break }
                let time = random.milliseconds(500...8_000)
                happen(lasting: time) { [unowned fleet] in fleet.deafen(to, from, for: time) }
            }
        case .mixed:
            for part in FleetTrouble.allCases where part != .mixed && part != .none && random.once(in: 3) {
                draw(part, of: fleet)
            }
        }
    }

    /// Drains one relay after the other, as when all get a new version.
    private func drawRolling(_ fleet: Fleet) {
        let pause = random.seconds(1...20)
        var start = random.milliseconds(0...Int(calm.components.seconds) * 500)
        for relay in fleet.relays {
            let time = random.seconds(0...20)
            guard start + time + relay.down + .seconds(1) < calm else { break }
            schedule(start) { [unowned relay] in relay.drain(for: time) }
            start += time + pause
        }
    }

    /// Lets something happen once before all is calm, and end before.
    private func happen(lasting time: Duration = .zero, _ body: @escaping () -> Void) {
        let latest = max(.zero, calm - time)
        schedule(random.milliseconds(0...Int(latest.components.seconds) * 1_000), body)
    }
}
