import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
package import EasySetupRelayProtocol
import SeededRandom

/// Relays behind a balancer, which takes each connection to one of them at random. They share a directory and a bus
/// (`Protocol/fleet.md`).
package final class Fleet: RelayEnd {
    unowned let world: World
    package private(set) var relays: [FleetRelay] = []
    private(set) lazy var stores = MemoryStores(
        now: { [unowned world] in world.now },
        later: { [unowned self] in later($0, $1, $2) }
    )
    let setup: Setup
    /// The settings that all relays of a fleet have in common.
    struct Setup {
        var limits: Limits
        var sharing = SharingLimits()
        var times = FleetTimes()
        let key: [UInt8]
        let message: RelayMessage?
        var without: FleetRule?

        var tokenKeys: TokenKeys {
            guard let keys = try? TokenKeys(current: key) else { preconditionFailure("a key") }
            return keys
        }

        var fleetKeys: FleetKeys {
            guard let keys = try? FleetKeys(current: key) else { preconditionFailure("a key") }
            return keys
        }
    }

    private var random: SplitMix
    private var serving: [ConnectionID: FleetRelay] = [:]
    /// The relays that were healthy when the balancer looked last.
    private var healthy: [FleetRelay] = []
    /// When the last step at the server, and at each relay, happens.
    private var (serverAt, relayAt): ([Int: Duration], [Int: Duration]) = ([:], [:])
    /// What was registered a second ago, and before: what another server has after a failover.
    private var (replica, older) = (StoreModel(), StoreModel())
    /// One message in this many is lost; 0 for none.
    private var lossRate = 0
    /// The relays of which others hear nothing.
    private var deaf: [(from: Int, to: Int)] = []
    /// Whether nothing more happens between relays, because the world is at its end.
    private(set) var isResting = false

    init(_ world: World, relays count: Int, limits: Limits, without rule: FleetRule?) {
        self.world = world
        random = world.random.fork()
        var setup = Setup(
            limits: limits,
            sharing: Self.sharing,
            key: random.bytes(TokenKeys.byteCount),
            message: random.once(in: 2) ? nil : try? RelayMessage("These relays are away at 8:00 UTC."),
            without: rule
        )
        rule?.change(&setup)
        self.setup = setup
        stores.loses = { [unowned self] in
            guard loses(from: $0, to: $1) else { return false }
            world.trace { "a message between relays is lost" }
            return true
        }
        stores.carriesOutLate = { [unowned self] in random.once(in: 2) }
        stores.heardInPlace = { [unowned self] in emptied($0, from: $1, to: $2) }
        relays = (0..<count).map { FleetRelay(self, number: $0 + 1, store: stores.store(), random.fork()) }
        for relay in relays { relay.start() }
        lookEachSecond()
    }

    /// Fewer claims than real relays have, so that worlds are quick, and the stock is empty now and then.
    private static var sharing: SharingLimits {
        var sharing = SharingLimits()
        sharing.claims = 3
        return sharing
    }

    /// How long a trunk may be there that nobody needs.
    var longestTrunk: Duration { setup.times.trunkUnused + setup.times.trunkSilence }

    package var restarts: Int { relays.reduce(0) { $0 + $1.restarts } }

    /// Lets a step happen after the time that the way to the server takes, in the order of the relay's steps.
    private func later(_ relay: Int, _ place: MemoryStores.Place, _ body: @escaping () -> Void) {
        let soon = world.now + .microseconds(Int.random(in: 100...3_000, using: &random))
        switch place {
        case .server:
            let at = max(soon, serverAt[relay] ?? .zero)
            serverAt[relay] = at
            world.schedule(at, body)
        case .relay:
            let at = max(soon, relayAt[relay] ?? .zero)
            relayAt[relay] = at
            world.schedule(at) { [unowned self] in relays[relay].whenAwake(body) }
        }
    }

    private func lookEachSecond() {
        world.after(.seconds(1)) { [unowned self] in
            guard !isResting else { return }
            healthy = relays.filter(\.isHealthy)
            if setup.without != .epoch { stores.look() }
            stores.expire()
            (older, replica) = (replica, stores.model)
            lookEachSecond()
        }
    }

    // MARK: The balancer

    /// The relay to which the balancer takes all connections while it is healthy; nil for any.
    package var preferred: Int?

    package var isListening: Bool { relays.contains(where: \.isUp) }
    package var isHonest: Bool { true }
    package var message: RelayMessage? { setup.message }

    package func opened(_ connection: Connection) {
        let up = healthy.filter { $0.isUp && (preferred == nil || $0.number == preferred) }
        guard let relay = random.pick(up.isEmpty ? relays.filter(\.isUp) : up) else { return }
        serving[connection.id] = relay
        relay.opened(connection)
    }

    package func received(_ bytes: [UInt8], on connection: Connection) {
        serving[connection.id]?.received(bytes, on: connection)
    }

    package func lost(_ connection: Connection) {
        serving.removeValue(forKey: connection.id)?.lost(connection)
    }

    func forget(_ connection: Connection) { serving[connection.id] = nil }

    package func kill(serving connection: Connection) { serving[connection.id]?.kill() }

    // MARK: What happens to the store

    package func forget() {
        world.trace { "the directory is lost" }
        stores.forget()
    }

    func goAway(for time: Duration, forgetting: Bool) {
        guard !stores.isAway else { return }
        world.trace { "the directory is away" }
        stores.goAway()
        world.after(time) { [unowned self] in
            world.trace { "the directory is back\(forgetting ? ", and empty" : "")" }
            stores.comeBack(forgetting: forgetting)
        }
    }

    /// Another room gets the slot of this code, if the directory does not know of one there.
    package func giveAway(_ code: ShownCode) {
        guard let slot = Slot(code.slot) else { return }
        world.trace { "another room gets the slot \(code.slot)" }
        let offer = random.bytes(Registration.offerByteCount)
        let another = Registration(offer: offer, run: RunID(number: random.next()), attempt: 0)
        var model = stores.model
        _ = model.claim(setup.fleetKeys.names(of: slot, nil)[0], another, at: world.now)
        stores.comeBack(with: model)
    }

    /// Another server takes over, which lacks what was registered in the last second or two.
    func failOver(after time: Duration) {
        guard !stores.isAway else { return }
        world.trace { "the directory fails over" }
        let model = older
        stores.goAway()
        world.after(time) { [unowned self] in
            world.trace { "another directory is there" }
            stores.comeBack(with: model)
        }
    }

    /// Loses one of so many messages.
    func lose(oneOf many: Int) { lossRate = many }

    /// Loses what one relay says to the other for a while.
    package func deafen(_ relay: FleetRelay, _ other: FleetRelay, for time: Duration) {
        guard relay !== other else { return }
        world.trace { "relay \(relay.number) does not hear relay \(other.number)" }
        deaf.append((other.number, relay.number))
        world.after(time) { [unowned self] in
            if let index = deaf.firstIndex(where: { $0 == (other.number, relay.number) }) { deaf.remove(at: index) }
        }
    }

    private func loses(from: RunID, to: RunID) -> Bool {
        if lossRate > 0, world.now < world.calm, random.once(in: lossRate) { return true }
        guard !deaf.isEmpty else { return false }
        let numbers = [from, to].map { run in relays.first { $0.machine.run == run }?.number ?? 0 }
        return deaf.contains { $0 == (numbers[0], numbers[1]) }
    }

    // MARK: The end

    /// Lets the relays do nothing more with each other, and checks that they have nothing to do.
    func rest() {
        isResting = true
        for relay in relays { relay.rest() }
        if !serving.isEmpty { world.breach(.memory, "a balancer serves connections of nobody") }
    }
}
