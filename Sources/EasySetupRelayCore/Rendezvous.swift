internal import DequeModule
package import EasySetupRelayProtocol

/// The decisions of a relay: it issues slots (the public parts of codes), brings an offerer and its visitors together,
/// forwards their messages, and ends rooms (`Protocol/relay.md`).
///
/// It is a value whose functions each take one event, and a ``Turn``, which holds the time of the event and collects
/// the resulting actions. It has no I/O, clock or source of randomness of its own. It forgets a connection with the
/// ``Action/close(_:)``, so a call of ``disconnected(_:_:)`` after that is harmless.
package struct Rendezvous: Sendable {
    private(set) var rules: Rules
    /// When the relay started, on the monotonic clock.
    let started: Duration
    var connections = Connections()
    var rooms: [OfferID: Room] = [:]
    /// The room at each slot. New visitors find it here by the slot in the code that their user typed.
    var slots: [Slot: OfferID] = [:]
    /// Visitors that came back before their offerer after a restart of the relay, by the room that the offerer may
    /// restore.
    var early: [OfferID: [ConnectionID]] = [:]
    var totals = Load()
    /// The numbers of rooms, meetings and waiting visitors for each address prefix. A room, and everything in it,
    /// counts for the prefix of the room's offerer.
    var owned = Owned()
    /// Rooms that had no connected offerer and had never had a visitor, the oldest first. The list may contain rooms
    /// whose offerer has come back, that a visitor has visited, or that have ended since then.
    var abandoned: Deque<OfferID> = []
    var deadlines = Deadlines()
    /// The rooms for which the relay has stored a deadline to look for a displacement: a visitor that is too slow moves
    /// from its meeting to the end of the room's line (its queue). The values are the times of these deadlines.
    var displacements: [OfferID: Duration] = [:]
    var pool: SlotPool
    var tombstones: ExpiringDictionary<Slot, Tombstone>
    /// Events counted by the device's address prefix: `offered` counts recent offers and restored rooms, `visited`
    /// recent visits.
    var offered: PrefixCounts
    var visited: PrefixCounts
    /// Recent visits that found no room at the slot, or found that another visitor has the seat (has proved itself),
    /// counted by the visitor's address prefix.
    var missed: PrefixCounts
    var intervals: Intervals
    var work: WorkGate
    /// The state that only a relay among others has; nil for a relay alone.
    var others: Others?
    package var lifecycle: Lifecycle
    /// The operator's message, which the relay writes beside its answer to the first frame of each connection; nil for
    /// none (`Protocol/relay.md`, "The relay's message").
    package var message: RelayMessage?

    var limits: Limits { rules.limits }
    var keys: TokenKeys { rules.keys }

    /// The facts that the relay remembers of an ended room, to tell later visitors at its slot why the code does not
    /// work.
    struct Tombstone: Sendable {
        let offer: OfferID
        let reason: Reason
        let at: Duration
    }

    /// The numbers of rooms, meetings and waiting visitors for each address prefix. A room, and everything in it,
    /// counts for the prefix of the room's offerer.
    struct Owned: Sendable {
        var rooms = PrefixCounts()
        var meetings = PrefixCounts()
        var waiting = PrefixCounts()

        /// Updates the counts of an offerer's prefix after its room has changed. `before` and `after` say how many
        /// meetings and waiting visitors the room had and has, and whether it exists.
        mutating func count(_ after: Load, _ before: Load, _ prefix: AddressPrefix) {
            if after.rooms != before.rooms { rooms.count(after.rooms - before.rooms, prefix) }
            if after.meetings != before.meetings { meetings.count(after.meetings - before.meetings, prefix) }
            if after.waiting != before.waiting { waiting.count(after.waiting - before.waiting, prefix) }
        }

        var isEmpty: Bool { rooms.isEmpty && meetings.isEmpty && waiting.isEmpty }

        mutating func shrink() {
            rooms.shrink()
            meetings.shrink()
            waiting.shrink()
        }
    }

    package init(
        limits: Limits = Limits(),
        keys: TokenKeys,
        lifecycle: Lifecycle,
        surroundings: Surroundings = .alone,
        started: Moment
    ) {
        self.lifecycle = lifecycle
        let start = started.monotonic
        let ownRun: [UInt8]
        switch surroundings {
        case .alone:
            ownRun = []
            rules = Rules(limits: limits, keys: keys, goodbyeWait: limits.retryDraining)
        case .amongOthers(let run, let sharing):
            ownRun = run
            rules = Rules(limits: limits, keys: keys, goodbyeWait: sharing.comeAgain)
            others = Others(sharing, limits, started: start)
        }
        self.started = start
        pool = SlotPool(limits: limits, started: start)
        tombstones = ExpiringDictionary(period: limits.roomLifetime * 2, capacity: limits.tombstones, started: start)
        let counts = {
            PrefixCounts(period: limits.counterWindow, capacity: limits.prefixes, started: start)
        }
        (offered, visited, missed) = (counts(), counts(), counts())
        intervals = Intervals(limits.frameInterval, started: start)
        work = WorkGate(limits: limits, keys: keys, run: ownRun, started: start)
        if others != nil { deadlines.add(.sharing, at: start + Self.sharingInterval) }
    }

    /// Replaces the keys with which the relay makes and checks tokens. It still accepts tokens made with the previous
    /// keys until they expire.
    package mutating func replaceKeys(by keys: TokenKeys, _ turn: inout Turn) {
        // The relay accepts a token of a replaced key only if the token's deadline is `latestDeadline` at most, the
        // latest deadline in any token made so far. A room's tokens may have a later deadline than a token made now,
        // because the calendar may have been set back in between. A deadline far ahead is ignored: it may come from a
        // forged token, and must not prolong the validity of a stolen key.
        let lifetime = limits.codeLifetime.components.seconds
        let latestDeadline = rooms.values.reduce(turn.now.utcSeconds + lifetime) {
            $1.tokenDeadline > turn.now.utcSeconds + lifetime * 2 ? $0 : max($0, $1.tokenDeadline)
        }
        let keys = self.keys.replaced(by: keys, now: turn.now.utcSeconds, latestDeadline: latestDeadline)
        let hasOtherNames = keys.current.id != self.keys.current.id
        rules = Rules(limits: limits, keys: keys, goodbyeWait: rules.goodbyeWait)
        if hasOtherNames { dropClaims(&turn) }
        work.replaceKey(by: keys.current, now: turn.now.monotonic)
    }

    /// Registers the connection of a device, whose first frame decides later whether there is a place in a room.
    /// Returns nil if the relay admits the connection. Otherwise the connection is not registered, and the caller
    /// refuses the device by an HTTP status or a `refused` frame.
    ///
    /// - Parameter isHeard: whether the device's first frame has arrived already; the caller must then pass that frame
    ///   next.
    package mutating func connected(
        _ connection: ConnectionID,
        from prefix: AddressPrefix,
        isHeard: Bool = false,
        _ turn: inout Turn
    ) -> AdmissionRefusal? {
        guard deadlines.count < limits.deadlines else {
            turn.hit(.deadlines)
            return AdmissionRefusal(reason: .relayFull, retryAfter: limits.retryAfter)
        }
        intervals.advance(turn.now.monotonic)
        let deadline = turn.now.monotonic + limits.firstFrame
        let budget = FrameBudget(limits.framesPerInterval, interval: intervals.number)
        connections.add(connection, prefix: prefix, deadline: deadline, budget: budget)
        if !isHeard { remind(.connection(connection), at: deadline) }
        return nil
    }

    /// Handles a frame that a device has sent. A frame from a connection that is not registered is ignored, because the
    /// relay had closed that connection while the frame was on its way.
    ///
    /// - Parameters:
    ///   - bytes: the frame's length.
    ///   - crowded: why the I/O layer has no place for a new device; nil when it has one. It does not matter for
    ///     devices that return, because places are reserved for them.
    package mutating func received(
        _ frame: consuming DeviceFrame,
        bytes: Int = 0,
        from connection: ConnectionID,
        crowded: AdmissionRefusal? = nil,
        _ turn: inout Turn
    ) {
        intervals.advance(turn.now.monotonic)
        guard
            let (known, isEnough) = connections.spend(
                FrameBudget.cost(bytes: bytes),
                connection,
                limits,
                interval: intervals.number
            )
        else { return }
        guard isEnough else {
            turn.hit(.framesPerInterval)
            return refuse(connection, .badFrame, &turn)
        }
        switch known.phase {
        case .new(_, let isAtWork):
            let start = turn.actions.count
            if let crowded, frame.isOfStranger {
                refuse(connection, crowded.reason, retryAfter: crowded.retryAfter, &turn)
            } else {
                arrive(connection, known.prefix, frame, &turn)
            }
            // A device that was asked for work has heard the message with that.
            if let message, !isAtWork { turn.tell(message, to: connection, from: start) }
        case .sought:
            soughtSent(frame, connection, &turn)
        case .early:
            refuse(connection, .badOrder, &turn)
        case .offerer(let offer):
            offererSent(frame, connection, offer, &turn)
        case .visitor(let offer):
            visitorSent(frame, connection, offer, &turn)
        }
    }

    /// Refuses a connection whose device has sent bytes that are no valid frame, or has broken the rules of WebSocket
    /// or HTTP.
    package mutating func receivedBadFrame(from connection: ConnectionID, _ turn: inout Turn) {
        refuse(connection, .badFrame, &turn)
    }

    /// Handles the loss of a connection. A connection that is not registered is ignored.
    package mutating func disconnected(_ connection: ConnectionID, _ turn: inout Turn) {
        guard let offer = forget(connection)?.phase.room else { return }
        _ = decide(offer, &turn) { room, rules, turn in
            room.lost(connection, rules, &turn)
        }
    }

    /// When the caller must next call ``deadlinesPassed(_:)``, on the monotonic clock; nil if no deadline is set.
    ///
    /// The getter is mutating although it changes nothing: otherwise the compiler would copy the whole value when
    /// another module reads this property.
    package var nextDeadline: Duration? {
        mutating get {
            earlier(
                earlier(earlier(deadlines.next, tombstones.nextDeadline), work.nextDeadline),
                earlier(offered.nextDeadline, earlier(visited.nextDeadline, missed.nextDeadline))
            )
        }
    }

    /// Handles all deadlines that have passed. The caller must call this at the time of ``nextDeadline``.
    package mutating func deadlinesPassed(_ turn: inout Turn) {
        tombstones.advance(turn.now.monotonic)
        offered.advance(turn.now.monotonic)
        visited.advance(turn.now.monotonic)
        missed.advance(turn.now.monotonic)
        work.advance(turn.now.monotonic)
        while let subject = deadlines.popDue(turn.now.monotonic) {
            switch subject {
            case .connection(let connection):
                connectionDeadlinePassed(connection, &turn)
            case .room(let offer):
                roomDeadlinePassed(offer, &turn)
            case .draining:
                sendOn(&turn) { !$0.isSeated }
            case .sharing:
                lookAfterRooms(&turn)
            case .displacement(let offer):
                displacements[offer] = nil
                _ = decide(offer, &turn) { room, rules, turn in
                    // If the time has jumped past both deadlines, the room's end has priority, because displacing a
                    // visitor would admit another one to a room that is over.
                    guard turn.now.monotonic < room.deadline else { return room.end(.expired, &turn) }
                    room.displace(rules, &turn)
                }
            }
        }
    }

    /// The divisor of an address prefix's share of the free places (``Limits/partOfFree``). The I/O layer reads it
    /// here, because it applies the same divisor to connections.
    package var partOfFree: Int { limits.partOfFree }

    package var statistics: Statistics {
        var statistics = Statistics()
        statistics.connections = connections.count
        statistics.roomless = connections.roomless
        statistics.far = connections.far
        statistics.rooms = totals.rooms
        statistics.seated = totals.seated
        statistics.meetings = totals.meetings
        statistics.waiting = totals.waiting
        statistics.mailboxBytes = totals.mailboxBytes
        statistics.isDraining = isDraining
        return statistics
    }
}

extension DeviceFrame {
    /// Whether a device that sends this as its first frame shows no token, so that the relay treats the device as new.
    package var isOfStranger: Bool {
        switch self {
        case .offer, .visit: true
        case .attachOfferer, .attachVisitor, .message, .ack, .seat, .close, .leave: false
        }
    }
}

/// The earlier of two times; nil stands for never.
private func earlier(_ one: Duration?, _ other: Duration?) -> Duration? {
    guard let one, let other else { return one ?? other }
    return min(one, other)
}
