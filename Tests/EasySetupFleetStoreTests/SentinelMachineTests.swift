import SeededRandom
import Testing

@testable import EasySetupFleetStore

@Suite("Asking sentinels, without sockets") struct SentinelMachineTests {
    private struct Stage {
        var machine: SentinelMachine
        var now = Duration.zero
        var attempt = 1

        init(sentinels: Int = 3) {
            machine = SentinelMachine(master: "main", sentinels: sentinels, random: SplitMix(state: 3))
        }

        mutating func show(_ effects: [SentinelMachine.Effect]) -> [String] {
            effects.map { effect in
                switch effect {
                case .open(let sentinel, let attempt):
                    self.attempt = attempt
                    return "open \(sentinel)"
                case .close: return "close"
                case .master(let place): return "master \(place)"
                }
            }
        }

        mutating func start() -> [String] { show(machine.start(at: now)) }

        mutating func hear(_ line: RedisLine, _ text: String) -> [String] {
            let bytes = Array(text.utf8)
            return show(machine.received(bytes.span, on: line, attempt: attempt, at: now))
        }

        mutating func wait(_ time: Duration) -> [String] {
            now += time
            return show(machine.timePassed(now))
        }

        mutating func pause() throws -> Duration { try #require(machine.due) - now }

        mutating func said(_ line: RedisLine) -> String {
            machine.takeOutput(line).map { String(decoding: $0, as: UTF8.self) } ?? ""
        }
    }

    private static let place = "*2\r\n$8\r\n10.0.0.7\r\n$4\r\n6379\r\n"
    private static let question = RESPCommand("SENTINEL", "GET-MASTER-ADDR-BY-NAME", "main").encoded

    private static func switched(_ text: String) -> String {
        "*3\r\n$7\r\nmessage\r\n$14\r\n+switch-master\r\n$\(text.utf8.count)\r\n\(text)\r\n"
    }

    @Test("A sentinel is asked at once and each second, and heard") func asking() {
        var stage = Stage()
        #expect(stage.start() == ["open 0"])
        #expect(stage.said(.messages) == "*2\r\n$9\r\nSUBSCRIBE\r\n$14\r\n+switch-master\r\n")
        #expect(stage.said(.questions) == String(decoding: Self.question, as: UTF8.self))
        #expect(stage.hear(.messages, "*3\r\n$9\r\nsubscribe\r\n$14\r\n+switch-master\r\n:1\r\n") == [])
        #expect(stage.hear(.questions, Self.place) == ["master 10.0.0.7:6379"])
        #expect(stage.wait(.milliseconds(999)) == [] && stage.said(.questions).isEmpty)
        #expect(stage.wait(.milliseconds(1)) == [])
        #expect(stage.said(.questions) == String(decoding: Self.question, as: UTF8.self))
        #expect(stage.hear(.messages, Self.switched("other 1.1.1.1 1 2.2.2.2 2")) == [])
        #expect(stage.hear(.messages, Self.switched("main 10.0.0.7 6379 10.0.0.8 6380")) == ["master 10.0.0.8:6380"])
        #expect(stage.hear(.messages, Self.switched("main 10.0.0.7 6379 10.0.0.8")) == [])
        #expect(!stage.machine.isLost)
        #expect(stage.show(stage.machine.stop()) == ["close"] && stage.machine.due == nil)
        #expect(stage.hear(.questions, Self.place) == [] && stage.show(stage.machine.stop()) == [])
    }

    @Test(
        "A sentinel that is silent, gone or of no use is left for the next",
        arguments: [
            "*-1\r\n", "-NOAUTH no\r\n", "-IDONTKNOW no\r\n", "+OK\r\n", "*2\r\n$0\r\n\r\n$1\r\n1\r\n", "HTTP",
            "*2\r\n$1\r\na\r\n$1\r\n0\r\n", "*2\r\n$1\r\na\r\n$5\r\n65536\r\n", "*2\r\n$3\r\na b\r\n$1\r\n1\r\n",
            "*1\r\n$1\r\na\r\n",
        ]
    )
    func useless(answer: String) throws {
        var stage = Stage()
        _ = stage.start()
        #expect(stage.hear(.questions, answer) == ["close"])
        #expect(stage.hear(.questions, Self.place) == [])
        #expect(stage.wait(try stage.pause()) == ["open 1"])
        #expect(stage.wait(.seconds(1)) == ["close"])
        #expect(stage.wait(try stage.pause()) == ["open 2"])
        #expect(!stage.machine.isLost)
        #expect(stage.show(stage.machine.failed(attempt: stage.attempt, at: stage.now)) == ["close"])
        #expect(stage.show(stage.machine.failed(attempt: stage.attempt, at: stage.now)) == [])
        #expect(stage.machine.isLost)
        #expect(stage.wait(try stage.pause()) == ["open 0"])
        #expect(stage.hear(.questions, Self.place) == ["master 10.0.0.7:6379"])
        #expect(!stage.machine.isLost)
        // An answer to nothing.
        #expect(stage.hear(.questions, Self.place) == ["close"])
    }

    @Test("Pauses grow when all sentinels have failed, to two seconds") func pauses() throws {
        var stage = Stage(sentinels: 2)
        _ = stage.start()
        for round in 0..<12 {
            _ = stage.show(stage.machine.failed(attempt: stage.attempt, at: stage.now))
            let longest = min(Duration.milliseconds(100) * (1 << (round / 2)), .seconds(2))
            let pause = try stage.pause()
            #expect(pause >= longest / 2 && pause <= longest)
            #expect(stage.wait(pause) == ["open \((round + 1) % 2)"])
        }
    }
}
