import Testing

@testable import EasySetupFleetStore

@Suite("A look at a Redis server") struct RedisExaminationTests {
    private static let password = RedisPassword(Array("word".utf8))
    private static let info: [RESPValue] = [
        .text("# Server\r\nredis_version:7.0.15\r\nredis_mode:standalone\r\n"),
        .text("# Memory\r\nmaxmemory:1048576\r\nmaxmemory_policy:noeviction\r\n"),
    ]
    private static let subscribed = RESPValue.list([.text("subscribe"), .text("es1:all"), .number(1)])
    private static let master = RESPValue.list([.text("master"), .number(0), .list([])])
    private static let good: [RESPValue] =
        [.line("OK"), .line("OK"), master, .line("PONG"), .line("OK"), .none, .list([.none, .none])]
        + [.number(1), .number(0)] + info + [subscribed]

    private static func facts(_ answers: [RESPValue], mustBeMaster: Bool = false) -> RedisExamination.Facts {
        var examination = RedisExamination(RedisAccount(password: password), mustBeMaster: mustBeMaster)
        #expect(examination.answerCount == good.count)
        for answer in answers { #expect(examination.received(answer) == nil) }
        return examination.facts
    }

    /// The answers of a good server but for one.
    private static func facts(_ place: Int, _ answer: RESPValue, mustBeMaster: Bool = false) -> RedisExamination.Facts {
        var answers = good
        answers[place] = answer
        return facts(answers, mustBeMaster: mustBeMaster)
    }

    @Test("A good server has its version and its policy, and messages follow the answers") func goodServer() {
        let facts = Self.facts(Self.good)
        #expect(facts.problem == nil && facts.refused == [] && !facts.isFull && !facts.dropsKeys && !facts.isOld)
        #expect(facts.version == "7.0.15" && facts.policy == "noeviction" && facts.mostBytes == 1_048_576)
        var examination = RedisExamination(RedisAccount(password: Self.password), mustBeMaster: false)
        for answer in Self.good { #expect(examination.received(answer) == nil) }
        #expect(examination.received(.list([.text("message"), .text("es1:all"), .text([1, 2])])) == [1, 2])
        #expect(examination.received(.list([.text("other"), .text("es1:all"), .text([1])])) == nil)
        #expect(examination.received(.error("ERR")) == nil)
    }

    @Test("What a server refuses is told by the command, or ends all") func refusals() {
        let noRight = RESPValue.error("NOPERM this user has no permissions to run the 'x' command")
        #expect(Self.facts(0, .error("WRONGPASS invalid")).problem == .wrongPassword)
        #expect(Self.facts(1, noRight) == Self.facts(Self.good))
        #expect(Self.facts(2, noRight) == Self.facts(Self.good))
        #expect(Self.facts(2, noRight, mustBeMaster: true).refused == ["ROLE"])
        #expect(Self.facts(2, .list([.text("slave")])).problem == .notMaster)
        #expect(Self.facts(4, noRight).refused == ["SET"])
        #expect(Self.facts(4, .error("READONLY You can't write")).problem == .notMaster)
        #expect(Self.facts(4, .error("MISCONF Redis is configured to save")).problem == .refused)
        let full = Self.facts(4, .error("OOM command not allowed"))
        #expect(full.isFull && full.problem == nil)
        #expect(Self.facts(7, noRight).refused == ["EVAL"] && Self.facts(11, noRight).refused == ["SUBSCRIBE"])
        #expect(Self.facts([.error("DENIED Redis is running in protected mode")]).problem == .notPermitted)
    }

    @Test("A server that tells nothing of itself is no fault, and its words are cut") func silence() {
        let facts = Self.facts(9, .error("NOPERM no"))
        #expect(facts.version == nil && !facts.isOld && facts.problem == nil && facts.refused == [])
        for (text, version, isOld) in [
            ("redis_version:6.0.16\r\n", "6.0.16", true), ("redis_version:10.1\n", "10.1", false),
            ("redis_version:\u{1B}[2Jevil<script>\r\n", "2Jevilscript", false), ("redis_version:\r\n", nil, false),
            ("other:6\r\nredis_version", nil, false),
        ] as [(String, String?, Bool)] {
            let facts = Self.facts(9, .text(text))
            #expect(facts.version == version && facts.isOld == isOld, "\(text)")
        }
        for policy in ["allkeys-lru", "volatile-ttl", "allkeys-random"] {
            #expect(Self.facts(10, .text("maxmemory_policy:\(policy)\r\n")).dropsKeys)
        }
    }
}
