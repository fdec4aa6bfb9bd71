import NIOCore
import NIOEmbedded
import RelayWire
import Rendezvous
import Testing

@testable import Relay

/// A device's first frame in its request for a WebSocket (`Protocol/relay.md`, "Early frames").
@Suite struct EarlyFrameTests {
    /// What makes HTTP read the request, and what does not.
    static let ways = [[], ["X-Anything: 1"]]

    static func request(_ offered: String, adding more: [String] = []) -> String {
        Requests.upgrade(replacing: ["Sec-WebSocket-Protocol": offered], adding: more)
    }

    /// The head of an answer, and the frames behind it.
    static func parts(_ bytes: [UInt8]) throws -> (head: String, frames: [WebSocketBytes.Parsed]) {
        let end = try #require(bytes.indices.first { bytes[$0...].starts(with: Array("\r\n\r\n".utf8)) })
        return (String(decoding: bytes[..<(end + 2)], as: UTF8.self), WebSocketBytes.parse(Array(bytes[(end + 4)...])))
    }

    /// Connects, asks for the subprotocols and hears the answer.
    static func connect(
        _ relay: MemoryRelay,
        _ offered: String,
        adding more: [String] = []
    ) throws -> (peer: MemoryPeer, head: String, frames: [WebSocketBytes.Parsed]) {
        let peer = try relay.connect()
        try peer.send(text: request(offered, adding: more))
        let (head, frames) = try parts(try peer.received())
        return (peer, head, frames)
    }

    @Test(arguments: ways)
    func `An offer and a visit are answered with the upgrade, in one piece`(_ more: [String]) throws {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        try peer.send(text: Self.request("easysetup.v1.0a00, easysetup.v1", adding: more))
        let written = try #require(try peer.channel.readOutbound(as: ByteBuffer.self))
        #expect(try peer.channel.readOutbound(as: ByteBuffer.self) == nil)
        let (head, frames) = try Self.parts(Array(buffer: written))
        #expect(head.hasPrefix("HTTP/1.1 101 Switching Protocols\r\n"))
        #expect(head.contains("\r\nSec-WebSocket-Protocol: easysetup.v1.0a00\r\n"))
        #expect(frames.count == 1)
        guard case .offered(let slot, _, _)? = frames.first?.relayFrame else { throw Unexpected() }

        let visit = try #require(Subprotocol(early: .visit(slot: slot, work: nil)))
        let (visitor, answer, heard) = try Self.connect(relay, visit.text + ", easysetup.v1", adding: more)
        #expect(answer.contains("\r\nSec-WebSocket-Protocol: \(visit.text)\r\n"))
        guard case .met(let meeting, _, _)? = heard.first?.relayFrame else { throw Unexpected() }
        relay.passCompanyTime()
        #expect(try peer.receivedFrames().compactMap(\.relayFrame) == [.visitor(meeting: meeting)])
        try visitor.send(.message(meeting: nil, Message(number: 1, ack: 0, body: [1])))
        let message = Message(number: 1, ack: 0, body: [1])
        #expect(
            try peer.receivedFrames().compactMap(\.relayFrame) == [.message(meeting: meeting, message)]
        )
    }

    struct Unexpected: Error {}

    @Test(arguments: ways)
    func `It is the connection's first frame: another one is out of order`(_ more: [String]) throws {
        let relay = try MemoryRelay()
        let (peer, _, _) = try Self.connect(relay, "easysetup.v1.0a00, easysetup.v1", adding: more)
        try peer.send(.offer(slotLength: 0, work: nil))
        let frames = try peer.receivedFrames()
        #expect(frames.compactMap(\.relayFrame) == [.refused(.badOrder, retryAfter: .zero)])
    }

    @Test(arguments: ways)
    func `A bad one is a bad frame`(_ more: [String]) throws {
        let relay = try MemoryRelay()
        let (_, head, frames) = try Self.connect(relay, "easysetup.v1.ffff, easysetup.v1", adding: more)
        #expect(head.contains("\r\nSec-WebSocket-Protocol: easysetup.v1.ffff\r\n"))
        #expect(frames.compactMap(\.relayFrame) == [.refused(.badFrame, retryAfter: .zero)])
        #expect(frames.last?.closeCode == 1008)
    }

    @Test(arguments: [
        "easysetup.v1.0A00, easysetup.v1", "easysetup.v1., easysetup.v1", "easysetup.v1, easysetup.v1.0a00",
        "other, easysetup.v1",
        "easysetup.v1." + String(repeating: "0a", count: 65) + ", easysetup.v1",
    ])
    func `Where it is written otherwise, the next subprotocol is taken, and nothing was said`(_ offered: String) throws
    {
        let relay = try MemoryRelay()
        let (peer, head, frames) = try Self.connect(relay, offered)
        #expect(head.contains("\r\nSec-WebSocket-Protocol: easysetup.v1\r\n"))
        #expect(frames.isEmpty)
        try peer.send(.offer(slotLength: 0, work: nil))
        guard case .offered? = try peer.receivedFrames().first?.relayFrame else { throw Unexpected() }
    }

    @Test func `With no other behind it, it is another version's`() throws {
        let relay = try MemoryRelay()
        let peer = try relay.connect()
        try peer.send(text: Self.request("easysetup.v1.0A00"))
        let answer = String(decoding: try peer.received(), as: UTF8.self)
        #expect(answer.hasPrefix("HTTP/1.1 400 "))
        #expect(answer.contains("wrong-version"))
    }

    @Test(arguments: ways)
    func `Who is turned away is not heard`(_ more: [String]) throws {
        var limits = Limits()
        limits.rooms = 1
        let relay = try MemoryRelay(limits: limits)
        let first = try relay.connectDevice()
        try first.send(.offer(slotLength: 0, work: nil))
        let (_, _, frames) = try Self.connect(relay, "easysetup.v1.0a00, easysetup.v1", adding: more)
        let told = frames.compactMap(\.relayFrame)
        #expect(told.count == 1)
        guard case .refused(.relayFull, _)? = told.first else { throw Unexpected() }
        #expect(first.isOpen)
    }
}
