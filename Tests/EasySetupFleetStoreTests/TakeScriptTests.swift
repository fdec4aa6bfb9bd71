import SeededRandom
import TestSupport
import Testing

@testable import EasySetupFleetStore

/// The script of ``TakeScript`` and the value of ``TakeRule``, which must say the same.
@Suite(
    "Taking a room in a real Redis",
    .inTurn,
    .enabled(if: RedisServer.program != nil, RedisServer.hint)
) struct TakeScriptTests {
    private static let times = DirectoryTimes()

    private static func drawnName(_ slot: [UInt8], _ offer: UInt8) -> RoomName {
        RoomName(slot: slot, offer: [UInt8](repeating: offer, count: 12))
    }

    private static func drawnEntry(_ random: inout SplitMix, offer: UInt8) -> Registration {
        Registration(
            offer: [UInt8](repeating: offer, count: 16),
            run: RunID(number: .random(in: 1...4, using: &random)),
            attempt: .random(in: 0...3, using: &random)
        )
    }

    @Test("Random histories of four runs and three attempts are the same, step by step") func histories() async throws {
        try await RedisServer.run { server in
            try await RedisTalk.with(server.port) { talk in
                var random = SplitMix(state: 15_042)
                var seen: Set<String> = []
                for _ in 0..<100 {
                    try await history(&random, talk, &seen)
                }
                // Each outcome has come.
                #expect(seen.count == 10, "\(seen)")
            }
        }
    }

    /// Forty steps at a slot of their own, which two offers use.
    private func history(_ random: inout SplitMix, _ talk: RedisTalk, _ seen: inout Set<String>) async throws {
        let slot = random.bytes(12)
        var model = StoreModel(times: Self.times)
        var now = Duration.zero
        var (commands, expected): ([RESPCommand], [String]) = ([], [])
        for _ in 0..<40 {
            let offer = UInt8.random(in: 1...2, using: &random)
            let name = Self.drawnName(slot, offer)
            let entry = Self.drawnEntry(&random, offer: offer)
            switch Int.random(in: 0...9, using: &random) {
            case 0:
                commands.append(RedisCommands.claim(name, entry, Self.times))
                expected.append("claimed \(model.claim(name, entry, at: now))")
            case 1:
                // Time passes, and what the model has no longer goes.
                now += .seconds(Int.random(in: 1...2_000, using: &random))
                for offer in UInt8(1)...2 {
                    let name = Self.drawnName(slot, offer)
                    let found = model.find(name, at: now)
                    for (key, entry) in [
                        (RedisKeys.slot(name), found.atSlot), (RedisKeys.room(name), found.withoutSlot),
                    ] where entry == nil {
                        commands.append(RESPCommand(words: [Array("DEL".utf8), key]))
                        expected.append("anything")
                    }
                }
            case 2:
                // Something else is at the key, shorter or of another kind.
                guard model.find(name, at: now).withoutSlot == nil else { continue }
                let key = RedisKeys.room(name)
                for words in [[Array("DEL".utf8), key], [Array("RPUSH".utf8), key, entry.bytes]] {
                    commands.append(RESPCommand(words: words))
                    expected.append("anything")
                }
            default:
                let former = Bool.random(using: &random) ? RunID(number: .random(in: 1...4, using: &random)) : nil
                let request = TakeRequest(name, entry, former: former, isAttach: .random(using: &random))
                commands.append(RedisCommands.take(request, Self.times))
                let outcome = model.take(request, at: now)
                expected.append("taken \(outcome)")
                seen.insert("\(kind(of: outcome.verdict, entry.run)) \(outcome.hasSlot)")
            }
            commands.append(RedisCommands.find(name))
            expected.append("found \(model.find(name, at: now))")
        }
        let answers = try await talk.send(commands)
        for (index, wanted) in expected.enumerated() where wanted != "anything" {
            let answer = answers[index]
            let told =
                switch wanted.prefix(5) {
                case "claim": RedisCommands.claimed(answer).map { "claimed \($0)" }
                case "taken": RedisCommands.taken(answer).map { "taken \($0)" }
                default: RedisCommands.found(answer).map { "found \($0.rooms)" }
                }
            #expect(told == wanted, "step \(index)")
        }
    }

    private func kind(of verdict: TakeOutcome.Verdict, _ run: RunID) -> String {
        switch verdict {
        case .mine(nil): "first"
        case .mine(let before?): before.run == run ? "mine" : before.attempt == 0 ? "over none" : "over another"
        case .newer: "newer"
        }
    }

    @Test("What is taken lives as long as the directory's times say") func lifetimes() async throws {
        try await RedisServer.run { server in
            try await RedisTalk.with(server.port) { talk in
                let name = Self.drawnName([UInt8](repeating: 1, count: 12), 1)
                let other = Self.drawnName([UInt8](repeating: 1, count: 12), 2)
                let entry = Registration(offer: [UInt8](repeating: 1, count: 16), run: RunID(number: 1), attempt: 1)
                let second = Registration(offer: [UInt8](repeating: 2, count: 16), run: RunID(number: 2), attempt: 1)
                let answers = try await talk.send([
                    RedisCommands.claim(name, entry, Self.times),
                    RESPCommand(words: [Array("PTTL".utf8), RedisKeys.slot(name)]),
                    RESPCommand(words: [Array("PEXPIRE".utf8), RedisKeys.slot(name), Array("5000".utf8)]),
                    RedisCommands.take(TakeRequest(name, entry, isAttach: false), Self.times),
                    RESPCommand(words: [Array("PTTL".utf8), RedisKeys.slot(name)]),
                    RedisCommands.take(TakeRequest(other, second, isAttach: false), Self.times),
                    RESPCommand(words: [Array("PTTL".utf8), RedisKeys.room(other)]),
                ])
                for (index, seconds) in [(1, Int64(1_800)), (4, 1_800), (6, 960)] {
                    guard case .number(let time) = answers[index] else {
                        Issue.record("\(answers[index])")
                        continue
                    }
                    #expect(time > (seconds - 600) * 1_000 && time <= seconds * 1_000)
                }
            }
        }
    }

    @Test("A session is kept for 90 s, and is gone when its own run has it no longer, but by no other run's word")
    func sessions() async throws {
        try await RedisServer.run { server in
            try await RedisTalk.with(server.port) { talk in
                let name = Self.drawnName([UInt8](repeating: 1, count: 12), 1)
                let offer = [UInt8](repeating: 1, count: 16)
                func take(_ run: UInt64, _ kept: TakeRequest.Time, isAttach: Bool = false) -> RESPCommand {
                    let entry = Registration(offer: offer, run: RunID(number: run), attempt: 0)
                    return RedisCommands.take(TakeRequest(name, entry, isAttach: isAttach, kept: kept), Self.times)
                }
                let time = RESPCommand(words: [Array("PTTL".utf8), RedisKeys.slot(name)])
                let answers = try await talk.send([
                    take(1, .session, isAttach: true), time, take(2, .session), take(2, .noLonger), time,
                    take(2, .session, isAttach: true), take(1, .noLonger), RedisCommands.find(name),
                ])
                for index in [1, 4] {
                    guard case .number(let time) = answers[index] else { throw Unexpected() }
                    #expect(time > 60_000 && time <= 90_000)
                }
                for index in [2, 3, 6] {
                    guard case .newer? = RedisCommands.taken(answers[index])?.verdict else { throw Unexpected() }
                }
                #expect(RedisCommands.found(answers[7])?.rooms.atSlot?.run == RunID(number: 2))
                _ = try await talk.send([take(2, .noLonger)])
                try await until {
                    try await RedisCommands.found(talk.send([RedisCommands.find(name)])[0])?.rooms == FoundRooms()
                }
            }
        }
    }

    private struct Unexpected: Error {}

    @Test("Of two connections that race for a slot or a room, one is first, each of thousands of times")
    func races() async throws {
        try await RedisServer.run { server in
            let rounds = 3_000
            let names = (0..<rounds).map { round in
                RoomName(
                    slot: (0..<12).map { UInt8(truncatingIfNeeded: round >> (8 * min($0, 3))) },
                    offer: [UInt8](repeating: 1, count: 12)
                )
            }
            @Sendable func racer(_ number: UInt64) async throws -> [Int] {
                try await RedisTalk.with(server.port) { talk in
                    var wins: [Int] = []
                    let entry = Registration(
                        offer: [UInt8](repeating: UInt8(number), count: 16),
                        run: RunID(number: number),
                        attempt: 1
                    )
                    let same = Registration(
                        offer: [UInt8](repeating: 9, count: 16),
                        run: RunID(number: number),
                        attempt: 1
                    )
                    for start in stride(from: 0, to: rounds, by: 10) {
                        let part = start..<start + 10
                        let answers = try await talk.send(
                            part.map { round in
                                round % 2 == 0
                                    ? RedisCommands.claim(names[round], entry, Self.times)
                                    // Every other time an attach is as new as the other's, which the later one gets.
                                    : RedisCommands.take(
                                        TakeRequest(names[round], same, isAttach: round % 4 == 1),
                                        Self.times
                                    )
                            }
                        )
                        for (round, answer) in zip(part, answers) {
                            if round % 2 == 0 {
                                if try #require(RedisCommands.claimed(answer) as Bool?) { wins.append(round) }
                            } else if try #require(RedisCommands.taken(answer)).verdict == .mine(before: nil) {
                                wins.append(round)
                            }
                        }
                    }
                    return wins
                }
            }
            async let first = racer(1)
            async let second = racer(2)
            let (one, two) = try await (Set(first), Set(second))
            #expect(one.isDisjoint(with: two))
            #expect(one.count + two.count == rounds)
        }
    }
}
