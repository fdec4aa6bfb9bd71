import SeededRandom
import Testing

@testable import EasySetupFleetStore

@Suite("The connections to Redis, without sockets") struct RedisMachineTests {
    /// A machine, its time, and a server that says what the test wants.
    struct Stage {
        var machine: RedisMachine
        var now = Duration.zero
        var attempt = 1
        /// The words by which answers are shown, at the numbers of their questions.
        private var askers: [String] = []
        static let run = RunID(number: 1)
        static let mark = "$4\r\nmark\r\n"
        static let confirmed = """
            *3\r\n$9\r\nsubscribe\r\n$23\r\nes1:to:0000000000000001\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$7\r\nes1:all\r\n:2\r\n
            """

        init(_ account: RedisAccount = RedisAccount(), mustBeMaster: Bool = false, limits: RedisLimits = RedisLimits())
        {
            machine = RedisMachine(
                account: account,
                mustBeMaster: mustBeMaster,
                limits: limits,
                random: SplitMix(state: 1)
            )
        }

        /// A machine that has joined.
        static func joined(limits: RedisLimits = RedisLimits()) -> Stage {
            var stage = Stage(limits: limits)
            _ = stage.join()
            #expect(stage.welcome() == ["joined, new"])
            return stage
        }

        mutating func join(as run: RunID = run) -> [String] { show(machine.join(as: run, at: now)) }

        /// The server answers both connections as it should.
        mutating func welcome(mark: String = mark) -> [String] {
            hear(.messages, "+OK\r\n" + Self.confirmed) + hear(.questions, "+OK\r\n+OK\r\n" + mark)
        }

        mutating func hear(_ line: RedisLine, _ text: String) -> [String] {
            show(machine.received(Array(text.utf8).span, on: line, attempt: attempt, at: now))
        }

        mutating func ask(_ question: StoreQuestion, _ asker: String) -> [String] {
            askers.append(asker)
            return show(machine.ask(question, as: UInt64(askers.count - 1), at: now))
        }

        mutating func wait(_ time: Duration) -> [String] {
            now += time
            return show(machine.timePassed(now))
        }

        mutating func fail(_ problem: StoreProblem) -> [String] {
            show(machine.failed(attempt: attempt, problem, at: now))
        }

        /// The commands that the machine says on a connection, each as a line.
        mutating func said(_ line: RedisLine) -> [String] {
            guard let bytes = machine.takeOutput(line) else { return [] }
            if line == .questions { machine.hasUnwritten(0, attempt: attempt) }
            var reader = RESPReader(limits: Self.wide)
            var (place, commands): (Int, [String]) = (0, [])
            while let value = try? reader.next(in: bytes.span, from: &place), case .list(let words) = value {
                commands.append(
                    words.map { word in
                        guard case .text(let bytes) = word else { return "?" }
                        return String(validating: bytes, as: UTF8.self) ?? "<\(bytes.count)>"
                    }.joined(separator: " ")
                )
            }
            return commands
        }

        private static let wide = {
            var limits = RESPLimits()
            limits.answerBytes = 1 << 20
            return limits
        }()

        mutating func show(_ effects: [RedisMachine.Effect]) -> [String] {
            effects.map { effect in
                switch effect {
                case .open(let attempt):
                    self.attempt = attempt
                    return "open \(attempt)"
                case .close(let attempt): return "close \(attempt)"
                case .tell(.connecting): return "connecting"
                case .tell(.joined(let hasKept)): return hasKept ? "joined, kept" : "joined, new"
                case .tell(.cutOff(let problem)): return "cut off: \(problem)"
                case .tell(.lostData): return "lost"
                case .tell(.line(let line, let news)): return "\(line) \(news)"
                case .tell(.message(let channel, let bytes, _)):
                    return "\(channel == .all ? "all" : "own"): \(String(decoding: bytes, as: UTF8.self))"
                case .answer(let number, let answer): return "\(askers[Int(number)]) \(Self.show(answer))"
                }
            }
        }

        private static func show(_ answer: Result<StoreAnswer, StoreFailure>) -> String {
            switch answer {
            case .success(.claimed(let isFree)): "claimed \(isFree)"
            case .success(.found(let found)): "found \(found.atSlot?.attempt ?? 0) \(found.withoutSlot?.attempt ?? 0)"
            case .success(.taken(let outcome)):
                if case .newer(let entry) = outcome.verdict {
                    "newer \(entry.attempt)"
                } else {
                    "mine \(outcome.hasSlot)"
                }
            case .success(.published(let count)): "heard by \(count)"
            case .failure(let failure): "\(failure)"
            }
        }
    }

    static let name = TakeRuleTests.name
    static let entry = TakeRuleTests.entry(1, 3)

    // MARK: - Joining

    @Test("It has joined when it hears both channels and knows the mark of the data, in either order")
    func joining() {
        var stage = Stage()
        #expect(stage.join() == ["connecting", "open 1"])
        #expect(
            stage.said(.messages) == ["CLIENT SETNAME easysetup-relay", "SUBSCRIBE es1:to:0000000000000001 es1:all"]
        )
        let questions = stage.said(.questions)
        #expect(questions.first == "CLIENT SETNAME easysetup-relay" && questions.last == "GET es1:since")
        #expect(questions.count == 3 && questions[1].hasPrefix("SET es1:since ") && questions[1].hasSuffix(" NX"))
        #expect(stage.ask(.find(Self.name), "a") == ["a cutOff"])
        var other = stage
        #expect(stage.hear(.messages, "+OK\r\n" + Stage.confirmed) == [])
        #expect(stage.hear(.questions, "+OK\r\n$-1\r\n" + Stage.mark) == ["joined, new"])
        #expect(other.hear(.questions, "+OK\r\n+OK\r\n" + Stage.mark) == [])
        #expect(other.hear(.messages, "+OK\r\n") == [])
        #expect(other.hear(.messages, Stage.confirmed) == ["joined, new"])
        #expect(other.said(.messages) == [] && other.said(.questions) == [])
    }

    @Test("User, password and database come first, on both connections") func account() {
        let account = RedisAccount(user: "relay", password: RedisPassword(Array("word".utf8)), database: 2)
        var stage = Stage(account, mustBeMaster: true)
        _ = stage.join()
        let prelude = ["AUTH relay word", "SELECT 2", "CLIENT SETNAME easysetup-relay", "ROLE"]
        #expect(Array(stage.said(.messages).prefix(4)) == prelude)
        #expect(Array(stage.said(.questions).prefix(4)) == prelude)
        let role = "*3\r\n$6\r\nmaster\r\n:0\r\n*0\r\n"
        #expect(stage.hear(.messages, "+OK\r\n+OK\r\n+OK\r\n" + role + Stage.confirmed) == [])
        #expect(stage.hear(.questions, "+OK\r\n+OK\r\n+OK\r\n" + role + "+OK\r\n" + Stage.mark) == ["joined, new"])
        var short = Stage(RedisAccount(password: RedisPassword(Array("word".utf8))))
        _ = short.join()
        #expect(short.said(.messages).first == "AUTH word")
    }

    static let refused: [(String, StoreProblem)] = [
        ("-WRONGPASS invalid username-password pair or user is disabled.\r\n", .wrongPassword),
        ("-ERR AUTH <password> called without any password configured\r\n", .wrongPassword),
        ("+OK\r\n-ERR DB index is out of range\r\n", .noSuchDatabase), ("+OK\r\n-NOPERM no\r\n", .notPermitted),
        ("+OK\r\n-LOADING Redis is loading the dataset in memory\r\n", .loading),
        ("-DENIED Redis is running in protected mode\r\n", .notPermitted),
        ("+OK\r\n+OK\r\n-NOPERM no\r\n-ERR x\r\n", .refused),
        ("+OK\r\n+OK\r\n+OK\r\n*5\r\n$5\r\nslave\r\n$1\r\na\r\n:1\r\n$1\r\nb\r\n:0\r\n", .notMaster),
        ("+OK\r\n+OK\r\n+OK\r\n*0\r\n", .notMaster), ("+OK\r\n+OK\r\n+OK\r\n+OK\r\n", .garbled),
        ("+OK\r\n+PONG\r\n", .garbled), (":1\r\n", .garbled), ("HTTP/1.1 400 Bad Request\r\n", .garbled),
    ]

    @Test("A server that refuses is left, with the reason, on either connection", arguments: refused)
    func refusals(text: String, problem: StoreProblem) {
        for line in RedisLine.allCases {
            let account = RedisAccount(user: "relay", password: RedisPassword(Array("word".utf8)), database: 2)
            var stage = Stage(account, mustBeMaster: true)
            _ = stage.join()
            #expect(stage.hear(line, text) == ["close 1", "cut off: \(problem)"])
            // Later bytes are nobody's any more.
            #expect(stage.hear(line, text) == [] && stage.fail(.closed) == [])
        }
    }

    @Test("Commands that a relay needs and may not say are a reason, too") func commandsRefused() {
        var stage = Stage()
        _ = stage.join()
        #expect(stage.hear(.messages, "-NOPERM no\r\n-NOPERM no\r\n") == ["close 1", "cut off: notPermitted"])
        _ = stage.wait(.seconds(2))
        #expect(stage.hear(.questions, "-NOPERM no\r\n-READONLY no\r\n") == ["close 2", "cut off: notMaster"])
        _ = stage.wait(.seconds(2))
        // A full store can't be marked, and is joined all the same.
        #expect(stage.hear(.messages, "+OK\r\n" + Stage.confirmed) == [])
        #expect(stage.hear(.questions, "+OK\r\n-OOM full\r\n$-1\r\n") == ["joined, new"])
        _ = stage.said(.questions)
        // As soon as it is seen to have no mark, it gets one.
        #expect(stage.wait(.seconds(1)) == [])
        #expect(stage.said(.questions) == ["GET es1:since"])
        #expect(stage.hear(.questions, "$-1\r\n") == [])
        #expect(stage.said(.questions).count == 2)
        #expect(stage.hear(.questions, "+OK\r\n" + Stage.mark) == [])
    }

    // MARK: - Questions

    @Test("Questions go out at once, and each gets its answer in turn") func questions() {
        var stage = Stage.joined()
        _ = stage.said(.questions)
        #expect(stage.ask(.claim(Self.name, Self.entry), "a") == [])
        #expect(stage.ask(.find(Self.name), "b") == [])
        #expect(stage.ask(.publish(Array("hello".utf8), .run(RunID(number: 2))), "c") == [])
        #expect(stage.ask(.publish([], .all), "d") == [])
        #expect(stage.ask(.take(TakeRequest(Self.name, Self.entry, isAttach: true)), "e") == [])
        let said = stage.said(.questions)
        let (slot, room) = ("es1:{010101010101010101010101}", "es1:{010101010101010101010101}:020202020202020202020202")
        #expect(said[0] == "SET \(slot) \(String(decoding: Self.entry.bytes, as: UTF8.self)) PX 1800000 NX")
        #expect(
            said[1...3] == [
                "MGET \(slot) \(room) es1:since", "PUBLISH es1:to:0000000000000002 hello", "PUBLISH es1:all ",
            ]
        )
        #expect(said[4].hasPrefix("EVAL ") && said[4].hasSuffix(" 1 1800000 960000") && said.count == 5)

        let entry = "$28\r\n\(String(decoding: Self.entry.bytes, as: UTF8.self))\r\n"
        #expect(stage.hear(.questions, "+OK\r\n") == ["a claimed true"])
        #expect(stage.hear(.questions, "*3\r\n$-1\r\n\(entry)" + Stage.mark) == ["b found 0 3"])
        #expect(stage.hear(.questions, ":1\r\n:0\r\n") == ["c heard by 1", "d heard by 0"])
        #expect(stage.hear(.questions, "*3\r\n$5\r\nnewer\r\n:1\r\n\(entry)") == ["e newer 3"])
        #expect(stage.ask(.claim(Self.name, Self.entry), "f") == [])
        #expect(stage.hear(.questions, "$-1\r\n") == ["f claimed false"])
        // An answer to nothing is a fault.
        #expect(stage.hear(.questions, "+OK\r\n") == ["close 1", "cut off: garbled"])
    }

    static let failed: [(String, [String])] = [
        ("-OOM command not allowed\r\n", ["a full"]), ("-NOPERM no\r\n", ["a notPermitted"]),
        ("-MISCONF no\r\n", ["a refused"]), ("-\r\n", ["a refused"]), ("-NOREPLICAS no\r\n", ["a refused"]),
        ("-READONLY no\r\n", ["a cutOff", "close 1", "cut off: notMaster", "z cutOff"]),
        ("-LOADING no\r\n", ["a cutOff", "close 1", "cut off: loading", "z cutOff"]),
        ("-NOAUTH no\r\n", ["a cutOff", "close 1", "cut off: wrongPassword", "z cutOff"]),
        ("+QUEUED\r\n", ["a cutOff", "close 1", "cut off: garbled", "z cutOff"]),
        ("*3\r\n:1\r\n:1\r\n:1\r\n", ["a cutOff", "close 1", "cut off: garbled", "z cutOff"]),
        ("*3\r\n$5\r\nnewer\r\n:1\r\n$-1\r\n", ["a cutOff", "close 1", "cut off: garbled", "z cutOff"]),
        ("*3\r\n$4\r\nmine\r\n:3\r\n$-1\r\n", ["a cutOff", "close 1", "cut off: garbled", "z cutOff"]),
        (":-1\r\n", ["a cutOff", "close 1", "cut off: garbled", "z cutOff"]),
    ]

    @Test("A refused question fails alone, and an answer that is none ends the connection", arguments: failed)
    func failures(text: String, effects: [String]) {
        let questions: [StoreQuestion] = [
            .claim(Self.name, Self.entry), .publish([1], .all),
            .take(TakeRequest(Self.name, Self.entry, isAttach: false)), .find(Self.name),
        ]
        for question in questions {
            var stage = Stage.joined()
            _ = stage.ask(question, "a")
            _ = stage.ask(question, "z")
            #expect(stage.hear(.questions, text) == effects)
        }
    }

    @Test("Lost data are told before the answer that shows it, once, and are marked again") func lostData() {
        var stage = Stage.joined()
        _ = stage.said(.questions)
        _ = stage.ask(.find(Self.name), "a")
        _ = stage.ask(.find(Self.name), "b")
        _ = stage.said(.questions)
        let nothing = "*3\r\n$-1\r\n$-1\r\n$-1\r\n"
        #expect(stage.hear(.questions, nothing + nothing) == ["lost", "a found 0 0", "b found 0 0"])
        let said = stage.said(.questions)
        #expect(said.count == 2 && said[0].hasPrefix("SET es1:since ") && said[1] == "GET es1:since")
        // Another relay was faster.
        #expect(stage.hear(.questions, "$-1\r\n$5\r\nother\r\n") == [])
        // The mark is another one: all was lost, and another relay has marked it.
        _ = stage.wait(.seconds(1))
        #expect(stage.hear(.questions, Stage.mark) == ["lost"])
        // Lost again between marking and looking.
        _ = stage.wait(.seconds(1))
        #expect(stage.hear(.questions, "$-1\r\n") == ["lost"])
        #expect(stage.said(.questions).count == 4)
        #expect(stage.hear(.questions, "+OK\r\n$-1\r\n") == [])
        #expect(stage.said(.questions).count == 2)
        #expect(stage.hear(.questions, "+OK\r\n" + Stage.mark) == [])
    }

    @Test("Whether data were kept is told on joining again") func kept() {
        for (mark, told) in [
            (Stage.mark, "joined, kept"), ("$5\r\nother\r\n", "joined, new"), ("$-1\r\n", "joined, new"),
        ] {
            var stage = Stage.joined()
            #expect(stage.fail(.closed) == ["close 1", "cut off: closed"])
            #expect(stage.wait(.milliseconds(100)) == ["connecting", "open 2"])
            #expect(stage.welcome(mark: mark) == [told])
        }
    }

    // MARK: - Messages

    @Test("Messages of both channels are told, and of no other") func messages() {
        var stage = Stage()
        _ = stage.join()
        let all = "*3\r\n$7\r\nmessage\r\n$7\r\nes1:all\r\n$2\r\nhi\r\n"
        let own = "*3\r\n$7\r\nmessage\r\n$23\r\nes1:to:0000000000000001\r\n$2\r\nyo\r\n"
        // Before it has joined it may lose some.
        #expect(stage.hear(.messages, "+OK\r\n" + Stage.confirmed + own) == [])
        #expect(stage.hear(.questions, "+OK\r\n+OK\r\n" + Stage.mark) == ["joined, new"])
        #expect(stage.hear(.messages, own + all + own) == ["own: yo", "all: hi", "own: yo"])
        for text in [
            "*3\r\n$7\r\nmessage\r\n$7\r\nes1:any\r\n$2\r\nhi\r\n", "*2\r\n$7\r\nmessage\r\n$7\r\nes1:all\r\n",
            "+OK\r\n",
            "*3\r\n$7\r\nmessage\r\n$7\r\nes1:all\r\n:1\r\n", "*3\r\n$11\r\nunsubscribe\r\n$7\r\nes1:all\r\n:1\r\n",
            "*0\r\n",
        ] {
            var stage = Stage.joined()
            #expect(stage.hear(.messages, all + text + all) == ["all: hi", "close 1", "cut off: garbled"])
        }
    }

    @Test("A message that no relay could read is not sent") func longMessage() {
        var stage = Stage.joined()
        let limit = RedisLimits().messageBytes
        #expect(stage.ask(.publish([UInt8](repeating: 0, count: limit), .all), "a") == [])
        #expect(stage.ask(.publish([UInt8](repeating: 0, count: limit + 1), .all), "b") == ["b refused"])
        let head = "*3\r\n$7\r\nmessage\r\n$23\r\nes1:to:0000000000000001\r\n$\(limit)\r\n\r\n"
        #expect(head.utf8.count + limit <= RESPLimits().answerBytes)
    }

    // MARK: - Time and limits

    @Test("A server that does not answer within the second is left") func silence() {
        var stage = Stage.joined()
        #expect(stage.wait(.milliseconds(500)) == [])
        _ = stage.ask(.find(Self.name), "a")
        _ = stage.wait(.milliseconds(500))
        _ = stage.ask(.publish([], .all), "b")
        #expect(stage.wait(.milliseconds(499)) == [])
        #expect(stage.wait(.milliseconds(1)) == ["close 1", "cut off: silent", "a cutOff", "b cutOff"])
    }

    @Test("It looks each second whether data were lost, which shows that the server is there") func looks() {
        var limits = RedisLimits()
        limits.silence = .seconds(3_600)
        var stage = Stage.joined(limits: limits)
        _ = stage.said(.questions)
        for _ in 0..<5 {
            #expect(stage.wait(.milliseconds(999)) == [] && stage.said(.questions) == [])
            #expect(stage.wait(.milliseconds(1)) == [] && stage.said(.questions) == ["GET es1:since"])
            #expect(stage.hear(.questions, Stage.mark) == [])
        }
        _ = stage.wait(.seconds(1))
        #expect(stage.wait(.seconds(1)) == ["close 1", "cut off: silent"])
    }

    @Test("The connection of the messages is asked when it is silent, and left when it stays so") func pings() {
        var limits = RedisLimits()
        limits.look = .seconds(3_600)
        var stage = Stage.joined(limits: limits)
        _ = stage.said(.messages)
        #expect(stage.wait(.milliseconds(1_999)) == [] && stage.said(.messages) == [])
        #expect(stage.wait(.milliseconds(1)) == [] && stage.said(.messages) == ["PING"])
        #expect(stage.hear(.messages, "*2\r\n$4\r\npong\r\n$0\r\n\r\n") == [])
        #expect(stage.wait(.seconds(2)) == [] && stage.said(.messages) == ["PING"])
        #expect(stage.wait(.milliseconds(999)) == [])
        #expect(stage.wait(.milliseconds(1)) == ["close 1", "cut off: silent"])
    }

    @Test("Joining may take two seconds") func slowOpening() {
        var stage = Stage()
        _ = stage.join()
        #expect(stage.hear(.messages, "+OK\r\n" + Stage.confirmed) == [])
        #expect(stage.wait(.milliseconds(1_999)) == [])
        #expect(stage.wait(.milliseconds(1)) == ["close 1", "cut off: silent"])
    }

    @Test(
        "Pauses double from a tenth of a second to two, each shortened by chance, and begin anew after five good seconds"
    )
    func pauses() throws {
        var stage = Stage()
        _ = stage.join()
        var longest = Duration.milliseconds(100)
        for _ in 0..<8 {
            _ = stage.fail(.unreachable)
            let pause = try #require(stage.machine.due) - stage.now
            #expect(pause >= longest / 2 && pause <= longest)
            #expect(stage.wait(pause).first == "connecting")
            longest = min(longest * 2, .seconds(2))
        }
        // Joined for less than five seconds.
        #expect(stage.welcome() == ["joined, new"])
        _ = stage.fail(.closed)
        let long = try #require(stage.machine.due) - stage.now
        #expect(long >= .seconds(1))
        _ = stage.wait(long)
        #expect(stage.welcome() == ["joined, kept"])
        for _ in 0..<5 {
            _ = stage.wait(.seconds(1))
            _ = stage.hear(.questions, Stage.mark)
            _ = stage.hear(.messages, "*2\r\n$4\r\npong\r\n$0\r\n\r\n")
        }
        _ = stage.fail(.closed)
        #expect(try #require(stage.machine.due) - stage.now <= .milliseconds(100))
    }

    @Test("Two relays that are cut off together come back at different times") func chance() {
        var (one, other) = (Stage(), Stage())
        other.machine = RedisMachine(account: RedisAccount(), random: SplitMix(state: 2))
        for index in 0..<2 {
            _ = index == 0 ? one.join() : other.join()
            _ = index == 0 ? one.fail(.closed) : other.fail(.closed)
        }
        #expect(one.machine.due != other.machine.due)
    }

    @Test("What the server does not take in is bounded") func unsent() {
        var stage = Stage.joined()
        _ = stage.said(.questions)
        let message = [UInt8](repeating: 1, count: 60_000)
        // Bytes that were taken but not written count as well.
        var taken = 0
        for _ in 0..<69 {
            #expect(stage.ask(.publish(message, .all), "a") == [])
            taken += stage.machine.takeOutput(.questions)?.count ?? 0
            stage.machine.hasUnwritten(taken, attempt: 1)
        }
        #expect(taken <= 4 << 20)
        var other = stage
        let told = stage.ask(.publish(message, .all), "b")
        #expect(told.prefix(2) == ["close 1", "cut off: unsent"] && told.count == 72 && told.last == "b cutOff")
        other.machine.hasUnwritten(0, attempt: 1)
        #expect(other.ask(.publish(message, .all), "b") == [])
    }

    @Test("Questions without an answer are bounded") func unanswered() {
        var limits = RedisLimits()
        limits.unanswered = 2
        var stage = Stage.joined(limits: limits)
        _ = stage.ask(.publish([], .all), "a")
        _ = stage.ask(.find(Self.name), "b")
        #expect(stage.ask(.publish([], .all), "c") == ["c busy"])
        #expect(stage.hear(.questions, ":1\r\n") == ["a heard by 1"])
        #expect(stage.ask(.publish([], .all), "d") == [])
    }

    @Test("A password that was changed is that of the next attempt, and the present one goes on") func newPassword() {
        var stage = Stage.joined()
        stage.machine.account.password = RedisPassword(Array("new".utf8))
        _ = stage.ask(.publish([], .all), "a")
        #expect(!stage.said(.questions).contains { $0.hasPrefix("AUTH") })
        _ = stage.fail(.closed)
        _ = stage.wait(.seconds(3))
        #expect(stage.said(.questions).first == "AUTH new")
        #expect(stage.said(.messages).first == "AUTH new")
    }

    @Test("Answers that a message was heard may wait, for a while and in some number; others may not") func reading() {
        var limits = RedisLimits()
        limits.unreadAnswersAtOnce = 3
        var stage = Stage.joined(limits: limits)
        #expect(stage.machine.reading == .never)
        stage.now = .seconds(1)
        _ = stage.ask(.publish([1], .all), "a")
        #expect(stage.machine.reading == .at(.seconds(1) + limits.unreadAnswers))
        stage.now += .milliseconds(5)
        _ = stage.ask(.publish([2], .all), "b")
        #expect(stage.machine.reading == .at(.seconds(1) + limits.unreadAnswers))
        var third = stage
        _ = third.ask(.publish([3], .all), "c")
        #expect(third.machine.reading == .at(.seconds(1)))
        // Somebody waits for the answer to this one, so that those before it are read, too.
        _ = stage.ask(.find(Self.name), "c")
        #expect(stage.machine.reading == .at(.seconds(1)))
        _ = stage.ask(.publish([4], .all), "d")
        let found = "*3\r\n$-1\r\n$-1\r\n" + Stage.mark
        #expect(stage.hear(.questions, ":1\r\n:1\r\n" + found) == ["a heard by 1", "b heard by 1", "c found 0 0"])
        #expect(stage.machine.reading == .at(stage.now + limits.unreadAnswers))
        #expect(stage.hear(.questions, ":1\r\n") == ["d heard by 1"] && stage.machine.reading == .never)
        #expect(stage.fail(.closed).contains("cut off: closed") && stage.machine.reading == .always)
    }

    // MARK: - Leaving

    @Test("Another run has connections of its own, and hears nothing more of the earlier ones") func otherRun() {
        var stage = Stage.joined()
        _ = stage.ask(.publish([], .all), "a")
        #expect(
            stage.join(as: RunID(number: 2)) == ["close 1", "cut off: left", "a cutOff", "connecting", "open 2"]
        )
        #expect(stage.said(.messages).last == "SUBSCRIBE es1:to:0000000000000002 es1:all")
        stage.attempt = 1
        #expect(stage.hear(.messages, "*3\r\n$7\r\nmessage\r\n$7\r\nes1:all\r\n$2\r\nhi\r\n") == [])
        #expect(stage.hear(.questions, ":1\r\n") == [] && stage.fail(.closed) == [])
        stage.machine.hasUnwritten(8 << 20, attempt: 1)
        stage.attempt = 2
        // The channel of the run before is none of this one's.
        #expect(stage.hear(.messages, "+OK\r\n" + Stage.confirmed) == ["close 2", "cut off: garbled"])
        #expect(stage.show(stage.machine.leave()) == [] && stage.machine.due == nil)
        #expect(stage.wait(.seconds(60)) == [])
        #expect(stage.ask(.find(Self.name), "b") == ["b cutOff"])
    }

    @Test("A server that is no master any more is left at once, for the next without a pause") func masterMoved() {
        var stage = Stage.joined()
        _ = stage.ask(.find(Self.name), "a")
        #expect(
            stage.show(stage.machine.masterMoved(at: stage.now)) == ["close 1", "cut off: masterMoved", "a cutOff"]
        )
        #expect(stage.wait(.zero) == ["connecting", "open 2"])
        _ = stage.fail(.unreachable)
        #expect(stage.show(stage.machine.masterMoved(at: stage.now)) == [])
        #expect(stage.wait(.zero) == ["connecting", "open 3"])
        _ = stage.machine.leave()
        #expect(stage.show(stage.machine.masterMoved(at: stage.now)) == [] && stage.machine.due == nil)
    }

    @Test("Whatever happens in whatever order, each question has one answer, and something is due until the end")
    func anything() throws {
        var random = SplitMix(state: 42)
        let texts = [
            "+OK\r\n", "$-1\r\n", ":1\r\n", Stage.mark, Stage.confirmed, "*3\r\n$-1\r\n$-1\r\n$-1\r\n", "-ERR\r\n",
            "-OOM\r\n",
            "*3\r\n$4\r\nmine\r\n:1\r\n$-1\r\n", "*2\r\n$4\r\npong\r\n$0\r\n\r\n", "*", "x",
        ]
        var joined = 0
        for round in 0..<2_000 {
            var stage = Stage()
            var (asked, answered): (Int, [String]) = (0, [])
            _ = stage.join()
            func note(_ told: [String]) {
                answered += told.filter { $0.hasPrefix("q") }
                joined += told.count { $0.hasPrefix("joined") }
            }
            for _ in 0..<60 {
                switch Int.random(in: 0...9, using: &random) {
                case 0: note(stage.wait(random.milliseconds(1...1_200)))
                case 1: if random.once(in: 8) { note(stage.fail(.closed)) }
                case 2: if random.once(in: 8) { note(stage.join(as: Stage.run)) }
                case 3: note(stage.welcome())
                case 4, 5:
                    let line: RedisLine = Bool.random(using: &random) ? .messages : .questions
                    note(stage.hear(line, random.pick(texts) ?? ""))
                case 6: _ = stage.said(.questions) + stage.said(.messages)
                default:
                    asked += 1
                    let questions: [StoreQuestion] = [
                        .claim(Self.name, Self.entry), .find(Self.name), .publish([], .all),
                        .take(TakeRequest(Self.name, Self.entry, isAttach: true)),
                    ]
                    note(stage.ask(random.pick(questions) ?? .find(Self.name), "q\(asked) "))
                }
                try #require(stage.machine.due != nil, "round \(round)")
            }
            note(stage.show(stage.machine.leave()))
            #expect(answered.count == asked)
            #expect(Set(answered.map { $0.prefix { $0 != " " } }).count == asked)
        }
        #expect(joined > 1_000)
    }
}
