import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
import EasySetupRelayProtocol
import SeededRandom
import Testing

/// The things that the relays of a test share: time, a directory and a bus in memory.
final class SharedThings {
    /// Steps of one lane happen in their order.
    private struct Lane: Hashable {
        let relay: Int
        let isAtServer: Bool
    }

    private final class UnderWay {
        var now = Duration.seconds(1000)
        var steps: [(lane: Lane, step: () -> Void)] = []
    }

    var now: Duration {
        get { underWay.now }
        set { underWay.now = newValue }
    }
    /// The stores, one or several.
    let all: [MemoryStores]
    private let underWay: UnderWay

    init(stores count: Int = 1) {
        let underWay = UnderWay()
        self.underWay = underWay
        all = (0..<count).map { _ in
            MemoryStores(
                now: { underWay.now },
                later: { relay, place, step in
                    underWay.steps.append((Lane(relay: relay, isAtServer: place == .server), step))
                }
            )
        }
    }

    /// The only store, or the first.
    var stores: MemoryStores { all[0] }

    /// Whether nothing that is under way arrives.
    var isHeld = false

    /// Lets everything happen that is under way.
    func settle() {
        while !isHeld, !underWay.steps.isEmpty { underWay.steps.removeFirst().step() }
    }

    /// Lets one step happen, the next of any lane. False if nothing is under way.
    func stepAtRandom(using random: inout some RandomNumberGenerator) -> Bool {
        guard let lane = underWay.steps.randomElement(using: &random)?.lane,
            let next = underWay.steps.firstIndex(where: { $0.lane == lane })
        else { return false }
        underWay.steps.remove(at: next).step()
        return true
    }
}

/// A relay of a fleet without sockets: the core and its part in the fleet, joined as a program does it. What it says to
/// others is sealed bytes.
final class FleetRelay {
    private let things: SharedThings
    private var rendezvous: Rendezvous
    private var turn: Turn
    var machine: FleetMachine
    /// The relay's part of each store.
    let parts: [MemoryStore]
    private let store: any FleetStore
    /// What its own devices have heard, and which of them are closed.
    private(set) var heard: [ConnectionID: [RelayFrame]] = [:]
    /// The operator's messages beside them.
    private(set) var told: [ConnectionID: [RelayMessage]] = [:]
    private(set) var closed: Set<ConnectionID> = []

    /// - Parameter entropy: what its slots and ids are drawn from; nil for what no other relay has.
    init(
        _ number: UInt64,
        _ things: SharedThings,
        keys: FleetKeys = EnvelopeTests.keys(),
        limits: Limits = Limits(),
        sharing: SharingLimits = SharingLimits(),
        entropy: (any RandomNumberGenerator & Sendable)? = nil
    ) throws {
        let run = RunID(number: number)
        self.things = things
        turn = Turn(
            now: Moment(monotonic: things.now, utcSeconds: 2_000_000_000),
            entropy: entropy ?? SplitMix(state: number)
        )
        rendezvous = Rendezvous(
            limits: limits,
            keys: try TokenKeys(current: EnvelopeTests.key),
            lifecycle: Lifecycle(drainTime: .seconds(300), closingTime: .seconds(3)),
            surroundings: .amongOthers(run: run.bytes, sharing),
            started: turn.now
        )
        machine = FleetMachine(run: run, keys: keys, started: things.now) { ConnectionID(number: number << 32 | $0) }
        parts = things.all.map { $0.store() }
        store = parts.count == 1 ? parts[0] : FleetStores(parts.enumerated().map { ("\($0)", $1) })
        work()
        things.settle()
    }

    /// Ends it without a word, as `kill -9` does.
    func kill() {
        store.leave()
        things.settle()
    }

    /// Whether it is cut off from what relays share.
    var isCut: Bool {
        get { parts[0].isCut }
        set { parts[0].isCut = newValue }
    }

    /// The rooms that it has.
    var rooms: Int { rendezvous.statistics.rooms }
    /// The claims of slots that another room had.
    private(set) var failedClaims = 0

    /// Forgets what a device has heard, so that another one may have its number.
    func forget(_ device: ConnectionID) {
        (heard[device], told[device]) = (nil, nil)
        closed.remove(device)
    }

    /// The operator's message.
    var message: RelayMessage? {
        get { rendezvous.message }
        set { rendezvous.message = newValue }
    }

    /// Replaces its keys while it runs. Those of tokens are not these.
    func replaceKeys(by keys: FleetKeys) {
        happen { relay in
            relay.machine.replaceKeys(by: keys)
            relay.rendezvous.replaceKeys(
                by: try! TokenKeys(current: EnvelopeTests.other, others: [EnvelopeTests.key]),
                &relay.turn
            )
        }
    }

    var farCount: Int { machine.status(now: things.now).farDevices }

    // MARK: Devices

    func come(_ device: ConnectionID, _ frame: DeviceFrame) {
        #expect(rendezvous.connected(device, from: EntryRig.prefix, &turn) == nil)
        say(device, frame)
    }

    func say(_ device: ConnectionID, _ frame: DeviceFrame) {
        happen { relay in
            if !relay.machine.said(frame, device, &relay.rendezvous, &relay.turn) {
                relay.rendezvous.received(frame, from: device, &relay.turn)
            }
        }
    }

    func lose(_ device: ConnectionID) {
        happen { relay in
            relay.machine.lost(device, &relay.rendezvous, &relay.turn)
            relay.rendezvous.disconnected(device, &relay.turn)
        }
    }

    func last(_ device: ConnectionID) -> RelayFrame? { heard[device]?.last }

    /// Lets a time pass that everybody shares.
    func passTime() {
        happen { relay in
            relay.rendezvous.deadlinesPassed(&relay.turn)
            relay.machine.deadlinesPassed(&relay.rendezvous, &relay.turn)
        }
    }

    func takeCallEffects() -> [CallEffect] { machine.takeCallEffects() }

    /// Lets the relay see whether the directory has lost its data, as it does each second.
    func lookAtStore() {
        things.stores.look()
        things.settle()
    }

    // MARK: What follows

    /// Lets something happen at the relay, and all that follows.
    func happen(_ event: (FleetRelay) -> Void) {
        turn.now = Moment(monotonic: things.now, utcSeconds: 2_000_000_000)
        machine.look(&rendezvous, &turn)
        event(self)
        work()
        things.settle()
    }

    private func work() {
        while !turn.actions.isEmpty {
            let actions = turn.actions
            turn.actions = []
            for action in actions { carryOut(action) }
        }
        machine.finish(turn)
        for effect in machine.takeEffects() {
            switch effect {
            case .prefer(let line, let run): store.prefer(line, for: run)
            case .join(let run): store.join(as: run) { [weak self] in self?.told($0) }
            case .ask(let question, let ticket):
                store.ask(question) { [weak self] in
                    guard let self else { return }
                    if case .success(.claimed(false)) = $0 { failedClaims += 1 }
                    machine.answered(ticket, $0, &rendezvous, &turn)
                    work()
                }
            }
        }
    }

    /// The store has told something.
    func told(_ event: StoreEvent) {
        machine.told(event, &rendezvous, &turn)
        work()
    }

    private func carryOut(_ action: Action) {
        switch machine.perform(action, &rendezvous, &turn) {
        case .send(let frame, let id): heard[id, default: []].append(frame)
        case .tell(let frame, let message, let id):
            heard[id, default: []].append(frame)
            told[id, default: []].append(message)
        case .close(let id): closed.insert(id)
        case .seek, .ask, .notHere, nil: break
        }
    }
}
