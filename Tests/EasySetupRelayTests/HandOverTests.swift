import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@testable import EasySetupRelay

/// The transition from the upgrade request to WebSocket frames. Whichever parser reads the request, no frame may be
/// lost or reordered.
@Suite("From HTTP to WebSocket") struct HandOverTests {
    /// Additional headers that decide which parser reads the request.
    static let headers: [[String]] = [
        [], ["X-Anything: 1"], ["Forwarded: for=192.0.2.7"], ["Origin: https://example.org"], ["Content-Length: 0"],
    ]

    /// A relay with an offerer, and the bytes of a visitor: its upgrade request, a visit and three messages.
    struct Scene {
        let relay: MemoryRelay
        let offerer: MemoryPeer
        let visitor: MemoryPeer
        let bytes: [UInt8]
        static let bodies: [[UInt8]] = [[1], [UInt8](repeating: 2, count: 130), [3]]

        init(_ headers: [String]) throws {
            relay = try MemoryRelay(origins: ["https://example.org"])
            offerer = try relay.connectDevice()
            try offerer.send(.offer(slotLength: 0, work: nil))
            guard case .offered(let slot, _, _) = try offerer.receivedFrames().first?.relayFrame else {
                throw PairingTests.Unexpected()
            }
            visitor = try relay.connect()
            let messages = Self.bodies.enumerated().map { index, body in
                DeviceFrame.message(meeting: nil, Message(number: UInt32(index + 1), ack: 0, body: body))
            }
            bytes =
                Array(Requests.upgrade(adding: headers).utf8)
                + ([.visit(slot: slot, work: nil)] + messages).flatMap {
                    WebSocketBytes.frame(.binary, $0.serialized())
                }
        }

        /// Sends the pieces. The event loop runs after each piece if `turnsBetween`, and otherwise only after the last
        /// one.
        func send(_ pieces: [ArraySlice<UInt8>], turnsBetween: Bool) throws {
            for piece in pieces {
                try visitor.channel.writeInbound(ByteBuffer(bytes: piece))
                if turnsBetween { relay.loop.run() }
            }
            relay.loop.run()
        }

        /// Whether the offerer has received all frames in order, and the visitor's first bytes are the answer to its
        /// upgrade.
        func isComplete() throws -> Bool {
            let told = try offerer.receivedFrames().compactMap(\.relayFrame)
            guard told.count == 4, case .visitor(let meeting) = told[0] else { return false }
            let bodies = told.dropFirst().compactMap { frame -> [UInt8]? in
                guard case .message(meeting, let message) = frame else { return nil }
                return message.body
            }
            let answer = String(decoding: try visitor.received(), as: UTF8.self)
            return bodies == Self.bodies && answer.hasPrefix("HTTP/1.1 101 ")
        }
    }

    @Test("Frames in one packet with the request arrive in order", arguments: headers)
    func framesPacketRequest(_ headers: [String]) throws {
        let scene = try Scene(headers)
        try scene.send([scene.bytes[...]], turnsBetween: false)
        #expect(try scene.isComplete())
    }

    @Test("A request and frames in two packets arrive, wherever they are split", arguments: headers, [false, true])
    func requestFramesTwo(_ headers: [String], _ turnsBetween: Bool) throws {
        let count = try Scene(headers).bytes.count
        // Every second place in the usual request of each of the two parsers, and every seventeenth in the others.
        for place in stride(from: 1, to: count, by: headers == Self.headers[0] || headers == Self.headers[1] ? 2 : 17) {
            let scene = try Scene(headers)
            let pieces = [scene.bytes.prefix(place), scene.bytes.dropFirst(place)]
            try scene.send(pieces, turnsBetween: turnsBetween)
            #expect(try scene.isComplete(), "at \(place) of \(count)")
        }
    }

    @Test("A request and frames arrive byte by byte", arguments: headers, [false, true])
    func requestFramesArrive(_ headers: [String], _ turnsBetween: Bool) throws {
        let scene = try Scene(headers)
        try scene.send(scene.bytes.indices.map { scene.bytes[$0...$0] }, turnsBetween: turnsBetween)
        #expect(try scene.isComplete())
    }

    @Test("A ping behind the request is answered", arguments: headers)
    func pingBehindRequest(_ headers: [String]) throws {
        let relay = try MemoryRelay(origins: ["https://example.org"])
        let peer = try relay.connect()
        try peer.send(Array(Requests.upgrade(adding: headers).utf8) + WebSocketBytes.frame(.ping, [7]))
        let answer = try peer.received()
        #expect(answer.suffix(3) == [0x8A, 1, 7])
    }

    @Test("A device that is gone before the loop's next turn leaves nothing behind", arguments: headers, [false, true])
    func deviceGoneLoop(_ headers: [String], _ isCut: Bool) throws {
        let scene = try Scene(headers)
        try scene.visitor.channel.writeInbound(ByteBuffer(bytes: scene.bytes))
        scene.visitor.channel.close(promise: nil)
        if isCut { scene.relay.worker.connections.all.first { $0.id.number > 1 << 8 }?.hangUp() }
        scene.relay.loop.run()
        #expect(scene.relay.worker.connections.all.count == 1)
        #expect(scene.relay.hub.read { $0.admission.socketCount } == 1)
        #expect(scene.relay.hub.read { $0.rendezvous.statistics.connections } == 1)
    }
}
