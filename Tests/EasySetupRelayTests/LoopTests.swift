import EasySetupRelayCore
import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@testable import EasySetupRelay

/// The parts of an event loop's worker, each alone: the deadlines, the alarm, the buffers and the writer.
@Suite("The parts of an event loop's worker") struct LoopTests {
    private func id(_ number: UInt64) -> ConnectionID { ConnectionID(number, loop: 0) }

    @Test("A list gives its elements away in their order, and keeps what is added meanwhile") func listExchanged() {
        let list = LoopList<String>()
        var taken: [String] = []
        for word in ["a", "b", "c"] { list.append(word) }
        list.exchange(&taken)
        #expect(list.isEmpty)
        var words: [String] = []
        taken.drain {
            words.append($0)
            list.append($0 + "again")
        }
        #expect(words == ["a", "b", "c"])
        #expect(taken.isEmpty)
        #expect(list.count == 3)
        #expect(list.popLast() == "cagain")
    }

    @Test("A drained array keeps little memory, and gives much back") func arrayDrained() {
        var array = Array(repeating: "a", count: 100)
        array.drain(keepingUpTo: 100) { _ in }
        #expect(array.capacity >= 100)
        array = Array(repeating: "a", count: 101)
        array.drain(keepingUpTo: 100) { _ in }
        #expect(array.capacity == 0)
    }

    @Test("Deadlines come due by kind, and each is returned when it is added") func deadlinesComeDue() {
        var limits = ConnectionLimits()
        limits.openingTime = .seconds(10)
        limits.closingTime = .seconds(3)
        limits.pingInterval = .seconds(45)
        limits.idleTime = .seconds(60)
        var deadlines = LoopDeadlines(limits)
        let start = NIODeadline.uptimeNanoseconds(0)
        let added = [
            deadlines.addOpening(id(1), request: 2, now: start),
            deadlines.addPing(id(2), now: start),
            deadlines.addClosing(id(3), now: start),
            deadlines.addIdle(id(4), now: start),
        ]
        #expect(added == [10, 45, 3, 15].map { start + .seconds($0) })
        #expect(deadlines.next == start + .seconds(3))
        #expect(deadlines.popDue(now: start + .milliseconds(2_999)) == nil)
        var due: [LoopDeadlines.Due] = []
        while let next = deadlines.popDue(now: start + .seconds(45)) { due.append(next) }
        #expect(due == [.opening(.init(connection: id(1), request: 2)), .closing(id(3)), .ping(id(2)), .idle(id(4))])
        #expect(deadlines.next == nil)
    }

    @Test("Connections that are gone are forgotten, and the longest opening come first") func connectionsGoneForgotten()
    {
        var deadlines = LoopDeadlines(ConnectionLimits())
        for number in UInt64(1)...6 { _ = deadlines.addOpening(id(number), request: 1, now: .now()) }
        deadlines.keep { $0 != id(3) }
        #expect(deadlines.longestOpening(2) { $0 != id(1) } == [id(2), id(4)])
    }

    @Test("The alarm moves to an earlier time and to no later one, and never closer than its grain")
    func alarmMovesEarlier() {
        let loop = EmbeddedEventLoop()
        var rings: [NIODeadline] = []
        let alarm = Alarm(loop: loop, grain: .milliseconds(10)) { rings.append(loop.now) }
        let start = loop.now
        alarm.set(for: start + .seconds(5))
        alarm.set(for: start + .seconds(9))
        #expect(alarm.due == start + .seconds(5))
        alarm.set(for: start + .seconds(2))
        #expect(alarm.due == start + .seconds(2))
        loop.advanceTime(by: .seconds(20))
        #expect(rings == [start + .seconds(2)])
        #expect(alarm.due == nil)
        alarm.set(for: start)
        #expect(alarm.due == start + .seconds(20) + .milliseconds(10))
        alarm.end()
        alarm.set(for: start + .seconds(30))
        loop.advanceTime(by: .seconds(60))
        #expect(rings.count == 1)
    }

    @Test("A buffer that was given back is taken again, empty, and a large one is not kept") func bufferGivenBack() {
        let pool = BufferPool()
        var buffer = pool.take()
        buffer.writeString("something")
        pool.giveBack(buffer)
        #expect(pool.take().readableBytes == 0)
        pool.giveBack(ByteBuffer(repeating: 0, count: 100_000))
        #expect(pool.take().capacity < 100_000)
    }

    @Test("The frames of a batch leave in one piece, and the first of them asks for the flush") func framesBatchLeave()
        throws
    {
        var writer = FrameWriter()
        let pool = BufferPool()
        #expect(writer.write(.binary, [1], pool) == .flushAtEndOfBatch)
        #expect(writer.write(.pong, [2], pool) == .none)
        let taken = writer.take()
        let frames = WebSocketBytes.parse(Array(buffer: try #require(taken)))
        #expect(frames.map(\.payload) == [[1], [2]])
        let rest = writer.take()
        #expect(rest == nil)
        #expect(writer.write(.binary, [3], pool) == .flushAtEndOfBatch)
    }

    @Test("A PROXY header in pieces is removed, and the bytes behind it go on") func proxyHeaderPieces() {
        let header = ProxyHeaderTests.v4
        var reader = ProxyHeaderReader(limits: ConnectionLimits())
        let first = reader.received(ByteBuffer(bytes: header.prefix(7)))
        #expect(first == .none)
        let rest = reader.received(ByteBuffer(bytes: header.dropFirst(7) + [9]))
        #expect(rest == .header(source: PeerAddress(bytes: [192, 0, 2, 7]), rest: ByteBuffer(bytes: [9])))
        let behind = reader.received(ByteBuffer(bytes: [8]))
        #expect(behind == .passOn(ByteBuffer(bytes: [8])))
        var other = ProxyHeaderReader(limits: ConnectionLimits())
        let events = [other.received(ByteBuffer(string: "GET / ")), other.received(ByteBuffer(bytes: header))]
        #expect(events == [.refuse, .none])
    }
}
