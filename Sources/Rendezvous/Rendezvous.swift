package import RelayWire

/// What a relay decides: who gets which slot, who meets whom, what is passed on, when all of it ends (`Protocol/relay.md`).
///
/// It is a value fed with events and the time, answering with actions. It does no I/O and has no clock and no randomness of
/// its own. `Connection` is whatever the outside calls a connection: the number of a channel, or a name in a test. After an
/// ``Action/close(_:)`` it is forgotten, so calling ``disconnected(_:now:into:)`` for it is harmless.
///
/// What a relay calls is compiled for its ``ConnectionID`` as well: from another module the generic code would run, at several
/// times the cost.
package struct Rendezvous<Connection: Hashable & Sendable>: Sendable {
    let rules: Rules
    /// When it was.
    let started: Duration
    var connections = Connections<Connection>()
    var rooms: [OfferID: Room<Connection>] = [:]
    /// By which new visitors find a room.
    var slots: [Slot: OfferID] = [:]
    /// Visitors that came back before their offerer.
    var early: [OfferID: [Connection]] = [:]
    var earlyCount = 0
    var totals = Load()
    var deadlines = Deadlines<Connection>()
    /// Rooms with a displacement in `deadlines`, and when.
    var displacements: [OfferID: Duration] = [:]
    var pool: SlotPool
    var tombstones: Generations<Slot, Tombstone>
    var counters: PrefixCounters
    var work: WorkGate
    var isDraining = false

    var limits: Limits { rules.limits }
    var keys: TokenKeys { rules.keys }

    /// Why there is no room at a slot any more.
    struct Tombstone: Sendable {
        let offer: OfferID
        let reason: Reason
    }

    package init(limits: Limits = Limits(), keys: TokenKeys, started: Moment) {
        rules = Rules(limits: limits, keys: keys)
        let start = started.monotonic
        self.started = start
        pool = SlotPool(limits: limits, started: start)
        tombstones = Generations(period: limits.roomLifetime * 2, capacity: limits.tombstones, started: start)
        counters = PrefixCounters(limits: limits, started: start)
        work = WorkGate(limits: limits, keys: keys, started: start)
    }

    /// A device has connected. Nil when it is let in; otherwise it was not registered and is to be turned away, before the
    /// upgrade or with a `refused` frame.
    @specialized(where Connection == ConnectionID)
    package mutating func connected(
        _ connection: Connection,
        from prefix: AddressPrefix,
        now: Moment
    ) -> Refusal? {
        guard connections.roomless < limits.roomless, deadlines.count < limits.deadlines else {
            return Refusal(reason: .relayFull, retryAfter: limits.retryAfter)
        }
        guard connections.mayAdd(prefix, limit: limits.roomlessPerPrefix) else {
            return Refusal(reason: .tooMany, retryAfter: limits.retryAfter)
        }
        let deadline = now.monotonic + limits.firstFrame
        connections.add(connection, prefix: prefix, deadline: deadline)
        remind(.connection(connection), at: deadline)
        return nil
    }

    /// A device has sent a frame. From a connection that is not registered it is ignored: it crossed with a close.
    @specialized(where Connection == ConnectionID, Entropy == SystemRandomNumberGenerator)
    package mutating func received<Entropy: RandomNumberGenerator>(
        _ frame: DeviceFrame,
        from connection: Connection,
        now: Moment,
        entropy: inout Entropy,
        into actions: inout [Action<Connection>]
    ) {
        guard let known = connections[connection] else { return }
        switch known.place {
        case .new:
            arrive(connection, known.prefix, frame, now, entropy: &entropy, into: &actions)
        case .early:
            refuse(connection, .badOrder, now, into: &actions)
        case .offerer(let offer):
            offererSent(frame, connection, offer, now, entropy: &entropy, into: &actions)
        case .visitor(let offer):
            visitorSent(frame, connection, offer, now, entropy: &entropy, into: &actions)
        }
    }

    /// A device has sent what is no frame, or breaks the transport's rules.
    @specialized(where Connection == ConnectionID)
    package mutating func receivedBadFrame(
        from connection: Connection,
        now: Moment,
        into actions: inout [Action<Connection>]
    ) {
        refuse(connection, .badFrame, now, into: &actions)
    }

    /// A connection was lost. One that is not registered is ignored.
    @specialized(where Connection == ConnectionID)
    package mutating func disconnected(
        _ connection: Connection,
        now: Moment,
        into actions: inout [Action<Connection>]
    ) {
        guard let known = connections[connection] else { return }
        forget(connection)
        guard let offer = known.place.room else { return }
        _ = decide(offer, now, into: &actions) { room, context, actions in
            room.lost(connection, context, into: &actions)
        }
    }

    /// When ``deadlinesPassed(now:entropy:into:)`` is to be called next, on the monotonic clock; nil for never.
    package var nextDeadline: Duration? {
        @specialized(where Connection == ConnectionID)
        get {
            earlier(
                earlier(deadlines.next, tombstones.nextDeadline),
                earlier(counters.nextDeadline, work.nextDeadline)
            )
        }
    }

    /// The time of ``nextDeadline`` has come.
    @specialized(where Connection == ConnectionID, Entropy == SystemRandomNumberGenerator)
    package mutating func deadlinesPassed<Entropy: RandomNumberGenerator>(
        now: Moment,
        entropy: inout Entropy,
        into actions: inout [Action<Connection>]
    ) {
        tombstones.advance(now.monotonic)
        counters.advance(now.monotonic)
        work.advance(now.monotonic)
        while let subject = deadlines.popDue(now.monotonic) {
            switch subject {
            case .connection(let connection):
                connectionDeadlinePassed(connection, now, into: &actions)
            case .room(let offer):
                roomDeadlinePassed(offer, now, into: &actions)
            case .draining:
                sendOn(now, into: &actions) { !$0.isSeated }
            case .displacement(let offer):
                displacements[offer] = nil
                _ = decide(offer, now, into: &actions) { room, context, actions in
                    // Time may have jumped past both, and this one was due first: nobody meets in a room that is over.
                    guard context.now < room.deadline else { return room.end(.expired, into: &actions) }
                    room.displace(context, entropy: &entropy, into: &actions)
                }
            }
        }
    }

    package var statistics: Statistics {
        @specialized(where Connection == ConnectionID)
        get {
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
}

/// The earlier of two times of which either may be never.
private func earlier(_ one: Duration?, _ other: Duration?) -> Duration? {
    guard let one, let other else { return one ?? other }
    return min(one, other)
}
