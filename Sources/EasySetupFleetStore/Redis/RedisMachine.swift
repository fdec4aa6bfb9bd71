/// When a relay connects to Redis, what it says there, and what it makes of the answers. It opens no socket and reads no
/// clock: events and time go in, effects come out.
///
/// There are two connections, one to hear messages and one to ask and to publish. They are opened together and closed
/// together, and the relay has joined when it hears its channels and knows whether data were lost.
///
/// A question has a number, which the caller gives it and by which its answer is known.
package struct RedisMachine {
    package enum Effect {
        /// Open both connections. They are those of this attempt.
        case open(attempt: Int)
        /// Close both connections of this attempt; nothing more of them is to be told.
        case close(attempt: Int)
        case tell(StoreEvent)
        case answer(UInt64, Result<StoreAnswer, StoreFailure>)
    }

    private struct Lines {
        var questions: QuestionLine
        var messages: ListeningLine
        /// Whether the mark of the data is that of the time before; nil until it was read.
        var hasKept: Bool?
    }

    private enum State {
        /// Nobody has asked it to join. Next: opening.
        case idle
        /// The last attempt ended, and the next begins at this time. Next: opening, idle.
        case pausing(until: Duration)
        /// The connections are being opened and introduced. Next: joined, pausing, idle.
        case opening(since: Duration)
        /// Next: pausing, idle.
        case joined(since: Duration, nextLook: Duration)
    }

    /// As whom the relay speaks from the next attempt on.
    package var account: RedisAccount
    private let mustBeMaster: Bool
    private let limits: RedisLimits
    private let times: DirectoryTimes
    private var random: any RandomNumberGenerator & Sendable
    private var state = State.idle
    /// The connections of the present attempt; nil while idle or pausing.
    private var lines: Lines?
    private var attempt = 0
    /// How many attempts in a row did not lead to anything that lasted.
    private var failures = 0
    private var run = RunID(number: 0)
    /// The mark of the data as it was read last; nil if there was none.
    private var epoch: [UInt8]?
    /// Whether the relay has asked for a mark on data that had none.
    private var isMarking = false

    /// - Parameter mustBeMaster: whether a server that is a replica is left, because a sentinel named it as a master.
    package init(
        account: RedisAccount,
        mustBeMaster: Bool = false,
        limits: RedisLimits = RedisLimits(),
        times: DirectoryTimes = DirectoryTimes(),
        random: any RandomNumberGenerator & Sendable = SystemRandomNumberGenerator()
    ) {
        (self.account, self.mustBeMaster, self.limits, self.times) = (account, mustBeMaster, limits, times)
        self.random = random
    }

    // MARK: - The relay's events

    /// Joins as this run. If it has joined already, or tries to, it leaves first.
    package mutating func join(as run: RunID, at now: Duration) -> [Effect] {
        var effects = end(.left)
        self.run = run
        failures = 0
        open(now, &effects)
        return effects
    }

    /// Leaves for good.
    package mutating func leave() -> [Effect] { end(.left) }

    package mutating func ask(_ question: StoreQuestion, as number: UInt64, at now: Duration) -> [Effect] {
        guard case .joined = state, let unanswered = lines?.questions.unanswered else {
            return [.answer(number, .failure(.cutOff))]
        }
        if case .publish(let message, _) = question, message.count > limits.messageBytes {
            return [.answer(number, .failure(.refused))]
        }
        guard unanswered < limits.unanswered else { return [.answer(number, .failure(.busy))] }
        lines?.questions.ask(question, as: number, at: now)
        return (lines?.questions.unsent ?? 0) > limits.unsentBytes ? cut(.unsent, now) : []
    }

    /// Another server has become the master. The present one is left at once, because it may go on as if it still were one.
    package mutating func masterMoved(at now: Duration) -> [Effect] {
        let effects = cut(.masterMoved, now)
        if case .pausing = state { state = .pausing(until: now) }
        return effects
    }

    // MARK: - The connections' events

    /// A connection of an attempt could not be opened, or has ended.
    package mutating func failed(attempt: Int, _ problem: StoreProblem, at now: Duration) -> [Effect] {
        attempt == self.attempt ? cut(problem, now) : []
    }

    /// The server's bytes on a connection of an attempt.
    package mutating func received(_ bytes: Span<UInt8>, on line: RedisLine, attempt: Int, at now: Duration) -> [Effect]
    {
        guard attempt == self.attempt, lines != nil else { return [] }
        var effects: [Effect] = []
        switch line {
        case .messages:
            for outcome in lines?.messages.received(bytes, at: now) ?? [] {
                switch outcome {
                case .broken(let problem): return effects + cut(problem, now)
                case .message(let channel, let message):
                    // A message that comes before the relay has joined is lost, like those before it.
                    if case .joined = state { effects.append(.tell(.message(channel, message))) }
                }
            }
            return effects + joinIfReady(now)
        case .questions:
            for outcome in lines?.questions.received(bytes) ?? [] {
                switch outcome {
                case .epoch(let read): effects += looked(read, now)
                case .epochIsSet: isMarking = false
                case .answer(let number, let answer): effects.append(.answer(number, answer))
                case .broken(let problem): return effects + cut(problem, now)
                }
            }
            return effects
        }
    }

    /// So many bytes of all that ``takeOutput(_:)`` has given for the questions are not yet written to the socket.
    package mutating func hasUnwritten(_ count: Int, attempt: Int) {
        if attempt == self.attempt { lines?.questions.underWay = count }
    }

    /// The bytes that are to be written to a connection of the present attempt; nil if there are none.
    package mutating func takeOutput(_ line: RedisLine) -> [UInt8]? {
        switch line {
        case .messages: lines?.messages.takeOutput()
        case .questions: lines?.questions.takeOutput()
        }
    }

    // MARK: - Reading

    /// The time at which answers are read from the connection on which the relay asks.
    package enum Reading: Hashable, Sendable {
        /// Whenever something comes.
        case always
        /// At this time, what has come by then, or else the next that comes.
        case at(Duration)
        /// No answer is awaited.
        case never
    }

    package var reading: Reading {
        guard case .joined = state else { return .always }
        return lines?.questions.readingDue.map { .at($0) } ?? .never
    }

    /// All that the caller has to do now and later: bytes to write, and times to come back.
    package struct Work: Sendable {
        package var questions: [UInt8]?
        package var messages: [UInt8]?
        package var due: Duration?
        package var reading: Reading
    }

    /// The work at the end of a batch of events. The bytes for connections that are open are taken, as by
    /// ``takeOutput(_:)``.
    package mutating func takeWork(isOpen: (RedisLine) -> Bool) -> Work {
        Work(
            questions: isOpen(.questions) ? takeOutput(.questions) : nil,
            messages: isOpen(.messages) ? takeOutput(.messages) : nil,
            due: due,
            reading: reading
        )
    }

    // MARK: - Time

    /// Whether the last attempt has ended, so that ``timePassed(_:)`` may begin the next.
    package var isPausing: Bool { if case .pausing = state { true } else { false } }

    /// When ``timePassed(_:)`` has something to do; nil if never.
    package var due: Duration? {
        switch state {
        case .idle: return nil
        case .pausing(let until): return until
        case .opening(let since): return since + limits.opening
        case .joined(_, let look):
            let answer = lines?.questions.waitsSince.map { $0 + limits.answer } ?? look
            return min(look, lines?.messages.due ?? look, answer)
        }
    }

    package mutating func timePassed(_ now: Duration) -> [Effect] {
        guard let due, due <= now else { return [] }
        switch state {
        case .idle: return []
        case .pausing:
            var effects: [Effect] = []
            open(now, &effects)
            return effects
        case .opening: return cut(.silent, now)
        case .joined(let since, let look):
            if let waits = lines?.questions.waitsSince, waits + limits.answer <= now { return cut(.silent, now) }
            if look <= now {
                lines?.questions.look(at: now)
                state = .joined(since: since, nextLook: now + limits.look)
            }
            return lines?.messages.timePassed(now) == true ? cut(.silent, now) : []
        }
    }

    // MARK: - Steps

    private mutating func open(_ now: Duration, _ effects: inout [Effect]) {
        attempt += 1
        isMarking = true
        let prelude = RedisPrelude(account, mustBeMaster: mustBeMaster)
        lines = Lines(
            questions: QuestionLine(prelude, epoch: drawn(), limits: limits, times: times, at: now),
            messages: ListeningLine(prelude, run: run, limits: limits, at: now)
        )
        state = .opening(since: now)
        effects += [.tell(.connecting), .open(attempt: attempt)]
    }

    private mutating func joinIfReady(_ now: Duration) -> [Effect] {
        guard case .opening = state, let lines, lines.messages.isListening, let hasKept = lines.hasKept else {
            return []
        }
        state = .joined(since: now, nextLook: now + limits.look)
        return [.tell(.joined(hasKept: hasKept))]
    }

    /// The mark of the data was read. Data without a mark are marked, so that the next loss is seen.
    private mutating func looked(_ read: [UInt8]?, _ now: Duration) -> [Effect] {
        let (isSame, isLost) = (read != nil && read == epoch, epoch != nil && epoch != read)
        epoch = read
        switch state {
        case .idle, .pausing: return []
        case .opening:
            lines?.hasKept = isSame
            return joinIfReady(now)
        case .joined:
            if read == nil, !isMarking {
                isMarking = true
                let mark = drawn()
                lines?.questions.look(setting: mark, at: now)
            }
            return isLost ? [.tell(.lostData)] : []
        }
    }

    /// Ends the present attempt, if there is one, and pauses before the next.
    private mutating func cut(_ problem: StoreProblem, _ now: Duration) -> [Effect] {
        switch state {
        case .idle, .pausing: return []
        case .opening: break
        case .joined(let since, _): if now - since >= limits.settled { failures = 0 }
        }
        let effects = end(problem)
        state = .pausing(until: now + limits.pause(after: failures, using: &random))
        failures += 1
        return effects
    }

    private mutating func end(_ problem: StoreProblem) -> [Effect] {
        state = .idle
        guard var ended = lines.take() else { return [] }
        return [.close(attempt: attempt), .tell(.cutOff(problem))]
            + ended.questions.end().map { .answer($0, .failure(.cutOff)) }
    }

    /// A mark for data that have none.
    private mutating func drawn() -> [UInt8] {
        (0..<16).map { _ in UInt8.random(in: .min ... .max, using: &random) }
    }
}
