/// A look at a Redis server for the operator: whether a relay may do there what it has to do, and how the server is set up.
///
/// It has the commands, which are sent in one piece on one connection, and takes their answers in order. After the last
/// one, messages of relays follow. Nothing that it writes lives longer than a second.
package struct RedisExamination {
    /// The facts that an operator should know.
    package struct Facts: Hashable, Sendable {
        /// The reason why no relay can use the server.
        package var problem: StoreProblem?
        /// The commands that the user may not use on the keys and channels of relays.
        package var refused: [String] = []
        /// Whether the server takes in nothing more, because its memory is full.
        package var isFull = false
        /// The version; nil if the server does not tell this user.
        package var version: String?
        /// The server's rule for full memory, and the bytes at which it is full; nil if it does not tell.
        package var policy: String?
        package var mostBytes: Int?
        /// The server's time, in seconds since 1970 UTC; nil if it does not tell.
        package var clock: Int64?
    }

    private enum Step: Hashable {
        case prelude(RedisPrelude.Step)
        /// A command that a relay needs.
        case need(String)
        /// A command that a relay needs only where sentinels say which server is the master.
        case role
        case info
    }

    private let mustBeMaster: Bool
    private let steps: [(step: Step, command: RESPCommand)]
    private var answers = 0
    package private(set) var facts = Facts()

    /// - Parameter mustBeMaster: whether sentinels have named the server as the master.
    package init(_ account: RedisAccount, mustBeMaster: Bool) {
        self.mustBeMaster = mustBeMaster
        let prelude = RedisPrelude(account, mustBeMaster: false)
        let key = "es1:{check}"
        let needs = [
            ["PING"], ["SET", key, "1", "PX", "1000"], ["GET", RedisKeys.epoch], ["MGET", key, key],
            ["EVAL", "return 1", "1", key], ["PUBLISH", "es1:to:check", ""],
        ]
        let tells = [["INFO", "server"], ["INFO", "memory"]]
        let subscribe = ["SUBSCRIBE", String(decoding: RedisKeys.all, as: UTF8.self)]
        let command = { (words: [String]) in RESPCommand(words: words.map { Array($0.utf8) }) }
        steps =
            prelude.steps.map { (.prelude($0.step), $0.command) } + [(.role, RESPCommand("ROLE"))]
            + needs.map { (.need($0[0]), command($0)) } + tells.map { (.info, command($0)) }
            + [(.need(subscribe[0]), command(subscribe))]
    }

    /// All that is said to the server.
    package var commands: [UInt8] { steps.flatMap(\.command.encoded) }

    /// How many answers there are before the messages.
    package var answerCount: Int { steps.count }

    /// Takes the next value that the server says.
    /// - Returns: a message for all relays; nil if the value is an answer.
    package mutating func received(_ value: RESPValue) -> [UInt8]? {
        guard facts.problem == nil else { return nil }
        guard answers < steps.count else { return Self.message(value) }
        let step = steps[answers].step
        answers += 1
        switch step {
        case .prelude(let step): facts.problem = RedisPrelude.problem(of: step, answer: value)
        case .role:
            if case .error(let error) = value {
                refused("ROLE", RedisRefusal(error), isNeeded: mustBeMaster)
            } else {
                facts.problem = RedisPrelude.problem(of: .role, answer: value)
            }
        case .need(let name): if case .error(let error) = value { refused(name, RedisRefusal(error), isNeeded: true) }
        case .info: if case .text(let bytes) = value { read(String(decoding: bytes, as: UTF8.self)) }
        }
        return nil
    }

    private mutating func refused(_ name: String, _ refusal: RedisRefusal, isNeeded: Bool) {
        switch refusal.problem {
        case .notPermitted where !refusal.isFinal: if isNeeded { facts.refused.append(name) }
        case .refused where refusal.failure == .full: facts.isFull = true
        default: facts.problem = refusal.problem
        }
    }

    private mutating func read(_ info: String) {
        for line in info.split(whereSeparator: \.isNewline) {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            // A text that is shown to people has no more than these characters of a server's word.
            let value = String(
                parts[1].prefix(32).filter { $0.isASCII && ($0.isLetter || $0.isNumber || ".-".contains($0)) }
            )
            switch parts[0] {
            case "redis_version": facts.version = value
            case "maxmemory_policy": facts.policy = value
            case "maxmemory": facts.mostBytes = Int(value)
            case "server_time_usec": facts.clock = Int64(value).map { $0 / 1_000_000 }
            default: break
            }
        }
    }

    private static func message(_ value: RESPValue) -> [UInt8]? {
        guard case .list(let values) = value, values.count == 3, values[0] == .text("message"),
            case .text(let message) = values[2]
        else { return nil }
        return message
    }
}

extension RedisExamination.Facts {
    /// Whether the server is older than those with which relays are tried; false if it does not tell.
    package var isOld: Bool {
        version.flatMap { $0.split(separator: ".").first }.flatMap { Int($0) }.map { $0 < 7 } ?? false
    }

    /// Whether the server throws keys away when its memory is full.
    package var dropsKeys: Bool { policy.map { $0 != "noeviction" } ?? false }
}
