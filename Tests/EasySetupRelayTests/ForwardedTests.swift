import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOHTTP1
import SeededRandom
import Testing

@testable import EasySetupRelay

/// Forwarding headers. The connection comes from the proxy 10.0.0.1; all proxies in 10.0.0.0/8 and fd00::/8 are
/// trusted.
@Suite("The address that a proxy reports") struct ForwardedTests {
    static let proxy = "10.0.0.1"

    static func address(
        _ lines: [String],
        of header: ForwardedHeader?,
        peer: String = proxy,
        named name: String? = nil
    ) throws -> PeerAddress {
        let blocks = try ["10.0.0.0/8", "fd00::/8"].map { try #require(AddressBlock($0)) }
        let source = AddressSource(proxies: TrustedProxies(at: blocks, header: header), limits: ConnectionLimits())
        let headers = HTTPHeaders(lines.map { (name ?? header?.rawValue ?? "x", $0) })
        return source.address(peer: try #require(PeerAddress(text: peer.utf8)), headers: headers)
    }

    static func expect(
        _ expected: String,
        _ lines: [String],
        of header: ForwardedHeader?,
        peer: String = proxy,
        named name: String? = nil,
        sourceLocation: SourceLocation = #_sourceLocation
    ) throws {
        let address = try address(lines, of: header, peer: peer, named: name)
        // The test compares bytes, because an address has no description.
        #expect(address.bytes == PeerAddress(text: expected.utf8)?.bytes, sourceLocation: sourceLocation)
    }

    @Test(
        "The right-most address in X-Forwarded-For that is no trusted proxy's counts",
        arguments: [
            (["192.0.2.1"], "192.0.2.1"),
            (["203.0.113.9, 192.0.2.1"], "192.0.2.1"),
            (["203.0.113.9", "192.0.2.1"], "192.0.2.1"),
            (["203.0.113.9,192.0.2.1, 10.9.9.9"], "192.0.2.1"),
            (["203.0.113.9", "192.0.2.1,10.9.9.9", "fd00::7"], "192.0.2.1"),
            (["192.0.2.1:4711"], "192.0.2.1"),
            (["192.0.2.1:_port"], "192.0.2.1"),
            (["2001:db8::1"], "2001:db8::1"),
            (["[2001:db8::1]"], "2001:db8::1"),
            (["[2001:db8::1]:4711"], "2001:db8::1"),
            (["\"[2001:db8::1]:4711\""], "2001:db8::1"),
            (["::ffff:192.0.2.1"], "192.0.2.1"),
            (["203.0.113.9, ::ffff:10.7.7.7"], "203.0.113.9"),
            (["\t192.0.2.1 \t"], "192.0.2.1"),
            (["192.0.2.1, , ,"], "192.0.2.1"),
            (["", "192.0.2.1", ""], "192.0.2.1"),
            // The text on the left comes from the client. It must not change the proxy's entry.
            (["\", 192.0.2.1"], "192.0.2.1"),
            (["\"\\, 192.0.2.1"], "192.0.2.1"),
            (["10.0.0.1, 192.0.2.1"], "192.0.2.1"),
            // If all entries are trusted proxies, the relay takes the left-most one for the device.
            (["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
            // If an entry contains no address, the relay takes the proxy that wrote it for the device.
            ([], "10.0.0.1"), ([""], "10.0.0.1"), ([","], "10.0.0.1"),
            (["192.0.2.1, unknown"], "10.0.0.1"), (["unknown, 10.0.0.2"], "10.0.0.2"), (["_hidden"], "10.0.0.1"),
            (["unix:"], "10.0.0.1"), (["192.0.2.1, garbage, 10.0.0.2"], "10.0.0.2"), (["for=192.0.2.1"], "10.0.0.1"),
            (["192.0.2.1 203.0.113.9"], "10.0.0.1"), (["192.0.2.1:"], "10.0.0.1"), (["192.0.2.1:123456"], "10.0.0.1"),
            (["192.0.2.1:8o"], "10.0.0.1"), (["192.0.2.1:_"], "10.0.0.1"), (["[192.0.2.1]"], "10.0.0.1"),
            (["[2001:db8::1"], "10.0.0.1"), (["[2001:db8::1]4711"], "10.0.0.1"), (["[]"], "10.0.0.1"),
            (["[:"], "10.0.0.1"),
            (["\""], "10.0.0.1"), (["\"192.0.2.1"], "10.0.0.1"), (["fe80::1%eth0"], "10.0.0.1"),
            (["192.0.2.1\u{0}"], "10.0.0.1"),
            (["192.0.2.1" + String(repeating: " ", count: 512 - 9)], "192.0.2.1"),
            (["192.0.2.1" + String(repeating: " ", count: 513 - 9)], "10.0.0.1"),
            ([String(repeating: "1", count: 100_000)], "10.0.0.1"),
            ([String(repeating: "1", count: 100_000) + ",192.0.2.1"], "192.0.2.1"),
            // The relay does not read entries beyond its limit.
            ([String(repeating: ",", count: 100_000)], "10.0.0.1"),
            (["192.0.2.1" + String(repeating: ",10.0.0.2", count: 15)], "192.0.2.1"),
            (["192.0.2.1" + String(repeating: ",10.0.0.2", count: 16)], "10.0.0.2"),
        ]
    )
    func rightAddressX(_ lines: [String], _ expected: String) throws {
        try Self.expect(expected, lines, of: .xForwardedFor)
    }

    @Test(
        "The right-most address in Forwarded that is no trusted proxy's counts",
        arguments: [
            (["for=192.0.2.1"], "192.0.2.1"),
            (["For=\"192.0.2.1\""], "192.0.2.1"),
            (["for=203.0.113.9, for=192.0.2.1"], "192.0.2.1"),
            (["for=203.0.113.9", "FOR=192.0.2.1;proto=https;by=10.0.0.1"], "192.0.2.1"),
            (["by=10.0.0.1;host=\"a,b;c\";for=192.0.2.1"], "192.0.2.1"),
            (["for=\"[2001:db8::1]\""], "2001:db8::1"),
            (["for=\"[2001:db8::1]:4711\";proto=http"], "2001:db8::1"),
            (["for=\"192.0.2.1:_port\""], "192.0.2.1"),
            (["for=\"\\1\\9\\2.0.2.1\""], "192.0.2.1"),
            (["for=203.0.113.9, for=\"[fd00::1]:80\""], "203.0.113.9"),
            (["for=192.0.2.1 , for=10.0.0.2\t,"], "192.0.2.1"),
            ([" for = 192.0.2.1 ; ; proto = x"], "192.0.2.1"),
            // The text on the left comes from the client. It must not change the proxy's entry.
            (["for=\"203.0.113.9, for=192.0.2.1"], "192.0.2.1"),
            (["for=\"203.0.113.9\\, for=\"192.0.2.1\""], "192.0.2.1"),
            (["for=\"203.0.113.9", "for=\"192.0.2.1\""], "192.0.2.1"),
            (["x=\"\\\\\\\", for=192.0.2.1"], "192.0.2.1"),
            (["\",\",\", for=\"[2001:db8::1]\""], "2001:db8::1"),
            // If an entry contains no address, the relay takes the proxy that wrote it for the device.
            ([], "10.0.0.1"), (["192.0.2.1"], "10.0.0.1"), (["for=unknown"], "10.0.0.1"), (["for=_hidden"], "10.0.0.1"),
            (["for=\"unix:\""], "10.0.0.1"), (["for=192.0.2.1, for=unknown"], "10.0.0.1"),
            (["for=192.0.2.1, proto=https"], "10.0.0.1"), (["for="], "10.0.0.1"), (["for"], "10.0.0.1"),
            (["=for"], "10.0.0.1"),
            (["for=192.0.2.1;for=203.0.113.9"], "10.0.0.1"), (["for=192.0.2.1;for=\"x"], "10.0.0.1"),
            (["for=\"192.0.2.1"], "10.0.0.1"), (["for=192.0.2.1\""], "10.0.0.1"), (["for=\"192.0.2.1\"x"], "10.0.0.1"),
            (["for=\"192.0.2.1\\\""], "10.0.0.1"), (["for=\"\""], "10.0.0.1"), (["forx=192.0.2.1"], "10.0.0.1"),
            (["for=192.0.2.1, for=_x, for=10.0.0.2"], "10.0.0.2"),
            (["for=192.0.2.1;x=" + String(repeating: "y", count: 600)], "10.0.0.1"),
            ([String(repeating: "\"", count: 100_001)], "10.0.0.1"),
            ([String(repeating: "\\", count: 100_000) + "\""], "10.0.0.1"),
        ]
    )
    func rightAddressForwarded(_ lines: [String], _ expected: String) throws {
        try Self.expect(expected, lines, of: .forwarded)
    }

    @Test("The header that the proxies don't write is never read", arguments: ForwardedHeader.allCases)
    func headerProxiesWrite(_ header: ForwardedHeader) throws {
        let other: ForwardedHeader = header == .forwarded ? .xForwardedFor : .forwarded
        let forged = other == .forwarded ? "for=192.0.2.1" : "192.0.2.1"
        try Self.expect(Self.proxy, [forged], of: header, named: other.rawValue)
    }

    @Test("The header of a client that is no trusted proxy is not believed", arguments: ForwardedHeader.allCases)
    func headerClientTrusted(_ header: ForwardedHeader) throws {
        let forged = header == .forwarded ? "for=192.0.2.1" : "192.0.2.1"
        try Self.expect("203.0.113.5", [forged], of: header, peer: "203.0.113.5")
        try Self.expect("2001:db8::5", [forged], of: header, peer: "2001:db8::5")
        try Self.expect(Self.proxy, [forged], of: nil)
        try Self.expect("192.0.2.1", [forged], of: header, named: header.rawValue.uppercased())
    }

    /// Random bytes before the proxy's entry must not change the result.
    @Test(
        "No header of a client's changes the address that a proxy reports",
        arguments: ForwardedHeader.allCases,
        0..<4
    )
    func headerClientChanges(_ header: ForwardedHeader, _ seed: UInt64) throws {
        var random = SplitMix(state: seed)
        let pieces = [
            "\"", "\\", ",", ";", "=", "for=", "10.0.0.2", "192.0.2.77", "[", "]", ":", " ", "_", "é", "\u{0}", "x",
        ]
        let sample = header == .forwarded ? "for=\"[2001:db8::1]:80\";proto=https" : "2001:db8::1"
        for _ in 0..<2_000 {
            let junk = (0..<Int.random(in: 0..<40, using: &random))
                .map { _ in pieces.randomElement(using: &random) ?? "" }.joined()
            try Self.expect("2001:db8::1", [junk + "," + sample], of: header)
            try Self.expect("2001:db8::1", [junk, sample], of: header)
            // Without the proxy's entry, the result is some address, and the parser must not crash.
            _ = try Self.address([junk], of: header)
        }
    }

    @Test(
        "Devices behind a proxy are counted one by one",
        arguments: [(ForwardedHeader.xForwardedFor, "192.0.2.7"), (.forwarded, "for=192.0.2.7")]
    )
    func devicesBehindProxy(_ header: ForwardedHeader, _ value: String) throws {
        var limits = ConnectionLimits()
        limits.openingPerPrefix = 1
        let proxies = TrustedProxies(at: [try #require(AddressBlock("10.0.0.1"))], header: header)
        let relay = try MemoryRelay(connectionLimits: limits, proxies: proxies)
        let line = "\(header.rawValue): \(value)"
        let first = try relay.connectDevice(from: "10.0.0.1", headers: [line])
        let second = try relay.connectDevice(from: "10.0.0.1", headers: [line.replacing(".7", with: ".8")])
        #expect(try first.receivedFrames().isEmpty)
        #expect(try second.receivedFrames().isEmpty)
        // The first connection from this address has sent no frame yet, so it counts, and the limit is one.
        let again = try relay.connect(from: "10.0.0.1")
        try again.send(text: Requests.upgrade(adding: [line]))
        let frames = WebSocketBytes.parse(try again.received().afterHeaders)
        #expect(frames.first?.relayFrame == .refused(.tooMany, retryAfter: .seconds(30)))
        #expect(frames.last?.closeCode == 1013)
        try first.send(.offer(slotLength: 0, work: nil))
        let later = try relay.connectDevice(from: "10.0.0.1", headers: [line])
        #expect(try later.receivedFrames().isEmpty)
        // The refused connection counts too, until it has ended.
        #expect(relay.hub.read { $0.admission.opening.total } == 3)
    }
}

extension [UInt8] {
    /// The bytes after the head of an HTTP response.
    var afterHeaders: [UInt8] {
        guard let end = indices.first(where: { self[$0...].starts(with: "\r\n\r\n".utf8) }) else { return [] }
        return Array(self[(end + 4)...])
    }
}
