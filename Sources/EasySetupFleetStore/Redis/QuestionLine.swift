/// The connection on which a relay asks and publishes, without its socket: commands one after the other without waiting,
/// and answers in the same order.
struct QuestionLine {
    /// An outcome of the server's bytes.
    enum Outcome {
        /// The mark of the data was read; nil if they have none.
        case epoch([UInt8]?)
        /// A wish to mark the data was carried out, or refused.
        case epochIsSet
        case answer(UInt64, Result<StoreAnswer, StoreFailure>)
        case broken(StoreProblem)
    }

    private enum Awaited {
        case prelude(RedisPrelude.Step)
        case epochSet, epoch
        /// The answer to the question of this number.
        case claim(UInt64), rooms(UInt64), take(UInt64), publish(UInt64)

        /// Whether the answer can wait.
        var isPatient: Bool { if case .publish = self { true } else { false } }
    }

    private let limits: RedisLimits
    private let times: DirectoryTimes
    private var reader: RESPReader
    /// The answers that are awaited, from `first` on, and when they were asked for.
    private var awaited: [(what: Awaited, since: Duration)] = []
    private var first = 0
    /// How many of these answers cannot wait.
    private var urgent = 0
    private var output: [UInt8] = []
    /// The bytes that were taken and not yet written to the socket.
    var underWay = 0

    init(_ prelude: RedisPrelude, epoch: [UInt8], limits: RedisLimits, times: DirectoryTimes, at now: Duration) {
        (self.limits, self.times) = (limits, times)
        reader = RESPReader(limits: limits.resp)
        for (step, command) in prelude.steps { send(command, .prelude(step), now) }
        look(setting: epoch, at: now)
    }

    /// Since when the oldest answer is awaited; nil if none is.
    var waitsSince: Duration? { first < awaited.count ? awaited[first].since : nil }

    /// How many answers are awaited.
    var unanswered: Int { awaited.count - first }

    /// When the server's answers are to be read; nil if none is awaited.
    var readingDue: Duration? {
        guard let since = waitsSince else { return nil }
        return urgent > 0 || unanswered >= limits.unreadAnswersAtOnce ? since : since + limits.unreadAnswers
    }

    /// The bytes that are not yet written to the socket.
    var unsent: Int { output.count + underWay }

    /// Asks whether data were lost, and marks them first if there is a mark to set.
    mutating func look(setting epoch: [UInt8]? = nil, at now: Duration) {
        if let epoch { send(RedisCommands.setEpoch(epoch), .epochSet, now) }
        send(RedisCommands.epoch, .epoch, now)
    }

    mutating func ask(_ question: StoreQuestion, as number: UInt64, at now: Duration) {
        switch question {
        case .claim(let room, let registration):
            send(RedisCommands.claim(room, registration, times), .claim(number), now)
        case .find(let room): send(RedisCommands.find(room), .rooms(number), now)
        case .take(let request): send(RedisCommands.take(request, times), .take(number), now)
        case .publish(let message, let channel):
            RedisCommands.publish(message, to: channel, into: &output)
            expect(.publish(number), now)
        }
    }

    /// The bytes for the socket; nil if there are none.
    mutating func takeOutput() -> [UInt8]? {
        guard !output.isEmpty else { return nil }
        defer { output = [] }
        return output
    }

    mutating func received(_ bytes: Span<UInt8>) -> [Outcome] {
        var outcomes: [Outcome] = []
        var place = 0
        do throws(RESPError) {
            while let answer = try reader.next(in: bytes, from: &place) {
                guard first < awaited.count else { return outcomes + [.broken(Self.unasked(answer))] }
                let what = awaited[first].what
                first += 1
                if !what.isPatient { urgent -= 1 }
                if first == awaited.count || first >= 1_024 {
                    awaited.removeSubrange(..<first)
                    first = 0
                }
                take(answer, for: what, into: &outcomes)
                if case .broken? = outcomes.last { return outcomes }
            }
        } catch {
            outcomes.append(.broken(.garbled))
        }
        return outcomes
    }

    /// The numbers of the questions that get no answer any more.
    mutating func end() -> [UInt64] {
        let numbers: [UInt64] = awaited[first...].compactMap { awaited in
            switch awaited.what {
            case .prelude, .epochSet, .epoch: nil
            case .claim(let number), .rooms(let number), .take(let number), .publish(let number): number
            }
        }
        defer { (awaited, first, urgent, output) = ([], 0, 0, []) }
        return numbers
    }

    // MARK: - Answers

    private mutating func send(_ command: RESPCommand, _ what: Awaited, _ now: Duration) {
        command.encode(to: &output)
        expect(what, now)
    }

    private mutating func expect(_ what: Awaited, _ now: Duration) {
        awaited.append((what, now))
        if !what.isPatient { urgent += 1 }
    }

    private mutating func take(_ answer: RESPValue, for what: Awaited, into outcomes: inout [Outcome]) {
        switch what {
        case .prelude(let step):
            if let problem = RedisPrelude.problem(of: step, answer: answer) { outcomes.append(.broken(problem)) }
        case .epochSet:
            // Where there is a mark the answer is nothing, and a full store cannot be marked.
            if case .error(let error) = answer {
                let refusal = RedisRefusal(error)
                if refusal.failure != .full { return outcomes.append(.broken(refusal.problem)) }
            }
            outcomes.append(.epochIsSet)
        case .epoch:
            if let epoch = RedisCommands.mark(answer) {
                outcomes.append(.epoch(epoch))
            } else if case .error(let error) = answer {
                outcomes.append(.broken(RedisRefusal(error).problem))
            } else {
                outcomes.append(.broken(.garbled))
            }
        case .rooms(let number):
            let found = RedisCommands.found(answer)
            // That data were lost is told before the answer that shows it.
            if let found { outcomes.append(.epoch(found.epoch)) }
            give(answer, found.map { .found($0.rooms) }, number, &outcomes)
        case .claim(let number): give(answer, RedisCommands.claimed(answer).map { .claimed($0) }, number, &outcomes)
        case .take(let number): give(answer, RedisCommands.taken(answer).map { .taken($0) }, number, &outcomes)
        case .publish(let number): give(answer, RedisCommands.heard(answer).map { .published($0) }, number, &outcomes)
        }
    }

    private func give(_ answer: RESPValue, _ read: StoreAnswer?, _ number: UInt64, _ outcomes: inout [Outcome]) {
        switch Self.result(of: answer, read) {
        case .success(let result): outcomes.append(.answer(number, result))
        case .failure(let ending): outcomes += [.answer(number, .failure(.cutOff)), .broken(ending.problem)]
        }
    }

    private struct Ending: Error {
        let problem: StoreProblem
    }

    /// The result for an asker, or why the connection ends.
    private static func result(of answer: RESPValue, _ read: StoreAnswer?) -> Result<
        Result<StoreAnswer, StoreFailure>, Ending
    > {
        if let read { return .success(.success(read)) }
        guard case .error(let error) = answer else { return .failure(Ending(problem: .garbled)) }
        let refusal = RedisRefusal(error)
        return refusal.isFinal ? .failure(Ending(problem: refusal.problem)) : .success(.failure(refusal.failure))
    }

    /// The reason for an answer to nothing: a server that takes no connection says so at once.
    private static func unasked(_ answer: RESPValue) -> StoreProblem {
        guard case .error(let error) = answer else { return .garbled }
        return RedisRefusal(error).problem
    }
}
