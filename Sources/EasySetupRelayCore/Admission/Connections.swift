import EasySetupRelayProtocol

/// The open connections and the phase of each.
struct Connections: Sendable {
    // These phases are `mtype:Place` in the formal model, `Protocol/model/pairing.pml`.
    enum Phase: Sendable {
        /// The device has sent no valid first frame yet, or computes the proof of work that the relay asked for. Next
        /// phases: `early`, `offerer`, `visitor`.
        case new(deadline: Duration, isAtWork: Bool)
        /// The device has sent its first frame, and the relay asks others about its room. Only a relay among others has
        /// devices in this phase. Next phases: `early`, `offerer`, `visitor`; or the device goes on at another relay,
        /// and the relay forgets it.
        case sought(deadline: Duration)
        /// The device is a visitor that came back before its offerer and waits for the offerer. Next phase: `visitor`.
        case early(Early, deadline: Duration)
        /// The device is the offerer of a room. Final phase.
        case offerer(OfferID)
        /// The device is a visitor in a meeting of a room, or in the room's line (its queue). Final phase.
        case visitor(OfferID)

        var room: OfferID? {
            switch self {
            case .new, .sought, .early: nil
            case .offerer(let offer), .visitor(let offer): offer
            }
        }

        var isAtWork: Bool {
            switch self {
            case .new(_, let isAtWork): isAtWork
            case .sought, .early, .offerer, .visitor: false
            }
        }

        var deadline: Duration? {
            switch self {
            case .new(let deadline, _), .sought(let deadline), .early(_, let deadline): deadline
            case .offerer, .visitor: nil
            }
        }
    }

    /// The content of the `attach_visitor` frame of a visitor that came back before its offerer. The relay keeps it
    /// until the offerer is back.
    struct Early: Sendable {
        let offer: OfferID
        let meeting: MeetingID
        let acked: UInt32
        let received: UInt32
        let attempt: UInt32
    }

    struct Known: Sendable {
        let prefix: AddressPrefix
        var phase: Phase
        var budget: FrameBudget
        /// Whether the device is at another relay, which has admitted it.
        let isFar: Bool
    }

    /// The connections by number. The key is not a ``ConnectionID``, because Swift hashes a number in half the time.
    private var known: [UInt64: Known] = [:]
    /// Connections of new devices that the relay asked for proof of work, counted by prefix.
    private var working = PrefixCounts()
    /// Visitors that came back before their offerer, counted by prefix.
    private var early = PrefixCounts()
    private(set) var atWork = 0
    private(set) var earlyCount = 0
    /// The number of devices at other relays.
    private(set) var far = 0
    /// The number of connections that are in no room: those in the phases `new`, `sought` and `early`.
    private(set) var roomless = 0

    var count: Int { known.count }
    /// Whether no prefix has a count: no device computes proof of work (`working`), and no visitor waits for its
    /// offerer (`early`).
    var isUncounted: Bool { working.isEmpty && early.isEmpty }
    var all: some Sequence<ConnectionID> { known.keys.lazy.map { ConnectionID(number: $0) } }

    subscript(connection: ConnectionID) -> Known? { known[connection.number] }

    /// Whether the relay may ask one more connection of this address prefix for proof of work; otherwise the relay
    /// refuses that connection.
    func mayWork(_ prefix: AddressPrefix, _ limits: Limits) -> Bool {
        working.allows(
            prefix,
            PrefixCeiling(
                all: limits.roomless,
                used: atWork,
                part: limits.partOfFree,
                perPrefix: limits.roomlessPerPrefix
            )
        )
    }

    /// Whether one more visitor of this address prefix may wait for its offerer. Such a visitor has come back after a
    /// restart of the relay, before its offerer.
    func mayWaitForOfferer(_ prefix: AddressPrefix, _ limits: Limits) -> Bool {
        early.allows(
            prefix,
            PrefixCeiling(all: limits.waitingForOfferer, used: earlyCount, part: limits.partOfFree)
        )
    }

    func isFar(_ connection: ConnectionID) -> Bool { known[connection.number]?.isFar ?? false }

    func isAtWork(_ connection: ConnectionID) -> Bool { known[connection.number]?.phase.isAtWork ?? false }

    mutating func add(
        _ connection: ConnectionID,
        prefix: AddressPrefix,
        deadline: Duration,
        budget: FrameBudget,
        isFar: Bool = false
    ) {
        let phase = Phase.new(deadline: deadline, isAtWork: false)
        let new = Known(prefix: prefix, phase: phase, budget: budget, isFar: isFar)
        if let old = known.updateValue(new, forKey: connection.number) {
            count(-1, old.phase, old.prefix)
            if old.isFar { far -= 1 }
        }
        count(1, phase, prefix)
        if isFar { far += 1 }
    }

    /// Charges `units` for a frame to the frame budget of its connection. Returns the connection's state, and whether
    /// the budget was sufficient; nil for an unknown connection.
    mutating func spend(_ units: Int, _ connection: ConnectionID, _ limits: Limits, interval: UInt32) -> (Known, Bool)?
    {
        guard let index = known.index(forKey: connection.number) else { return nil }
        let isEnough = known.values[index].budget.spend(units, of: limits.framesPerInterval, interval: interval)
        return (known.values[index], isEnough)
    }

    /// Raises the frame budget of an offerer's connection by `units`, because the offerer has one more visitor to
    /// answer.
    mutating func allow(_ units: Int, _ connection: ConnectionID) {
        guard let index = known.index(forKey: connection.number) else { return }
        known.values[index].budget.add(units)
    }

    mutating func move(_ connection: ConnectionID, to phase: Phase) {
        guard let index = known.index(forKey: connection.number) else { return }
        let (old, prefix) = (known.values[index].phase, known.values[index].prefix)
        known.values[index].phase = phase
        count(-1, old, prefix)
        count(1, phase, prefix)
    }

    /// Removes a connection, and returns what was known of it; nil for an unknown connection.
    @discardableResult
    mutating func remove(_ connection: ConnectionID) -> Known? {
        guard let old = known.removeValue(forKey: connection.number) else { return nil }
        count(-1, old.phase, old.prefix)
        if old.isFar { far -= 1 }
        return old
    }

    mutating func shrink() {
        known.shrink()
        working.shrink()
        early.shrink()
    }

    private mutating func count(_ change: Int, _ phase: Phase, _ prefix: AddressPrefix) {
        switch phase {
        case .new(_, isAtWork: false), .sought: roomless += change
        case .new(_, isAtWork: true):
            roomless += change
            atWork += change
            working.count(change, prefix)
        case .early:
            roomless += change
            earlyCount += change
            early.count(change, prefix)
        case .offerer, .visitor: break
        }
    }
}
