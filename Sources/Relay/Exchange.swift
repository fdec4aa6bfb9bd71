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

    /// What a change has come to, for the loop that made it.
    struct Outcome<Result> {
        let result: Result
        /// Whether that loop has deeds to take.
        let hasDeeds: Bool
        /// Whether other loops have, and have not been woken for them: ``wakeOthers(but:)`` is to be called soon.
        let hasForOthers: Bool
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

    /// Changes what is shared, and sees to what follows from it. `body` is given the time that it is for all loops.
    func change<Result>(
        by loop: Int,
        at moment: Moment,
        now: NIODeadline,
        _ body: (inout State, Moment) -> Result
    ) -> Outcome<Result> {
        let (outcome, isOver) = state.withLock { state in
            let moment = state.latest(moment)
            let result = body(&state, moment)
            state.settle(at: moment, now: now)
            let outcome = Outcome(
                result: result,
                hasDeeds: !state.desks[loop].deeds.isEmpty,
                hasForOthers: state.hasForOthers(but: loop),
                rendezvousDue: state.rendezvous.nextDeadline,
                due: state.nextDue
            )
            return (outcome, state.takeOver())
        }
        if isOver {
            // Once it is told, the loops may end.
            wakeOthers(but: loop)
            ended.succeed()
        }
        return outcome
    }

    /// Wakes the loops for which others have left something, once for all of it: to wake one is not cheap, and a loop that reads a
    /// batch of frames would wake another for each of them.
    func wakeOthers(but loop: Int) {
        for wake in state.withLock({ $0.takeWoken(but: loop) }) { wake() }
    }

    /// Looks at what is shared.
    func look<Result>(_ body: (State) -> Result) -> Result where Result: Sendable {
        state.withLock { body($0) }
    }

    /// Hands a loop its deeds. They take the place of `deeds`, which is empty.
    func take(_ loop: Int, into deeds: inout [Deed]) {
        state.withLock { state in
            swap(&state.desks[loop].deeds, &deeds)
            state.desks[loop].isWoken = false
        }
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

    struct State: Sendable {
        let limits: ConnectionLimits
        var rendezvous: Rendezvous<ConnectionID>
        /// The devices that come through calls. Each has a number of its own, which is no socket's.
        var calls: CallDesk<ConnectionID>
        var generator = SystemRandomNumberGenerator()
        var actions: [Action<ConnectionID>] = []
        /// While its first call is in hand.
        var newcomer: Newcomer?
        var phase = Phase.serving
        private(set) var outcomes: [Switchboard.Outcome: Int] = [:]

        /// How many sockets' connections there are.
        var lineCount = 0
        /// Connections of each prefix that stand for no device, and all that there are.
        private(set) var opening = PrefixCounts()
        private(set) var sockets = PrefixCounts()
        private(set) var nobodies = Nobodies()
        /// How much all WebSockets leave unread, as far as is known: what was read since is noticed at the next ping.
        var unread = 0
        /// Of all calls.
        var bodyBytes = 0

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
    mutating func accept(_ prefix: AddressPrefix?, loop: Int) -> ConnectionID? {
        switch phase {
        case .serving, .draining: break
        // The last polls may come on connections of their own.
        case .ending where calls.untold > 0: break
        case .ending, .ended: return nil
        }
        guard hasPlace(for: prefix) else { return nil }
        lineCount += 1
        desks[loop].accepted += 1
        notePeak()
        count(1, prefix)
        let id = nextID(loop: loop)
        return id
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
    mutating func note(_ outcome: Switchboard.Outcome) {
        outcomes[outcome, default: 0] += 1
        logger.debug("connection refused or lost", metadata: ["outcome": "\(outcome.rawValue)"])
    }
}

// MARK: - What follows from a change

extension Exchange.State {
    /// Hands on what was decided, and looks whether this was the last of it.
    fileprivate mutating func settle(at moment: Moment, now: NIODeadline) {
        handOn(at: moment, now: now)
        if case .draining = phase, rendezvous.statistics.rooms == 0 { end(at: moment, now: now) }
        answerPolls(now: now)
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
    mutating func handOn(at moment: Moment, now: NIODeadline) {
        var next = actions.startIndex
        while next < actions.endIndex {
            switch actions[next] {
            case .send(let frame, let id):
                if let loop = id.loop {
                    desks[loop].deeds.append(.send(frame, to: id))
                } else {
                    send(frame, toCallsOf: id, at: moment, now: now)
                }
            case .close(let id):
                if let loop = id.loop { desks[loop].deeds.append(.close(id)) } else { calls.close(id, now: now) }
            }
            next += 1
        }
        actions.removeAll(keepingCapacity: true)
    }

    private mutating func answerPolls(now: NIODeadline) {
        for (line, answer) in calls.takeAnswers(now: now) {
            guard let loop = line.loop else { continue }
            desks[loop].deeds.append(.answer(line, answer))
        }
    }

    mutating func order(_ order: Exchange.Order) {
        for loop in desks.indices { desks[loop].deeds.append(.order(order)) }
    }

    /// Those loops that have something to do and don't know.
    fileprivate func hasForOthers(but own: Int) -> Bool {
        guard desks.count > 1 else { return false }
        return desks.indices.contains { $0 != own && !desks[$0].deeds.isEmpty && !desks[$0].isWoken }
    }

    fileprivate mutating func takeWoken(but own: Int) -> [@Sendable () -> Void] {
        guard desks.count > 1 else { return [] }
        var woken: [@Sendable () -> Void] = []
        for loop in desks.indices where loop != own && !desks[loop].deeds.isEmpty && !desks[loop].isWoken {
            desks[loop].isWoken = true
            woken.append(desks[loop].wake)
        }
        return woken
    }

    /// When ``deadlinesPassed(at:now:)`` is to be called next for anything but the rendezvous; nil for never.
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
    mutating func deadlinesPassed(at moment: Moment, now: NIODeadline) {
        for id in calls.deadlinesPassed(now: now) {
            note(.absent)
            rendezvous.disconnected(id, now: moment, into: &actions)
        }
        rendezvous.deadlinesPassed(now: moment, entropy: &generator, into: &actions)
        switch phase {
        case .draining(let until) where until <= now: end(at: moment, now: now)
        case .ending(let until) where until <= now: hangUpAll()
        case .serving, .draining, .ending, .ended: break
        }
    }
}

// MARK: - The end

extension Exchange.State {
    /// Takes nothing new, sends on whoever has not met anybody, and ends when the pairings in hand have ended or the time is over.
    /// The port stays open meanwhile: a device in a pairing may come back, and who watches the relay's health sees that it goes.
    mutating func drain(at moment: Moment, now: NIODeadline) {
        guard case .serving = phase else { return }
        logger.info("draining", metadata: statistics)
        phase = .draining(until: now + TimeAmount(limits.drainTime))
        rendezvous.drain(now: moment, into: &actions)
    }

    /// Ends at once.
    mutating func stop(at moment: Moment, now: NIODeadline) {
        switch phase {
        case .serving, .draining:
            end(at: moment, now: now)
            hangUpAll()
        case .ending: hangUpAll()
        case .ended: break
        }
    }

    private mutating func end(at moment: Moment, now: NIODeadline) {
        phase = .ending(until: now + TimeAmount(limits.closingTime))
        rendezvous.end(now: moment, into: &actions)
        handOn(at: moment, now: now)
        calls.closeAll(now: now)
        answerPolls(now: now)
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
