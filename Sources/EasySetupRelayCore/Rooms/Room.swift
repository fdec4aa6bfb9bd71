import EasySetupRelayProtocol

/// The complete state for decisions about one room. ``Rendezvous`` keeps the index of slots and the relay's totals. The
/// rules are in `Room+Line.swift`, `Room+Delivery.swift`, `Room+Seat.swift` and `Room+Attach.swift`.
struct Room: Sendable {
    // These phases are `mtype:RoomPhase` in the formal model, `Protocol/model/pairing.pml`,
    // and `mtype:Room` in that of relays among others, `Protocol/model/fleet.pml`.
    enum Phase: Sendable {
        /// At most ``Limits/meetings`` visitors are in a meeting with the offerer; further ones wait in the line (a
        /// queue). Next phases: `seated`, `over`.
        case open(line: [Waiting])
        /// One visitor has proved itself and has the seat, and the relay dismissed all others. Next phase: `over`.
        case seated(MeetingID)
        /// The last phase. The relay has sent a last frame to all devices of the room and closed their connections.
        /// With the reason `draining`, these devices go on at another relay.
        case over(Reason)
    }

    /// A visitor in the line (the queue). The relay ignores messages from it.
    struct Waiting: Sendable {
        let connection: ConnectionID
        let prefix: AddressPrefix
        /// Whether the visitor was displaced from a meeting in which it had sent nothing. Its connection may be lost, and
        /// the relay has not noticed yet.
        var wasSilent = false
    }

    let offer: OfferID
    let slot: Slot
    /// The offerer's connection; nil while the offerer is disconnected.
    var offerer: ConnectionID?
    /// The highest `attempt` of an `attach_offerer` frame that the room has accepted, so that it refuses an older frame
    /// that arrives late.
    var attempt: UInt32 = 0
    var phase: Phase
    var meetings: [Meeting]
    /// When the relay ends the room, on the monotonic clock.
    var deadline: Duration
    /// The deadline that this room's tokens contain, in seconds since 1970 UTC.
    let tokenDeadline: Int64
    /// Whether another room has this room's slot, which happens after a restart. New visitors can't come to this room
    /// then.
    var hasLostSlot: Bool
    /// The address prefix of the offerer that made or restored the room. The relay counts the room, its meetings and
    /// the visitors in its line (its queue) for this prefix.
    let prefix: AddressPrefix
    /// Whether the room was made again from a token, so that the relay does not know when its visitor got the seat.
    let isRestored: Bool
    /// Whether a visitor ever came. A full relay does not drop such a room for another one.
    var wasVisited = false
    /// Whether the room is in the list ``Rendezvous/abandoned``.
    var isListed = false
    /// The room's entry in the directory, as far as a relay among others knows. It means nothing to a relay alone.
    var entry = Entry.unknown
    /// Whether the room was made again while the relay was cut off from the directory, so that it is not sent on: its
    /// offerer has found no other relay.
    var isKept = false
    /// Whether the room has ended because another relay has it. Nothing of it is kept then, not even its end.
    var isGivenUp = false

    /// A room's entry in the directory.
    enum Entry: Sendable {
        /// This run of the relay has never registered the room.
        case unknown
        /// This run has registered the room, but it is not certain that the directory still says so.
        case registered
        /// The directory says that the room is this relay's.
        case confirmed
    }

    /// Makes a new room, which expires after ``Limits/codeLifetime``.
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
        isRestored = false
    }

    /// Restores a room from its offerer's token (`claims`) and the meetings that the offerer names (`held`), without a
    /// connected offerer. Nil when the room's time is over.
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
        // A room gets no more meetings than the limit, even if its offerer names more of them.
        meetings = held.filter { seated == nil || $0.isSeated }.prefix(limits.meetings).map(Meeting.init(restoring:))
        deadline = now.monotonic + left
        tokenDeadline = claims.deadline
        self.hasLostSlot = hasLostSlot
        isRestored = true
        self.prefix = prefix
        wasVisited = !held.isEmpty
    }

    /// The numbers that the room adds to the relay's totals.
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

    // The next two search by index, because a closure that takes a meeting gets a copy of it.
    func meeting(_ id: MeetingID) -> Int? { meetings.indices.first { meetings[$0].id == id } }

    func meeting(of connection: ConnectionID) -> Int? {
        meetings.indices.first { meetings[$0].connection == connection }
    }

    func token(for meeting: MeetingID?, _ rules: Rules) -> Token {
        TokenClaims(slot: slot, offer: offer, meeting: meeting, deadline: tokenDeadline).token(keys: rules.keys)
    }

    /// Ends the room: sends `over` with this reason to all devices in the room, and closes their connections.
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

    /// Whether the room is open and has no meeting.
    var isIdle: Bool {
        switch phase {
        case .open: meetings.isEmpty
        case .seated, .over: false
        }
    }

    /// Whether no device of the room is connected. A draining relay does not wait for such a room, because the devices
    /// can restore the room at another relay.
    var isDeserted: Bool { offerer == nil && line.isEmpty && meetings.allSatisfy { $0.connection == nil } }

    /// Whether a draining relay sends the room's devices to another relay now.
    var goesOnElsewhere: Bool { isIdle || isDeserted }

    /// Whether the offerer is disconnected and no visitor ever came. A full relay may drop such a room, because its
    /// offerer can restore it from the token.
    var isAbandoned: Bool { offerer == nil && !wasVisited && isIdle }

    var isSeated: Bool {
        switch phase {
        case .seated: true
        case .open, .over: false
        }
    }

    /// Sends `goodbye` to all devices of the room. They go on at another relay, where they restore the room from their
    /// tokens (`Protocol/relay.md`, "Draining").
    mutating func sendOn(_ rules: Rules, _ turn: inout Turn) {
        for connection in [offerer] + meetings.map(\.connection) + line.map(\.connection) {
            if let connection { turn.dismiss(connection, .goodbye(retryAfter: rules.goodbyeWait)) }
        }
        offerer = nil
        meetings = []
        phase = .over(.draining)
    }

    /// Whether a visitor waits in the line.
    var hasLine: Bool {
        switch phase {
        case .open(let line): !line.isEmpty
        case .seated, .over: false
        }
    }

    var line: [Waiting] {
        switch phase {
        case .open(let line): line
        case .seated, .over: []
        }
    }
}

/// The result of handling a frame from a device.
enum Verdict: Equatable {
    case accepted
    /// The frame changed nothing: it was a message that the relay has already, or an acknowledgement of nothing new. It
    /// costs more of the frame budget.
    case withoutNews
    /// A visitor without a meeting sent the frame, or a visitor sent it for another meeting than its own. The relay
    /// ignores the frame, which costs much of the frame budget.
    case outOfPlace
    /// The frame is not allowed here. The relay sends `refused` with this reason and closes the connection.
    case refused(Reason)
}

/// The numbers of rooms, meetings, waiting visitors and bytes that the relay limits: those of one room, or the sum for
/// all rooms.
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

    /// Counts a part anew that has changed.
    mutating func replace(_ old: Load, by new: Load) {
        rooms += new.rooms - old.rooms
        seated += new.seated - old.seated
        meetings += new.meetings - old.meetings
        waiting += new.waiting - old.waiting
        mailboxBytes += new.mailboxBytes - old.mailboxBytes
    }
}
