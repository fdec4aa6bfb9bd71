import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOEmbedded
import NIOWebSocket
import Testing

@testable import EasySetupRelay

/// A relay whose connections, requests and frames are used up by strangers.
@Suite("A relay that is full") struct CrowdedTests {
    static let offer = DeviceFrame.offer(slotLength: 0, work: nil)

    /// Limits with 32 connections, 28 of which are for new devices.
    static var small: ConnectionLimits {
        var limits = ConnectionLimits()
        limits.connections = 32
        return limits
    }

    /// Whether a connection from this address is accepted.
    static func takes(_ relay: MemoryRelay, from address: String) throws -> Bool {
        let before = relay.worker.connections.all.count
        let channel = EmbeddedChannel(loop: relay.loop)
        channel.remoteAddress = try SocketAddress(ipAddress: address, port: 1)
        try ConnectionPipeline.configure(channel, worker: relay.worker, certificate: nil)
        relay.loop.run()
        return relay.worker.connections.all.count > before
    }

    /// Offerers that wait for visitors, each with an address in a block of its own, and the tokens of their rooms.
    static func waiting(_ count: Int, at relay: MemoryRelay) throws -> [(peer: MemoryPeer, token: Token)] {
        try (0..<count).map { number in
            let peer = try relay.connectDevice(from: "10.\(number).0.1")
            try peer.send(offer)
            if let asked = try peer.receivedFrames().first?.relayFrame {
                switch asked {
                case .offered(_, let token, _): return (peer, token)
                default: break
                }
            }
            throw PairingTests.Unexpected()
        }
    }

    /// The relay's answer to an offer over a WebSocket: its first frame, and its close code.
    static func offers(at relay: MemoryRelay, from address: String) throws -> (RelayFrame?, UInt16?) {
        let peer = try relay.connectDevice(from: address)
        try peer.send(offer)
        let heard = try peer.receivedFrames()
        return (heard.first?.relayFrame, heard.last?.closeCode)
    }

    // MARK: Sockets of a block

    @Test(
        "The sockets of one block are counted together, and leave the rest to others",
        arguments: [
            ("192.0.2.", "", "198.51.100.1"), ("2001:db8:7:", "00::1", "2001:db8:8::1"),
            ("2001:db8:", "::1", "2001:db9::1"),
        ]
    )
    func socketsBlockCounted(
        _ begin: String,
        _ end: String,
        _ elsewhere: String
    ) throws {
        var limits = ConnectionLimits()
        limits.openingPerPrefix = 2
        let relay = try MemoryRelay(connectionLimits: limits)
        let radix = begin.contains(":") ? 16 : 10
        let addresses = (1...150).map { "\(begin)\(String($0, radix: radix))\(end)" }
        let taken = try addresses.filter { try Self.takes(relay, from: $0) }.count
        #expect(taken == (end == "::1" ? 128 : 16))
        #expect(try Self.takes(relay, from: elsewhere))
        #expect(relay.outcomes[.tooManyOpening] == 150 - taken)
    }

    @Test("The address in a PROXY header is counted with its block") func addressInHeader() throws {
        var limits = ConnectionLimits()
        limits.openingPerPrefix = 2
        let proxies = TrustedProxies(at: [try #require(AddressBlock("10.0.0.1"))], usesProxyProtocol: true)
        let relay = try MemoryRelay(connectionLimits: limits, proxies: proxies)
        func header(_ part: UInt8) -> [UInt8] {
            let address: [UInt8] = [0x20, 0x01, 0x0D, 0xB8, 0, 7, part] + [UInt8](repeating: 0, count: 9)
            return [0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A, 0x21, 0x21, 0, 36]
                + address + address + [0, 1, 0, 2]
        }
        let peers = try (0..<20).map { number in
            let peer = try relay.connect(from: "10.0.0.1")
            try peer.send(header(UInt8(number)))
            return peer
        }
        #expect(peers.filter(\.isOpen).count == 16)
    }

    @Test("A WebSocket stands for no device until its first frame") func websocketStandsDevice() throws {
        var limits = ConnectionLimits()
        limits.openingPerPrefix = 2
        let relay = try MemoryRelay(connectionLimits: limits)
        let silent = try (0..<2).map { _ in try relay.connectDevice() }
        #expect(try !Self.takes(relay, from: "192.0.2.1"))
        try silent[0].send(Self.offer)
        #expect(try Self.takes(relay, from: "192.0.2.1"))
    }

    @Test("From half full on a block has its part of what is free, whatever its sockets are") func halfFullBlock()
        throws
    {
        var limits = ConnectionLimits()
        limits.connections = 800
        let relay = try MemoryRelay(connectionLimits: limits)
        var taken = 0
        for number in 0..<700 where try Self.takes(relay, from: "192.0.2.\(number % 256)") { taken += 1 }
        #expect(taken == 400)
        #expect(try Self.takes(relay, from: "198.51.100.1"))
    }

    @Test("Devices of one block have half of the connections, and others have the rest") func blockHasHalf() throws {
        var limits = ConnectionLimits()
        limits.connections = 160
        var rendezvous = Limits()
        rendezvous.offersPerPrefix = 1_000
        let relay = try MemoryRelay(connectionLimits: limits, limits: rendezvous)
        var heard: [RelayFrame?] = []
        for number in 0..<100 { heard.append(try Self.offers(at: relay, from: "192.0.2.\(number)").0) }
        #expect(heard.filter { $0?.isOffered == true }.count == 79)
        #expect(heard.last == .refused(.tooMany, retryAfter: .seconds(30)))
        #expect(try Self.offers(at: relay, from: "198.51.100.1").0?.isOffered == true)
    }

    // MARK: All connections taken

    @Test("A full relay answers health requests, refuses new devices, and takes devices with a token back")
    func fullRelayAnswers() throws {
        let relay = try MemoryRelay(connectionLimits: Self.small)
        var devices = try Self.waiting(28, at: relay)
        let health = try relay.connect(from: "192.0.2.1")
        try health.send(text: "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
        #expect(String(decoding: try health.received(), as: UTF8.self).hasPrefix("HTTP/1.1 200 "))
        let (heard, code) = try Self.offers(at: relay, from: "198.51.100.1")
        #expect(heard == .refused(.relayFull, retryAfter: .seconds(30)))
        #expect(code == 1013)
        let call = try relay.connect(from: "203.0.113.1").send([Self.offer], first: 1, of: .named(1))
        #expect(call?.status == 503)
        #expect(call?.problem == "relay-full")
        #expect(call?["retry-after"] == "30")
        // A new device takes the place of a device that has lost its connection. The latter can return nevertheless.
        let lost = devices.removeFirst()
        try lost.peer.channel.close().wait()
        relay.loop.advanceTime(by: .seconds(4))
        #expect(try Self.offers(at: relay, from: "203.0.113.9").0?.isOffered == true)
        #expect(relay.hub.read { $0.isCrowded == false })
        let back = try relay.connectDevice(from: "10.0.0.1")
        try back.send(.attachOfferer(token: lost.token, held: []))
        guard case .attachedOfferer? = try back.receivedFrames().first?.relayFrame else {
            throw PairingTests.Unexpected()
        }
        // The relay also admits a returning device that uses long polling.
        let other = devices.removeFirst()
        let caller = try relay.connect(from: "10.1.0.1")
        let attach = DeviceFrame.attachOfferer(token: other.token, held: [])
        #expect(try caller.send([attach], first: 1, of: .named(7))?.status == 200)
        let answer = try caller.poll(0, of: .named(7))?.pollAnswer
        guard case .attachedOfferer? = answer?.relayFrames.first else { throw PairingTests.Unexpected() }
        #expect(devices.allSatisfy { $0.peer.isOpen })
    }

    @Test("Idle sockets make room, those of the fullest address first") func idleSocketsMakeRoom() throws {
        let relay = try MemoryRelay(connectionLimits: Self.small)
        let devices = try Self.waiting(10, at: relay)
        func idle(from address: String) throws -> MemoryPeer {
            let peer = try relay.connect(from: address)
            #expect(try peer.poll(0, of: .named(9))?.problem == "unknown-connection")
            return peer
        }
        let (few, many) = (try idle(from: "198.51.100.1"), try (0..<5).map { _ in try idle(from: "192.0.2.1") })
        // The poll of this device waits, so its connection is not idle and stays open.
        let caller = try relay.connect(from: "203.0.113.1")
        #expect(try caller.send([Self.offer], first: 1, of: .named(1))?.status == 200)
        #expect(try caller.poll(1, of: .named(1), wait: .seconds(20)) == nil)
        var newcomers: [MemoryPeer] = []
        for number in 0..<14 {
            let peer = try relay.connectDevice(from: "10.\(100 + number).0.1")
            relay.loop.run()
            try peer.send(Self.offer)
            if let work = try peer.receivedFrames().first?.relayFrame { #expect(work.isOffered) }
            newcomers.append(peer)
        }
        #expect(many.filter(\.isOpen).count == 1)
        #expect(few.isOpen && caller.isOpen)
        #expect((devices.map(\.peer) + newcomers).allSatisfy { $0.isOpen })
        #expect(relay.outcomes[.gaveWay] == 4)
    }

    @Test("Silent connections make room for the next one where only devices that come back are let in")
    func silentConnectionsMake() throws {
        let relay = try MemoryRelay(connectionLimits: Self.small)
        let devices = try Self.waiting(28, at: relay)
        for number in 0..<40 {
            let silent = try relay.connect(from: "198.51.\(number).1")
            if number.isMultiple(of: 2) { try silent.send(text: "POST /easysetup/v1/send HTTP/1.1\r\nHost: x\r\n") }
            let health = try relay.connect(from: "203.0.113.1")
            try health.send(text: "GET /health/live HTTP/1.1\r\nHost: x\r\n\r\n")
            #expect(String(decoding: try health.received(), as: UTF8.self).hasPrefix("HTTP/1.1 200 "))
            #expect(relay.worker.connections.all.count < 32)
        }
        #expect(devices.allSatisfy { $0.peer.isOpen })
    }

    @Test("The fuller the relay, the sooner an idle socket is closed") func closedSooner() throws {
        var limits = Self.small
        limits.pollAbsence = .seconds(1_000)
        for (others, patience) in [(2, 60), (18, 30), (25, 15)] {
            let relay = try MemoryRelay(connectionLimits: limits)
            let devices = try Self.waiting(others, at: relay)
            let idle = try relay.connect()
            #expect(try idle.poll(0, of: .named(9))?.problem == "unknown-connection")
            relay.loop.advanceTime(by: .seconds(Int64(patience) - 1))
            #expect(idle.isOpen, "\(others)")
            relay.loop.advanceTime(by: .seconds(17))
            #expect(!idle.isOpen, "\(others)")
            #expect(devices.allSatisfy { $0.peer.isOpen })
        }
    }

    // MARK: Requests and frames without end

    @Test("A socket may make a limited number of requests in a while, and must then be opened anew")
    func socketMakeLimited() throws {
        var limits = ConnectionLimits()
        limits.requestsPerInterval = 3
        let relay = try MemoryRelay(connectionLimits: limits)
        let peer = try relay.connect()
        for _ in 0..<2 {
            for _ in 0..<3 { #expect(try peer.poll(0, of: .named(9))?.problem == "unknown-connection") }
            #expect(peer.isOpen)
            relay.loop.advanceTime(by: .seconds(45))
        }
        for _ in 0..<4 { #expect(try peer.poll(0, of: .named(9))?.problem == "unknown-connection") }
        #expect(!peer.isOpen)
    }

    @Test("A proxy's socket may make as many requests as its devices do") func proxySocket() throws {
        var limits = ConnectionLimits()
        limits.requestsPerInterval = 3
        let proxies = TrustedProxies(at: [try #require(AddressBlock("192.0.2.1"))], header: .xForwardedFor)
        let relay = try MemoryRelay(connectionLimits: limits, proxies: proxies)
        let peer = try relay.connect()
        for _ in 0..<10 { #expect(try peer.poll(0, of: .named(9))?.problem == "unknown-connection") }
        #expect(peer.isOpen)
    }

    @Test("A device that calls without end is lost") func deviceCallsWithout() throws {
        var limits = ConnectionLimits()
        limits.requestsPerInterval = 5
        let relay = try MemoryRelay(connectionLimits: limits)
        for _ in 0..<5 {
            let peer = try relay.connect()
            #expect(try peer.send([Self.offer], first: 1, of: .named(1))?.status == 200)
        }
        #expect(relay.calls.callers.open == 1)
        let answer = try relay.connect().poll(0, of: .named(1))?.pollAnswer
        _ = try relay.connect().poll(0, of: .named(1))
        #expect(relay.calls.callers.open == 0)
        #expect(answer?.relayFrames.first?.isOffered == true)
        #expect(relay.outcomes[.badFrame] == 1)
    }

    @Test("Frames without news end a connection, through either transport") func framesWithoutNews() throws {
        let relay = try MemoryRelay()
        let ack = DeviceFrame.ack(meeting: MeetingID([UInt8](repeating: 1, count: 16)), upTo: 0)
        let device = try relay.connectDevice()
        try device.send(Self.offer)
        _ = try device.received()
        let bytes = WebSocketBytes.frame(.binary, ack.serialized())
        try device.send([[UInt8]](repeating: bytes, count: 120).flatMap(\.self))
        #expect(try device.receivedFrames().isEmpty)
        try device.send([[UInt8]](repeating: bytes, count: 20).flatMap(\.self))
        let heard = try device.receivedFrames()
        #expect(heard.first?.relayFrame == .refused(.badFrame, retryAfter: .zero))
        #expect(heard.last?.closeCode == 1008)

        let peer = try relay.connect()
        #expect(try peer.send([Self.offer], first: 1, of: .named(1))?.status == 200)
        #expect(try peer.send([DeviceFrame](repeating: ack, count: 200), first: 2, of: .named(1))?.status == 200)
        let answer = try peer.poll(0, of: .named(1))?.pollAnswer
        #expect(answer?.relayFrames.last == .refused(.badFrame, retryAfter: .zero))
        #expect(answer?.isClosed == true)
    }

    @Test("A device that goes on sending after the relay's close is cut off") func sendsAfterClose() throws {
        let relay = try MemoryRelay()
        let device = try relay.connectDevice()
        try device.send(.leave(.done))
        #expect(try device.receivedFrames().last?.opcode == .connectionClose)
        let bytes = WebSocketBytes.frame(.binary, Self.offer.serialized())
        try device.send([[UInt8]](repeating: bytes, count: 60).flatMap(\.self))
        #expect(device.isOpen)
        try device.send(bytes)
        #expect(!device.isOpen)
    }
}
