import EasySetupFleet
import EasySetupFleetStore
import EasySetupPairingSession
import EasySetupRelayCore
import EasySetupRelayProtocol
import SeededRandom

/// A relay of a fleet: the real ``Rendezvous``, ``FleetMachine`` and frame codec, in a process that may be killed,
/// stopped and woken, drained, and cut off from what the relays share.
package final class FleetRelay {
    unowned let fleet: Fleet
    var world: World { fleet.world }
    package let number: Int
    /// How long the relay is down when it is killed.
    var down: Duration = .seconds(1)
    private let store: MemoryStore
    private(set) var restarts = 0
    /// What the processes so far have counted.
    private(set) var earlier = FleetCounts()
    var rendezvous: Rendezvous
    private(set) var machine: FleetMachine
    var turn: Turn
    private(set) var isUp = false
    /// Whether the process is stopped (SIGSTOP). What happens to it meanwhile waits in `held`.
    private(set) var isStopped = false
    private var held: [() -> Void] = []
    private var stops = 0
    private var started: Duration = .zero
    private(set) var process = 0
    var connections: [ConnectionID: Connection] = [:]
    private var timer: Duration?
    private var isActing = false
    private var events: [(FleetRelay) -> Void] = []
    /// What a relay without a rule needs: the first frames of devices that have heard nothing, and the numbers of those
    /// that are taken for new ones.
    var noted: [ConnectionID: DeviceFrame] = [:]
    var aliases: [ConnectionID: ConnectionID] = [:]
    var repeated: UInt64 = 0
    /// The devices that want to come back to a meeting, where the directory says that the room is this relay's.
    var believed: Set<ConnectionID> = []

    init(_ fleet: Fleet, number: Int, store: MemoryStore, _ random: SplitMix) {
        (self.fleet, self.number, self.store) = (fleet, number, store)
        turn = Turn(now: Moment(monotonic: .zero, utcSeconds: 0), entropy: random)
        let run = RunID(number: turn.entropy.next())
        rendezvous = Self.rendezvous(fleet.setup, run, turn.now)
        machine = Self.machine(fleet.setup, run)
    }

    private static func rendezvous(_ setup: Fleet.Setup, _ run: RunID, _ now: Moment) -> Rendezvous {
        var rendezvous = Rendezvous(
            limits: setup.limits,
            keys: setup.tokenKeys,
            lifecycle: Lifecycle(drainTime: .seconds(300), closingTime: .seconds(3)),
            surroundings: .amongOthers(run: run.bytes, setup.sharing),
            started: now
        )
        rendezvous.message = setup.message
        return rendezvous
    }

    private static func machine(_ setup: Fleet.Setup, _ run: RunID) -> FleetMachine {
        FleetMachine(run: run, keys: setup.fleetKeys, times: setup.times, started: .zero) {
            ConnectionID(number: 1 << 63 | $0)
        }
    }

    // MARK: The process

    /// What this process, and those before, have counted.
    var counts: FleetCounts {
        var counts = machine.status(now: .zero).counts
        counts.published += earlier.published
        counts.takeovers += earlier.takeovers
        counts.sleeps += earlier.sleeps
        return counts
    }

    func start() {
        isUp = true
        started = world.now
        turn.now = moment
        let run = RunID(number: turn.entropy.next())
        rendezvous = Self.rendezvous(fleet.setup, run, turn.now)
        machine = Self.machine(fleet.setup, run)
        act { _ in }
    }

    private func join(_ run: RunID) {
        let process = process
        store.join(as: run) { [unowned self] event in
            act(of: process) { $0.machine.told(event, &$0.rendezvous, &$0.turn) }
        }
    }

    /// Kills the process (`kill -9`). It starts again after ``down``, as another run.
    package func kill() {
        guard isUp else { return }
        world.trace { "relay \(number) is killed" }
        end()
    }

    private func end() {
        isUp = false
        isStopped = false
        held = []
        events = []
        timer = nil
        process += 1
        restarts += 1
        earlier = counts
        store.leave()
        let all = connections.values.sorted { $0.number < $1.number }
        (connections, noted, aliases, believed) = ([:], [:], [:], [])
        for connection in all {
            fleet.forget(connection)
            world.end(connection, tellsRelay: false)
        }
        world.after(down) { [unowned self] in
            start()
            world.trace { "relay \(number) is back" }
        }
    }

    /// Drains, as after SIGTERM. After this time it ends what is left, and another one takes its place.
    func drain(for time: Duration) {
        guard isUp, !rendezvous.statistics.isDraining else { return }
        world.trace { "relay \(number) drains" }
        act {
            _ = $0.rendezvous.drain(&$0.turn)
            $0.machine.dismissElsewhere(havingMeetings: false, &$0.rendezvous, &$0.turn)
        }
        let process = process
        world.after(time) { [unowned self] in
            guard process == self.process else { return }
            act {
                _ = $0.rendezvous.stop(&$0.turn)
                $0.machine.dismissElsewhere(havingMeetings: true, &$0.rendezvous, &$0.turn)
            }
            world.after(.seconds(1)) { [unowned self] in
                if process == self.process { end() }
            }
        }
    }

    /// Stops the process for a while (SIGSTOP), as a machine does that is moved or overloaded.
    package func stop(for time: Duration) {
        guard isUp, !isStopped else { return }
        world.trace { "relay \(number) is stopped" }
        isStopped = true
        stops += 1
        for connection in connections.values.sorted(by: { $0.number < $1.number }) { noticeSilence(connection) }
        let process = process
        world.after(time) { [unowned self] in
            guard process == self.process else { return }
            world.trace { "relay \(number) is woken" }
            isStopped = false
            // A relay that is woken handles its timers and what has arrived in either order.
            if turn.entropy.next().isMultiple(of: 2) { clockRang() }
            let all = held
            held = []
            for body in all { body() }
            clockRang()
        }
    }

    /// Lets a device notice after one to two silence timeouts that its relay says nothing any more.
    private func noticeSilence(_ connection: Connection) {
        let (stop, process, silence) = (stops, process, world.limits.silence)
        world.after(silence + silence * (connection.number % 4) / 4) { [unowned self] in
            guard isStopped, stop == stops, process == self.process, connection.isOpen else { return }
            world.hangUp(connection)
            connection.client.lost(connection)
        }
    }

    /// Cuts the relay off from what the relays share.
    package func cutOff(for time: Duration) {
        guard !store.isCut else { return }
        world.trace { "relay \(number) is cut off" }
        store.isCut = true
        world.after(time) { [unowned self] in
            world.trace { "relay \(number) is joined again" }
            store.isCut = false
        }
    }

    /// What the balancer is told when it asks.
    var isHealthy: Bool { isAwake && machine.isJoined && !rendezvous.statistics.isDraining }

    func whenAwake(_ body: @escaping () -> Void) {
        if isStopped { held.append(body) } else { body() }
    }

    var isAwake: Bool { isUp && !isStopped }

    // MARK: Clients

    func opened(_ connection: Connection) {
        connections[connection.id] = connection
        happened { relay in
            guard relay.connections[connection.id] != nil else { return }
            guard let refusal = relay.rendezvous.connected(connection.id, from: connection.prefix, &relay.turn) else {
                return
            }
            let frame = RelayFrame.refused(refusal.reason, retryAfter: refusal.retryAfter)
            relay.turn.actions += [.send(frame, to: connection.id), .close(connection.id)]
        }
    }

    func received(_ bytes: [UInt8], on connection: Connection) {
        happened { relay in
            let id = relay.aliases[connection.id] ?? connection.id
            guard relay.connections[id] != nil else { return }
            do throws(FrameError) {
                let frame = relay.fleet.said(try DeviceFrame(parsing: bytes), to: relay)
                if relay.fleet.setup.without != nil { relay.note(frame, id) }
                relay.world.trace { "relay \(relay.number) ← \(connection.number) \(frame.name)" }
                guard !relay.machine.said(frame, id, &relay.rendezvous, &relay.turn) else { return }
                relay.rendezvous.received(frame, bytes: bytes.count, from: id, &relay.turn)
            } catch {
                guard !relay.machine.saidBadFrame(id, &relay.rendezvous, &relay.turn) else { return }
                relay.rendezvous.receivedBadFrame(from: id, &relay.turn)
            }
        }
    }

    func lost(_ connection: Connection) {
        happened { relay in
            let id = relay.aliases.removeValue(forKey: connection.id) ?? connection.id
            relay.noted[id] = nil
            guard relay.connections.removeValue(forKey: id) != nil else { return }
            relay.machine.lost(id, &relay.rendezvous, &relay.turn)
            relay.rendezvous.disconnected(id, &relay.turn)
        }
    }

    func happened(_ event: @escaping (FleetRelay) -> Void) {
        whenAwake { [unowned self] in act(event) }
    }

    // MARK: What it decides

    private var moment: Moment {
        Moment(monotonic: world.now - started, utcSeconds: 2_000_000_000 + world.now.components.seconds)
    }

    /// Handles an event, or lets it wait while another one is handled: the store tells some things at once.
    /// - Parameter process: the process that the event is for, if another one may be there by now.
    private func act(of process: Int? = nil, _ event: @escaping (FleetRelay) -> Void) {
        guard isUp, process ?? self.process == self.process else { return }
        events.append(event)
        guard !isActing else { return }
        isActing = true
        while !events.isEmpty {
            let event = events.removeFirst()
            turn.now = moment
            machine.look(&rendezvous, &turn)
            event(self)
            while !turn.actions.isEmpty {
                var actions: [Action] = []
                swap(&actions, &turn.actions)
                for action in actions { carryOut(machine.perform(instead(of: action), &rendezvous, &turn)) }
            }
            machine.finish(turn)
            for effect in machine.takeEffects() { carryOut(effect) }
            if world.checksBounds, let bound = rendezvous.brokenBound { world.breach(.memory, bound) }
        }
        isActing = false
        remind()
    }

    private func carryOut(_ action: Action?) {
        switch action {
        case .send(let frame, let id):
            if !isInPlace(of: frame, id) { send(ReceivedFrame(frame), to: id) }
        case .tell(let frame, let message, let id):
            noted[id] = nil
            send(ReceivedFrame(frame, message: message), to: id)
        case .close(let id):
            guard let connection = connections.removeValue(forKey: id) else { break }
            fleet.forget(connection)
            world.close(connection)
        case .seek, .ask, .notHere, nil: break
        }
    }

    func send(_ frame: ReceivedFrame, to id: ConnectionID) {
        guard let connection = connections[id] else { return }
        world.trace { "relay \(number) → \(connection.number) \(frame.frame.name)" }
        world.send(frame.serialized(), .toClient, on: connection)
    }

    private func carryOut(_ effect: FleetEffect) {
        switch effect {
        case .prefer(let line, let run): store.prefer(line, for: run)
        case .join(let run):
            world.trace { "relay \(number) is run \(run)" }
            join(run)
        case .ask(let question, let ticket):
            let process = process
            func answered(_ answer: Result<StoreAnswer, StoreFailure>) {
                let answer = fleet.answered(answer, ticket)
                if fleet.setup.without == .doubt { note(answer, ticket) }
                act(of: process) { $0.machine.answered(ticket, answer, &$0.rendezvous, &$0.turn) }
            }
            if let answer = fleet.known(ticket, to: machine.run) { return answered(answer) }
            store.ask(fleet.asked(question)) { answered($0) }
        }
    }

    // MARK: Time

    private func remind() {
        guard isUp else { return }
        var next = rendezvous.nextDeadline
        if !fleet.isResting { next = min(machine.nextDeadline, next ?? machine.nextDeadline) }
        guard let next else { return }
        let earliest = fleet.isResting ? world.now + .seconds(60) : world.now
        let due = max(next + started, earliest)
        if let timer, timer <= due { return }
        timer = due
        let process = process
        world.schedule(due) { [unowned self] in
            guard process == self.process, timer == due else { return }
            timer = nil
            if !isStopped { clockRang() }
        }
    }

    private func clockRang() {
        guard isUp, !fleet.isResting else { return rang() }
        act { relay in
            relay.rendezvous.deadlinesPassed(&relay.turn)
            relay.machine.deadlinesPassed(&relay.rendezvous, &relay.turn)
            if relay.fleet.setup.without == .alone { relay.sendOnAlone() }
        }
    }

    /// Lets the rendezvous forget what time makes it forget, and does nothing else.
    private func rang() {
        guard isUp else { return }
        turn.now = moment
        rendezvous.deadlinesPassed(&turn)
        turn.actions = []
        remind()
    }

    // MARK: The end

    /// Stops everything with the other relays, and checks that nothing is left.
    func rest() {
        store.leave()
        let status = machine.status(now: moment.monotonic)
        for (what, count) in [
            ("trunks", status.trunks), ("devices of other relays", status.farDevices),
            ("devices on their way", machine.devicesAtEntry), ("connections", connections.count),
        ] where count > 0 {
            world.breach(.memory, "relay \(number) still has \(what)")
        }
        timer = nil
        rang()
    }

    /// Whether the relay has no state any more. The law ``Law/memory`` demands it at the end.
    var isEmpty: Bool { rendezvous.isEmpty && connections.isEmpty }
}
