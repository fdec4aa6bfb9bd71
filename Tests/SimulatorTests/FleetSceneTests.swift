import EasySetupPairingSession
import Simulator
import TestSupport
import Testing

/// Scenes of two relays in which one of their rules matters, for rules that hardly any drawn world needs. Each scene is
/// played twice: with all rules, and without that one.
@Suite("Scenes in worlds of a fleet", .busy, .timeLimit(.minutes(60))) struct FleetSceneTests {
    /// Two relays, the *first* and the *second*, and a user with two devices. The offerer begins at the first relay.
    final class Stage {
        /// The zero of a scene's times. By then the relays have joined so long ago that they have no doubt left.
        static let zero = Duration.seconds(67)

        let world = World(seed: 1)
        let fleet: Fleet
        let user: User
        var first: FleetRelay { fleet.relays[0] }
        var second: FleetRelay { fleet.relays[1] }
        var offerer: Device { user.offerer }
        var visitor: Device { user.visitor }

        init(_ scene: Scene, without rule: FleetRule?) {
            world.isFair = true
            world.calm = Self.zero + scene.calm
            fleet = world.addFleet(relays: 2, without: rule)
            var habits = Habits()
            // The code is there 40 ms later.
            habits.start = Self.zero
            habits.typing = scene.visit - .milliseconds(40)
            habits.thinking = scene.thinking
            let paths = [0x0A00_0001, 0x0A00_0002].map { (address: UInt32) in
                var path = Path(address: address)
                path.latency = 10...10
                return path
            }
            user = world.addUser(habits, at: fleet, offererPath: paths[0], visitorPath: paths[1])
            fleet.preferred = 1
            scene.script(self)
        }

        func at(_ time: Duration, _ body: @escaping (Stage) -> Void) {
            world.schedule(Self.zero + time) { [unowned self] in body(self) }
        }

        /// Lets something happen as soon as this is so, after that time.
        func once(_ condition: @escaping (Stage) -> Bool, after time: Duration, _ body: @escaping (Stage) -> Void) {
            at(time) {
                if condition($0) { body($0) } else { $0.once(condition, after: time + .milliseconds(1), body) }
            }
        }

        /// Lets both devices lose their connections to the first relay, where the visitor has just spent its try, and come
        /// back to the second one. For long the first relay is not told of it.
        func moveAway(_ trouble: @escaping (Stage) -> Void) {
            offerer.path.relayNotices = 40_000...40_000
            once(\.visitor.isTrySpent, after: .seconds(578)) {
                $0.fleet.preferred = 2
                trouble($0)
                $0.offerer.loseConnection()
                $0.visitor.loseConnection()
            }
        }

        /// From this time on the balancer takes devices to the relay of this number, or to any that is healthy.
        func lead(to relay: Int?, at time: Duration) { at(time) { $0.fleet.preferred = relay } }
    }

    struct Scene: CustomStringConvertible, Sendable {
        let rule: FleetRule
        /// When the user types the code.
        let visit: Duration
        /// How long the user takes to say yes.
        var thinking = Duration.seconds(2)
        /// When the last fault ends.
        let calm: Duration
        /// The breach without the rule.
        let breach: String
        let script: @Sendable (Stage) -> Void

        var description: String { rule.rawValue }
    }

    static let scenes = [sendOn, alone, final, doubt, ping, beats, slept, end, take, ownKey]

    @Test("A user reads a wrong word without a rule, and pairs at once with it", arguments: scenes)
    func play(scene: Scene) {
        let stage = Stage(scene, without: nil)
        stage.world.run()
        #expect(stage.world.breaches.isEmpty)
        #expect(stage.user.pairedAt != nil && stage.user.offers == 1 && stage.user.visits == 1)
        #expect(stage.offerer.shown.count == 1)
        let other = Stage(scene, without: scene.rule)
        other.world.run()
        #expect(other.world.breaches.contains { $0.law == .finish && $0.what == scene.breach })
    }

    /// The first relay is cut off for minutes, and the visitor can come to the second one alone.
    private static let sendOn = Scene(
        rule: .sendOn,
        visit: .seconds(33),
        calm: .seconds(310),
        breach: "visitor 1 failed with no-such-code"
    ) { stage in
        stage.at(.seconds(10)) { $0.first.cutOff(for: .seconds(300)) }
        stage.lead(to: nil, at: .seconds(10))
    }

    /// The same after the devices have met, the visitor by the second relay.
    private static let alone = Scene(
        rule: .alone,
        visit: .seconds(10),
        thinking: .seconds(250),
        calm: .seconds(412),
        breach: "visitor 1 failed with connection-lost"
    ) { stage in
        stage.lead(to: 2, at: .seconds(9))
        stage.lead(to: nil, at: .seconds(12))
        stage.at(.seconds(12)) { $0.first.cutOff(for: .seconds(400)) }
    }

    /// The first relay does not hear the second one for six seconds. In that time the offerer, whose entry the second
    /// relay was, takes its room there, meets the visitor, and hears its proof. The visitor comes back to the first relay,
    /// which believes that the offerer is still at its entry.
    private static let final = Scene(
        rule: .final,
        visit: .milliseconds(23_700),
        thinking: .seconds(10),
        calm: .seconds(27),
        breach: "visitor 1 failed with connection-lost"
    ) { stage in
        stage.lead(to: 2, at: .seconds(9))
        stage.at(.seconds(10)) { $0.offerer.loseConnection() }
        stage.at(.milliseconds(20_450)) { $0.fleet.deafen($0.first, $0.second, for: .seconds(6)) }
        stage.at(.milliseconds(20_500)) { $0.offerer.loseConnection() }
        stage.lead(to: 1, at: .milliseconds(23_900))
        stage.at(.milliseconds(24_000)) { $0.visitor.loseConnection() }
    }

    /// The second relay is cut off, and the balancer has not seen it yet. The offerer comes there, which makes its room
    /// without the directory, and meets the visitor. The visitor comes back to the first relay, whose the room is, as the
    /// directory says.
    private static let doubt = Scene(
        rule: .doubt,
        visit: .milliseconds(20_450),
        thinking: .seconds(10),
        calm: .seconds(41),
        breach: "visitor 1 failed with connection-lost"
    ) { stage in
        stage.at(.milliseconds(20_050)) { $0.second.cutOff(for: .seconds(20)) }
        stage.lead(to: 2, at: .milliseconds(20_050))
        stage.at(.milliseconds(20_060)) { $0.offerer.loseConnection() }
        stage.lead(to: 1, at: .milliseconds(20_700))
        stage.at(.milliseconds(20_750)) { $0.visitor.loseConnection() }
    }

    /// The first relay is stopped for minutes after the devices have met, the visitor by the second relay. The visitor's
    /// connection to that one is in order.
    private static let ping = Scene(
        rule: .ping,
        visit: .seconds(10),
        thinking: .seconds(250),
        calm: .seconds(412),
        breach: "visitor 1 failed with timed-out"
    ) { stage in
        stage.lead(to: 2, at: .seconds(9))
        stage.lead(to: nil, at: .seconds(12))
        stage.at(.seconds(12)) { $0.first.stop(for: .seconds(400)) }
    }

    /// The same, with both devices at the first relay. They notice that it says nothing any more.
    private static let beats = Scene(
        rule: .beats,
        visit: .seconds(10),
        thinking: .seconds(250),
        calm: .seconds(412),
        breach: "visitor 1 failed with connection-lost"
    ) { stage in
        stage.lead(to: nil, at: .seconds(12))
        stage.at(.seconds(12)) { $0.first.stop(for: .seconds(400)) }
    }

    /// The relays do not hear each other for some seconds near the end of the code's life, before the visitor's proof
    /// comes. The first one is not told that the second one has its room, where the visitor gets the seat, and for long
    /// not that the offerer is gone. The visitor comes back to it, and the time of its copy is over.
    private static let end = Scene(
        rule: .end,
        visit: .seconds(578),
        thinking: .seconds(30),
        calm: .seconds(587),
        breach: "visitor 1 failed with timed-out"
    ) { stage in
        stage.moveAway {
            $0.fleet.deafen($0.first, $0.second, for: .seconds(6))
            $0.fleet.deafen($0.second, $0.first, for: .seconds(6))
        }
        stage.once(\.offerer.isAsking, after: .seconds(578)) { $0.visitor.loseNetwork(for: .seconds(4)) }
        stage.lead(to: 1, at: .seconds(586))
    }

    /// The same with a first relay that is stopped, and is woken when the code's time is over.
    private static let slept = Scene(
        rule: .slept,
        visit: .seconds(578),
        thinking: .seconds(40),
        calm: .seconds(607),
        breach: "visitor 1 failed with connection-lost"
    ) { stage in
        stage.moveAway {
            $0.fleet.deafen($0.first, $0.second, for: .seconds(6))
            $0.first.stop(for: .seconds(24))
        }
        stage.lead(to: 1, at: .seconds(604))
        stage.at(.seconds(605)) { $0.visitor.loseConnection() }
    }

    /// The first relay is stopped for some seconds. The offerer takes its room at the second one, which does not hear the
    /// first one when it is woken and registers the room once more. The visitor, which has spent its try, comes back to the
    /// first one.
    private static let take = Scene(
        rule: .take,
        visit: .milliseconds(13_500),
        thinking: .seconds(10),
        calm: .seconds(22),
        breach: "visitor 1 failed with connection-lost"
    ) { stage in
        stage.offerer.path.relayNotices = 40_000...40_000
        stage.at(.seconds(10)) {
            $0.fleet.preferred = 2
            $0.first.stop(for: .seconds(8))
            $0.offerer.loseConnection()
        }
        stage.at(.milliseconds(17_900)) { $0.fleet.deafen($0.second, $0.first, for: .seconds(4)) }
        stage.lead(to: 1, at: .milliseconds(19_400))
        stage.at(.milliseconds(19_500)) { $0.visitor.loseConnection() }
    }

    /// The same with a room that has lost its slot to another one, and whose devices have met before.
    private static let ownKey = Scene(
        rule: .ownKey,
        visit: .seconds(8),
        thinking: .seconds(250),
        calm: .seconds(32),
        breach: "visitor 1 failed with timed-out"
    ) { stage in
        stage.at(.milliseconds(9_100)) {
            $0.fleet.forget()
            for code in $0.offerer.shown { $0.fleet.giveAway(code) }
        }
        stage.at(.seconds(20)) {
            $0.fleet.preferred = 2
            $0.first.stop(for: .seconds(8))
            $0.offerer.loseConnection()
            $0.visitor.loseConnection()
        }
        stage.at(.milliseconds(27_900)) { $0.fleet.deafen($0.second, $0.first, for: .seconds(4)) }
        stage.lead(to: 1, at: .milliseconds(29_400))
        stage.at(.milliseconds(29_500)) { $0.visitor.loseConnection() }
    }
}
