/// The connection on which a relay hears messages, without its socket.
struct ListeningLine {
    enum Outcome: Hashable {
        case message(FleetChannel, [UInt8])
        case broken(StoreProblem)
    }

    private let run: RunID
    /// The name of the run's channel.
    private let own: [UInt8]
    private let limits: RedisLimits
    private var reader: RESPReader
    private var steps: [RedisPrelude.Step]
    /// The channels whose subscription is not confirmed.
    private var unconfirmed: [FleetChannel]
    /// When something was heard last, and when the server was asked whether it is there; nil if it has answered since.
    private var heard: Duration
    private var asked: Duration?
    private var output: [UInt8] = []

    init(_ prelude: RedisPrelude, run: RunID, limits: RedisLimits, at now: Duration) {
        (self.run, self.limits) = (run, limits)
        own = RedisKeys.channel(.run(run))
        reader = RESPReader(limits: limits.resp)
        steps = prelude.steps.map(\.step)
        unconfirmed = [.run(run), .all]
        heard = now
        for (_, command) in prelude.steps { command.encode(to: &output) }
        RedisCommands.subscribe(run).encode(to: &output)
    }

    /// Whether it hears what is said on its channels.
    var isListening: Bool { unconfirmed.isEmpty }

    mutating func takeOutput() -> [UInt8]? {
        guard !output.isEmpty else { return nil }
        defer { output = [] }
        return output
    }

    /// When time has something to do with it.
    var due: Duration { asked.map { $0 + limits.answer } ?? heard + limits.silence }

    /// - Returns: whether the server has gone silent.
    mutating func timePassed(_ now: Duration) -> Bool {
        guard due <= now else { return false }
        guard asked == nil else { return true }
        RedisCommands.ping.encode(to: &output)
        asked = now
        return false
    }

    mutating func received(_ bytes: Span<UInt8>, at now: Duration) -> [Outcome] {
        (heard, asked) = (now, nil)
        var outcomes: [Outcome] = []
        var place = 0
        do throws(RESPError) {
            while let value = try reader.next(in: bytes, from: &place) {
                guard let outcome = outcome(of: value) else { continue }
                outcomes.append(outcome)
                if case .broken = outcome { break }
            }
        } catch {
            outcomes.append(.broken(.garbled))
        }
        return outcomes
    }

    /// The outcome of a value; nil if it leads to nothing.
    private mutating func outcome(of value: RESPValue) -> Outcome? {
        if !steps.isEmpty {
            return RedisPrelude.problem(of: steps.removeFirst(), answer: value).map { .broken($0) }
        }
        switch value {
        case .list(let values):
            guard case .text(let kind)? = values.first else { return .broken(.garbled) }
            switch kind {
            case Self.message:
                guard values.count == 3, case .text(let message) = values[2], let channel = channel(values[1]) else {
                    return .broken(.garbled)
                }
                return .message(channel, message)
            case Self.subscribe:
                guard let next = unconfirmed.first, values.count == 3, channel(values[1]) == next else {
                    return .broken(.garbled)
                }
                unconfirmed.removeFirst()
                return nil
            case Self.pong: return nil
            default: return .broken(.garbled)
            }
        case .error(let error): return .broken(RedisRefusal(error).problem)
        default: return .broken(.garbled)
        }
    }

    private func channel(_ value: RESPValue) -> FleetChannel? {
        guard case .text(let name) = value else { return nil }
        return name == own ? .run(run) : name == RedisKeys.all ? .all : nil
    }

    private static let message = Array("message".utf8)
    private static let subscribe = Array("subscribe".utf8)
    private static let pong = Array("pong".utf8)
}
