import EasySetupRelayCore
import EasySetupRelayProtocol
import Logging
import NIOCore

extension RelayHub {
    /// All that the loops share, behind the lock.
    struct State: ~Copyable, Sendable {
        let limits: ConnectionLimits
        var rendezvous: Rendezvous<ConnectionID>
        /// The devices that come through calls. Each has a number of its own, which is no socket's.
        var calls: LongPollSessions<ConnectionID>
        var admission: Admission
        var inboxes = LoopInboxes<Effect>()
        var generator = SystemRandomNumberGenerator()
        var actions: [Action<ConnectionID>] = []
        /// While its first call is in hand.
        var newcomer: Newcomer?
        private(set) var lifecycle: Lifecycle
        private(set) var outcomes: [ConnectionOutcome: Int] = [:]
        /// How many connections each loop has accepted.
        private var accepted: [Int: Int] = [:]
        private var lastID: UInt64 = 0
        private var lastMoment: Moment?
        private var wasFull = false
        private let logger: Logger

        init(limits: ConnectionLimits, rendezvous: consuming Rendezvous<ConnectionID>, logger: Logger) {
            self.limits = limits
            self.logger = logger
            calls = LongPollSessions(limits: limits)
            admission = Admission(limits: limits, partOfFree: rendezvous.partOfFree)
            lifecycle = Lifecycle(limits: limits)
            self.rendezvous = rendezvous
        }
    }
}

// MARK: - Connections

extension RelayHub.State {
    var callers: Admission.Callers {
        @inline(__always) get { Admission.Callers(open: calls.openCount, remembered: calls.count) }
    }

    /// Whether no connection is accepted.
    var isFull: Bool { @inline(__always) get { admission.isFull(callers) } }
    /// Whether only devices that come back are let in, and others are told that the relay is full.
    var isCrowded: Bool { admission.isCrowded(callers) }
    /// How many fourths of ``ConnectionLimits/idleTime`` a connection may be idle.
    var idleFourths: Int { admission.idleFourths(callers) }
    var hasCrowdGone: Bool { admission.hasCrowdGone(callers) }

    /// Two loops may have read the clock before one of them got here: the relay's time does not go back for that.
    mutating func latest(_ moment: Moment) -> Moment {
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
    mutating func accept(_ prefix: AddressPrefix?, _ context: RelayHub.Context) -> ConnectionID? {
        guard lifecycle.accepts(untold: calls.untold), hasPlace(for: prefix) else { return nil }
        accepted[context.loop, default: 0] += 1
        admission.accepted(prefix, callers)
        return nextID(loop: context.loop)
    }

    /// It is known now whom a connection counts for that stands for no device. False when that one has enough of those.
    mutating func count(for prefix: AddressPrefix?) -> Bool {
        let hasPlace = hasPlace(for: prefix)
        admission.count(prefix)
        return hasPlace
    }

    private mutating func hasPlace(for prefix: AddressPrefix?) -> Bool {
        guard !admission.hasPlace(for: prefix, callers) else { return true }
        note(.tooManyOpening)
        return false
    }

    /// A connection was accepted where none but those that come back are let in: one that is nobody is closed for it. False when none is
    /// known here.
    mutating func makeRoom(for id: ConnectionID, _ prefix: AddressPrefix?) -> Bool {
        let leaving = admission.makeRoom(for: id, prefix, callers, using: &generator)
        for id in leaving { if let loop = id.loop { inboxes.leave(.giveWay(id), for: loop) } }
        return !leaving.isEmpty
    }

    /// Bodies of so many bytes more, or fewer, are kept for a connection, `total` in all. Whether there is place for them.
    mutating func reserveBodyBytes(_ difference: Int, total: Int) -> Bool {
        guard !admission.account(bodies: difference, total: total) else { return true }
        note(.refusedRequest)
        return false
    }

    /// Makes the tables as small as what is in them needs.
    mutating func shrink() {
        admission.shrink(callers)
        rendezvous.shrink()
        calls.shrink()
        inboxes.leaveForAll(.broadcast(.shrink))
    }

    /// What became of a connection, for logs: never whose it was.
    mutating func note(_ outcome: ConnectionOutcome) {
        outcomes[outcome, default: 0] += 1
        logger.debug("connection refused or lost", metadata: ["outcome": "\(outcome.rawValue)"])
    }
}

// MARK: - What happens on connections

extension RelayHub.State {
    mutating func happened(_ event: RelayHub.Event, _ context: RelayHub.Context) {
        switch event {
        case .frame(let frame, let bytes, let id):
            received(frame, bytes: bytes, from: id, crowded: nil, context)
        case .firstFrame(let frame, let bytes, let id, let prefix):
            let crowded = admission.refusal(ofNew: prefix, callers)
            let isTurnedAway = crowded != nil && frame.isOfStranger
            if isTurnedAway { note(.turnedAway) }
            admission.firstFrameReceived(id, prefix, isTurnedAway: isTurnedAway)
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
        crowded: AdmissionRefusal?,
        _ context: RelayHub.Context
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

extension RelayHub.State {
    /// Hands on what was decided, and looks whether this was the last of it.
    mutating func applyConsequences(_ context: RelayHub.Context) {
        distributeActions(context)
        answerPolls(context)
        if !lifecycle.isServing { goOnEnding(context) }
        if wasFull != isFull {
            wasFull.toggle()
            if !wasFull { inboxes.leaveForAll(.broadcast(.resumeAccepting)) }
        }
    }

    /// To each loop what is its own, and to the calls what is theirs, which may make more.
    mutating func distributeActions(_ context: RelayHub.Context) {
        var next = actions.startIndex
        while next < actions.endIndex {
            switch actions[next] {
            case .send(let frame, let id):
                if let loop = id.loop {
                    inboxes.leave(.send(frame, to: id), for: loop)
                } else {
                    send(frame, toCallsOf: id, context)
                }
            case .close(let id):
                if let loop = id.loop {
                    inboxes.leave(.close(id), for: loop)
                } else {
                    calls.close(id, now: context.now)
                }
            }
            next += 1
        }
        actions.clear()
    }

    private mutating func answerPolls(_ context: RelayHub.Context) {
        for (connection, answer) in calls.takeAnswers(now: context.now) {
            if let loop = connection.loop { inboxes.leave(.answer(connection, answer), for: loop) }
        }
    }

    /// When ``deadlinesPassed(_:)`` is to be called next for anything but the rendezvous; nil for never.
    ///
    /// It changes nothing. It is marked as if it did because the compiler copies all of this, 2.5 KB, to read it.
    var nextDue: NIODeadline? {
        mutating get {
            guard let due = lifecycle.due, let callsDue = calls.nextDeadline else {
                return lifecycle.due ?? calls.nextDeadline
            }
            return min(due, callsDue)
        }
    }

    /// A time has come at which something here is due.
    mutating func deadlinesPassed(_ context: RelayHub.Context) {
        for id in calls.deadlinesPassed(now: context.now) {
            note(.absent)
            rendezvous.disconnected(id, now: context.moment, into: &actions)
        }
        rendezvous.deadlinesPassed(now: context.moment, entropy: &generator, into: &actions)
        if let order = lifecycle.deadlinePassed(now: context.now) { carryOut(order, context) }
    }
}

// MARK: - The end

extension RelayHub.State {
    /// Takes nothing new, sends on whoever has not met anybody, and ends when the pairings in hand have ended or the time is over.
    /// The port stays open meanwhile: a device in a pairing may come back, and who watches the relay's health sees that it goes.
    mutating func drain(_ context: RelayHub.Context) {
        guard lifecycle.drain(now: context.now) else { return }
        logger.info("draining", metadata: statistics)
        rendezvous.drain(now: context.moment, into: &actions)
    }

    /// Ends at once.
    mutating func stop(_ context: RelayHub.Context) {
        for order in lifecycle.stop(now: context.now) { carryOut(order, context) }
    }

    private mutating func goOnEnding(_ context: RelayHub.Context) {
        while let order = lifecycle.changed(
            rooms: rendezvous.statistics.rooms,
            connections: admission.socketCount,
            untold: calls.untold,
            now: context.now
        ) {
            carryOut(order, context)
        }
    }

    private mutating func carryOut(_ order: Lifecycle.Order, _ context: RelayHub.Context) {
        switch order {
        case .end:
            rendezvous.end(now: context.moment, into: &actions)
            distributeActions(context)
            calls.closeAll(now: context.now)
            answerPolls(context)
            inboxes.leaveForAll(.broadcast(.goAway))
        case .closeRequests: inboxes.leaveForAll(.broadcast(.closeLongPolls))
        case .hangUp:
            calls.forgetAll()
            inboxes.leaveForAll(.broadcast(.hangUp))
        case .ended:
            calls.forgetAll()
            inboxes.leaveForAll(.broadcast(.end))
        }
    }

    /// Whether the relay has ended, once.
    mutating func takeEnd() -> Bool {
        guard lifecycle.takeEnd() else { return false }
        logger.info("stopped", metadata: statistics)
        return true
    }

    private var statistics: Logger.Metadata {
        var metadata: Logger.Metadata = [
            "connections": "\(admission.socketCount + calls.openCount)", "accepted": "\(lastID)",
        ]
        metadata["accepted-by-core"] = "\(inboxes.loops.map { String(accepted[$0] ?? 0) }.joined(separator: " "))"
        for (outcome, count) in outcomes {
            metadata[outcome.rawValue] = "\(count)"
        }
        return metadata
    }
}
