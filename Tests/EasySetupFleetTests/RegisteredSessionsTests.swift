import EasySetupRelayProtocol
import SeededRandom
import Testing

@testable import EasySetupFleet

@Suite("Sessions of which the directory is told") struct RegisteredSessionsTests {
    private static func session(_ number: Int) -> LongPollConnectionID {
        LongPollConnectionID((0..<16).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) })!
    }

    private static func names(_ steps: [RegisteredSessions.Step]) -> [LongPollConnectionID] {
        steps.map {
            switch $0 {
            case .register(let session), .forget(let session): session
            }
        }
    }

    /// All steps of the turns until this time, by turn.
    private static func turns(_ sessions: inout RegisteredSessions, until end: Duration) -> [[RegisteredSessions.Step]]
    {
        var turns: [[RegisteredSessions.Step]] = []
        while let due = sessions.due, due <= end { turns.append(sessions.takeTurn(now: due)) }
        return turns
    }

    @Test("Each session is told again in its time, in the order in which they were told") func order() {
        var sessions = RegisteredSessions()
        #expect(sessions.due == nil)
        for number in 0..<5 { sessions.add(Self.session(number), now: .seconds(number)) }
        #expect(sessions.due == RegisteredSessions.again)
        let early = sessions.takeTurn(now: RegisteredSessions.again - .milliseconds(1))
        #expect(early.isEmpty)
        sessions.remove(Self.session(2), tells: false)
        let turns = Self.turns(&sessions, until: RegisteredSessions.again + .seconds(10))
        #expect(turns == [0, 1, 3, 4].map { [.register(Self.session($0))] })
        #expect(sessions.due == RegisteredSessions.again * 2)
    }

    @Test("A turn has a bounded number of steps, however many sessions the directory has lost") func bounded() {
        let count = RegisteredSessions.perTurn * 25 + 1
        var sessions = RegisteredSessions()
        for number in 0..<count { sessions.add(Self.session(number), now: .zero) }
        sessions.registerAll()
        let turns = Self.turns(&sessions, until: .seconds(10))
        #expect(turns.map(\.count) == Array(repeating: RegisteredSessions.perTurn, count: 25) + [1])
        #expect(turns.flatMap(Self.names) == (0..<count).map(Self.session))
        // As many as can be had in a second fit between two times at which each is told, with room for all others.
        #expect(RegisteredSessions.perTurn * 10 * 45 > 60_000)
    }

    @Test("Strangers who open and close sessions leave nothing in the list, and those who stay are told first")
    func strangers() {
        var sessions = RegisteredSessions()
        for number in 0..<10 { sessions.add(Self.session(number), now: .zero) }
        for number in 10..<50_000 {
            sessions.add(Self.session(number), now: .zero)
            sessions.remove(Self.session(number), tells: true)
            #expect(sessions.counts.known == 10 && sessions.counts.over <= RegisteredSessions.leaving)
        }
        #expect(sessions.counts.over == RegisteredSessions.leaving)
        sessions.registerAll()
        let first = sessions.takeTurn(now: .zero)
        #expect(first.prefix(11) == (0..<10).map { .register(Self.session($0)) } + [.forget(Self.session(10))])
        #expect(first.count == RegisteredSessions.perTurn)
        let left = Self.turns(&sessions, until: .seconds(30)).flatMap { $0 }
        #expect(first.count + left.count == 10 + RegisteredSessions.leaving)
        #expect(sessions.counts.known == 10 && sessions.counts.over == 0)
    }

    @Test("Whatever is added and removed, the list is that of the sessions that are there, in their order")
    func random() {
        var random = SplitMix(state: 5)
        var sessions = RegisteredSessions()
        var expected: [Int] = []
        for _ in 0..<5_000 {
            let number = Int.random(in: 0..<40, using: &random)
            expected.removeAll { $0 == number }
            if Bool.random(using: &random) {
                sessions.add(Self.session(number), now: .zero)
                expected.append(number)
            } else {
                sessions.remove(Self.session(number), tells: false)
            }
            #expect(sessions.counts.known == expected.count)
        }
        sessions.registerAll()
        #expect(Self.names(sessions.takeTurn(now: .zero)) == expected.map(Self.session))
    }
}
