import EasySetupRelayCore
import EasySetupRelayProtocol
import SeededRandom

/// In tests, connections and polls have names. The number is a hash of the name (FNV-1a).
extension ConnectionID: ExpressibleByStringLiteral {
    init(_ name: String) {
        self.init(number: name.utf8.reduce(0xCBF2_9CE4_8422_2325) { ($0 ^ UInt64($1)) &* 0x100_0000_01B3 })
    }

    /// - Parameter name: any name; equal names are one connection.
    public init(stringLiteral name: String) {
        self.init(name)
    }
}

/// A relay whose connections are names, with manual time and seeded randomness.
struct Scene {
    var relay: Rendezvous
    let limits: Limits
    var turn: Turn
    var tokens: [String: Token] = [:]
    var meetings: [String: MeetingID] = [:]
    var slot = Slot("000")!
    /// All frames sent to each connection, in order.
    var heard: [String: [RelayFrame]] = [:]
    /// The operator's messages beside them.
    var told: [String: [RelayMessage]] = [:]
    var closed: Set<String> = []
    /// The devices that were sought elsewhere, and the questions to the directory, in order.
    var sought: [SoughtDevice] = []
    var questions: [DirectoryQuestion] = []
    /// The far devices whose rooms are not here.
    var sentBack: [String] = []
    private var names: [ConnectionID: String] = [:]

    /// Its times don't matter, because it is ended by hand.
    private static let lifecycle = Lifecycle(drainTime: .seconds(300), closingTime: .seconds(3))
    static let keys = try! TokenKeys(current: [UInt8](repeating: 7, count: 32))
    static let home = AddressPrefix(bytes: [192, 0, 2, 1])!

    init(
        _ limits: Limits = Limits(),
        keys: TokenKeys = Scene.keys,
        surroundings: Surroundings = .alone,
        seed: UInt64 = 1,
        at now: Moment? = nil
    ) {
        turn = Turn(
            now: now ?? Moment(monotonic: .seconds(1_000), utcSeconds: 2_000_000_000),
            entropy: SplitMix(state: seed)
        )
        self.limits = limits
        relay = Rendezvous(
            limits: limits,
            keys: keys,
            lifecycle: Self.lifecycle,
            surroundings: surroundings,
            started: turn.now
        )
    }

    var now: Moment {
        get { turn.now }
        set { turn.now = newValue }
    }

    /// A different address for each number.
    static func address(_ number: Int) -> AddressPrefix {
        AddressPrefix(bytes: [10, UInt8(number >> 16 & 255), UInt8(number >> 8 & 255), UInt8(number & 255)])!
    }

    private mutating func id(of name: String) -> ConnectionID {
        let id = ConnectionID(name)
        names[id] = name
        return id
    }

    @discardableResult
    mutating func connect(_ name: String, from prefix: AddressPrefix? = nil) -> AdmissionRefusal? {
        closed.remove(name)
        return relay.connected(id(of: name), from: prefix ?? Self.home, &turn)
    }

    /// Connects and sends the first frame.
    @discardableResult
    mutating func come(_ name: String, from prefix: AddressPrefix? = nil, _ frame: DeviceFrame) -> [Action] {
        connect(name, from: prefix)
        return send(name, frame)
    }

    @discardableResult
    mutating func send(
        _ name: String,
        _ frame: DeviceFrame,
        bytes: Int = 0,
        crowded: AdmissionRefusal? = nil
    ) -> [Action] {
        relay.received(frame, bytes: bytes, from: id(of: name), crowded: crowded, &turn)
        return takeActions()
    }

    @discardableResult
    mutating func lose(_ name: String) -> [Action] {
        relay.disconnected(id(of: name), &turn)
        return takeActions()
    }

    @discardableResult
    mutating func pass(_ time: Duration) -> [Action] {
        now.monotonic += time
        now.utcSeconds += time.components.seconds
        relay.deadlinesPassed(&turn)
        return takeActions()
    }

    @discardableResult
    mutating func drain() -> [Action] {
        _ = relay.drain(&turn)
        return takeActions()
    }

    @discardableResult
    mutating func end() -> [Action] {
        _ = relay.stop(&turn)
        return takeActions()
    }

    /// Kills the relay and starts it again, `down` later, with the same key.
    mutating func restart(down: Duration = .seconds(5), limits: Limits = Limits(), keys: TokenKeys = Scene.keys) {
        now.utcSeconds += down.components.seconds
        now.monotonic = .seconds(3)
        relay = Rendezvous(limits: limits, keys: keys, lifecycle: Self.lifecycle, started: now)
    }

    /// Replaces the keys while the relay runs.
    mutating func replaceKeys(by keys: TokenKeys) {
        relay.replaceKeys(by: keys, &turn)
    }

    /// Lets an event happen that is no device's.
    @discardableResult
    mutating func happen(_ event: (inout Rendezvous, inout Turn) -> Void) -> [Action] {
        event(&relay, &turn)
        return takeActions()
    }

    /// Comes as a device at another relay.
    @discardableResult
    mutating func comeFar(_ name: String, from prefix: AddressPrefix? = nil, _ frame: DeviceFrame) -> [Action] {
        closed.remove(name)
        relay.arrivedFar(id(of: name), from: prefix ?? Self.home, frame, &turn)
        return takeActions()
    }

    private mutating func takeActions() -> [Action] {
        let actions = turn.actions
        turn.actions = []
        for action in actions {
            switch action {
            case .close(let id): closed.insert(names[id]!)
            case .seek(let device): sought.append(device)
            case .ask(let question): questions.append(question)
            case .notHere(let id): sentBack.append(names[id]!)
            case .send(let frame, let id), .tell(let frame, _, let id):
                let name = names[id]!
                if case .tell(_, let message, _) = action { told[name, default: []].append(message) }
                heard[name, default: []].append(frame)
                switch frame {
                case .offered(let slot, let token, _):
                    self.slot = slot
                    tokens[name] = token
                case .met(let meeting, let token, _):
                    meetings[name] = meeting
                    tokens[name] = token
                default: break
                }
            }
        }
        return actions
    }

    func last(_ name: String) -> RelayFrame? { heard[name]?.last }

    /// The solved work that the connection was last asked for; nil when none was.
    func solved(_ name: String) -> Work? {
        guard case .workWanted(let challenge, let difficulty, _) = last(name) else { return nil }
        return WorkTests.solve(challenge, difficulty)
    }

    /// The difficulty of the work that the connection was last asked for.
    func difficulty(of name: String) -> Int? {
        guard case .workWanted(_, let difficulty, _) = last(name) else { return nil }
        return difficulty
    }
}

/// A room with offerer "B". Each visitor has an address of its own.
extension Scene {
    static func offered(_ limits: Limits = Limits()) -> Scene {
        var scene = Scene(limits)
        scene.come("B", .offer(slotLength: 0, work: nil))
        return scene
    }

    /// The same room, with visitor "A" in a meeting.
    static func met(_ limits: Limits = Limits()) -> Scene {
        var scene = offered(limits)
        scene.visit("A", 1)
        return scene
    }

    @discardableResult
    mutating func visit(_ name: String, _ address: Int) -> [Action] {
        come(name, from: Self.address(address), .visit(slot: slot, work: nil))
    }

    /// Sends the message with this number from "A" or "B" to the other.
    @discardableResult
    mutating func say(_ name: String, _ number: UInt32, ack: UInt32 = 0, in visitor: String = "A") -> [Action] {
        send(name, .message(meeting: name == "B" ? meetings[visitor] : nil, .sample(number, ack)))
    }
}

extension Message {
    static func sample(_ number: UInt32, _ ack: UInt32 = 0) -> Message {
        Message(number: number, ack: ack, body: [UInt8(truncatingIfNeeded: number)])
    }
}
