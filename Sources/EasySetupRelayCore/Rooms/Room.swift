import EasySetupRelayProtocol

/// Everything that one decision about one room reads and writes; the index of slots and the relay's totals are outside.
/// Its rules are in `Room+Line.swift`, `Room+Delivery.swift`, `Room+Seat.swift` and `Room+Attach.swift`.
struct Room<Connection: Hashable & Sendable>: Sendable {
    // The model is `Protocol/model/pairing.pml`, `mtype:RoomPhase`.
    enum Phase: Sendable {
        /// Visitors are let in, up to a number, and wait in line beyond it. Next: `seated`, `over`.
        case open(line: [Waiting])
        /// One visitor proved itself; there is no other. Next: `over`.
        case seated(MeetingID)
        /// Everyone has been told and sent away; with `draining`, to go on at another relay. Final.
        case over(Reason)
    }

    /// A visitor in line: a connection and nothing else.
    struct Waiting: Sendable {
        let connection: Connection
        let prefix: AddressPrefix
    }

    let offer: OfferID
    let slot: Slot
    /// Nil while its connection is lost.
    var offerer: Connection?
    /// The last attach of the offerer's that was taken, by its own count.
    var attempt: UInt32 = 0
    var phase: Phase
    var meetings: [Meeting<Connection>]
    /// When the room ends, on the monotonic clock.
    var deadline: Duration
    /// What the tokens of this room say.
    let tokenDeadline: Int64
    /// Whether another room has its slot, so that nobody new can come.
    let hasLostSlot: Bool
    /// Whom its places are counted for: who made it.
    let prefix: AddressPrefix
    /// Whether a visitor ever came.
    var wasVisited = false
    /// Whether it is on the list of those that may be given up.
    var isListed = false

    /// A new room.
    init(offer: OfferID, slot: Slot, offerer: Connection, of prefix: AddressPrefix, now: Moment, limits: Limits) {
        self.offer = offer
        self.prefix = prefix
        self.slot = slot
        self.offerer = offerer
        phase = .open(line: [])
        meetings = []
        deadline = now.monotonic + limits.codeLifetime
        tokenDeadline = now.utcSeconds + limits.codeLifetime.components.seconds
        hasLostSlot = false
    }

    /// A room as its offerer tells it after a restart, the offerer not yet attached. Nil when its time is over.
    init?(
        restoring claims: TokenClaims,
        held: [MeetingResume],
        of prefix: AddressPrefix,
        hasLostSlot: Bool,
        now: Moment,
        limits: Limits
    ) {
        let seated = held.first(where: \.isSeated)
        // Whatever the token or this machine's calendar says, no room lives longer than a new one could.
        let (difference, overflow) = claims.deadline.subtractingReportingOverflow(now.utcSeconds)
        let longest = limits.codeLifetime.components.seconds
        var left = Duration.seconds(overflow ? 0 : max(min(difference, longest), -longest))
        if seated != nil { left += limits.seatedLifetime }
        guard left > .zero else { return nil }
        offer = claims.offer
        slot = claims.slot
        offerer = nil
        phase = seated.map { .seated($0.meeting) } ?? .open(line: [])
        // No more than a room may have, whatever its offerer says.
        meetings = held.filter { seated == nil || $0.isSeated }.prefix(limits.meetings).map(Meeting.init(restoring:))
        deadline = now.monotonic + left
        tokenDeadline = claims.deadline
        self.hasLostSlot = hasLostSlot
        self.prefix = prefix
        wasVisited = !held.isEmpty
    }

    /// What counts towards the relay's totals.
    var load: Load {
        var load = Load(rooms: 1, meetings: meetings.count)
        switch phase {
        case .open(let line): load.waiting = line.count
        case .seated: load.seated = 1
        case .over: load.rooms = 0
        }
        load.mailboxBytes = meetings.reduce(0) { $0 + $1.toOfferer.bytes + $1.toVisitor.bytes }
        return load
    }

    func meeting(_ id: MeetingID) -> Int? { meetings.firstIndex { $0.id == id } }

    func meeting(of connection: Connection) -> Int? { meetings.firstIndex { $0.connection == connection } }

    func token(for meeting: MeetingID?, _ context: Context) -> Token {
        TokenClaims(slot: slot, offer: offer, meeting: meeting, deadline: tokenDeadline).token(keys: context.keys)
    }

    /// Ends everything: tells all with `over` and sends them away.
    mutating func end(_ reason: Reason, into actions: inout [Action<Connection>]) {
        if let offerer { actions.dismiss(offerer, .over(meeting: nil, reason)) }
        for meeting in meetings {
            if let visitor = meeting.connection { actions.dismiss(visitor, .over(meeting: nil, reason)) }
        }
        for waiting in line { actions.dismiss(waiting.connection, .over(meeting: nil, reason)) }
        offerer = nil
        meetings = []
        phase = .over(reason)
    }

    /// Whether nobody has met its offerer.
    var isIdle: Bool {
        switch phase {
        case .open: meetings.isEmpty
        case .seated, .over: false
        }
    }

    /// Whether nobody is connected: a relay that drains does not wait for those, who have what makes the room again elsewhere.
    var isDeserted: Bool { offerer == nil && line.isEmpty && meetings.allSatisfy { $0.connection == nil } }

    /// Whether a relay that drains sends it on.
    var goesOnElsewhere: Bool { isIdle || isDeserted }

    /// Whether nobody holds it and nobody ever came: its offerer's token makes it again.
    var isAbandoned: Bool { offerer == nil && !wasVisited && isIdle }

    var isSeated: Bool {
        switch phase {
        case .seated: true
        case .open, .over: false
        }
    }

    /// Sends everyone on to another relay. They hold all that makes the room again there (`Protocol/relay.md`, "Draining").
    mutating func sendOn(_ limits: Limits, into actions: inout [Action<Connection>]) {
        for connection in [offerer] + meetings.map(\.connection) + line.map(\.connection) {
            if let connection { actions.dismiss(connection, .goodbye(retryAfter: limits.retryDraining)) }
        }
        offerer = nil
        meetings = []
        phase = .over(.draining)
    }

    var line: [Waiting] {
        switch phase {
        case .open(let line): line
        case .seated, .over: []
        }
    }
}

/// What a decision needs besides the room.
struct Context: Sendable {
    let rules: Rules
    let now: Duration

    var limits: Limits { rules.limits }
    var keys: TokenKeys { rules.keys }
}

/// What every decision goes by: in one place, since there are half a thousand bytes of it.
final class Rules: Sendable {
    let limits: Limits
    let keys: TokenKeys

    init(limits: Limits, keys: TokenKeys) {
        self.limits = limits
        self.keys = keys
    }
}

/// What a frame was worth.
enum Verdict: Equatable {
    case accepted
    /// A repeat, or an acknowledgement without news.
    case withoutNews
    /// Said by a visitor that has nobody to say it to just now.
    case outOfPlace
    /// Not allowed: the connection is refused and closed.
    case refused(Reason)
}

/// A room's part in the relay's totals.
struct Load: Equatable, Sendable {
    var rooms = 0
    var seated = 0
    var meetings = 0
    var waiting = 0
    var mailboxBytes = 0

    static func += (total: inout Load, part: Load) {
        total.rooms += part.rooms
        total.seated += part.seated
        total.meetings += part.meetings
        total.waiting += part.waiting
        total.mailboxBytes += part.mailboxBytes
    }

    static func -= (total: inout Load, part: Load) {
        total.rooms -= part.rooms
        total.seated -= part.seated
        total.meetings -= part.meetings
        total.waiting -= part.waiting
        total.mailboxBytes -= part.mailboxBytes
    }
}

extension Array {
    /// Sends a connection away with a last word.
    mutating func dismiss<Connection>(_ connection: Connection, _ word: RelayFrame)
    where Element == Action<Connection> {
        append(.send(word, to: connection))
        append(.close(connection))
    }
}
