import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore
import NIOEmbedded
import SeededRandom
import TestSupport
import Testing

@testable import EasySetupRelay

/// The PROXY protocol, version 2: the parser of its header, and the header's effect on connections.
@Suite("The PROXY header", .inTurn, .timeLimit(.minutes(60))) struct ProxyHeaderTests {
    static let signature: [UInt8] = [0x0D, 0x0A, 0x0D, 0x0A, 0, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A]
    /// A header for a connection from 192.0.2.7:0x1111 to 198.51.100.1:443.
    static let v4 = signature + [0x21, 0x11, 0, 12, 192, 0, 2, 7, 198, 51, 100, 1, 0x11, 0x11, 0x01, 0xBB]
    /// A header for a connection from [2001:db8::7]:0x1111 to [2001:db8::1]:443.
    static let v6 =
        signature + [0x21, 0x21, 0, 36]
        + [0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 7]
        + [0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1] + [0x11, 0x11, 0x01, 0xBB]
    static let local = signature + [0x20, 0x00, 0, 0]
    /// A header with two extensions: a checksum (3 bytes of type and length, 4 of value) and padding (3 and 2 bytes).
    static let withExtras =
        signature + [0x21, 0x11, 0, 24, 192, 0, 2, 7, 198, 51, 100, 1, 0x11, 0x11, 0x01, 0xBB]
        + [0x03, 0, 4, 1, 2, 3, 4, 0x04, 0, 2, 0, 0]

    struct Case: CustomTestStringConvertible, Sendable {
        var testDescription: String
        var bytes: [UInt8]
        var source: String?

        init(_ testDescription: String, _ bytes: [UInt8], _ source: String?) {
            self.testDescription = testDescription
            self.bytes = bytes
            self.source = source
        }
    }

    static let good = [
        Case("IPv4", v4, "192.0.2.7"),
        Case("IPv6", v6, "2001:db8::7"),
        Case("IPv4 with extras", withExtras, "192.0.2.7"),
        Case("IPv4 mapped into IPv6", signature + [0x21, 0x21, 0, 36] + mapped + mapped + [0, 1, 0, 2], "192.0.2.7"),
        Case("the proxy itself", local, nil),
        Case("the proxy itself, with addresses", signature + [0x20, 0x11] + v4[14...], nil),
        Case("the proxy itself, with a family that is none", signature + [0x20, 0xFF, 0, 1, 9], nil),
        Case("no family", signature + [0x21, 0x00, 0, 0], nil),
        Case("no family, with bytes", signature + [0x21, 0x00, 0, 3, 1, 2, 3], nil),
        Case("datagrams", signature + [0x21, 0x12] + v4[14...], "192.0.2.7"),
        Case(
            "a socket of the file system",
            signature + [0x21, 0x31, 0, 216] + [UInt8](repeating: 65, count: 216),
            nil
        ),
        Case("as long as may be", signature + [0x20, 0, 0x07, 0xF0] + [UInt8](repeating: 0, count: 2032), nil),
    ]
    static let mapped: [UInt8] = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF, 192, 0, 2, 7]

    static let bad = [
        Case("HTTP", Array("GET / HTTP/1.1\r\n\r\n".utf8), nil),
        Case("version 1", Array("PROXY TCP4 192.0.2.7 198.51.100.1 4369 443\r\n".utf8), nil),
        Case("TLS", [0x16, 3, 1, 2, 0, 1], nil),
        Case("another version", signature + [0x11], nil),
        Case("version 3", signature + [0x31], nil),
        Case("an unknown command", signature + [0x22], nil),
        Case("an unknown family", signature + [0x21, 0x41], nil),
        Case("an unknown transport", signature + [0x21, 0x13], nil),
        Case("too short for IPv4", signature + [0x21, 0x11, 0, 11], nil),
        Case("too short for IPv6", signature + [0x21, 0x21, 0, 35], nil),
        Case("too short for a path", signature + [0x21, 0x31, 0, 215], nil),
        Case("longer than may be", signature + [0x20, 0, 0x07, 0xF1], nil),
        Case("64 KiB", signature + [0x21, 0x11, 0xFF, 0xFF], nil),
    ]

    static func parse(_ bytes: some RandomAccessCollection<UInt8>) -> ProxyHeader.Parsed {
        ProxyHeader.parse(bytes, limits: ConnectionLimits())
    }

    @Test("A header is read, and the bytes behind it are left", arguments: good)
    func reads(_ example: Case) throws {
        let source = try example.source.map { try #require(PeerAddress(text: $0.utf8)) }
        let expected = ProxyHeader.Parsed.header(ProxyHeader(source: source, byteCount: example.bytes.count))
        #expect(Self.parse(example.bytes) == expected)
        #expect(Self.parse(example.bytes + [1, 2, 3]) == expected)
        // This is a slice whose indices do not begin at zero.
        #expect(Self.parse(([9] + example.bytes).dropFirst()) == expected)
    }

    @Test("Bytes that may be a header's beginning wait for more", arguments: good)
    func waits(_ example: Case) {
        for count in example.bytes.indices {
            #expect(Self.parse(example.bytes.prefix(count)) == .incomplete, "\(count) bytes")
        }
    }

    @Test("A header is refused at the first wrong byte", arguments: bad)
    func refuses(_ example: Case) {
        #expect(Self.parse(example.bytes) == .malformed)
        #expect(Self.parse(example.bytes + [UInt8](repeating: 0, count: 300)) == .malformed)
    }

    @Test("Randomly changed bytes give an answer, and never more bytes than there are", arguments: 0..<4)
    func randomlyChangedBytes(_ seed: UInt64) {
        var random = SplitMix(state: seed)
        for _ in 0..<5_000 {
            var bytes = (Self.good + Self.bad).randomElement(using: &random)?.bytes ?? []
            for _ in 0..<Int.random(in: 0..<4, using: &random) where !bytes.isEmpty {
                bytes[Int.random(in: 0..<min(bytes.count, 20), using: &random)] = .random(in: 0...255, using: &random)
            }
            bytes = Array(bytes.prefix(Int.random(in: 0...bytes.count, using: &random)))
            switch Self.parse(bytes) {
            case .header(let header):
                #expect(16...2048 ~= header.byteCount)
                #expect(header.byteCount <= bytes.count)
            case .incomplete:
                #expect(bytes.count < 2048)
                #expect(Self.parse(bytes + [UInt8](repeating: 0, count: 2048)) != .incomplete)
            case .malformed:
                // The header must stay invalid with more bytes.
                #expect(Self.parse(bytes + Self.v4) == .malformed)
            }
        }
    }

    static func relay(header: ForwardedHeader? = nil) throws -> MemoryRelay {
        let blocks = [try #require(AddressBlock("10.0.0.1"))]
        return try MemoryRelay(
            limits: ConnectionTests.oneForEachPrefix,
            proxies: TrustedProxies(at: blocks, header: header, usesProxyProtocol: true)
        )
    }

    @Test("A connection without such a header is closed before anything else is read", arguments: bad)
    func closes(_ example: Case) throws {
        let relay = try Self.relay()
        let peer = try relay.connect(from: "10.0.0.1")
        try peer.send(example.bytes)
        #expect(!peer.isOpen)
        #expect(try peer.received().isEmpty)
        #expect(relay.outcomes[.badProxyHeader] == 1)
    }

    @Test("A connection from no trusted proxy is closed at once") func connectionTrustedProxy() throws {
        let relay = try Self.relay()
        let peer = try relay.connect(from: "192.0.2.7")
        #expect(!peer.isOpen)
        #expect(relay.outcomes[.badProxyHeader] == 1)
    }

    @Test("A header that never ends is closed with the time for opening") func headerNeverEnds() throws {
        let relay = try Self.relay()
        let peer = try relay.connect(from: "10.0.0.1")
        for byte in Self.v4.dropLast() {
            try peer.send([byte])
            relay.loop.advanceTime(by: .milliseconds(300))
        }
        #expect(peer.isOpen)
        relay.loop.advanceTime(by: .seconds(2))
        #expect(!peer.isOpen)
        #expect(relay.outcomes == [.slowOpening: 1])
    }

    @Test("Bytes may come one at a time, or all at once", arguments: [1, 7, 1_000])
    func chunks(_ size: Int) throws {
        let relay = try Self.relay()
        let peer = try relay.connect(from: "10.0.0.1")
        var rest = (Self.withExtras + Array(Requests.upgrade().utf8))[...]
        while !rest.isEmpty {
            try peer.send(Array(rest.prefix(size)))
            rest = rest.dropFirst(size)
        }
        #expect(String(decoding: try peer.received(), as: UTF8.self).hasPrefix("HTTP/1.1 101 "))
        try peer.send(.offer(slotLength: 0, work: nil))
        #expect(try peer.receivedFrames().first?.relayFrame?.isOffered == true)
    }

    @Test("Limits count the address in the header, and the proxy's when there is none") func countedAddress() throws {
        let relay = try Self.relay()
        for (header, isNew) in [
            (Self.v4, true), (Self.withExtras, false), (Self.v6, true), (Self.local, true), (Self.local, false),
        ] {
            let peer = try relay.connect(from: "10.0.0.1")
            try peer.send(header + Array(Requests.upgrade().utf8))
            _ = try peer.received()
            try peer.send(.offer(slotLength: 0, work: nil))
            #expect(try peer.receivedFrames().first?.relayFrame?.isOffered == isNew)
        }
    }

    @Test("A PROXY header may name a proxy that writes a forwarding header") func headerNamesProxy() throws {
        let proxies = TrustedProxies(
            at: [try #require(AddressBlock("10.0.0.1")), try #require(AddressBlock("192.0.2.7"))],
            header: .xForwardedFor,
            usesProxyProtocol: true
        )
        let relay = try MemoryRelay(limits: ConnectionTests.oneForEachPrefix, proxies: proxies)
        for (named, isNew) in [("203.0.113.1", true), ("203.0.113.2", true), ("203.0.113.1", false)] {
            let peer = try relay.connect(from: "10.0.0.1")
            try peer.send(Self.v4 + Array(Requests.upgrade(adding: ["X-Forwarded-For: \(named)"]).utf8))
            _ = try peer.received()
            try peer.send(.offer(slotLength: 0, work: nil))
            #expect(try peer.receivedFrames().first?.relayFrame?.isOffered == isNew)
        }
    }

    @Test("An address in the header holds a limited number of silent connections") func addressHeaderHolds() throws {
        var limits = ConnectionLimits()
        limits.openingPerPrefix = 2
        let proxies = TrustedProxies(at: [try #require(AddressBlock("10.0.0.1"))], usesProxyProtocol: true)
        let relay = try MemoryRelay(connectionLimits: limits, proxies: proxies)
        let peers = try (0..<4).map { _ in try relay.connect(from: "10.0.0.1") }
        for peer in peers { try peer.send(Self.v4) }
        #expect(peers.map(\.isOpen) == [true, true, false, false])
        #expect(relay.outcomes[.tooManyOpening] == 2)
    }

    static func configuration() throws -> RelayConfiguration {
        var configuration = RelayConfiguration()
        configuration.trustedProxies = TrustedProxies(
            at: [try #require(AddressBlock("127.0.0.1"))],
            usesProxyProtocol: true
        )
        configuration.limits = ConnectionTests.oneForEachPrefix
        return configuration
    }

    @Test("Over a socket devices get in, health is answered to the proxy, and other connections are closed")
    func socketDevicesGet() async throws {
        try await withRelay(try Self.configuration()) { _, port in
            for header in [Self.v4, Self.v6] {
                let device = try await TestDevice.connect(port: port, first: header)
                try await device.send(.offer(slotLength: 0, work: nil))
                #expect(await device.nextFrame()?.isOffered == true)
            }
            let request = "GET /health/ready HTTP/1.1\r\nHost: x\r\n\r\n"
            let health = try await exchange(String(decoding: Self.local, as: UTF8.self) + request, port: port)
            #expect(health.hasPrefix("HTTP/1.1 200 OK\r\n"))
            await #expect(throws: (any Error).self) { try await TestDevice.connect(port: port) }
        }
    }

    @Test("The header comes before TLS") func headerComesTLS() async throws {
        try await withFolder { folder in
            let files = try await makeCertificate(in: folder, "relay")
            var configuration = try Self.configuration()
            configuration.certificate = files
            try await withRelay(configuration) { _, port in
                let device = try await TestDevice.connect(port: port, trusting: files.certificatePath, first: Self.v6)
                try await device.send(.offer(slotLength: 0, work: nil))
                #expect(await device.nextFrame()?.isOffered == true)
                await #expect(throws: (any Error).self) {
                    try await TestDevice.connect(port: port, trusting: files.certificatePath)
                }
            }
        }
    }
}

extension ConnectionTests {
    /// With these limits, the second offer from an address prefix requires work.
    static var oneForEachPrefix: Limits {
        var limits = Limits()
        limits.offersPerPrefix = 1
        return limits
    }
}
