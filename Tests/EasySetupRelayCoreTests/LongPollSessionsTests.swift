import EasySetupRelayProtocol
import SeededRandom
import Testing

@testable import EasySetupRelayCore

/// Long-polling sessions as values: numbers, polls and time, without a socket.
@Suite("Long-polling sessions") struct LongPollSessionsTests {
    static let start = Duration.seconds(1)
    private static let names = Dictionary(
        uniqueKeysWithValues: ["poll", "again", "next", "last", "one", "two", "old"].map { (ConnectionID($0), $0) }
    )
    let id = ConnectionID(number: 1)
    let name = LongPollConnectionID.named(1)
    var sessions = LongPollSessions(limits: TransportLimits.usual)

    init() {
        sessions.open(name, as: id, now: Self.start)
    }

    func after(_ time: Duration) -> Duration { Self.start + time }

    mutating func poll(
        _ received: UInt32,
        wait: Duration = .seconds(20),
        by poll: ConnectionID = "poll",
        at now: Duration? = nil
    ) -> LongPollSessions.PollResult {
        sessions.poll(PollCall(connection: name, received: received, wait: wait), by: poll, now: now ?? Self.start)
    }

    mutating func take(_ frames: [[UInt8]], first: UInt32) -> [[UInt8]]? {
        sessions.take(SendCall(connection: name, first: first, frames: frames), of: id).map { Array($0) }
    }

    mutating func push(_ frame: [UInt8]) {
        let isBearable = sessions.send(frame, to: id)
        #expect(isBearable)
    }

    /// The polls that are answered now, as text.
    mutating func answered(at now: Duration? = nil) -> [String] {
        sessions.takeAnswers(now: now ?? Self.start).map { poll, answer in
            guard let answer else { return "\(Self.names[poll]!): unknown" }
            let frames = answer.frames.map { $0.map(String.init).joined() }.joined(separator: ",")
            return "\(Self.names[poll]!): \(answer.first) [\(frames)]\(answer.isClosed ? " closed" : "")"
        }
    }

    @Test("A poll that breaks before it is answered loses nothing") mutating func pollBreaks() {
        #expect(poll(0) == .waits(id))
        push([1])
        sessions.gone("poll", of: id, now: after(.milliseconds(100)))
        #expect(answered(at: after(.milliseconds(100))) == [])
        #expect(poll(0, by: "again", at: after(.milliseconds(300))) == .waits(id))
        #expect(answered(at: after(.milliseconds(300))) == ["again: 1 [1]"])
    }

    @Test("Alarms that have become stale do not pile up") mutating func alarmsBecomeStale() {
        for step in 1...1_000 {
            let now = after(.milliseconds(Int64(step)))
            #expect(poll(0, wait: .milliseconds(1), at: now) == .waits(id))
            #expect(sessions.deadlinesPassed(now: now + .milliseconds(1)) == [])
            #expect(answered(at: now + .milliseconds(1)) == ["poll: 1 []"])
        }
        #expect(sessions.alarmCount <= 2 + 64)
        // The live alarm is still among them.
        #expect(sessions.deadlinesPassed(now: after(.seconds(40))) == [id])
    }

    // MARK: Numbers of the device

    @Test("A repeated send takes nothing twice") mutating func repeatedSendTakes() {
        #expect(take([[1], [2]], first: 1) == [[1], [2]])
        #expect(take([[1], [2]], first: 1) == [])
        #expect(sessions.have(of: id) == 2)
    }

    @Test("A send that overlaps takes what is new") mutating func sendOverlapsTakes() {
        #expect(take([[1], [2]], first: 1) == [[1], [2]])
        #expect(take([[2], [3], [4]], first: 2) == [[3], [4]])
        #expect(take([[1]], first: 1) == [])
        #expect(sessions.have(of: id) == 4)
    }

    @Test("A send that leaves a gap takes nothing", arguments: [2, 3, UInt32.max]) func sendLeavesGap(_ first: UInt32) {
        var tests = self
        #expect(tests.take([[9]], first: first) == nil)
        #expect(tests.take([], first: first) == nil)
        #expect(tests.sessions.have(of: id) == 0)
        #expect(tests.take([[1]], first: 1) == [[1]])
    }

    @Test("Frames that cross with the end count as received, and have no effect") mutating func framesCrossEnd() {
        sessions.close(id, now: Self.start)
        #expect(take([[1]], first: 1) == [])
        #expect(sessions.have(of: id) == 1)
        #expect(!sessions.isOpen(id))
    }

    // MARK: Numbers of the relay

    @Test("A frame waits for a poll, and is kept until a poll acknowledges it") mutating func frameWaitsPoll() {
        push([1])
        push([2])
        #expect(poll(0) == .waits(id))
        #expect(answered() == ["poll: 1 [1,2]"])
        #expect(poll(0, by: "again") == .waits(id))
        #expect(answered() == ["again: 1 [1,2]"])
        #expect(poll(1, by: "next") == .waits(id))
        #expect(answered() == ["next: 2 [2]"])
        #expect(poll(2, wait: .zero, by: "last") == .waits(id))
        #expect(answered() == ["last: 3 []"])
    }

    @Test("A poll waits for a frame") mutating func pollWaitsFrame() {
        #expect(poll(0) == .waits(id))
        #expect(answered() == [])
        push([7])
        push([8])
        #expect(answered() == ["poll: 1 [7,8]"])
        #expect(answered() == [])
    }

    @Test("A later poll takes the place of an earlier one") mutating func laterPollTakes() {
        #expect(poll(0, by: "one") == .waits(id))
        #expect(poll(0, by: "two") == .waits(id))
        #expect(answered() == ["one: 1 []"])
        push([7])
        #expect(answered() == ["two: 1 [7]"])
    }

    @Test("An old poll that comes late changes nothing") mutating func oldPollComes() {
        push([7])
        #expect(poll(1, by: "one") == .waits(id))
        #expect(poll(0, by: "old") == .waits(id))
        #expect(answered() == ["old: 2 []"])
        push([8])
        #expect(answered() == ["one: 2 [8]"])
    }

    @Test("A poll that acknowledges more than was ever sent is a gap") mutating func pollAheadOfRelay() {
        #expect(poll(1) == .gap)
        push([7])
        #expect(poll(2) == .gap)
        #expect(poll(.max) == .gap)
        #expect(poll(1) == .waits(id))
    }

    @Test("A poll for an unknown connection waits for nothing") mutating func unknownConnection() {
        let call = PollCall(connection: .named(2), received: 0, wait: .seconds(1))
        #expect(sessions.poll(call, by: "poll", now: Self.start) == .unknown)
        #expect(answered() == [])
    }

    @Test("An answer has as many frames as a body holds, and the rest comes with the next")
    mutating func answerManyFrames() throws {
        var sent: [[UInt8]] = []
        for byte in UInt8(0)..<40 {
            // Sizes up to the largest frame, so that length fields of all sizes occur.
            let frame = [UInt8](repeating: byte, count: [1, 127, 128, 2048, 4096][Int(byte) % 5])
            sent.append(frame)
            push(frame)
        }
        sessions.close(id, now: Self.start)
        var got: [[UInt8]] = []
        var isClosed = false
        while !isClosed {
            #expect(poll(UInt32(got.count)) == .waits(id))
            let answer = try #require(sessions.takeAnswers(now: Self.start).first?.answer)
            #expect(answer.serialized().count <= WireLimits.callBytes)
            #expect(answer.first == UInt32(got.count + 1))
            try #require(!answer.frames.isEmpty)
            got += answer.frames
            isClosed = answer.isClosed
            #expect(isClosed == (got.count == sent.count))
        }
        #expect(got == sent)
    }

    @Test("Too many unread frames end the session, and reading makes room") mutating func manyUnreadFrames() {
        let frame = [UInt8](repeating: 0, count: 4096)
        var kept: UInt32 = 0
        while sessions.send(frame, to: id) {
            kept += 1
        }
        #expect(kept == 126)
        #expect(poll(100) == .waits(id))
        push(frame)
    }

    @Test("When all sessions have too much unread, each may still have one answer's worth") func allUnread()
        throws
    {
        var limits = TransportLimits.usual
        limits.unreadBytesInAll = 32 * 1024
        var sessions = LongPollSessions(limits: limits)
        let ids = (UInt64(1)...4).map(ConnectionID.init(number:))
        for id in ids {
            sessions.open(.named(UInt8(id.number)), as: id, now: .zero)
        }
        let frame = [UInt8](repeating: 0, count: 4000)
        // A session alone may have all of this unread, but no more.
        var borne = (0..<8).map { _ in sessions.send(frame, to: ids[0]) }
        #expect(borne == [true, true, true, true, true, true, true, true])
        borne = (0..<5).map { _ in sessions.send(frame, to: ids[1]) }
        #expect(borne == [true, true, true, true, false])
        sessions.forget(ids[1])
        let more = sessions.send(frame, to: ids[0])
        #expect(!more)
        sessions.forget(ids[0])
        borne = (0..<5).map { _ in sessions.send(frame, to: ids[2]) }
        #expect(borne == [true, true, true, true, true])
        // Acknowledged frames make room.
        let poll = PollCall(connection: .named(3), received: 5, wait: .zero)
        #expect(sessions.poll(poll, by: "poll", now: .zero) == .waits(ids[2]))
        borne = (0..<8).map { _ in sessions.send(frame, to: ids[3]) }
        #expect(borne == [true, true, true, true, true, true, true, true])
    }

    @Test("Any order of calls and times leaves the sums right") func anyOrder() {
        for seed in UInt64(0)..<200 {
            var generator = SplitMix(state: seed)
            var limits = TransportLimits.usual
            limits.closedCalls = 3
            var sessions = LongPollSessions(limits: limits)
            var now = Self.start
            var pending: Set<ConnectionID> = []
            var lastID: UInt64 = 0
            for step in UInt64(0)..<300 {
                let name = LongPollConnectionID.named(UInt8.random(in: 0..<6, using: &generator))
                let id = sessions.id(of: name)
                switch Int.random(in: 0..<8, using: &generator) {
                case 0:
                    if id == nil {
                        lastID += 1
                        let prefix = AddressPrefix(bytes: [192, 0, 2, .random(in: 0..<3, using: &generator)])
                        sessions.open(name, as: ConnectionID(number: lastID), from: prefix, now: now)
                    }
                case 1:
                    if let id { sessions.close(id, now: now) }
                case 2:
                    if let id { sessions.forget(id) }
                case 3:
                    if let id { _ = sessions.send([1, 2, 3], to: id) }
                case 4:
                    now = now + .milliseconds(Int64.random(in: 0..<20_000, using: &generator))
                    _ = sessions.deadlinesPassed(now: now)
                case 5:
                    if let id, let gone = pending.randomElement(using: &generator) {
                        sessions.gone(gone, of: id, now: now)
                    }
                default:
                    let received = UInt32.random(in: 0..<4, using: &generator)
                    let call = PollCall(
                        connection: name,
                        received: received,
                        wait: .seconds(Int.random(in: 0..<40, using: &generator))
                    )
                    let poll = ConnectionID(number: step)
                    if case .waits = sessions.poll(call, by: poll, now: now) { pending.insert(poll) }
                }
                for (poll, _) in sessions.takeAnswers(now: now) {
                    // Each poll is answered once, and no other poll is.
                    #expect(pending.remove(poll) != nil)
                }
            }
            // No poll waits longer than the longest time, and every session is forgotten in the end.
            for _ in 0..<20 {
                now = now + .seconds(30)
                _ = sessions.deadlinesPassed(now: now)
                _ = sessions.takeAnswers(now: now)
            }
            #expect(sessions.isEmpty)
            #expect(sessions.untold == 0)
            #expect(sessions.callers.open == 0)
            #expect(sessions.remembered.isEmpty && sessions.devices.isEmpty)
            #expect(sessions.nextDeadline == nil)
        }
    }
}

extension LongPollConnectionID {
    /// A connection of 16 equal bytes.
    static func named(_ byte: UInt8) -> LongPollConnectionID {
        LongPollConnectionID([UInt8](repeating: byte, count: 16))!
    }

    /// A connection of this number.
    static func numbered(_ number: UInt64) -> LongPollConnectionID {
        LongPollConnectionID(
            [UInt8](repeating: 0, count: 8) + (0..<8).map { UInt8(truncatingIfNeeded: number >> ($0 * 8)) }
        )!
    }
}
