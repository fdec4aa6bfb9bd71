import EasySetupHandshake
import EasySetupPairingSession
import EasySetupRelayCore
import EasySetupRelayProtocol
import EasySetupSeed
import Synchronization

/// Two devices, a relay and the network between them, in memory: the real sessions, the relay's real core, frames
/// through the real codec, and a clock that the world moves. All events are in one queue, so a world with the same seed
/// and the same faults always takes the same course (except for the random values of the cryptography).
final class World {
    /// The faults of the network, and their moments.
    struct Faults {
        /// The numbers of frames at whose delivery the connection is cut and the frame is lost. Numbers count from 1,
        /// over both devices and both directions.
        var cutsBefore: Set<Int> = []
        /// The numbers of frames after whose delivery the connection is cut.
        var cutsAfter: Set<Int> = []
        /// The numbers of frames at which the relay is killed and restarted with the same keys. The frame is lost.
        var restartsAt: Set<Int> = []
        /// The time between the relay's end and its restart.
        var down: Duration = .seconds(1)
        /// The time that a relay takes to notice a cut connection.
        var notice: Duration = .zero
        /// The delay of frames and of new connections, in milliseconds.
        var latency: ClosedRange<Int64> = 10...10
        /// The time that a device takes to store a seed.
        var storing: Duration = .milliseconds(5)
        /// The time that a user takes to answer.
        var thinking: Duration = .seconds(2)

        init() {}
    }

    enum Event {
        case opened(ConnectionID)
        case toRelay(ConnectionID, [UInt8])
        case toDevice(ConnectionID, [UInt8])
        case relayClosed(ConnectionID)
        case relayNotices(ConnectionID)
        case answered(Device, Approval)
        case stored(Device, SyncSeed)
        case relayStarts
        case call(() -> Void)
    }

    private struct Line {
        let device: Device
        var isUp = false
        var toRelay: Duration = .zero
        var toDevice: Duration = .zero
    }

    let limits: ClientLimits
    let relayLimits: Limits
    var faults: Faults
    private(set) var now: Duration = .seconds(5_000)
    private(set) var frames = 0
    private(set) var devices: [Device] = []
    /// The violations, found so far, of the rules that hold in every world.
    private(set) var broken: [String] = []
    /// All frames that the relay has sent. A malicious relay repeats them.
    private(set) var said: [(device: Device, frame: RelayFrame)] = []
    private(set) var meetings: [MeetingID] = []
    private var relay: Rendezvous
    private var relayStart: Duration
    private var isRelayUp = true
    private var lines: [ConnectionID: Line] = [:]
    private var lineCount: UInt64 = 0
    private var queue: [(at: Duration, order: Int, event: Event)] = []
    private var order = 0
    private var random: SplitMix
    private var turn: Turn
    /// Its times don't matter, because it is ended by hand.
    private static let lifecycle = Lifecycle(drainTime: .seconds(300), closingTime: .seconds(3))
    private let keys = try! TokenKeys(current: [UInt8](repeating: 9, count: 32))

    init(seed: UInt64 = 1, faults: Faults = Faults(), limits: ClientLimits = ClientLimits(), relay: Limits = Limits()) {
        self.faults = faults
        self.limits = limits
        relayLimits = relay
        random = SplitMix(state: seed)
        let start = Moment(monotonic: .zero, utcSeconds: 2_000_000_000)
        turn = Turn(now: start, entropy: random)
        relayStart = now
        self.relay = Rendezvous(limits: relay, keys: keys, lifecycle: Self.lifecycle, started: start)
    }

    // MARK: Devices

    /// Adds a device that shows a code. It holds the seed if there is one, and wants one otherwise.
    func offerer(_ seed: SyncSeed?, approve: @escaping (ApprovalRequest) -> Approval = { _ in .approve }) -> Device {
        let session = OfferSession(
            relay: RelayAddress(host: "relay.example", port: 443, isPlain: false)!,
            name: DeviceName(cleaning: "old laptop")!,
            platform: .linux,
            seed: seed,
            entropy: entropy(),
            limits: limits
        )
        return add(Device("offerer", session, holds: seed != nil, approve))
    }

    /// Adds a device on which a user typed a code or opened a link.
    func visitor(
        _ invitation: Invitation,
        _ seed: SyncSeed? = nil,
        approve: @escaping (ApprovalRequest) -> Approval = { .word($0.peer.words.first) }
    ) throws -> Device {
        let session = try VisitSession.make(
            invitation,
            name: DeviceName(cleaning: "new phone")!,
            platform: .android,
            seed: seed,
            entropy: entropy(),
            limits: limits,
            now: now
        )
        return add(Device("visitor", session, holds: seed != nil, approve))
    }

    private func add(_ device: Device) -> Device {
        devices.append(device)
        perform(device.begin(), device)
        return device
    }

    private func entropy() -> Entropy {
        let generator = Mutex(SplitMix(state: random.next()))
        return Entropy(
            scalar: Entropy.system.scalar,
            bytes: { count in
                var bytes = generator.withLock { random in
                    (0..<count).map { _ in UInt8(truncatingIfNeeded: random.next()) }
                }
                return SecretBytes(wiping: &bytes)
            },
            encapsulate: Entropy.system.encapsulate
        )
    }

    // MARK: Malicious relay

    /// Passes a device a frame from a malicious relay.
    func inject(_ frame: RelayFrame, into device: Device) {
        guard let id = device.connection, lines[id]?.isUp == true else { return }
        tell(device, .frame(frame))
    }

    // MARK: Time

    /// Runs the world until no event is left, `time` has passed, or `condition` holds.
    func run(for time: Duration = .seconds(4_000), until condition: () -> Bool = { false }) {
        let end = now + time
        var idle = 0
        while !condition() {
            let timers = devices.compactMap { device in device.nextDeadline().map { ($0, device) } }
            let timer = timers.min { $0.0 < $1.0 }
            let relayTimer = isRelayUp ? relay.nextDeadline.map { $0 + relayStart } : nil
            let queued = queue.indices.min { (queue[$0].at, queue[$0].order) < (queue[$1].at, queue[$1].order) }
            let dues = [timer?.0, relayTimer, queued.map { queue[$0].at }].compactMap(\.self)
            // When both devices are done, the relay's timers have no effect on the result.
            if devices.allSatisfy(\.isOver), queued == nil { return }
            guard let due = dues.min(), due <= end else {
                now = max(now, end)
                return
            }
            idle = due <= now ? idle + 1 : 0
            if idle > 2_000 {
                broken.append("something goes round in circles")
                return
            }
            now = max(now, due)
            if let queued, queue[queued].at <= now {
                happen(queue.remove(at: queued).event)
            } else if let relayTimer, relayTimer <= now {
                act { $0.deadlinesPassed(&$1) }
            } else if let timer {
                tell(timer.1, .deadlinePassed)
            }
        }
    }

    /// Runs the closure after this time in the world.
    func after(_ time: Duration, _ body: @escaping () -> Void) {
        put(.call(body), at: now + time)
    }

    private func put(_ event: Event, at time: Duration) {
        order += 1
        queue.append((time, order, event))
    }

    private func latency() -> Duration { .milliseconds(Int64.random(in: faults.latency, using: &random)) }

    // MARK: What happens

    private func happen(_ event: Event) {
        switch event {
        case .opened(let id):
            guard let device = lines[id]?.device, device.connection == id else { return }
            guard isRelayUp else {
                lines[id] = nil
                return tell(device, .lost(.relayUnreachable(.unknown)))
            }
            lines[id]?.isUp = true
            act { relay, turn in
                let prefix = AddressPrefix(bytes: [10, 0, 0, UInt8(id.number & 63)])!
                guard let refusal = relay.connected(id, from: prefix, &turn) else { return }
                turn.actions = [.send(.refused(refusal.reason, retryAfter: refusal.retryAfter), to: id), .close(id)]
            }
            tell(device, .connected)
        case .toRelay(let id, let bytes):
            guard lines[id] != nil, isCounted(id), let frame = try? DeviceFrame(parsing: bytes) else { return }
            act { $0.received(frame, from: id, &$1) }
            finishCounting(id)
        case .toDevice(let id, let bytes):
            guard let line = lines[id], line.device.connection == id, isCounted(id) else { return }
            guard let frame = try? RelayFrame(parsing: bytes) else {
                return broken.append("a frame that can't be read")
            }
            tell(line.device, .frame(frame))
            finishCounting(id)
        case .relayClosed(let id):
            guard let line = lines.removeValue(forKey: id), line.device.connection == id else { return }
            line.device.connection = nil
            tell(line.device, .lost(.connectionLost))
        case .relayNotices(let id):
            act { $0.disconnected(id, &$1) }
        case .answered(let device, let answer):
            if case .decline = answer {} else { device.wasApproved = true }
            tell(device, .answered(answer))
        case .stored(let device, let seed):
            device.stored = seed
            tell(device, .stored)
        case .relayStarts:
            isRelayUp = true
            relayStart = now
            relay = Rendezvous(limits: relayLimits, keys: keys, lifecycle: Self.lifecycle, started: moment)
        case .call(let body): body()
        }
    }

    /// Whether a frame that is due arrives.
    private func isCounted(_ id: ConnectionID) -> Bool {
        frames += 1
        if faults.restartsAt.contains(frames) {
            kill()
            return false
        }
        if faults.cutsBefore.contains(frames) {
            cut(id)
            return false
        }
        return true
    }

    private func finishCounting(_ id: ConnectionID) {
        if faults.cutsAfter.contains(frames) { cut(id) }
    }

    /// Ends a connection; frames in transit are lost.
    func cut(_ id: ConnectionID) {
        guard let line = lines.removeValue(forKey: id) else { return }
        put(.relayNotices(id), at: now + faults.notice)
        guard line.device.connection == id else { return }
        line.device.connection = nil
        tell(line.device, .lost(.connectionLost))
    }

    /// Kills the relay and starts it again.
    func kill() {
        isRelayUp = false
        queue.removeAll { if case .relayNotices = $0.event { true } else { false } }
        put(.relayStarts, at: now + faults.down)
        for id in lines.keys.sorted(by: { $0.number < $1.number }) where lines[id]?.isUp == true {
            guard let line = lines.removeValue(forKey: id), line.device.connection == id else { continue }
            line.device.connection = nil
            tell(line.device, .lost(.connectionLost))
        }
    }

    /// Passes an event to a device, and carries out its actions.
    func tell(_ device: Device, _ event: SessionEvent) {
        perform(device.handle(event, now), device)
    }

    private func perform(_ actions: [SessionAction], _ device: Device) {
        for action in actions {
            switch action {
            case .connect:
                lineCount += 1
                let id = ConnectionID(number: lineCount)
                lines[id] = Line(device: device)
                device.connection = id
                put(.opened(id), at: now + latency())
            case .send(let frame):
                guard let id = device.connection, lines[id]?.isUp == true else {
                    broken.append("\(device.name) sends without a connection")
                    continue
                }
                let at = max(lines[id]?.toRelay ?? now, now + latency())
                lines[id]?.toRelay = at
                put(.toRelay(id, frame.serialized()), at: at)
            case .disconnect:
                guard let id = device.connection else { continue }
                device.connection = nil
                put(.relayNotices(id), at: max(lines[id]?.toRelay ?? now, now + latency()))
            case .show(let state): show(state, device)
            case .ask(let request): put(.answered(device, device.approve(request)), at: now + faults.thinking)
            // The devices of these worlds store without asking, so the question is a violation.
            case .askToAccept: broken.append("\(device.name) asks whether to keep a seed")
            case .stopAsking:
                queue.removeAll { if case .answered(let asked, _) = $0.event { asked === device } else { false } }
            case .store(let seed):
                if !devices.contains(where: { $0.holds && $0.wasApproved }) { broken.append("a seed without approval") }
                put(.stored(device, seed), at: now + faults.storing)
            // An honest relay asks for no work here, and the work that a malicious one asks for is never solved.
            case .solve: break
            case .end:
                device.isOver = true
                device.end = now
            }
        }
    }

    private func show(_ state: PairingState, _ device: Device) {
        if let outcome = device.outcome { broken.append("\(device.name) shows something after \(outcome)") }
        device.states.append(state)
        switch state {
        case .given: if !device.wasApproved { broken.append("given without approval") }
        case .paired(let paired):
            device.outcome = .paired
            if !device.holds, device.stored?.userID != paired.userID { broken.append("paired without a seed") }
        case .failed(let error): device.outcome = .failed(error)
        default: break
        }
    }

    // MARK: The relay

    private var moment: Moment {
        Moment(monotonic: now - relayStart, utcSeconds: 2_000_000_000 + now.components.seconds)
    }

    private func act(_ body: (inout Rendezvous, inout Turn) -> Void) {
        guard isRelayUp else { return }
        turn.now = moment
        body(&relay, &turn)
        let actions = turn.actions
        turn.actions = []
        if let bound = relay.brokenBound { broken.append(bound) }
        for action in actions {
            switch action {
            case .send(let frame, let id): send(frame, to: id)
            case .close(let id): put(.relayClosed(id), at: max(lines[id]?.toDevice ?? now, now + latency()))
            }
        }
    }

    private func send(_ frame: RelayFrame, to id: ConnectionID) {
        guard let device = lines[id]?.device, lines[id]?.isUp == true else { return }
        said.append((device, frame))
        if case .met(let meeting, _, _) = frame { meetings.append(meeting) }
        let at = max(lines[id]?.toDevice ?? now, now + latency())
        lines[id]?.toDevice = at
        put(.toDevice(id, frame.serialized()), at: at)
    }
}

/// A device of a ``World`` or a ``Bench``: its session, of either kind, and the states that it has shown.
final class Device {
    enum Outcome: Equatable {
        case paired
        case failed(PairingError)
    }

    let name: String
    let holds: Bool
    let approve: (ApprovalRequest) -> Approval
    let begin: () -> [SessionAction]
    let handle: (SessionEvent, Duration) -> [SessionAction]
    let nextDeadline: () -> Duration?
    var connection: ConnectionID?
    var states: [PairingState] = []
    var outcome: Outcome?
    var stored: SyncSeed?
    var wasApproved = false
    var isOver = false
    var end: Duration?

    init<Session: PairingSession & ~Copyable>(
        _ name: String,
        _ session: consuming Session,
        holds: Bool,
        _ approve: @escaping (ApprovalRequest) -> Approval
    ) {
        let box = Box(session)
        self.name = name
        self.holds = holds
        self.approve = approve
        begin = { box.session.begin() }
        handle = { box.session.handle($0, now: $1) }
        nextDeadline = { box.session.nextDeadline }
    }

    /// The offer of the code that the device shows now.
    var offer: Offer? {
        states.reversed().lazy.compactMap { if case .offered(let offer) = $0 { offer } else { nil } }.first
    }

    private final class Box<Session: PairingSession & ~Copyable> {
        var session: Session
        init(_ session: consuming Session) { self.session = session }
    }
}

/// A random number generator whose sequence depends only on its seed.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}
