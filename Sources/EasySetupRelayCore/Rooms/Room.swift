import EasySetupRelayProtocol

/// The complete state for decisions about one room. The index of slots and the relay's totals are kept outside. The
/// rules are in `Room+Line.swift`, `Room+Delivery.swift`, `Room+Seat.swift` and `Room+Attach.swift`.
struct Room: Sendable {
    // The model is `Protocol/model/pairing.pml`, `mtype:RoomPhase`.
    enum Phase: Sendable {
        /// At most ``Limits/meetings`` visitors meet the offerer; further ones wait in a queue, the line. Next:
        /// `seated`, `over`.
        case open(line: [Waiting])
        /// One visitor proved itself, and the relay dismissed all others. Next: `over`.
        case seated(MeetingID)
        /// The relay has told and dismissed all devices. With the reason `draining`, they continue at another relay.
        /// Final.
        case over(Reason)
    }

    /// A visitor in the line. The relay keeps no messages for it.
    struct Waiting: Sendable {
        let connection: ConnectionID
        let prefix: AddressPrefix
    }

    let offer: OfferID
    let slot: Slot
    /// Nil while the offerer is disconnected.
    var offerer: ConnectionID?
    /// The highest `attempt` of an `attach_offerer` frame that the room has accepted, so that it refuses an older frame
    /// that arrives late.
    var attempt: UInt32 = 0
    var phase: Phase
    var meetings: [Meeting]
    /// When the room ends, on the monotonic clock.
    var deadline: Duration
    /// The deadline that this room's tokens contain, in seconds since 1970 UTC.
    let tokenDeadline: Int64
    /// Whether another room has this room's slot, so that no new visitor can come here.
    let hasLostSlot: Bool
    /// The prefix of the device that made the room. The relay counts the room and its meetings under it.
    let prefix: AddressPrefix
    /// Whether a visitor ever came, so that the room is not given up for another one.
    var wasVisited = false
    /// Whether the room is in ``Rendezvous/abandoned``.
    var isListed = false

    /// A new room.
    init(offer: OfferID, slot: Slot, offerer: ConnectionID, of prefix: AddressPrefix, now: Moment, limits: Limits) {
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

    /// A room as its offerer describes it after a restart, in `held`. The offerer is not attached yet. Nil when the
    /// room's time is over.
    init?(
        restoring claims: TokenClaims,
        held: [MeetingResume],
        of prefix: AddressPrefix,
        hasLostSlot: Bool,
        now: Moment,
        limits: Limits
    ) {
        let seated = held.first(where: \.isSeated)
        // No room lives longer than a new one could, even if the token or this machine's UTC clock is wrong.
        let (difference, overflow) = claims.deadline.subtractingReportingOverflow(now.utcSeconds)
        let longest = limits.codeLifetime.components.seconds
        var left = Duration.seconds(overflow ? 0 : max(min(difference, longest), -longest))
        if seated != nil { left += limits.seatedLifetime }
        guard left > .zero else { return nil }
        offer = claims.offer
        slot = claims.slot
        offerer = nil
        phase = seated.map { .seated($0.meeting) } ?? .open(line: [])
        // A room gets no more meetings than the limit, even if its offerer names more.
        meetings = held.filter { seated == nil || $0.isSeated }.prefix(limits.meetings).map(Meeting.init(restoring:))
        deadline = now.monotonic + left
        tokenDeadline = claims.deadline
        self.hasLostSlot = hasLostSlot
        self.prefix = prefix
        wasVisited = !held.isEmpty
    }

    /// The room's share of the relay's totals.
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

    func meeting(of connection: ConnectionID) -> Int? { meetings.firstIndex { $0.connection == connection } }

    func token(for meeting: MeetingID?, _ rules: Rules) -> Token {
        TokenClaims(slot: slot, offer: offer, meeting: meeting, deadline: tokenDeadline).token(keys: rules.keys)
    }

    /// Ends the room: sends `over` to all devices and dismisses them.
    mutating func end(_ reason: Reason, _ turn: inout Turn) {
        if let offerer { turn.dismiss(offerer, .over(meeting: nil, reason)) }
        for meeting in meetings {
            if let visitor = meeting.connection { turn.dismiss(visitor, .over(meeting: nil, reason)) }
        }
        for waiting in line { turn.dismiss(waiting.connection, .over(meeting: nil, reason)) }
        offerer = nil
        meetings = []
        phase = .over(reason)
    }

    /// Whether the room is open and no visitor is in a meeting with the offerer.
    var isIdle: Bool {
        switch phase {
        case .open: meetings.isEmpty
        case .seated, .over: false
        }
    }

    /// Whether no device is connected. A draining relay does not wait for such a room, because its devices can restore
    /// it at another relay.
    var isDeserted: Bool { offerer == nil && line.isEmpty && meetings.allSatisfy { $0.connection == nil } }

    /// Whether a draining relay sends the room's devices to another relay now.
    var goesOnElsewhere: Bool { isIdle || isDeserted }

    /// Whether the offerer is disconnected and no visitor ever came. The relay may give such a room up, because the
    /// offerer's token restores it.
    var isAbandoned: Bool { offerer == nil && !wasVisited && isIdle }

    var isSeated: Bool {
        switch phase {
        case .seated: true
        case .open, .over: false
        }
    }

    /// Sends all devices to another relay, where their tokens restore the room (`Protocol/relay.md`, "Draining").
    mutating func sendOn(_ limits: Limits, _ turn: inout Turn) {
        for connection in [offerer] + meetings.map(\.connection) + line.map(\.connection) {
            if let connection { turn.dismiss(connection, .goodbye(retryAfter: limits.retryDraining)) }
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

/// The limits and keys for every decision. It is a class, because copying these 500 bytes for each decision would be
/// slow.
final class Rules: Sendable {
    let limits: Limits
    let keys: TokenKeys

    init(limits: Limits, keys: TokenKeys) {
        self.limits = limits
        self.keys = keys
    }
}

/// The result of a frame from a device.
enum Verdict: Equatable {
    case accepted
    /// The frame changed nothing: it was a repeat, or an acknowledgement without news.
    case withoutNews
    /// A visitor sent the frame while it has no meeting, or for another meeting than it has.
    case outOfPlace
    /// The frame is not allowed. The relay refuses the connection and closes it.
    case refused(Reason)
}

/// The counts that the relay limits over all rooms: those of one room, or the sum of all.
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
