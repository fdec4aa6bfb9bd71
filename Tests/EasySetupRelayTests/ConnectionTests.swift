import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@testable import EasySetupRelay

/// The protocol of one device's connection, with connections in memory and a manual clock.
@Suite("Connections of devices") struct ConnectionTests {
    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var bytes: [UInt8]
        var code: UInt16
    }

    static let violations: [Case] = [
        Case(testDescription: "a text frame", bytes: WebSocketBytes.frame(.text, Array("hi".utf8)), code: 1003),
        Case(
            testDescription: "a frame above the limit",
            bytes: WebSocketBytes.frame(.binary, [UInt8](repeating: 0, count: 4097)),
            code: 1009
        ),
        Case(
            testDescription: "a frame that claims 2^63 bytes",
            bytes: [0x82, 0xFF, 0x80, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4],
            code: 1002
        ),
        Case(
            testDescription: "a frame that claims 64 KiB",
            bytes: [0x82, 0xFF, 0, 0, 0, 0, 0, 1, 0, 0, 1, 2, 3, 4],
            code: 1009
        ),
        Case(
            testDescription: "a length in more bytes than it needs",
            bytes: [0x82, 0xFE, 0, 2, 1, 2, 3, 4, 0, 0],
            code: 1002
        ),
        Case(testDescription: "a fragment", bytes: WebSocketBytes.frame(.binary, [1], isFinal: false), code: 1008),
        Case(testDescription: "a continuation", bytes: WebSocketBytes.frame(.continuation, [1]), code: 1008),
        Case(testDescription: "no mask", bytes: WebSocketBytes.frame(.binary, [1], isMasked: false), code: 1002),
        Case(testDescription: "compression", bytes: WebSocketBytes.frame(.binary, [1], reserved: 4), code: 1002),
        Case(testDescription: "an unknown opcode", bytes: [0x83, 0x80, 1, 2, 3, 4], code: 1002),
        Case(testDescription: "a fragmented ping", bytes: WebSocketBytes.frame(.ping, [], isFinal: false), code: 1002),
        Case(
            testDescription: "a long ping",
            bytes: WebSocketBytes.frame(.ping, [UInt8](repeating: 0, count: 126)),
            code: 1002
        ),
        Case(testDescription: "no frame of ours", bytes: WebSocketBytes.frame(.binary, [0xFF, 0xFF]), code: 1008),
        Case(testDescription: "an empty frame", bytes: WebSocketBytes.frame(.binary, []), code: 1008),
    ]

    @Test(
        "A bad frame is answered with bad-frame and a close frame with its code, and nothing more is read",
        arguments: violations
    )
    func violation(_ example: Case) throws {
        let relay = try MemoryRelay()
        let peer = try relay.connectDevice()
        try? peer.send(example.bytes)
        let frames = try peer.receivedFrames()
        #expect(frames.compactMap(\.relayFrame) == [.refused(.badFrame, retryAfter: .zero)])
        #expect(frames.last?.closeCode == example.code)
        try? peer.send(.offer(slotLength: 0, work: nil))
        #expect(try peer.receivedFrames().isEmpty)
        try? peer.send(WebSocketBytes.frame(.connectionClose, [0x03, 0xE8]))
        relay.loop.advanceTime(by: .seconds(4))
        #expect(!peer.isOpen)
    }

    @Test("A peer that does not answer a close frame is cut off") func noAnswerToClose() throws {
        let relay = try MemoryRelay()
        let peer = try relay.connectDevice()
        try? peer.send(WebSocketBytes.frame(.text, []))
        #expect(peer.isOpen)
        relay.loop.advanceTime(by: .seconds(3))
        #expect(!peer.isOpen)
    }

    @Test("A close frame is answered with one") func closeFrameAnswered() throws {
        let relay = try MemoryRelay()
        let peer = try relay.connectDevice()
        try peer.send(WebSocketBytes.frame(.connectionClose, [0x03, 0xE8]))
        #expect(try peer.receivedFrames().map(\.closeCode) == [1000])
        #expect(!peer.isOpen)
    }

    @Test("Only the last ping of a batch is answered") func lastPingBatch() throws {
        let relay = try MemoryRelay()
        let peer = try relay.connectDevice()
        try peer.send(WebSocketBytes.frame(.ping, [1]) + WebSocketBytes.frame(.ping, [2]))
        #expect(try peer.receivedFrames() == [.init(opcode: .pong, payload: [2])])
    }

    @Test("Too many pings in one interval end the connection") func tooManyPings() throws {
        let relay = try MemoryRelay()
        let peer = try relay.connectDevice()
        for _ in 0..<60 {
            try peer.send(WebSocketBytes.frame(.ping, []))
        }
        #expect(try peer.receivedFrames().allSatisfy { $0.opcode == .pong })
        try? peer.send(WebSocketBytes.frame(.ping, []))
        #expect(try peer.receivedFrames().last?.closeCode == 1008)
    }

    @Test("A connection that sends no request in time is closed") func connectionSendsRequest() throws {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        try peer.send(text: "GET /easysetup/v1/ws HTTP/1.1\r\nHost:")
        relay.loop.advanceTime(by: .seconds(9))
        #expect(peer.isOpen)
        relay.loop.advanceTime(by: .seconds(1))
        #expect(!peer.isOpen)
    }

    @Test("A device that is silent after its upgrade is told that it is too slow") func deviceSilentUpgrade() throws {
        let relay = try MemoryRelay()
        let peer = try relay.connectDevice()
        relay.loop.advanceTime(by: .seconds(10))
        #expect(try peer.receivedFrames().first?.relayFrame == .refused(.tooSlow, retryAfter: .zero))
    }

    @Test("A silent peer gets a ping, and is dropped when it does not answer") func silentPeerGets() throws {
        let relay = try MemoryRelay()
        let peer = try relay.connectDevice()
        try peer.send(.offer(slotLength: 0, work: nil))
        _ = try peer.received()
        for _ in 0..<2 {
            #expect(peer.isOpen)
            relay.loop.advanceTime(by: .seconds(45))
            #expect(try peer.receivedFrames().map(\.opcode) == [.ping])
        }
        relay.loop.advanceTime(by: .seconds(44))
        #expect(peer.isOpen)
        relay.loop.advanceTime(by: .seconds(1))
        #expect(!peer.isOpen)
    }

    @Test("A peer that answers pings stays connected") func peerAnswersPings() throws {
        let relay = try MemoryRelay()
        let peer = try relay.connectDevice()
        try peer.send(.offer(slotLength: 0, work: nil))
        for _ in 0..<10 {
            relay.loop.advanceTime(by: .seconds(45))
            try peer.send(WebSocketBytes.frame(.pong, []))
        }
        #expect(peer.isOpen)
    }

    @Test("When a crowd has gone, tables are made smaller a little later, and the others stay connected")
    func crowdGoneTables() throws {
        let relay = try MemoryRelay()
        let stayed = try relay.connectDevice(from: "198.51.100.1")
        try stayed.send(.offer(slotLength: 0, work: nil))
        var crowd = try (0..<400).map { try relay.connect(from: "192.0.2.\($0 % 200)") }
        relay.loop.run()
        for peer in crowd { try peer.channel.close().wait() }
        crowd = []
        relay.loop.run()
        #expect(relay.hub.read { $0.hasCrowdGone })
        relay.loop.advanceTime(by: .seconds(2))
        #expect(!relay.hub.read { $0.hasCrowdGone })
        #expect(relay.worker.connections.all.count == 1)
        try stayed.send(WebSocketBytes.frame(.ping, [7]))
        #expect(try stayed.receivedFrames().last == .init(opcode: .pong, payload: [7]))
    }

    @Test("A crowd of long polling has gone when its connections are not remembered any more") func crowdLongPolling()
        throws
    {
        let relay = try MemoryRelay()
        var crowd: [MemoryPeer] = []
        for number in 0..<400 {
            let peer = try relay.connect(from: "192.0.\(number / 200).\(number % 200)")
            let name = LongPollConnectionID.random()
            #expect(try peer.send([.offer(slotLength: 0, work: nil)], first: 1, of: name)?.sendAnswer?.have == 1)
            #expect(try peer.send([.leave(.cancelled)], first: 2, of: name, isClosing: true)?.sendAnswer?.have == 2)
            crowd.append(peer)
        }
        #expect(relay.calls.callers.remembered == 400)
        for peer in crowd { try peer.channel.close().wait() }
        crowd = []
        relay.loop.advanceTime(by: .seconds(10))
        // The relay has freed the memory of the connections. It remembers the sessions, because a device may still
        // repeat a request.
        #expect(relay.calls.callers.remembered == 400)
        #expect(!relay.hub.read { $0.hasCrowdGone })
        relay.loop.advanceTime(by: .seconds(30))
        #expect(relay.calls.callers.remembered == 0)
        relay.loop.advanceTime(by: .seconds(3))
        #expect(!relay.hub.read { $0.hasCrowdGone })
        let again = try relay.connect()
        let name = LongPollConnectionID.random()
        #expect(try again.send([.offer(slotLength: 0, work: nil)], first: 1, of: name)?.sendAnswer?.have == 1)
        #expect(relay.calls.callers.remembered == 1)
    }

    @Test("A peer that leaves too much unread is cut off") func peerLeavesMuch() throws {
        var limits = ConnectionLimits()
        limits.outboundBytes = 200
        let relay = try MemoryRelay(connectionLimits: limits)
        let peer = try relay.connectDevice()
        try peer.channel.pipeline.syncOperations.addHandler(DeafPeer(), position: .first)
        for _ in 0..<20 { try peer.send(WebSocketBytes.frame(.ping, [1, 2, 3, 4, 5, 6, 7, 8])) }
        #expect(peer.isOpen)
        try? peer.send(WebSocketBytes.frame(.ping, []))
        #expect(!peer.isOpen)
    }

    /// A handler that drops all output, as if the peer did not read.
    private final class DeafPeer: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer
        func flush(context: ChannelHandlerContext) {}
    }

    @Test("Bytes that come with the upgrade request in one packet are not lost") func bytesComeUpgrade() throws {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        try peer.send(Array(Requests.upgrade().utf8) + WebSocketBytes.frame(.ping, [9]))
        #expect(try peer.received().suffix(3) == [0x8A, 1, 9])
    }

    @Test("Bytes may come one at a time") func bytesComeTime() throws {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        for byte in Requests.upgrade().utf8 {
            try peer.send([byte])
        }
        _ = try peer.received()
        for byte in WebSocketBytes.frame(.binary, DeviceFrame.offer(slotLength: 0, work: nil).serialized()) {
            try peer.send([byte])
        }
        guard case .offered = try peer.receivedFrames().first?.relayFrame else {
            Issue.record("no offer")
            return
        }
    }
}
