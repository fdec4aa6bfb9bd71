import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
import EasySetupRelayProtocol
import SeededRandom
import Testing

/// The things that the relays of a test share: time, a directory and a bus in memory.
final class SharedThings {
    private final class UnderWay {
        var steps: [() -> Void] = []
    }

    let now = Duration.seconds(1000)
    let stores: MemoryStores
    private let underWay: UnderWay

    init() {
        let (now, underWay) = (now, UnderWay())
        self.underWay = underWay
        stores = MemoryStores(now: { now }, later: { underWay.steps.append($1) })
    }

    /// Lets everything happen that is under way.
    func settle() {
        while !underWay.steps.isEmpty { underWay.steps.removeFirst()() }
    }
}

/// A relay of a fleet without sockets: the core, its entry and its trunks, joined as a program would. What it says to
/// others is sealed bytes.
final class FleetRelay {
    let run: RunID
    private let things: SharedThings
    private let keys = EnvelopeTests.keys()
    private var rendezvous: Rendezvous
    private var turn: Turn
    private var entry: EntryMachine
    private var trunks: Trunks
    private var sealer: EnvelopeSealer
    private var opener: EnvelopeOpener
    private let exchange: DirectoryExchange
    private let store: MemoryStore
    /// What its own devices have heard, and which of them are closed.
    private(set) var heard: [ConnectionID: [RelayFrame]] = [:]
    private(set) var closed: Set<ConnectionID> = []

    init(_ number: UInt64, _ things: SharedThings) throws {
        run = RunID(number: number)
        self.things = things
        turn = Turn(
            now: Moment(monotonic: things.now, utcSeconds: 2_000_000_000),
            entropy: SplitMix(state: number)
        )
        rendezvous = Rendezvous(
            keys: try TokenKeys(current: EnvelopeTests.key),
            lifecycle: Lifecycle(drainTime: .seconds(300), closingTime: .seconds(3)),
            surroundings: .amongOthers(run: run.bytes),
            started: turn.now
        )
        entry = EntryMachine(run: run)
        trunks = Trunks { ConnectionID(number: number << 32 | $0) }
        sealer = EnvelopeSealer(run: run, keys: keys)
        opener = EnvelopeOpener(run: run, keys: keys)
        exchange = DirectoryExchange(run: run)
        store = things.stores.store()
        store.join(as: run) { [unowned self] in told($0) }
        things.settle()
    }

    /// Ends it without a word, as `kill -9` does.
    func kill() {
        store.leave()
        things.settle()
    }

    var farCount: Int { trunks.farCount }

    // MARK: Devices

    func come(_ device: ConnectionID, _ frame: DeviceFrame) {
        #expect(rendezvous.connected(device, from: EntryRig.prefix, &turn) == nil)
        say(device, frame)
    }

    func say(_ device: ConnectionID, _ frame: DeviceFrame) {
        if entry.isThrough(device) {
            carryOut(entry.said(frame.serialized(), device))
        } else {
            rendezvous.received(frame, from: device, &turn)
        }
        work()
    }

    func last(_ device: ConnectionID) -> RelayFrame? { heard[device]?.last }

    // MARK: The core

    private func work() {
        while !turn.actions.isEmpty {
            let actions = turn.actions
            turn.actions = []
            for action in actions { carryOut(action) }
        }
        for message in trunks.takeMessages(now: things.now) {
            let sealed = sealer.seal(message.content, for: .run(message.receiver))
            store.publish(sealed, to: .run(message.receiver)) { [unowned self] in
                guard case .success(0) = $0 else { return }
                handle(trunks.nobodyHeard(message))
                work()
            }
        }
        things.settle()
    }

    private func carryOut(_ action: Action) {
        switch action {
        case .send(let frame, let id), .tell(let frame, _, let id):
            guard trunks.leg(of: id) != nil else { return heard[id, default: []].append(frame) }
            let hasMeeting = if case .met = frame { true } else { false }
            trunks.tell(frame.serialized(), hasMeeting: hasMeeting, to: id)
        case .close(let id):
            guard trunks.leg(of: id) == nil else { return trunks.close(id, now: things.now) }
            closed.insert(id)
            carryOut(entry.leave(id))
        case .notHere(let id): trunks.sendBack(id, now: things.now)
        case .seek(let device): carryOut(entry.seek(device, now: things.now))
        case .ask(let question): ask(question)
        }
    }

    private func ask(_ question: DirectoryQuestion) {
        func answered(_ answer: Result<StoreAnswer, StoreFailure>) {
            let (answer, taken) = exchange.answer(question, answer)
            if let taken { trunks.say(taken.item, to: taken.from) }
            rendezvous.answered(question, answer, &turn)
            work()
        }
        let name = keys.names(of: question.slot, question.offer)[0]
        switch exchange.question(question, name: name) {
        case .claim(let room, let registration): store.claim(room, registration) { answered($0.map { .claimed($0) }) }
        case .find(let room): store.find(room) { answered($0.map { .found($0) }) }
        case .take(let request): store.take(request) { answered($0.map { .taken($0) }) }
        case .publish: break
        }
    }

    // MARK: The entry

    private func carryOut(_ effects: [EntryEffect]) {
        for effect in effects {
            switch effect {
            case .find(let question, let device, let goal): find(question, device, goal)
            case .open(let device, let home, let prefix, let frame):
                trunks.open(
                    device,
                    at: home,
                    from: prefix,
                    frame: frame,
                    now: things.now,
                    using: &turn.entropy
                )
            case .say(let device, let frame):
                guard !trunks.say(frame, of: device, now: things.now) else { break }
                carryOut(entry.saidTooMuch(device))
            case .leave(let device): trunks.forget(device, now: things.now)
            case .report(let device, let outcome): rendezvous.sought(device, outcome, &turn)
            case .tell(let device, let frame):
                guard let frame = try? RelayFrame(parsing: frame) else { break }
                heard[device, default: []].append(frame)
            case .comesBack(let device): rendezvous.cameBack(device, &turn)
            case .goodbye(let device, let wait):
                heard[device, default: []].append(.goodbye(retryAfter: wait))
                closed.insert(device)
            case .close(let device), .cut(let device): closed.insert(device)
            }
        }
    }

    private func find(_ question: Question, _ device: ConnectionID, _ goal: SoughtDevice.Goal) {
        guard !rendezvous.enterIfHere(device, &turn) else { return carryOut(entry.leave(device)) }
        let name =
            switch goal {
            case .visit(let slot): keys.names(of: slot, nil)[0]
            case .offerer(let slot, let offer), .visitor(let slot, let offer): keys.names(of: slot, offer)[0]
            }
        store.find(name) { [unowned self] in
            carryOut(entry.found(question, $0, now: things.now))
            work()
        }
    }

    // MARK: The bus

    private func told(_ event: StoreEvent) {
        entry.told(event, now: things.now)
        switch event {
        case .connecting: break
        case .joined(let hasKept):
            rendezvous.joined(hasKept: hasKept, &turn)
            store.publish(sealer.seal(FleetContent(loose: [.beat(Beat())]), for: .all), to: .all) { _ in }
        case .cutOff: rendezvous.cutOff(&turn)
        case .lostData: rendezvous.directoryLost(&turn)
        case .message(let channel, let message):
            guard let (sender, content) = try? opener.open(message, on: channel) else { break }
            entry.heard(sender, now: things.now)
            for case .taken(let offer, let attempt) in content.loose {
                if let offer = OfferID(offer) { rendezvous.taken(offer, attempt: attempt, &turn) }
            }
            handle(trunks.heard(content, from: sender, now: things.now))
        }
        work()
    }

    private func handle(_ effects: [TrunkEffect]) {
        for effect in effects {
            switch effect {
            case .told(let device, let frame, let hasMeeting):
                carryOut(entry.told(device, frame: frame, hasMeeting: hasMeeting))
            case .closed(let device): carryOut(entry.closed(device))
            case .notHere(let device): carryOut(entry.notHere(device, now: things.now))
            case .broken(let device, let how): carryOut(entry.broken(device, how, now: things.now))
            case .opened(let far, let prefix, let frame):
                guard let frame = try? DeviceFrame(parsing: frame) else { break }
                rendezvous.arrivedFar(far, from: prefix, frame, &turn)
            case .said(let far, let frame):
                guard let frame = try? DeviceFrame(parsing: frame) else {
                    rendezvous.receivedBadFrame(from: far, &turn)
                    break
                }
                rendezvous.received(frame, bytes: 0, from: far, &turn)
            case .gone(let far): rendezvous.disconnected(far, &turn)
            }
        }
    }
}
