import EasySetupRelayProtocol
import Testing

@testable import EasySetupRelayCore

/// The end of long-polling sessions, by closing, forgetting and time.
extension LongPollSessionsTests {
    // MARK: The end

    @Test("A closed connection says so in its last answer, again and again, and is then forgotten")
    mutating func closedConnectionSays() {
        push([7])
        sessions.close(id, now: Self.start)
        push([8])
        #expect(sessions.untold == 1)
        #expect(poll(0) == .waits(id))
        #expect(answered() == ["poll: 1 [7] closed"])
        #expect(sessions.untold == 0)
        #expect(poll(0) == .waits(id))
        #expect(answered() == ["poll: 1 [7] closed"])
        #expect(poll(1) == .waits(id))
        #expect(answered() == ["poll: 2 [] closed"])
        #expect(sessions.deadlinesPassed(now: after(.seconds(29))) == [])
        #expect(poll(1) == .waits(id))
        #expect(sessions.deadlinesPassed(now: after(.seconds(30))) == [])
        #expect(poll(1) == .unknown)
        #expect(sessions.isEmpty)
    }

    @Test("Closing answers the poll that waits") mutating func closingAnswersPoll() {
        #expect(poll(0) == .waits(id))
        sessions.close(id, now: Self.start)
        #expect(answered() == ["poll: 1 [] closed"])
    }

    @Test("A connection that is forgotten answers its poll, and says so") mutating func connectionForgottenAnswers() {
        #expect(poll(0) == .waits(id))
        sessions.forget(id)
        #expect(answered() == ["poll: unknown"])
        #expect(sessions.isEmpty)
        #expect(sessions.nextDeadline == nil || sessions.deadlinesPassed(now: after(.seconds(3_600))).isEmpty)
    }

    @Test("Whoever asks is told once of each connection that is forgotten, but not when the relay ends")
    func forgotten() {
        var limits = TransportLimits.usual
        limits.closedCalls = 1
        for asks in [true, false] {
            var sessions = LongPollSessions(limits: limits, notesForgotten: asks)
            for number in UInt8(1)...4 {
                sessions.open(.named(number), as: ConnectionID(number: UInt64(number)), now: Self.start)
            }
            #expect(sessions.takeForgotten() == [])
            for number in UInt64(1)...2 { sessions.close(ConnectionID(number: number), now: Self.start) }
            sessions.forget(ConnectionID(number: 3))
            #expect(sessions.takeForgotten() == (asks ? [.named(1), .named(3)] : []))
            #expect(sessions.takeForgotten() == [])
            sessions.forgetAll()
            #expect(sessions.takeForgotten() == [])
        }
    }

    @Test("Of too many closed connections, the oldest is forgotten first") func manyClosedConnections() {
        var limits = TransportLimits.usual
        limits.closedCalls = 2
        var sessions = LongPollSessions(limits: limits)
        for number in UInt8(1)...4 {
            sessions.open(.named(number), as: ConnectionID(number: UInt64(number)), now: Self.start)
        }
        for number in UInt64(1)...3 {
            sessions.close(ConnectionID(number: number), now: Self.start)
        }
        #expect((UInt8(1)...4).map { sessions.id(of: .named($0)) != nil } == [false, true, true, true])
        #expect(sessions.callers.open == 1)
        #expect(sessions.untold == 2)
    }

    @Test(
        "A prefix that closes many connections makes the relay forget its own, and nobody else's",
        arguments: [
            // An address; addresses of one /24; /56 prefixes of one /48, and of one /32.
            { _ in [192, 0, 2, 1] }, { [192, 0, 2, UInt8(truncatingIfNeeded: $0)] }, { ipv6(0, $0) },
            { ipv6($0 >> 8, $0) },
        ] as [@Sendable (Int) -> [UInt8]]
    )
    func prefixClosesMany(
        _ address: @Sendable (Int) -> [UInt8]
    ) {
        var limits = TransportLimits.usual
        limits.closedCalls = 2_000
        var sessions = LongPollSessions(limits: limits)
        var now = Self.start
        func close(_ number: UInt64, _ address: [UInt8]) {
            let prefix = AddressPrefix(bytes: address)!
            sessions.open(.numbered(number), as: ConnectionID(number: number), from: prefix, now: now)
            sessions.close(ConnectionID(number: number), now: now)
        }
        func isKnown(_ number: UInt64) -> Bool { sessions.id(of: .numbered(number)) != nil }
        for household in UInt64(0)..<40 { close(household, [198, 51, UInt8(household), 1]) }
        for number in 0..<10_000 { close(UInt64(100 + number), address(number)) }
        for household in UInt64(40)..<80 { close(household, [198, 51, UInt8(household), 1]) }
        #expect((UInt64(0)..<80).allSatisfy(isKnown))
        // The relay remembers the sessions that the prefix closed last: at most half of all that it remembers, or four
        // fifths for the block of a provider.
        #expect(isKnown(10_099) && !isKnown(100))
        #expect(sessions.remembered.total <= 1_680)
        #expect(sessions.remembered.total == sessions.callers.remembered)
        now = now + limits.pollAbsence
        #expect(sessions.deadlinesPassed(now: now).isEmpty)
        #expect(sessions.isEmpty && sessions.remembered.isEmpty)
    }

    // MARK: Time

    @Test("A poll is answered when its time is over, and no later than the longest time")
    mutating func pollAnsweredTime() {
        #expect(poll(0, wait: .seconds(5)) == .waits(id))
        #expect(sessions.nextDeadline == after(.seconds(5)))
        #expect(sessions.deadlinesPassed(now: after(.milliseconds(4999))) == [])
        #expect(answered() == [])
        #expect(sessions.deadlinesPassed(now: after(.seconds(5))) == [])
        #expect(answered(at: after(.seconds(5))) == ["poll: 1 []"])
        #expect(poll(0, wait: .milliseconds(Int64(UInt32.max)), at: after(.seconds(6))) == .waits(id))
        #expect(sessions.deadlinesPassed(now: after(.milliseconds(30_999))) == [])
        #expect(answered() == [])
        #expect(sessions.deadlinesPassed(now: after(.seconds(31))) == [])
        #expect(answered() == ["poll: 1 []"])
    }

    @Test("A connection without polls is lost") mutating func connectionWithoutPolls() {
        #expect(sessions.deadlinesPassed(now: after(.milliseconds(29_999))) == [])
        #expect(sessions.deadlinesPassed(now: after(.seconds(30))) == [id])
        #expect(sessions.isEmpty)
        #expect(poll(0) == .unknown)
    }

    @Test("A connection is lost a fixed time after its last poll was answered") mutating func lostAfterLastPoll() {
        for round in Int64(0)..<4 {
            #expect(poll(0, wait: .seconds(20), at: after(.seconds(20 * round))) == .waits(id))
            #expect(sessions.deadlinesPassed(now: after(.seconds(20 * round + 20))) == [])
            #expect(answered(at: after(.seconds(20 * round + 20))) == ["poll: 1 []"])
        }
        #expect(sessions.deadlinesPassed(now: after(.milliseconds(109_999))) == [])
        #expect(sessions.deadlinesPassed(now: after(.seconds(110))) == [id])
    }

    @Test("A poll whose call has ended waits no more") mutating func pollWhoseCall() {
        #expect(poll(0, by: "one") == .waits(id))
        sessions.gone("another", of: id, now: after(.seconds(1)))
        sessions.gone("one", of: id, now: after(.seconds(2)))
        push([7])
        #expect(answered(at: after(.seconds(2))) == [])
        #expect(sessions.deadlinesPassed(now: after(.milliseconds(31_999))) == [])
        #expect(sessions.deadlinesPassed(now: after(.seconds(32))) == [id])
    }
}

/// An address in 2001:db8::/32: `site` is its /48, and `part` the /56 there.
private func ipv6(_ site: Int, _ part: Int) -> [UInt8] {
    [0x20, 0x01, 0x0D, 0xB8, 0, UInt8(truncatingIfNeeded: site), UInt8(truncatingIfNeeded: part)]
        + [UInt8](repeating: 0, count: 9)
}
