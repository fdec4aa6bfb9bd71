import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOEmbedded
import Testing

@testable import EasySetupRelay

/// Long-polling devices at the relay's limits, with connections in memory and a manual clock.
@Suite("Long polling at the relay's limits") struct LongPollCeilingTests {
    @Test("A relay without a place says so, and takes the next device when there is one") func relayWithoutPlace()
        throws
    {
        var limits = ConnectionLimits()
        limits.connections = 3
        let relay = try MemoryRelay(connectionLimits: limits)
        let peer = try relay.connect()
        let offer = DeviceFrame.offer(slotLength: 0, work: nil)
        #expect(try peer.send([offer], first: 1, of: .named(1))?.status == 200)
        #expect(try peer.send([offer], first: 1, of: .named(2))?.status == 200)
        let refused = try #require(try peer.send([offer], first: 1, of: .named(3)))
        #expect(refused.status == 503)
        #expect(refused.problem == "relay-full")
        #expect(refused["retry-after"] == "30")
        #expect(peer.isOpen)
        #expect(try peer.send([], first: 2, of: .named(1), isClosing: true)?.status == 200)
        #expect(try peer.send([offer], first: 1, of: .named(3))?.status == 200)
    }

    @Test("One address opens a limited number of connections, and refused ones leave nothing behind")
    func addressOpensLimited() throws {
        var limits = Limits()
        limits.roomlessPerPrefix = 2
        // The relay answers each offer by asking for work, so no device gets a room.
        limits.offersPerPrefix = 0
        let proxies = TrustedProxies(at: [try #require(AddressBlock("192.0.2.1"))], header: .xForwardedFor)
        let relay = try MemoryRelay(limits: limits, proxies: proxies)
        let proxy = try relay.connect()
        var statuses: [Int?] = []
        for number in UInt8(1)...50 {
            let answer = try proxy.answer(to: Self.offer(of: .named(number), forwardedFor: "198.51.100.1"))
            statuses.append(answer?.status)
            if answer?.status != 200 {
                #expect(answer?.problem == "too-many")
                #expect(answer?["retry-after"] == "30")
            }
        }
        #expect(statuses == [200, 200, 200] + [Int?](repeating: 429, count: 47))
        #expect(relay.calls.callers.open == 3)
        // This device has another address, but the same proxy and the same connection to the relay.
        let other = try proxy.answer(to: Self.offer(of: .named(99), forwardedFor: "198.51.100.2"))
        #expect(other?.status == 200)
    }

    @Test("One address holds a limited number of connections without a device, however often it asks")
    func addressHoldsLimited() throws {
        var limits = ConnectionLimits()
        limits.openingPerPrefix = 3
        let relay = try MemoryRelay(connectionLimits: limits)
        let offerer = try relay.connect()
        #expect(try offerer.send([.offer(slotLength: 0, work: nil)], first: 1, of: .named(1))?.status == 200)
        let idle = try relay.connect()
        #expect(try idle.poll(0, of: .named(9))?.problem == "unknown-connection")
        let other = try relay.connect()
        /// Whether the relay accepts one more connection.
        func takes(from address: String = "192.0.2.1") throws -> Bool {
            let before = relay.worker.connections.all.count
            let channel = EmbeddedChannel(loop: relay.loop)
            channel.remoteAddress = try SocketAddress(ipAddress: address, port: 1)
            try ConnectionPipeline.configure(channel, worker: relay.worker, certificate: nil)
            return relay.worker.connections.all.count > before
        }
        #expect(try !takes())
        // The relay accepts a connection from a neighbouring address. It accepts one from the same address when a poll
        // waits on one of its connections, or one of them gets its first frame or ends.
        #expect(try takes(from: "192.0.2.9"))
        #expect(try offerer.poll(1, of: .named(1), wait: .seconds(20)) == nil)
        let device = try relay.connectDevice()
        try device.send(.offer(slotLength: 0, work: nil))
        #expect(device.isOpen)
        #expect(try takes())
        #expect(try !takes())
        other.channel.close(promise: nil)
        relay.loop.run()
        #expect(try takes())
        #expect(relay.outcomes[.tooManyOpening] == 2)
    }

    static func offer(of connection: LongPollConnectionID, forwardedFor address: String) -> [UInt8] {
        let frame = DeviceFrame.offer(slotLength: 0, work: nil).serialized()
        let call = SendCall(connection: connection, first: 1, frames: [frame])
        return Requests.call("send", call.serialized(), replacing: ["X-Forwarded-For": address])
    }

    @Test("A device that leaves too much unread is lost") func tooMuchUnread() throws {
        var limits = ConnectionLimits()
        limits.outboundBytes = 3000
        let relay = try MemoryRelay(connectionLimits: limits)
        let offerer = try relay.connect()
        #expect(try offerer.send([.offer(slotLength: 0, work: nil)], first: 1, of: .named(1))?.status == 200)
        guard case .offered(let slot, _, _) = try offerer.poll(0, of: .named(1))?.pollAnswer?.relayFrames.first else {
            throw LongPollMeetingTests.Unexpected()
        }
        let visitor = try relay.connectDevice()
        try visitor.send(.visit(slot: slot, work: nil))
        for number in UInt32(1)...2 {
            let body = [UInt8](repeating: 0, count: 2048)
            try visitor.send(.message(meeting: nil, Message(number: number, ack: 0, body: body)))
        }
        #expect(try visitor.receivedFrames().last?.relayFrame == .presence(meeting: nil, isPresent: false))
        #expect(relay.outcomes[.slowReader] == 1)
        #expect(try offerer.poll(1, of: .named(1))?.problem == "unknown-connection")
    }
}
