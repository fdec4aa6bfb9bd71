internal import DequeModule
package import EasySetupRelayProtocol

/// The decisions of a relay: it assigns slots, brings offerer and visitors together, forwards their messages and ends
/// rooms (`Protocol/relay.md`).
///
/// It is a value that takes events, each with a ``Turn``, which has its time and takes its actions. It does no I/O and
/// has no clock and no randomness of its own. After an ``Action/close(_:)`` the connection is forgotten, so calling
/// ``disconnected(_:_:)`` for it is harmless.
package struct Rendezvous: Sendable {
    private(set) var rules: Rules
    /// When the relay started, on the monotonic clock.
    let started: Duration
    var connections = Connections()
    var rooms: [OfferID: Room] = [:]
    /// The room of each slot, for new visitors.
    var slots: [Slot: OfferID] = [:]
    /// Visitors that came back before their offerer, by room.
    var early: [OfferID: [ConnectionID]] = [:]
    var totals = Load()
    /// How many rooms, meetings and waiting visitors count for each prefix. They count for the prefix of the room's
    /// offerer.
    var owned = Owned()
    /// Rooms that have no connected offerer and that no visitor ever visited, the oldest first. The list may also have
    /// rooms whose offerer has come back or that have ended since.
    var abandoned: Deque<OfferID> = []
    var deadlines = Deadlines()
    /// Rooms with a displacement in `deadlines`, and its time.
    var displacements: [OfferID: Duration] = [:]
    var pool: SlotPool
    var tombstones: Generations<Slot, Tombstone>
    /// Recent offers and recent visits, counted by the prefix of the device.
    var offered: PrefixCounts
    var visited: PrefixCounts
    /// Recent visits that found no room, or a room with a seated visitor, counted by prefix.
    var missed: PrefixCounts
    var intervals: Intervals
    var work: WorkGate
    package internal(set) var lifecycle: Lifecycle

    var limits: Limits { rules.limits }
    var keys: TokenKeys { rules.keys }

    /// The relay's memory of a room that has ended: why a visitor finds no room at its slot.
    struct Tombstone: Sendable {
        let offer: OfferID
        let reason: Reason
        let at: Duration
    }

    /// The numbers of rooms, meetings and waiting visitors that count for each prefix of an offerer.
    struct Owned: Sendable {
        var rooms = PrefixCounts()
        var meetings = PrefixCounts()
        var waiting = PrefixCounts()

        /// Counts a change from `before` to `after` in what a room of this prefix uses.
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

    package init(limits: Limits = Limits(), keys: TokenKeys, lifecycle: Lifecycle, started: Moment) {
        self.lifecycle = lifecycle
        rules = Rules(limits: limits, keys: keys)
        let start = started.monotonic
        self.started = start
        pool = SlotPool(limits: limits, started: start)
        tombstones = Generations(period: limits.roomLifetime * 2, capacity: limits.tombstones, started: start)
        let counts = {
            PrefixCounts(period: limits.counterWindow, capacity: limits.prefixes, started: start)
        }
        (offered, visited, missed) = (counts(), counts(), counts())
        intervals = Intervals(limits.frameInterval, started: start)
        work = WorkGate(limits: limits, keys: keys, started: start)
    }

    /// Replaces the token keys. Tokens made with the previous keys are accepted until they expire.
    package mutating func replaceKeys(by keys: TokenKeys, _ turn: inout Turn) {
        // The calendar may have been set back since the last token was made, so the rooms are asked as well. A room that
        // a forged token made may claim any deadline: it must not keep a stolen key alive after the key was taken away.
        let lifetime = limits.codeLifetime.components.seconds
        let latestDeadline = rooms.values.reduce(turn.now.utcSeconds + lifetime) {
            $1.tokenDeadline > turn.now.utcSeconds + lifetime * 2 ? $0 : max($0, $1.tokenDeadline)
        }
        let keys = self.keys.replaced(by: keys, now: turn.now.utcSeconds, latestDeadline: latestDeadline)
        rules = Rules(limits: limits, keys: keys)
        work.replaceKey(by: keys.current, now: turn.now.monotonic)
    }

    /// A device has connected. Nil when the relay admits it. Otherwise the relay has not registered it, and the caller
    /// refuses the device by an HTTP status or a `refused` frame. The device's first frame decides whether there is a
    /// place in a room.
    ///
    /// - Parameter isHeard: whether its first frame has arrived already and is passed next.
    package mutating func connected(
        _ connection: ConnectionID,
        from prefix: AddressPrefix,
        isHeard: Bool = false,
        _ turn: inout Turn
    ) -> AdmissionRefusal? {
        guard deadlines.count < limits.deadlines else {
            return AdmissionRefusal(reason: .relayFull, retryAfter: limits.retryAfter)
        }
        intervals.advance(turn.now.monotonic)
        let deadline = turn.now.monotonic + limits.firstFrame
        let budget = FrameBudget(limits.framesPerInterval, interval: intervals.number)
        connections.add(connection, prefix: prefix, deadline: deadline, budget: budget)
        if !isHeard { remind(.connection(connection), at: deadline) }
        return nil
    }

    /// A device has sent a frame. The relay ignores a frame from a connection that is not registered, because the relay
    /// closed that connection while the frame was on its way.
    ///
    /// - Parameters:
    ///   - bytes: the frame's length.
    ///   - crowded: why the I/O layer has no place for a new device; nil when it has one. Returning devices have reserved
    ///     places.
    package mutating func received(
        _ frame: DeviceFrame,
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
        guard isEnough else { return refuse(connection, .badFrame, &turn) }
        switch known.phase {
        case .new:
            if let crowded, frame.isOfStranger {
                return refuse(connection, crowded.reason, retryAfter: crowded.retryAfter, &turn)
            }
            arrive(connection, known.prefix, frame, &turn)
        case .early:
            refuse(connection, .badOrder, &turn)
        case .offerer(let offer):
            offererSent(frame, connection, offer, &turn)
        case .visitor(let offer):
            visitorSent(frame, connection, offer, &turn)
        }
    }

    /// A device has sent bytes that are no valid frame, or has broken the transport's rules.
    package mutating func receivedBadFrame(from connection: ConnectionID, _ turn: inout Turn) {
        refuse(connection, .badFrame, &turn)
    }

    /// A connection was lost. A connection that is not registered is ignored.
    package mutating func disconnected(_ connection: ConnectionID, _ turn: inout Turn) {
        guard let known = connections[connection] else { return }
        forget(connection)
        guard let offer = known.phase.room else { return }
        _ = decide(offer, &turn) { room, rules, turn in
            room.lost(connection, rules, &turn)
        }
    }

    /// When the caller must call ``deadlinesPassed(_:)`` next, on the monotonic clock; nil for never.
    ///
    /// The getter is mutating although it changes nothing, because otherwise the compiler copies the whole value to
    /// read it from another module.
    package var nextDeadline: Duration? {
        mutating get {
            earlier(
                earlier(earlier(deadlines.next, tombstones.nextDeadline), work.nextDeadline),
                earlier(offered.nextDeadline, earlier(visited.nextDeadline, missed.nextDeadline))
            )
        }
    }

    /// To be called when the time of ``nextDeadline`` has come.
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
            case .displacement(let offer):
                displacements[offer] = nil
                _ = decide(offer, &turn) { room, rules, turn in
                    // If the time has jumped past both deadlines, the room's end comes first, because no visitor may
                    // come into a room that is over.
                    guard turn.now.monotonic < room.deadline else { return room.end(.expired, &turn) }
                    room.displace(rules, &turn)
                }
            }
        }
    }

    /// The divisor of ``Limits/partOfFree``: one address prefix may have 1/`partOfFree` of what is free. The I/O layer
    /// reads it here, to divide the connections in the same way.
    package var partOfFree: Int { limits.partOfFree }

    package var statistics: Statistics {
        var statistics = Statistics()
        statistics.connections = connections.count
        statistics.roomless = connections.roomless
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
    /// Whether a device whose first frame this is has no token, and so is new to the relay.
    package var isOfStranger: Bool {
        switch self {
        case .offer, .visit: true
        case .attachOfferer, .attachVisitor, .message, .ack, .seat, .close, .leave: false
        }
    }
}

/// The earlier of two times; nil means never.
private func earlier(_ one: Duration?, _ other: Duration?) -> Duration? {
    guard let one, let other else { return one ?? other }
    return min(one, other)
}
