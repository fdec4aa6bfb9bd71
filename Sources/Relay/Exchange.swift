import Logging
import NIOCore
import RelayWire
import Rendezvous
import Synchronization

/// What all event loops of a relay share: who meets whom, which devices come through calls, what is counted over all of them.
///
/// One lock is around it. A decision takes a microsecond or so, a tenth of what reading the frame and writing its answer take; so
/// loops seldom wait for each other, and every rule and limit holds for the relay as a whole, however many cores it has. What is to
/// be done comes back as ``Deed``s, in the order of the decisions, each to the loop of the connection that it is about.
final class Exchange: Sendable {
    let limits: ConnectionLimits
    private let state: Mutex<State>
    private let ended: EventLoopPromise<Void>

    /// Ends `ended` when the relay has stopped.
    init(
        limits: ConnectionLimits,
        rendezvous: consuming sending Rendezvous<ConnectionID>,
        ended: EventLoopPromise<Void>,
        logger: Logger
    ) {
        self.limits = limits
        self.ended = ended
        state = Mutex(State(limits: limits, rendezvous: rendezvous, logger: logger))
    }

    /// What a loop has to do for a connection of its own, or for all of them.
    enum Deed: Sendable {
        case send(RelayFrame, to: ConnectionID)
        case close(ConnectionID)
        /// Somebody else needs the place of this connection, if it is still nobody's.
        case giveWay(ConnectionID)
        /// A poll that waits on a connection has its answer; nil when its device is not known any more.
        case answer(ConnectionID, PollAnswer?)
        case order(Order)
    }

    /// What every loop has to do.
    enum Order: Sendable {
        /// There is room for a connection again.
        case roomAgain
        /// Every device is told that the relay goes away.
        case goAway
        /// Connections of the HTTP door are closed: whoever polls has been told.
        case closeDoors
        case hangUp
        /// A crowd has gone, and tables can be smaller.
        case shrink
        /// Nothing comes any more.
        case end
    }

    enum Phase: Sendable {
        case serving
        /// Nothing new; pairings in hand go on until the deadline.
        case draining(until: NIODeadline)
        /// Every connection is being closed, and cut at the deadline.
        case ending(until: NIODeadline)
        case ended
    }

    /// Something that has happened on a connection of a loop's, to be told in order.
    enum Event: Sendable {
        /// A device has sent a frame.
        case frame(DeviceFrame, bytes: Int, from: ConnectionID)
        /// The same from one that has said nothing before, and stood for no device until now; the prefix it counted for.
        case firstFrame(DeviceFrame, bytes: Int, from: ConnectionID, countedFor: AddressPrefix?)
        /// A device broke the rules of the frames; it is told so, and is lost. It may come back with its token.
        case badFrame(from: ConnectionID)
        /// A device is gone, or is not listened to any more.
        case lost(ConnectionID)
    }

    /// Which loop makes a change, and when: the rendezvous' time and the loop's.
    struct Context: Sendable {
        let loop: Int
        let moment: Moment
        let now: NIODeadline
    }

    /// What a change has come to, for the loop that made it.
    struct Outcome<Result> {
        let result: Result
        /// When the rendezvous has something to do next, on its own clock; nil for never.
        let rendezvousDue: Duration?
        /// When something else here has.
        let due: NIODeadline?
    }

    /// A loop joins. Returns its index, 0 for the first. `wake` is called, on any thread, when another loop has left deeds for it and
    /// says so.
    func join(wake: @escaping @Sendable () -> Void) -> Int {
        state.withLock { state in
            state.desks.append(LoopDesk(wake: wake))
            return state.desks.count - 1
        }
    }

    /// Tells what has happened on a loop's connections, changes what is shared, sees to what follows from that, and adds what the
    /// loop has to do to `deeds`: all of it under one lock. `body` is given the time that it is for all loops.
    func change<Result>(
        by loop: Int,
        after events: [Event],
        into deeds: inout [Deed],
        at moment: Moment,
        now: NIODeadline,
        _ body: (inout State, Context) -> Result
    ) -> Outcome<Result> {
        let (outcome, woken, isOver) = state.withLock { state in
            let context = Context(loop: loop, moment: state.latest(moment), now: now)
            for event in events { state.happened(event, context) }
            let result = body(&state, context)
            state.settle(context)
            state.take(loop, into: &deeds)
            let outcome = Outcome(
                result: result,
                rendezvousDue: state.rendezvous.nextDeadline,
                due: state.nextDue
            )
            return (outcome, state.takeWoken(but: loop), state.takeOver())
        }
        // To wake a loop is not cheap: one that has been woken is not woken again before it has taken its deeds.
        for wake in woken { wake() }
        // Once it is told, the loops may end.
        if isOver { ended.succeed() }
        return outcome
    }

    /// Looks at what is shared.
    func look<Result>(_ body: (borrowing State) -> Result) -> Result where Result: Sendable {
        state.withLock { body($0) }
    }
}

extension Exchange {
    /// What waits for one loop.
    struct LoopDesk: Sendable {
        let wake: @Sendable () -> Void
        /// How many connections it has served.
        var accepted = 0
        var deeds: [Deed] = []
        var isWoken = false
    }

    struct State: ~Copyable, Sendable {
        let limits: ConnectionLimits
        var rendezvous: Rendezvous<ConnectionID>
        /// The devices that come through calls. Each has a number of its own, which is no socket's.
        var calls: CallDesk<ConnectionID>
        var generator = SystemRandomNumberGenerator()
        var actions: [Action<ConnectionID>] = []
        /// While its first call is in hand.
        var newcomer: Newcomer?
        var phase = Phase.serving
        private(set) var outcomes: [ConnectionOutcome: Int] = [:]

        /// How many sockets' connections there are.
        var lineCount = 0
        /// Connections of each prefix that stand for no device, and all that there are.
        private(set) var opening = PrefixCounts()
        private(set) var sockets = PrefixCounts()
        private(set) var nobodies = Nobodies()
        /// How much all WebSockets leave unread, as far as is known: what was read since is noticed at the next ping.
        private(set) var unread = 0
        /// Of all calls.
        private(set) var bodyBytes = 0

        fileprivate var desks: [LoopDesk] = []
        /// The most of ``population`` since memory was last given back.
        private var peak = 0
        private var lastID: UInt64 = 0
        private var lastMoment: Moment?
        private var wasFull = false
        private var areDoorsClosed = false
        private var isOverTold = false
        private let logger: Logger

        fileprivate init(limits: ConnectionLimits, rendezvous: Rendezvous<ConnectionID>, logger: Logger) {
            self.limits = limits
            self.rendezvous = rendezvous
            self.logger = logger
            calls = CallDesk(limits: limits)
        }
    }
}

// MARK: - Connections

extension Exchange.State {
    /// Whether devices that are new are taken.
    var isServing: Bool {
        if case .serving = phase { true } else { false }
    }

    /// Whether no connection is accepted.
    var isFull: Bool { taken >= limits.connections }

    /// Whether only devices that come back are let in, and others are told that the relay is full.
    var isCrowded: Bool { kept > 0 && taken > limits.connections - kept }

    private var taken: Int { lineCount + calls.openCount }
    private var kept: Int { min(limits.keptConnections, limits.connections / 8) }

    private func ceiling(perPrefix: Int = .max) -> PrefixCeiling {
        PrefixCeiling(
            all: limits.connections,
            used: taken,
            part: rendezvous.partOfFree,
            perPrefix: perPrefix
        )
    }

    /// How many fourths of ``ConnectionLimits/idleTime`` a socket may be idle.
    var idleFourths: Int {
        taken < limits.connections / 2 ? 4 : taken < limits.connections / 4 * 3 ? 2 : 1
    }

    /// Two loops may have read the clock before one of them got here: the relay's time does not go back for that.
    fileprivate mutating func latest(_ moment: Moment) -> Moment {
        var moment = moment
        if let lastMoment { moment.monotonic = max(moment.monotonic, lastMoment.monotonic) }
        lastMoment = moment
        return moment
    }

    /// A number for a connection, of a loop's or for a device that comes through calls.
    mutating func nextID(loop: Int?) -> ConnectionID {
        lastID += 1
        return loop.map { ConnectionID(lastID, loop: $0) } ?? ConnectionID(callsAs: lastID)
    }

    /// A connection was accepted, and stands for no device yet. Nil when the relay is ending and takes none, or has enough of that
    /// address that say nothing. A proxy's has no prefix.
    mutating func accept(_ prefix: AddressPrefix?, _ context: Exchange.Context) -> ConnectionID? {
        switch phase {
        case .serving, .draining: break
        // The last polls may come on connections of their own.
        case .ending where calls.untold > 0: break
        case .ending, .ended: return nil
        }
        guard hasPlace(for: prefix) else { return nil }
        lineCount += 1
        desks[context.loop].accepted += 1
        notePeak()
        count(1, prefix)
        return nextID(loop: context.loop)
    }

    /// A connection was accepted where none but those that come back are let in: one that is nobody is closed for it, or two as long
    /// as there are more than there should be. False when none is known here.
    mutating func makeRoom(for id: ConnectionID, _ prefix: AddressPrefix?) -> Bool {
        let sockets = sockets
        var hasMade = false
        for _ in 0..<min(2, taken - (limits.connections - kept)) {
            guard let id = nobodies.takeFullest(using: &generator, standing: { sockets.standing($0) }),
                let loop = id.loop
            else { break }
            desks[loop].deeds.append(.giveWay(id))
            hasMade = true
        }
        nobodies.insert(id, of: prefix)
        return hasMade
    }

    /// The one of these whose prefix has most.
    func fullest(_ candidates: [(id: ConnectionID, prefix: AddressPrefix?)]) -> ConnectionID? {
        candidates.max { ($0.prefix.map(sockets.standing) ?? 0) < ($1.prefix.map(sockets.standing) ?? 0) }?.id
    }

    /// A connection counts for this prefix from now on, or no more, and stands for no device.
    mutating func count(_ change: Int, _ prefix: AddressPrefix?) {
        guard let prefix else { return }
        sockets.count(change, prefix)
        opening.count(change, prefix)
    }

    /// A connection is no more; whether it stood for no device.
    mutating func ended(_ id: ConnectionID, _ prefix: AddressPrefix?, wasIdle: Bool) {
        lineCount -= 1
        nobodies.remove(id)
        guard let prefix else { return }
        sockets.count(-1, prefix)
        if wasIdle { opening.count(-1, prefix) }
    }

    /// A connection stands for no device, or does.
    mutating func isIdle(_ isIdle: Bool, _ id: ConnectionID, _ prefix: AddressPrefix?) {
        if let prefix { opening.count(isIdle ? 1 : -1, prefix) }
        if isIdle { isNobody(id, prefix) } else { nobodies.remove(id) }
    }

    /// A connection has said what it wants. One that is turned away for it is nobody's until it is gone.
    mutating func hasSpoken(_ id: ConnectionID, _ prefix: AddressPrefix?, isTurnedAway: Bool) {
        if let prefix { opening.count(-1, prefix) }
        if isTurnedAway { note(.turnedAway) } else { nobodies.remove(id) }
    }

    /// A device leaves so many bytes unread, `difference` more or fewer than before; whether that is borne.
    mutating func bears(_ bytes: Int, difference: Int) -> Bool {
        unread += difference
        return bytes <= (unread > limits.unreadBytesInAll ? WireLimits.callBytes : limits.outboundBytes)
    }

    /// Bodies of so many bytes more, or fewer, are kept for a connection, `total` in all. Whether there is place for them; for a call
    /// with one frame there always is.
    mutating func keeps(_ difference: Int, total: Int) -> Bool {
        bodyBytes += difference
        guard bodyBytes > limits.bodyBytesInAll, total > WireLimits.frameBytes, difference > 0 else { return true }
        note(.refusedRequest)
        return false
    }

    /// What was kept for a connection that is no more.
    mutating func forget(unread unreadBytes: Int, bodyBytes bytes: Int) {
        unread -= unreadBytes
        bodyBytes -= bytes
    }

    /// A connection may be closed when its place is needed.
    mutating func isNobody(_ id: ConnectionID, _ prefix: AddressPrefix?) {
        nobodies.insert(id, of: prefix)
    }

    /// Why a socket that has said what it wants has no place if it is somebody new; nil when it has one.
    func refusal(ofNew prefix: AddressPrefix?) -> Refusal? {
        if isCrowded { return Refusal(reason: .relayFull, retryAfter: limits.retryAfter) }
        guard let prefix, !sockets.allows(prefix, ceiling(), counted: 1) else { return nil }
        return Refusal(reason: .tooMany, retryAfter: limits.retryAfter)
    }

    /// The same for a device that comes through calls, `isNew` or back with a token.
    func refusal(ofCaller prefix: AddressPrefix, isNew: Bool) -> Refusal? {
        let all = isNew ? limits.connections - kept : limits.connections
        guard taken < all else { return Refusal(reason: .relayFull, retryAfter: limits.retryAfter) }
        guard isNew, !calls.devices.allows(prefix, ceiling()) else { return nil }
        return Refusal(reason: .tooMany, retryAfter: limits.retryAfter)
    }

    /// What takes memory here: sockets' connections, and those that come through calls, the closed ones that are remembered too.
    private var population: Int { lineCount + calls.count }

    mutating func notePeak() {
        peak = max(peak, population)
    }

    /// Whether a crowd has gone, or half of it: what it took can be given back.
    var hasCrowdGone: Bool { peak - population >= Self.crowd && population <= peak / 2 }

    /// Makes the tables as small as what is in them needs.
    mutating func shrink() {
        peak = population
        rendezvous.shrink()
        calls.shrink()
        opening.shrink()
        sockets.shrink()
        nobodies.shrink()
        order(.shrink)
    }

    /// Fewer leave nothing worth the trouble, about a megabyte.
    private static let crowd = 256

    /// Whether an address may have another connection without a device.
    mutating func hasPlace(for prefix: AddressPrefix?) -> Bool {
        guard let prefix, !opening.allows(prefix, ceiling(perPrefix: limits.openingPerPrefix)) else { return true }
        note(.tooManyOpening)
        return false
    }

    /// What became of a connection, for logs: never whose it was.
    mutating func note(_ outcome: ConnectionOutcome) {
        outcomes[outcome, default: 0] += 1
        logger.debug("connection refused or lost", metadata: ["outcome": "\(outcome.rawValue)"])
    }
}

// MARK: - What happens on connections

extension Exchange.State {
    fileprivate mutating func happened(_ event: Exchange.Event, _ context: Exchange.Context) {
        switch event {
        case .frame(let frame, let bytes, let id):
            received(frame, bytes: bytes, from: id, crowded: nil, context)
        case .firstFrame(let frame, let bytes, let id, let prefix):
            let crowded = refusal(ofNew: prefix)
            hasSpoken(id, prefix, isTurnedAway: crowded != nil && frame.isOfStranger)
            received(frame, bytes: bytes, from: id, crowded: crowded, context)
        case .badFrame(let id):
            note(.badFrame)
            rendezvous.receivedBadFrame(from: id, now: context.moment, into: &actions)
        case .lost(let id):
            rendezvous.disconnected(id, now: context.moment, into: &actions)
        }
    }

    mutating func received(
        _ frame: DeviceFrame,
        bytes: Int,
        from id: ConnectionID,
        crowded: Refusal?,
        _ context: Exchange.Context
    ) {
        rendezvous.received(
            frame,
            bytes: bytes,
            from: id,
            crowded: crowded,
            now: context.moment,
            entropy: &generator,
            into: &actions
        )
    }
}

// MARK: - What follows from a change

extension Exchange.State {
    /// Hands on what was decided, and looks whether this was the last of it.
    fileprivate mutating func settle(_ context: Exchange.Context) {
        handOn(context)
        if case .draining = phase, rendezvous.statistics.rooms == 0 { end(context) }
        answerPolls(context)
        switch phase {
        case .serving, .draining, .ended: break
        case .ending:
            // The connections of the HTTP door stay until everybody who polls has been told.
            guard calls.untold == 0 else { break }
            if !areDoorsClosed {
                areDoorsClosed = true
                order(.closeDoors)
            }
            guard lineCount == 0 else { break }
            phase = .ended
            calls.forgetAll()
            order(.end)
        }
        if wasFull != isFull {
            wasFull.toggle()
            if !wasFull { order(.roomAgain) }
        }
    }

    /// To each loop what is its own, and to the calls what is theirs, which may make more.
    mutating func handOn(_ context: Exchange.Context) {
        var next = actions.startIndex
        while next < actions.endIndex {
            switch actions[next] {
            case .send(let frame, let id):
                if let loop = id.loop {
                    desks[loop].deeds.append(.send(frame, to: id))
                } else {
                    send(frame, toCallsOf: id, context)
                }
            case .close(let id):
                if let loop = id.loop {
                    desks[loop].deeds.append(.close(id))
                } else {
                    calls.close(id, now: context.now)
                }
            }
            next += 1
        }
        actions.removeAll(keepingCapacity: true)
    }

    private mutating func answerPolls(_ context: Exchange.Context) {
        for (line, answer) in calls.takeAnswers(now: context.now) {
            guard let loop = line.loop else { continue }
            desks[loop].deeds.append(.answer(line, answer))
        }
    }

    mutating func order(_ order: Exchange.Order) {
        for loop in desks.indices { desks[loop].deeds.append(.order(order)) }
    }

    /// Adds a loop's deeds to those that it has.
    fileprivate mutating func take(_ loop: Int, into deeds: inout [Exchange.Deed]) {
        desks[loop].isWoken = false
        guard !desks[loop].deeds.isEmpty else { return }
        guard !deeds.isEmpty else { return swap(&desks[loop].deeds, &deeds) }
        deeds += desks[loop].deeds
        desks[loop].deeds.removeAll(keepingCapacity: true)
    }

    /// How to wake the loops that others have left something for, each once until it has taken that.
    fileprivate mutating func takeWoken(but own: Int) -> [@Sendable () -> Void] {
        guard desks.count > 1 else { return [] }
        var woken: [@Sendable () -> Void] = []
        for loop in desks.indices where loop != own && !desks[loop].deeds.isEmpty && !desks[loop].isWoken {
            desks[loop].isWoken = true
            woken.append(desks[loop].wake)
        }
        return woken
    }

    /// When ``deadlinesPassed(_:)`` is to be called next for anything but the rendezvous; nil for never.
    fileprivate var nextDue: NIODeadline? {
        let phaseDue: NIODeadline? =
            switch phase {
            case .serving, .ended: nil
            case .draining(let until), .ending(let until): until
            }
        guard let phaseDue, let callsDue = calls.nextDeadline else { return phaseDue ?? calls.nextDeadline }
        return min(phaseDue, callsDue)
    }

    /// A time has come at which something here is due.
    mutating func deadlinesPassed(_ context: Exchange.Context) {
        for id in calls.deadlinesPassed(now: context.now) {
            note(.absent)
            rendezvous.disconnected(id, now: context.moment, into: &actions)
        }
        rendezvous.deadlinesPassed(now: context.moment, entropy: &generator, into: &actions)
        switch phase {
        case .draining(let until) where until <= context.now: end(context)
        case .ending(let until) where until <= context.now: hangUpAll()
        case .serving, .draining, .ending, .ended: break
        }
    }
}

// MARK: - The end

extension Exchange.State {
    /// Takes nothing new, sends on whoever has not met anybody, and ends when the pairings in hand have ended or the time is over.
    /// The port stays open meanwhile: a device in a pairing may come back, and who watches the relay's health sees that it goes.
    mutating func drain(_ context: Exchange.Context) {
        guard case .serving = phase else { return }
        logger.info("draining", metadata: statistics)
        phase = .draining(until: context.now + TimeAmount(limits.drainTime))
        rendezvous.drain(now: context.moment, into: &actions)
    }

    /// Ends at once.
    mutating func stop(_ context: Exchange.Context) {
        switch phase {
        case .serving, .draining:
            end(context)
            hangUpAll()
        case .ending: hangUpAll()
        case .ended: break
        }
    }

    private mutating func end(_ context: Exchange.Context) {
        phase = .ending(until: context.now + TimeAmount(limits.closingTime))
        rendezvous.end(now: context.moment, into: &actions)
        handOn(context)
        calls.closeAll(now: context.now)
        answerPolls(context)
        order(.goAway)
    }

    private mutating func hangUpAll() {
        calls.forgetAll()
        order(.hangUp)
    }

    /// Whether the relay has ended, once.
    fileprivate mutating func takeOver() -> Bool {
        guard case .ended = phase, !isOverTold else { return false }
        isOverTold = true
        logger.info("stopped", metadata: statistics)
        return true
    }

    private var statistics: Logger.Metadata {
        var metadata: Logger.Metadata = ["connections": "\(lineCount + calls.openCount)", "accepted": "\(lastID)"]
        metadata["accepted-by-core"] = "\(desks.map { String($0.accepted) }.joined(separator: " "))"
        for (outcome, count) in outcomes {
            metadata[outcome.rawValue] = "\(count)"
        }
        return metadata
    }
}
