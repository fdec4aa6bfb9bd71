import EasySetupHandshake
package import EasySetupPairingSession
package import EasySetupRelayCore
import EasySetupSeed
package import SeededRandom

/// Users, their devices, relays, strangers and the network between them, in memory, with one seeded scheduler.
/// Sessions, handshakes, the rendezvous and the frame codec are the real ones. The same random seed gives the same run.
///
/// A test makes a world, adds relays, users and strangers, calls ``run(for:)``, and looks at ``breaches`` and at the
/// users' results.
package final class World {
    package let seed: UInt64
    package let limits: ClientLimits
    /// The source of all random decisions of the world itself.
    package var random: SplitMix
    package private(set) var relays: [Relay] = []
    package private(set) var users: [User] = []
    package private(set) var strangers: [any Stranger] = []
    /// The violations of laws, in the order in which the laws detected them.
    package internal(set) var breaches: [Breach] = []
    package internal(set) var kind: Kind?
    /// The relays of a world of the kind ``Kind/fleet``, and what happens to them.
    package internal(set) var fleet: Fleet?
    package internal(set) var trouble: FleetTrouble?
    /// The rule that these relays leave out; nil for none.
    var rule: FleetRule?
    /// Whether every relay is honest, every user makes no mistake and every fault ends, so that every pair must finish.
    package var isFair = false
    /// When the last fault of a fair world ends.
    package var calm: Duration = .seconds(1_000_000)
    /// Whether each relay's invariants are checked after each decision, which takes longer than the decision.
    package var checksBounds = true
    /// Whether the laws about rooms are checked after each decision, which takes time as well.
    package var watchesRooms = false
    package var frameFaults: [Int: FrameFault] = [:]
    /// How many frames have arrived at a relay or a client.
    package internal(set) var frames = 0
    /// All codes that devices have shown.
    package internal(set) var codes: [ShownCode] = []
    /// How many guesses of strangers were right, and how many seeds the strangers got by them.
    package internal(set) var wonGuesses = 0
    package internal(set) var seedsWon = 0
    /// A function that gets the description of each event and its time; nil for none.
    package var tracer: ((Duration, String) -> Void)?
    var holders: [UserID: Device] = [:]
    var connections = 0
    var meddler: Between?
    /// The frames that devices have sent, recorded for ``Replayer``.
    var recorded: [Recorded] = []
    var isRecording = false
    private let scheduler = Scheduler()
    private var falseRelays: [FalseRelay] = []

    package init(seed: UInt64, limits: ClientLimits = ClientLimits()) {
        self.seed = seed
        self.limits = limits
        random = SplitMix(state: seed)
    }

    // MARK: Who is there

    package func addRelay(limits: Limits = Limits()) -> Relay {
        let relay = Relay(self, number: relays.count + 1, limits: limits)
        relays.append(relay)
        return relay
    }

    /// Adds a user with two devices, each in its own network.
    package func addUser(
        _ habits: Habits = Habits(),
        at relay: any RelayEnd,
        offererPath: Path? = nil,
        visitorPath: Path? = nil,
        offererClock: DeviceClock = DeviceClock(),
        visitorClock: DeviceClock = DeviceClock()
    ) -> User {
        let number = users.count + 1
        let address = 0x0A00_0000 + UInt32(number) << 16
        let offererHolds = habits.offererHolds || habits.sameSeed
        let offerer = Device(
            self,
            name: "offerer \(number)",
            relay: relay,
            path: offererPath ?? Path(address: address + 1),
            clock: offererClock,
            holds: offererHolds
        )
        let visitor = Device(
            self,
            name: "visitor \(number)",
            relay: relay,
            path: visitorPath ?? Path(address: address + 2),
            clock: visitorClock,
            holds: habits.sameRoles || habits.sameSeed ? offererHolds : !offererHolds
        )
        if habits.sameSeed { visitor.hold(offerer.seed) }
        for device in [offerer, visitor] { if let seed = device.seed { holders[seed.userID] = device } }
        let user = User(self, number: number, habits: habits, offerer: offerer, visitor: visitor)
        users.append(user)
        return user
    }

    /// Keeps a false relay alive, because nothing else holds a reference to it.
    package func keep(_ relay: FalseRelay) { falseRelays.append(relay) }

    package func add(_ stranger: some Stranger) {
        strangers.append(stranger)
        stranger.begin()
    }

    /// Puts an attacker between clients and relays, on the connections for which `isBetween` is true.
    package func add(_ meddler: some Meddler, before isBetween: @escaping (Connection) -> Bool = { _ in true }) {
        self.meddler = Between(meddler: meddler, isBetween: isBetween)
    }

    // MARK: Time

    package var now: Duration { scheduler.now }

    package func schedule(_ time: Duration, _ body: @escaping () -> Void) { scheduler.at(time, body) }

    package func after(_ time: Duration, _ body: @escaping () -> Void) { scheduler.at(now + time, body) }

    /// Runs until every user is done and every relay has forgotten everything, and then checks the laws about the end.
    ///
    /// - Parameter horizon: the time after which an unfinished user has waited too long.
    package func run(for horizon: Duration = .seconds(6 * 3_600)) {
        while !users.allSatisfy(\.isDone) {
            guard scheduler.step(until: horizon) else { break }
            guard isGoingOn else { return }
        }
        for user in users { judge(user) }
        for stranger in strangers { stranger.stop() }
        guard calmDown() else { return }
        // A room's lifetime passes first. For two to four more lifetimes, relays remember why rooms ended.
        let forgotten = now + .seconds(2 * 3_600)
        while scheduler.step(until: forgotten) { guard isGoingOn else { return } }
        for relay in relays where !relay.isEmpty { breach(.memory, "relay \(relay.number) remembers something") }
        for relay in fleet?.relays ?? [] where !relay.isEmpty {
            breach(.memory, "relay \(relay.number) of the fleet remembers something")
        }
    }

    /// Gives the relays of a fleet the time after which nothing may be left between them. False if the world goes round
    /// in circles.
    private func calmDown() -> Bool {
        guard let fleet else { return true }
        let end = max(now, calm) + fleet.longestTrunk + .seconds(65)
        while scheduler.step(until: end) { guard isGoingOn else { return false } }
        fleet.rest()
        return true
    }

    /// Runs until a condition holds, or until this much time has passed, for experiments that look at a world before
    /// its end.
    package func run(until condition: () -> Bool, atMost time: Duration = .seconds(6 * 3_600)) {
        let end = now + time
        while !condition(), scheduler.step(until: end) {}
    }

    private var isGoingOn: Bool {
        guard scheduler.count < Self.mostEvents else {
            breach(.deadline, "something goes round in circles")
            return false
        }
        return true
    }

    /// The most events of a world: far more than any world needs.
    private static let mostEvents = 3_000_000

    /// A code with the same slot and another secret, as a user might type it by mistake.
    func wrongText(for code: ShownCode) -> String {
        while true {
            var bytes = random.bytes(PairingCode.secretLength)
            guard let wrong = try? PairingCode(slot: code.slot, random: SecretBytes(wiping: &bytes)).revealed() else {
                return code.text
            }
            if wrong != code.text { return wrong }
        }
    }

    package func trace(_ what: () -> String) {
        if let tracer { tracer(now, what()) }
    }
}
