import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOEmbedded
import Testing

@testable import EasySetupRelay

/// Several long-polling requests on one connection, and their times, over connections in memory with a manual clock.
@Suite("Several requests on one connection") struct LongPollConnectionTests {
    private static let offer = LongPollRequestTests.offer

    // MARK: Several requests

    @Test("Requests in one packet are answered in order") func requestsPacketAnswered() throws {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        let poll = PollCall(connection: .named(1), received: 0, wait: .zero)
        let health = Array("GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n".utf8)
        try peer.send(Requests.call(Self.offer) + Requests.call(poll) + Requests.call(Self.offer) + health)
        let answers = try peer.receivedAnswers()
        #expect(answers.count == 4)
        #expect(answers[0].sendAnswer?.have == 1)
        #expect(answers[1].pollAnswer?.relayFrames.first?.isOffered == true)
        #expect(answers[2].sendAnswer?.have == 1)
        #expect(answers[3].body == Array("ok".utf8))
        #expect(!peer.isOpen)
    }

    @Test("Behind a poll that waits a few requests may wait, and no more") func behindPollWaits() throws {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        #expect(try peer.answer(to: Requests.call(Self.offer)) != nil)
        let poll = Requests.call(PollCall(connection: .named(1), received: 1, wait: .seconds(5)))
        #expect(try peer.answer(to: poll + Requests.call(Self.offer) + Requests.call(Self.offer)) == nil)
        relay.loop.advanceTime(by: .seconds(5))
        #expect(try peer.receivedAnswers().map(\.status) == [200, 200, 200])
        try peer.send(poll + Requests.call(Self.offer) + Requests.call(Self.offer))
        #expect(peer.isOpen)
        try? peer.send(Requests.call(Self.offer))
        #expect(!peer.isOpen)
    }

    @Test("A WebSocket may begin on a connection that had calls, but not behind a poll that waits")
    func websocketBeginConnection() throws {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        #expect(try peer.answer(to: Requests.call(Self.offer)) != nil)
        #expect(try peer.answer(to: Array(Requests.upgrade().utf8))?.status == 101)
        try peer.send(.offer(slotLength: 0, work: nil))
        #expect(try peer.receivedFrames().first?.relayFrame?.isOffered == true)

        let other = try relay.connect()
        let poll = Requests.call(PollCall(connection: .named(1), received: 1, wait: .seconds(5)))
        try other.send(poll + Array(Requests.upgrade().utf8))
        relay.loop.advanceTime(by: .seconds(5))
        #expect(try other.receivedAnswers().map(\.problem) == [nil, "bad-upgrade"])
        #expect(!other.isOpen)
    }

    @Test("The relay keeps a limited number of bytes of half-sent bodies, and room for a usual request")
    func relayKeepsLimited() throws {
        var limits = ConnectionLimits()
        limits.bodyBytesInAll = 20_500
        let relay = try MemoryRelay(connectionLimits: limits)
        let half = Requests.call("send", [UInt8](repeating: 0, count: 10_000), replacing: ["Content-Length": "10001"])
        let peers = try (0..<3).map { _ in try relay.connect() }
        for peer in peers { try? peer.send(half) }
        #expect(peers.map(\.isOpen) == [true, true, false])
        #expect(relay.bodyBytes == 20_000)
        // The relay still accepts a request of the usual size.
        let other = try relay.connect()
        #expect(try other.answer(to: Requests.call(Self.offer))?.sendAnswer?.have == 1)
        #expect(try peers[0].answer(to: [0])?.problem == "bad-body")
        try peers[1].channel.close().wait()
        relay.loop.run()
        #expect(relay.bodyBytes == 0)
        #expect(try peers[0].answer(to: half) == nil)
        #expect(peers[0].isOpen)
    }

    @Test("A peer that does not read its answer gets no further one") func peerReadAnswer() throws {
        let relay = try MemoryRelay()
        let stuck = StuckWriter()
        let peer = try relay.connect()
        try peer.channel.pipeline.syncOperations.addHandler(stuck, position: .first)
        let poll = PollCall(connection: .named(1), received: 0, wait: .seconds(20))
        try peer.send(Requests.call(Self.offer) + Requests.call(poll))
        #expect(try peer.receivedAnswers().map { $0.sendAnswer?.have } == [1])
        stuck.letGo()
        relay.loop.run()
        #expect(try peer.receivedAnswers().map { $0.pollAnswer?.frames.count } == [1])
        #expect(peer.isOpen)
        // The relay treats a peer that never reads as idle.
        relay.loop.advanceTime(by: .seconds(120))
        #expect(!peer.isOpen)
    }

    /// A handler that passes on the relay's bytes, but does not complete the writes before `letGo()`.
    private final class StuckWriter: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        private var promises: [EventLoopPromise<Void>] = []
        private var isStuck = true

        func write(context: ChannelHandlerContext, data: NIOAny, promise: EventLoopPromise<Void>?) {
            context.write(data, promise: isStuck ? nil : promise)
            if isStuck, let promise { promises.append(promise) }
        }

        func letGo() {
            isStuck = false
            for promise in promises { promise.succeed() }
            promises = []
        }
    }

    // MARK: Time

    @Test(
        "A request that takes too long ends the connection, whether it is the first or a later one",
        arguments: [0, 1, 2],
        [true, false]
    )
    func requestTakesLong(
        _ before: Int,
        _ isSlowInHead: Bool
    ) throws {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        let request = Requests.call(Self.offer)
        for _ in 0..<before {
            #expect(try peer.answer(to: request) != nil)
            relay.loop.advanceTime(by: .seconds(20))
        }
        let start = isSlowInHead ? 10 : request.count - 10
        try peer.send(Array(request[..<start]))
        for byte in request[start..<start + 9] {
            relay.loop.advanceTime(by: .seconds(1))
            #expect(peer.isOpen)
            try peer.send([byte])
        }
        relay.loop.advanceTime(by: .seconds(1))
        #expect(!peer.isOpen)
        #expect(relay.outcomes[.slowOpening] == 1)
    }

    @Test("A connection without requests is closed after a while, and one with requests is not")
    func connectionWithoutRequests() throws {
        let relay = try MemoryRelay()
        let idle = try relay.connect()
        let busy = try relay.connect()
        #expect(try idle.answer(to: Requests.call(Self.offer)) != nil)
        for _ in 0..<8 {
            #expect(try busy.answer(to: Requests.call(Self.offer)) != nil)
            relay.loop.advanceTime(by: .seconds(30))
        }
        #expect(!idle.isOpen)
        #expect(busy.isOpen)
    }
}
