package import EasySetupFleetStore
package import EasySetupRelayCore
internal import EasySetupRelayProtocol

/// All that a relay among others does beside its `Rendezvous`: devices on their way to their homes, trunks, sealed
/// messages, questions to the directory, beats, and sleep (`Protocol/fleet.md`).
///
/// It is a value with one function for each event, and changes the `Rendezvous` where an event concerns it. What devices
/// are to hear comes out as actions of the turn, as it does from the `Rendezvous` itself; the caller gives each action of
/// the turn to ``perform(_:_:_:)`` first. Whatever concerns the store comes out by ``takeEffects()``.
///
/// The caller that handles an event calls ``look(_:_:)`` first, and ``finish(_:)`` last, or after several events.
package struct FleetMachine: Sendable {
    package let times: FleetTimes
    package private(set) var run: RunID
    package internal(set) var counts = FleetCounts()
    /// How full the relay is, in thousandths, for its beats.
    package var load: UInt16 = 0

    var entry: EntryMachine
    var trunks: Trunks
    var keys: FleetKeys
    var exchange: DirectoryExchange
    private var sealer: EnvelopeSealer
    /// One for each of several stores, because only each of them keeps the order of messages.
    private var openers: [EnvelopeOpener]
    private var lines = RunLines()
    /// Those of several stores that can't be used.
    private var linesLost: Set<Int> = []
    private var clock: RunClock
    private var nextBeat: Duration
    private let started: Duration
    /// This relay's own limits, as it has told them in its last beat.
    private var limits = CommonLimits()
    private var effects: [FleetEffect] = []
    var calls = CallTable()
    var callEffects: [CallEffect] = []
    /// Makes the number of something at another relay.
    let number: @Sendable (UInt64) -> ConnectionID

    /// - Parameters:
    ///   - run: the run that `Surroundings.amongOthers` has too.
    ///   - number: makes the number of a remote connection, from one that counts them. No other connection has it.
    package init(
        run: RunID,
        keys: FleetKeys,
        times: FleetTimes = FleetTimes(),
        started: Duration,
        number: @escaping @Sendable (UInt64) -> ConnectionID
    ) {
        (self.run, self.keys, self.times, self.started) = (run, keys, times, started)
        entry = EntryMachine(run: run, times: times)
        trunks = Trunks(times: times, number: number)
        self.number = number
        sealer = EnvelopeSealer(run: run, keys: keys)
        openers = [EnvelopeOpener(run: run, keys: keys)]
        exchange = DirectoryExchange(run: run)
        clock = RunClock(times: times, started: started)
        nextBeat = started + times.beat
        effects = [.join(run)]
    }

    /// Seals, names and opens with other keys from now on.
    package mutating func replaceKeys(by keys: FleetKeys) {
        self.keys = keys
        sealer.replaceKeys(by: keys)
        for line in openers.indices { openers[line].replaceKeys(by: keys) }
    }

    /// The state of the relay's part, for metrics and the status page.
    package func status(now: Duration) -> FleetStatus {
        let beats = entry.others.beats(now: now).values
        let differing = beats.map { limits.places(differingFrom: $0.limits) }.filter { !$0.isEmpty }
        return FleetStatus(
            isJoined: entry.standing.isJoined,
            unchanged: max(.zero, now - (entry.standing.changed ?? started)),
            others: beats.count,
            othersUnlike: differing.count,
            differingLimits: Set(differing.joined()).sorted().map { CommonLimits.names[$0] },
            serversLost: linesLost.count,
            farDevices: trunks.farCount,
            devicesElsewhere: trunks.ownCount,
            trunks: trunks.trunkCount,
            counts: counts
        )
    }

    /// The devices here whose rooms are at other relays.
    package var devicesElsewhere: Int { trunks.ownCount }

    /// The devices here that are on their way to other relays, or there.
    package var devicesAtEntry: Int { entry.count }

    /// Whether the directory answers, and the bus is heard.
    package var isJoined: Bool { entry.standing.isJoined }

    package mutating func takeEffects() -> [FleetEffect] {
        guard !effects.isEmpty else { return [] }
        defer { effects = [] }
        return effects
    }

    mutating func add(_ effect: FleetEffect) { effects.append(effect) }
}

// MARK: - Time

extension FleetMachine {
    /// Looks at the clock: a relay that was stopped for a while goes on as another run. The caller calls this before it
    /// handles anything else.
    /// - Returns: whether the relay has slept.
    @discardableResult
    package mutating func look(_ rendezvous: inout Rendezvous, _ turn: inout Turn) -> Bool {
        guard clock.look(now: turn.now.monotonic) else { return false }
        counts.sleeps += 1
        let former = run
        run = RunID(number: turn.entropy.next())
        // Questions below are for a store that has left, and so are answered with a failure at once.
        effects = [.join(run)]
        exchange = DirectoryExchange(run: run, former: former)
        sealer = EnvelopeSealer(run: run, keys: keys)
        openers = [EnvelopeOpener(run: run, keys: keys)]
        lines = RunLines()
        entry.becomes(run)
        entry.told(.cutOff(.left), now: turn.now.monotonic)
        rendezvous.slept(&turn)
        rendezvous.cutOff(&turn)
        handle(trunks.breakAll(), &rendezvous, &turn)
        return true
    }

    /// When the caller must next call ``deadlinesPassed(_:_:)``.
    package var nextDeadline: Duration {
        var next = nextBeat
        if let due = entry.nextDeadline { next = min(due, next) }
        if let due = trunks.nextDeadline { next = min(due, next) }
        if isJoined, let due = calls.sessions.due { next = min(due, next) }
        if let due = calls.nextRepeated { next = min(due, next) }
        return next
    }

    package mutating func deadlinesPassed(_ rendezvous: inout Rendezvous, _ turn: inout Turn) {
        let now = turn.now.monotonic
        perform(entry.deadlinesPassed(now: now), &rendezvous, &turn)
        handle(trunks.deadlinesPassed(now: now), &rendezvous, &turn)
        registerSessions(now: now)
        repeatCalls(now: now)
        guard nextBeat <= now else { return }
        nextBeat = now + times.beat
        lookAfterCalls(now: now)
        if isJoined { beat(&rendezvous, now: now) }
    }

    private mutating func beat(_ rendezvous: inout Rendezvous, now: Duration) {
        let beat = Beat(
            load: load,
            isDraining: !rendezvous.lifecycle.isServing,
            hot: rendezvous.takeCounts(atMost: Beat.prefixes, now: now),
            limits: rendezvous.commonLimits
        )
        limits = beat.limits
        publish(FleetContent(loose: [.beat(beat)]), to: .all, .beat)
    }

    /// Whether there is something to ask, or ``finish(_:)`` has something to publish.
    package var hasWork: Bool { !effects.isEmpty || trunks.hasMessages }

    /// Publishes what the events since the last call have led to. The caller calls this after the last of a batch.
    package mutating func finish(_ turn: borrowing Turn) {
        for message in trunks.takeMessages(now: turn.now.monotonic) {
            publish(message.content, to: .run(message.receiver), .message(SentMessage(message)))
        }
    }

    private mutating func publish(_ content: FleetContent, to channel: FleetChannel, _ ticket: FleetTicket) {
        counts.published += 1
        effects.append(.ask(.publish(sealer.seal(content, for: channel), channel), ticket))
    }
}

// MARK: - The store

extension FleetMachine {
    /// Handles what the store tells by itself.
    package mutating func told(_ event: StoreEvent, _ rendezvous: inout Rendezvous, _ turn: inout Turn) {
        let now = turn.now.monotonic
        // The store tells each attempt to join that fails, too.
        let wasJoined = isJoined
        entry.told(event, now: now)
        switch event {
        case .connecting, .line(_, .lostData): break
        case .line(let line, .joined): linesLost.remove(line)
        case .line(let line, .cutOff): linesLost.insert(line)
        case .joined(let hasKept):
            rendezvous.joined(hasKept: hasKept, &turn)
            calls.sessions.registerAll()
            beat(&rendezvous, now: now)
        case .cutOff:
            if wasJoined { counts.cuts += 1 }
            rendezvous.cutOff(&turn)
        case .lostData:
            counts.losses += 1
            calls.sessions.registerAll()
            rendezvous.directoryLost(&turn)
        // A relay that has slept has not left the store yet while it handles what it was sent before.
        case .message(.run(let receiver), _, _) where receiver != run: break
        case .message(let channel, let message, let line): heard(message, on: channel, line, &rendezvous, &turn)
        }
    }

    private mutating func heard(
        _ message: [UInt8],
        on channel: FleetChannel,
        _ line: Int,
        _ rendezvous: inout Rendezvous,
        _ turn: inout Turn
    ) {
        let (sender, content): (RunID, FleetContent)
        do throws(EnvelopeError) {
            (sender, content) = try open(message, on: channel, line)
        } catch {
            if error != .own { counts.unreadable += 1 }
            if error.isOfUnknownVersion, let sender = EnvelopeOpener.namedSender(of: message) {
                entry.heardUnread(sender, now: turn.now.monotonic)
            }
            return
        }
        counts.heard += 1
        let now = turn.now.monotonic
        entry.heard(sender, now: now)
        note(sender, on: line, now: now)
        for item in content.loose {
            switch item {
            case .beat(let beat):
                entry.heard(sender, beat, now: now)
                rendezvous.heard(beat.hot, now: now)
            case .taken(let offer, let attempt):
                if let offer = OfferID(offer) { rendezvous.taken(offer, attempt: attempt, &turn) }
            case .call(let call): heard(call, from: sender)
            case .answered(let answered): heard(answered, from: sender)
            case .callGone(let number): callEffects += calls.other(number, of: sender).map { [.lost($0)] } ?? []
            // It belongs to trunks.
            case .over: break
            }
        }
        handle(trunks.heard(content, from: sender, now: now), &rendezvous, &turn)
    }

    private mutating func open(
        _ message: [UInt8],
        on channel: FleetChannel,
        _ line: Int
    ) throws(EnvelopeError) -> (RunID, FleetContent) {
        while openers.count <= line { openers.append(EnvelopeOpener(run: run, keys: keys)) }
        return try openers[line].open(message, on: channel)
    }

    /// Notes on which of several stores a run was heard. What is for it is published on the first of those on which it
    /// is heard at present.
    private mutating func note(_ sender: RunID, on line: Int, now: Duration) {
        guard let preferred = lines.heard(sender, on: line, until: now + times.homeSilence, now: now) else { return }
        effects.append(.prefer(preferred, for: sender))
    }

    /// Handles the store's answer to a question of ``FleetEffect/ask(_:_:)``.
    package mutating func answered(
        _ ticket: FleetTicket,
        _ answer: Result<StoreAnswer, StoreFailure>,
        _ rendezvous: inout Rendezvous,
        _ turn: inout Turn
    ) {
        guard !ticket.isSettled(by: answer) else { return }
        if case .failure(let failure) = answer, failure.isOperators { counts.refused += 1 }
        switch ticket {
        case .beat, .sessionKept: break
        case .sessionNoted(let session): callEffects += calls.registered(session)
        case .session(let number, let names): found(number, answer, names, now: turn.now.monotonic)
        case .message(let message):
            counts.unheard += 1
            nobodyHeard(message.calls)
            handle(trunks.nobodyHeard(message), &rendezvous, &turn)
        case .device(let question, let goal, let names):
            if case .success(.found(let found)) = answer, goal.registration(in: found) == nil, let next = names.first {
                return add(.ask(.find(next), .device(question, goal, names.dropFirst())))
            }
            let found = answer.flatMap { answer -> Result<FoundRooms, StoreFailure> in
                if case .found(let rooms) = answer { .success(rooms) } else { .failure(.refused) }
            }
            perform(entry.found(question, found, now: turn.now.monotonic), &rendezvous, &turn)
        case .room(let question, let names): answered(question, answer, names, &rendezvous, &turn)
        case .walk(let walk): answered(walk, answer, &rendezvous, &turn)
        }
    }

    mutating func answered(
        _ question: DirectoryQuestion,
        _ answer: Result<StoreAnswer, StoreFailure>,
        _ names: ArraySlice<RoomName>,
        _ rendezvous: inout Rendezvous,
        _ turn: inout Turn
    ) {
        let (answer, taken) = exchange.answer(question, answer)
        if case .nobodys = answer, let next = names.first {
            return add(.ask(exchange.question(question, name: next), .room(question, names.dropFirst())))
        }
        if let taken {
            counts.takeovers += 1
            trunks.say(taken.item, to: taken.from)
        }
        rendezvous.answered(question, answer, &turn)
    }
}
