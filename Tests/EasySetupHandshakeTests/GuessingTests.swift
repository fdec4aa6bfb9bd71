import EasySetupHandshake
import EasySetupSeed
import Testing

@Suite("Visits and guesses") struct GuessingTests {
    @Test("A wrong code is counted, and a right one after it is not") func counted() throws {
        var pair = try Pair.make(wrongCode: true)
        let wrong = try pair.proof()
        #expect(failure { _ = try pair.toOfferer(wrong, number: 2) } == .wrongProof)
        #expect(pair.offerer.wrongProofs == 1)
        #expect(pair.offerer.meetingCount == 0)
        var next = try VisitorHandshake(.code(pair.code), device: device("phone", .receiver))
        let right = try proof(of: &next, to: &pair.offerer, meeting: meeting(1))
        guard case .proven = try pair.toOfferer(right, number: 2, meeting: meeting(1)) else { throw Unexpected() }
        #expect(pair.offerer.wrongProofs == 1)
    }

    @Test("Three wrong codes burn the typed code: the fourth is not compared, though right; the link still opens")
    func burnt() throws {
        var pair = try Pair.make()
        // The proof of a meeting that was answered before the code was used up is not compared after it either.
        var late = try VisitorHandshake(.code(pair.code), device: device("late", .receiver))
        let lateProof = try proof(of: &late, to: &pair.offerer, meeting: meeting(9))
        for attempt in UInt8(1)...3 {
            #expect(pair.offerer.isBurnt == false)
            var guesser = try VisitorHandshake(Pair.other(.typed), device: device("guesser", .receiver))
            let wrong = try proof(of: &guesser, to: &pair.offerer, meeting: meeting(attempt))
            #expect(failure { _ = try pair.toOfferer(wrong, number: 2, meeting: meeting(attempt)) } == .wrongProof)
            #expect(pair.offerer.wrongProofs == Int(attempt))
        }
        #expect(pair.offerer.isBurnt == true)
        #expect(failure { _ = try pair.toOfferer(lateProof, number: 2, meeting: meeting(9)) } == .codeBurnt)
        #expect(failure { _ = try pair.toOfferer(pair.hello(), number: 1) } == .codeBurnt)
        #expect(pair.offerer.wrongProofs == 3)

        var scanner = try VisitorHandshake(.link(pair.link), device: device("scanner", .receiver))
        let right = try proof(of: &scanner, to: &pair.offerer, meeting: meeting(20))
        guard case .proven = try pair.toOfferer(right, number: 2, meeting: meeting(20)) else { throw Unexpected() }
    }

    @Test("A wrong link ends its meeting and costs nothing") func wrongLink() throws {
        var pair = try Pair.make(form: .link, wrongCode: true)
        let wrong = try pair.proof()
        #expect(failure { _ = try pair.toOfferer(wrong, number: 2) } == .wrongProof)
        #expect(pair.offerer.wrongProofs == 0)
    }

    @Test("The visitor's try is spent when message 3 (its proof) is made, and not before") func spent() throws {
        var pair = try Pair.make()
        let reply = try pair.reply()
        #expect(pair.visitor.isTrySpent == false)
        _ = try pair.visitor.receive(reply, number: 1)
        #expect(pair.visitor.isTrySpent == true)
        #expect(failure { _ = try pair.visitor.begin(meeting: meeting(1), entropy: .system) } == .outOfOrder)
    }

    @Test("A visitor that has not proved anything may be given another meeting, but not the same one") func again()
        throws
    {
        var pair = try Pair.make()
        _ = try pair.hello()
        let second = try pair.visitor.begin(meeting: meeting(1), entropy: .system)
        try pair.offerer.visitorCame(meeting: meeting(1))
        let reply = try Pair.sent(pair.toOfferer(second, number: 1, meeting: meeting(1)))
        let proof = try Pair.sent(pair.visitor.receive(reply, number: 1))
        guard case .proven = try pair.toOfferer(proof, number: 2, meeting: meeting(1)) else { throw Unexpected() }

        var replayed = try Pair.make()
        _ = try replayed.hello()
        #expect(failure { _ = try replayed.visitor.begin(meeting: Pair.meeting, entropy: .system) } == .replayed)
    }

    @Test("An offer takes no meeting twice, even after it ended") func replays() throws {
        var pair = try Pair.make()
        _ = try pair.hello()
        #expect(failure { try pair.offerer.visitorCame(meeting: Pair.meeting) } == .replayed)
        pair.offerer.ended(meeting: Pair.meeting)
        #expect(failure { try pair.offerer.visitorCame(meeting: Pair.meeting) } == .replayed)
    }

    @Test("A relay that brings meetings without end is refused the next one") func meetings() throws {
        var pair = try Pair.make()
        for number in 0..<OffererHandshake.maximumMeetings {
            try pair.offerer.visitorCame(meeting: meeting(UInt8(number)))
        }
        #expect(failure { try pair.offerer.visitorCame(meeting: meeting(200)) } == .outOfOrder)
        pair.offerer.ended(meeting: meeting(0))
        try pair.offerer.visitorCame(meeting: meeting(201))
    }

    @Test("An offer takes a limited number of visitors, one after another") func visitors() throws {
        var pair = try Pair.make()
        for number in 0..<OffererHandshake.maximumVisitors {
            let id = [UInt8](repeating: 9, count: 14) + [UInt8(number >> 8), UInt8(number & 0xFF)]
            try pair.offerer.visitorCame(meeting: id)
            pair.offerer.ended(meeting: id)
        }
        #expect(failure { try pair.offerer.visitorCame(meeting: meeting(200)) } == .outOfOrder)
    }

    @Test("A visitor that comes after the seat is taken is told so, and other meetings are dropped") func seated()
        throws
    {
        var pair = try Pair.make()
        var slow = try VisitorHandshake(.code(pair.code), device: device("slow", .receiver))
        let late = try proof(of: &slow, to: &pair.offerer, meeting: meeting(1))
        _ = try pair.meet()
        #expect(pair.offerer.seated == Pair.meeting)
        #expect(pair.offerer.meetingCount == 1)
        #expect(failure { try pair.offerer.visitorCame(meeting: meeting(2)) } == .seated)
        #expect(failure { _ = try pair.toOfferer(late, number: 2, meeting: meeting(1)) } == .outOfOrder)
        // The code stays used up, whatever the seated device does next.
        pair.offerer.ended(meeting: Pair.meeting)
        #expect(failure { try pair.offerer.visitorCame(meeting: meeting(3)) } == .seated)
    }

    @Test(
        "After its expiry, an offer answers and compares nothing",
        arguments: [Duration.seconds(10), .seconds(11)]
    )
    func expired(now: Duration) throws {
        var pair = try Pair.make(expiry: .seconds(10))
        let hello = try pair.hello()
        #expect(failure { _ = try pair.toOfferer(hello, number: 1, now: now) } == .expired)
        var other = try Pair.make(wrongCode: true, expiry: .seconds(10))
        let proof = try other.proof()
        #expect(failure { _ = try other.toOfferer(proof, number: 2, now: now) } == .expired)
        #expect(other.offerer.wrongProofs == 0)
    }

    @Test("A message that is malformed before the comparison is no guess") func noGuess() throws {
        for change in [{ $0.dropLast() }, { $0 + [0] }, { [4] + $0.dropFirst() }] as [([UInt8]) -> [UInt8]] {
            var pair = try Pair.make()
            let proof = change(try pair.proof())
            #expect(failure { _ = try pair.toOfferer(proof, number: 2) } == .malformed)
            #expect(pair.offerer.wrongProofs == 0)
        }
    }

    @Test("Twenty hellos are answered at once, and the next after a twentieth of a second") func rate() throws {
        var pair = try Pair.make()
        func hello(_ number: UInt8, _ pair: inout Pair) throws -> [UInt8] {
            var visitor = try VisitorHandshake(.code(pair.code), device: device("phone", .receiver))
            try pair.offerer.visitorCame(meeting: meeting(number))
            return try visitor.begin(meeting: meeting(number), entropy: .system)
        }
        let now = Duration.seconds(100)
        for number in UInt8(0)..<20 {
            guard case .prove = try pair.toOfferer(hello(number, &pair), number: 1, meeting: meeting(number), now: now)
            else {
                throw Unexpected()
            }
        }
        let body = try hello(20, &pair)
        guard case .notBefore(let later) = try pair.toOfferer(body, number: 1, meeting: meeting(20), now: now) else {
            throw Unexpected()
        }
        #expect(later == now + .milliseconds(50))
        guard
            case .notBefore = try pair.toOfferer(body, number: 1, meeting: meeting(20), now: later - .milliseconds(1))
        else { throw Unexpected() }
        guard case .prove = try pair.toOfferer(body, number: 1, meeting: meeting(20), now: later) else {
            throw Unexpected()
        }
    }

    private func meeting(_ number: UInt8) -> [UInt8] { [UInt8](repeating: 0, count: 15) + [number] }
}
