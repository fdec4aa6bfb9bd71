import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@testable import EasySetupRelay

/// Deferred frames, and the messages that they are sent with.
@Suite struct CoalescingTests {
    /// A room whose visitor has sent nothing yet; the `visitor` frame to the offerer is deferred.
    struct Met {
        let relay: MemoryRelay
        let offerer: MemoryPeer
        let visitor: MemoryPeer
        let meeting: MeetingID

        init() throws {
            relay = try MemoryRelay()
            offerer = try relay.connectDevice()
            try offerer.send(.offer(slotLength: 0, work: nil))
            guard case .offered(let slot, _, _) = try offerer.receivedFrames().first?.relayFrame else {
                throw PairingTests.Unexpected()
            }
            visitor = try relay.connectDevice()
            try visitor.send(.visit(slot: slot, work: nil))
            guard case .met(let meeting, _, _) = try visitor.receivedFrames().first?.relayFrame else {
                throw PairingTests.Unexpected()
            }
            self.meeting = meeting
        }

        /// The frames of each write to the offerer.
        func pieces() throws -> [[RelayFrame]] {
            var pieces: [[RelayFrame]] = []
            while let buffer = try offerer.channel.readOutbound(as: ByteBuffer.self) {
                pieces.append(WebSocketBytes.parse(Array(buffer: buffer)).compactMap(\.relayFrame))
            }
            return pieces
        }
    }

    static let message = Message(number: 1, ack: 0, body: [1])

    @Test func `A visitor is announced with its first message, in one piece`() throws {
        let met = try Met()
        #expect(try met.pieces().isEmpty)
        try met.visitor.send(.message(meeting: nil, Self.message))
        let expected: [RelayFrame] = [.visitor(meeting: met.meeting), .message(meeting: met.meeting, Self.message)]
        #expect(try met.pieces() == [expected])
        // No deferred frame is left when the delay is over.
        met.relay.passCompanyTime()
        #expect(try met.pieces().isEmpty)
    }

    @Test func `A visitor that says nothing is announced when the time is over`() throws {
        let met = try Met()
        met.relay.loop.advanceTime(by: .milliseconds(249))
        #expect(try met.pieces().isEmpty)
        met.relay.loop.advanceTime(by: .milliseconds(11))
        #expect(try met.pieces() == [[.visitor(meeting: met.meeting)]])
    }

    @Test func `The seat is told to the visitor at once, to the offerer with what comes next`() throws {
        let met = try Met()
        met.relay.passCompanyTime()
        #expect(try met.pieces().count == 1)
        try met.offerer.send(.seat(meeting: met.meeting))
        #expect(try met.pieces().isEmpty)
        guard case .seated(nil, let expiresIn) = try met.visitor.receivedFrames().first?.relayFrame else {
            Issue.record("the visitor is not told")
            return
        }
        try met.visitor.send(.message(meeting: nil, Self.message))
        let seated = RelayFrame.seated(meeting: met.meeting, expiresIn: expiresIn)
        #expect(try met.pieces() == [[seated, .message(meeting: met.meeting, Self.message)]])
    }

    @Test func `What waited goes with an answer to a ping, and before a goodbye`() throws {
        let met = try Met()
        try met.offerer.send(WebSocketBytes.frame(.ping, [7]))
        #expect(try met.pieces() == [[.visitor(meeting: met.meeting)]])
        try met.offerer.send(.seat(meeting: met.meeting))
        met.relay.worker.stop()
        let last = try #require(try met.pieces().first)
        #expect(last.count == 2)
        guard case .seated = last.first, case .goodbye = last.last else {
            Issue.record("not in this order: \(last)")
            return
        }
    }

    @Test func `What waits for a device that goes is forgotten with it`() throws {
        let met = try Met()
        try met.offerer.channel.close().wait()
        met.relay.passCompanyTime()
        #expect(met.relay.worker.connections.count == 1)
        // The visitor's connection goes on.
        try met.visitor.send(.message(meeting: nil, Self.message))
        #expect(met.visitor.isOpen)
    }
}
