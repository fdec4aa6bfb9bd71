import EasySetupFleet
import EasySetupFleetStore
import EasySetupRelayCore
import EasySetupRelayProtocol
import Logging
import NIOHTTP1

extension RelayHub {
    /// The state that all event loops share. The ``RelayHub`` protects it by a lock.
    struct State: ~Copyable, Sendable {
        let limits: ConnectionLimits
        var rendezvous: Rendezvous
        /// The relay's part in a fleet; nil for a relay alone.
        var fleet: FleetMachine?
        /// The long-polling sessions. No session has the same number as a connection.
        var calls: LongPollSessions
        var admission: Admission
        var inboxes = LoopInboxes<Effect>()
        /// Holds the time of the event that the relay is handling, and collects the resulting actions. Between events
        /// it has no actions.
        var turn = Turn(
            now: Moment(monotonic: .zero, utcSeconds: 0),
            entropy: SystemEntropy()
        )
        /// The device whose first long-polling request is being handled; nil at all other times.
        var newcomer: Newcomer?
        private(set) var outcomes: [ConnectionOutcome: Int] = [:]
        /// How many connections each loop has accepted, for the logs.
        private(set) var accepted: [Int: Int] = [:]
        private var lastID: UInt64 = 0
        private var minutes = MinuteLines()
        /// Whether the loop of the store is to call ``serveStore()``.
        var willServeStore = false
        /// The state of the fleet as the log has it.
        var fleetLog: FleetLog
        let logger: Logger

        init(
            limits: ConnectionLimits,
            rendezvous: consuming Rendezvous,
            fleet: consuming FleetMachine?,
            servers: [String],
            logger: Logger
        ) {
            self.limits = limits
            self.logger = logger
            fleetLog = FleetLog(servers: servers)
            self.fleet = fleet
            let transport = TransportLimits(limits, partOfFree: rendezvous.partOfFree)
            calls = LongPollSessions(limits: transport, notesForgotten: fleet != nil)
            admission = Admission(limits: transport)
            self.rendezvous = rendezvous
        }
    }
}

// MARK: - Connections

extension RelayHub.State {
    private var callers: Admission.LongPollCounts { calls.callers }

    /// Whether all places for connections are taken, so that the relay accepts no connection.
    var isFull: Bool { admission.isFull(callers) }
    /// Whether all places that are still free are reserved for returning devices. The relay then tells other devices
    /// that it is full.
    var isCrowded: Bool { admission.isCrowded(callers) }
    /// How long an HTTP connection may be idle, in quarters of ``ConnectionLimits/idleTime``.
    var idleFourths: Int { admission.idleFourths(callers) }
    var hasCrowdGone: Bool { admission.hasCrowdGone(callers) }

    /// Sets the time of ``turn``. Loops read the clock before they take the lock, so an earlier moment may come after a
    /// later one, but the relay's time must not go back.
    mutating func setTime(_ moment: Moment) {
        turn.now = Moment(monotonic: max(moment.monotonic, turn.now.monotonic), utcSeconds: moment.utcSeconds)
        if fleet != nil { lookAtClock() }
    }

    /// Makes a new number for a connection on this loop or, if `loop` is nil, for a long-polling session.
    mutating func nextID(loop: Int?) -> ConnectionID {
        lastID += 1
        return loop.map { ConnectionID(lastID, loop: $0) } ?? ConnectionID(callsAs: lastID)
    }

    /// Registers an accepted connection, which serves no device yet, and returns its number. Nil when the relay no
    /// longer accepts connections, or when the prefix has too many that serve no device. The prefix is nil for a
    /// connection from a trusted proxy.
    mutating func accept(_ prefix: AddressPrefix?, on loop: Int) -> ConnectionID? {
        guard rendezvous.lifecycle.accepts(untold: calls.untold), checkPlace(for: prefix) else { return nil }
        accepted[loop, default: 0] += 1
        minutes.happened(turn.now.monotonic)
        admission.accepted(prefix, callers)
        return nextID(loop: loop)
    }

    /// Adds a connection that serves no device yet to the counts of its prefix, which the relay has just learned. False
    /// when the prefix has too many such connections.
    mutating func count(for prefix: AddressPrefix?) -> Bool {
        let hasPlace = checkPlace(for: prefix)
        admission.count(prefix)
        return hasPlace
    }

    /// Whether this prefix may have another connection that serves no device. If not, the relay counts the refusal for
    /// its logs.
    private mutating func checkPlace(for prefix: AddressPrefix?) -> Bool {
        guard !admission.hasPlace(for: prefix, callers) else { return true }
        note(.tooManyOpening)
        return false
    }

    /// Asks the loops to close idle connections, because the connection `id` took a place that is reserved for
    /// returning devices. False when there is no idle connection.
    mutating func makeRoom(for id: ConnectionID, _ prefix: AddressPrefix?) -> Bool {
        let leaving = admission.makeRoom(for: id, prefix, callers, using: &turn.entropy)
        for id in leaving { if let loop = id.loop { inboxes.leave(.giveWay(id), for: loop) } }
        return !leaving.isEmpty
    }

    /// Records that a connection's request bodies now take `total` bytes, `difference` more than before. False when the
    /// relay has no memory for them.
    mutating func reserveBodyBytes(_ difference: Int, total: Int) -> Bool {
        guard !admission.account(bodies: difference, total: total) else { return true }
        turn.counts.limits.add(.bodyBytesInAll)
        note(.refusedRequest)
        return false
    }

    /// The state that the relay's health is told by.
    var health: HTTPRoutes.State {
        HTTPRoutes.State(isDraining: !rendezvous.lifecycle.isServing, isCutOff: fleet?.isJoined == false)
    }

    /// Moves the content of the tables of this state, and of all loops, to tables that are just large enough.
    mutating func shrink() {
        admission.shrink(callers)
        rendezvous.shrink()
        calls.shrink()
        inboxes.leaveForAll(.broadcast(.shrink))
    }

    /// Counts a device for which the relay has no connection free.
    mutating func noteTurnedAway(_ refusal: AdmissionRefusal) {
        turn.counts.limits.add(refusal.reason == .tooMany ? .partOfFree : .keptConnections)
        note(.turnedAway)
    }

    /// Counts the outcome of a connection for the logs, which contain no addresses.
    /// - Parameter problem: what the peer of a refused request was told.
    mutating func note(_ outcome: ConnectionOutcome, _ problem: ProblemType? = nil) {
        outcomes[outcome, default: 0] += 1
        if let limit = outcome.limit { turn.counts.limits.add(limit) }
        var metadata: Logger.Metadata = ["outcome": "\(outcome.rawValue)"]
        if let problem {
            metadata["problem"] = "\(problem.rawValue)"
            metadata["status"] = .stringConvertible(Int(problem.status.code))
        }
        logger.debug("connection refused or lost", metadata: metadata)
    }
}

// MARK: - What happens on connections

extension RelayHub.State {
    mutating func happened(_ event: consuming RelayHub.Event) {
        switch consume event {
        case .frame(let frame, let bytes, let id):
            turn.counts.webSocket.received &+= 1
            if fleet == nil || !saidElsewhere(frame, id) { received(frame, bytes: bytes, from: id, crowded: nil) }
        case .firstFrame(let frame, let bytes, let id, let prefix):
            turn.counts.webSocket.received &+= 1
            let crowded = admission.refusal(ofNew: prefix, callers)
            let isTurnedAway = crowded != nil && frame.isOfStranger
            if let crowded, isTurnedAway { noteTurnedAway(crowded) }
            admission.firstFrameReceived(id, prefix, isTurnedAway: isTurnedAway)
            received(frame, bytes: bytes, from: id, crowded: crowded)
        case .badFrame(let id):
            note(.badFrame)
            receivedBadFrame(from: id)
        case .lost(let id):
            disconnected(id)
        case .told(let event): told(event)
        case .answered(let ticket, let answer): answered(ticket, answer)
        }
        // Among others, an event may depend on what followed from the one before.
        if fleet != nil { distributeActions() }
    }

    mutating func received(
        _ frame: consuming DeviceFrame,
        bytes: Int,
        from id: ConnectionID,
        crowded: AdmissionRefusal?
    ) {
        minutes.happened(turn.now.monotonic)
        rendezvous.received(frame, bytes: bytes, from: id, crowded: crowded, &turn)
    }
}

// MARK: - What follows from a change

extension RelayHub.State {
    /// Passes the actions of the last decision to the loops and the long-polling sessions, answers polls, and takes the
    /// next steps of a shutdown.
    mutating func applyConsequences() {
        distributeActions()
        if fleet != nil { applyCalls() }
        if calls.hasAnswers { answerPolls() }
        if !rendezvous.lifecycle.isServing { goOnEnding() }
        if admission.noteFullness(callers) { inboxes.leaveForAll(.broadcast(.resumeAccepting)) }
        if fleet != nil {
            tellForgotten()
            serveStoreSoon()
        }
    }

    /// Puts each action on a connection into the inbox of its loop, and carries out each action on a long-polling
    /// session. Sending a frame to a session may cause further actions, because the session ends if its device has too
    /// many unread bytes.
    mutating func distributeActions() {
        guard !turn.actions.isEmpty else { return }
        var actions: [Action] = []
        repeat {
            swap(&actions, &turn.actions)
            actions.drain { distribute($0) }
        } while !turn.actions.isEmpty
        // The next turn uses the memory of the list again.
        swap(&actions, &turn.actions)
    }

    private mutating func distribute(_ action: consuming Action) {
        guard fleet != nil else { return carryOut(action) }
        if let own = fleet?.perform(action, &rendezvous, &turn) { carryOut(own) }
    }

    private mutating func carryOut(_ action: consuming Action) {
        switch consume action {
        case .send(let frame, let id):
            if let loop = id.loop {
                turn.counts.webSocket.sent &+= 1
                inboxes.leave(.send(frame, to: id), for: loop)
            } else {
                send(frame, toCallsOf: id)
            }
        case .tell(let frame, let message, let id):
            if let loop = id.loop {
                turn.counts.webSocket.sent &+= 1
                inboxes.leave(.tell(frame, message, to: id), for: loop)
            } else {
                send(frame, message, toCallsOf: id)
            }
        case .close(let id):
            if let loop = id.loop {
                inboxes.leave(.close(id), for: loop)
            } else {
                calls.close(id, now: turn.now.monotonic)
            }
        // A relay alone asks nobody.
        case .seek, .ask, .notHere: break
        }
    }

    private mutating func answerPolls() {
        for (connection, answer) in calls.takeAnswers(now: turn.now.monotonic) {
            if let loop = connection.loop {
                inboxes.leave(.answer(connection, answer), for: loop)
            } else {
                fleet?.answer(connection, answer.map { .body($0.serialized()) } ?? .refuse(.unknownConnection))
            }
        }
    }

    /// When the caller must next call ``deadlinesPassed()``, on the relay's monotonic clock; nil if no deadline is set.
    ///
    /// The getter is mutating although it changes nothing: otherwise the compiler would copy the whole state, 2.5 KB,
    /// to read this property.
    var nextDeadline: Duration? {
        mutating get {
            var next = rendezvous.nextDeadline
            if let due = rendezvous.lifecycle.due { next = min(due, next ?? due) }
            if let due = calls.nextDeadline { next = min(due, next ?? due) }
            if let due = minutes.due { next = min(due, next ?? due) }
            if let due = fleet?.nextDeadline { next = min(due, next ?? due) }
            return next
        }
    }

    /// Handles all deadlines that have passed. The caller must call this at the time of ``nextDeadline``.
    mutating func deadlinesPassed() {
        if minutes.isDue(turn.now.monotonic) {
            let line = minutes.line(status)
            logger.info("the last minute", metadata: line)
        }
        for id in calls.deadlinesPassed(now: turn.now.monotonic) {
            note(.absent)
            disconnected(id)
        }
        rendezvous.deadlinesPassed(&turn)
        if fleet != nil { fleetDeadlinesPassed() }
        if let command = rendezvous.shutdownDeadlinePassed(&turn) { carryOut(command) }
    }
}

// MARK: - The end

extension RelayHub.State {
    /// Begins to drain: the relay admits no new devices, sends the devices of rooms without a meeting to another relay,
    /// and ends when the pairings in progress have ended or the drain time is over. The port stays open, so that
    /// devices of a pairing can come back and health checks see that the relay drains.
    mutating func drain() {
        guard rendezvous.drain(&turn) else { return }
        fleet?.dismissElsewhere(havingMeetings: false, &rendezvous, &turn)
        logger.notice("draining", metadata: statistics)
        let pairings = rendezvous.statistics.rooms
        guard pairings > 0, let until = rendezvous.lifecycle.due else { return }
        let left = max(.zero, until - turn.now.monotonic)
        logger.notice(
            "pairings in hand are waited for; a second signal (Control-C) ends the relay at once",
            metadata: [
                "pairings": .stringConvertible(pairings), "seconds": .stringConvertible(left.components.seconds),
            ]
        )
    }

    /// Ends the relay without draining: sends `goodbye` to all devices and cuts all connections.
    mutating func stop() {
        for command in rendezvous.stop(&turn) { carryOut(command) }
    }

    private mutating func goOnEnding() {
        while let command = rendezvous.advanceShutdown(
            connections: admission.socketCount,
            untold: calls.untold,
            elsewhere: fleet?.devicesElsewhere ?? 0,
            &turn
        ) {
            carryOut(command)
        }
    }

    private mutating func carryOut(_ command: Lifecycle.Command) {
        switch command {
        case .end:
            fleet?.dismissElsewhere(havingMeetings: true, &rendezvous, &turn)
            distributeActions()
            calls.closeAll(now: turn.now.monotonic)
            answerPolls()
            inboxes.leaveForAll(.broadcast(.goAway))
        case .closeRequests: inboxes.leaveForAll(.broadcast(.closeLongPolls))
        case .hangUp:
            calls.forgetAll()
            inboxes.leaveForAll(.broadcast(.hangUp))
        case .ended:
            calls.forgetAll()
            if fleet != nil { serveStore() }
            inboxes.leaveForAll(.broadcast(.end))
        }
    }

    /// The pairings that have ended since the last call, if anybody wants to know of them.
    mutating func takeEndedPairings() -> [PairingEnding]? {
        if turn.endedPairings?.isEmpty ?? true { return nil }
        defer { turn.endedPairings = [] }
        return turn.endedPairings
    }

    /// True at the first call after the relay has ended, and false at all others, so that the caller reports the end
    /// once.
    mutating func takeEnd() -> Bool {
        guard rendezvous.takeEnd() else { return false }
        logger.notice("stopped", metadata: statistics)
        return true
    }

    private var statistics: Logger.Metadata {
        var metadata: Logger.Metadata = [
            "connections": .stringConvertible(admission.socketCount + callers.open),
            "accepted": .stringConvertible(Int(clamping: lastID)),
        ]
        metadata["accepted-by-core"] = "\(inboxes.loops.map { String(accepted[$0] ?? 0) }.joined(separator: " "))"
        for (outcome, count) in outcomes {
            metadata[outcome.rawValue] = .stringConvertible(count)
        }
        return metadata
    }
}
