import NIOHTTP1
import Testing

@testable import EasySetupRelay

/// The parsing of addresses, and whether a block of addresses contains one.
@Suite("Addresses and blocks") struct AddressTests {
    @Test(
        "An address is read",
        arguments: [
            ("192.0.2.1", [192, 0, 2, 1]),
            ("::ffff:192.0.2.1", [192, 0, 2, 1]),
            ("::FFFF:c000:201", [192, 0, 2, 1]),
            ("::1", [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
            ("2001:DB8::1:0:0:1", [0x20, 1, 0x0D, 0xB8, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1]),
        ] as [(String, [UInt8])]
    )
    func addressRead(_ text: String, _ bytes: [UInt8]) {
        #expect(PeerAddress(text: text.utf8)?.bytes == bytes)
    }

    @Test(
        "Any other text is no address",
        arguments: [
            "", " ", "1", "1.2.3", "1.2.3.4.5", "1.2.3.256", "1.2.3.-4", "+1.2.3.4", "1.2.3.4 ", "1.2.3.4:80", "[::1]",
            "::1%eth0",
            "1::2::3", ":::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "::1.2.3", "1.2.3.4\0", "\0", "１.2.3.4",
            "localhost",
            "0x7f.0.0.1", "2130706433", "_hidden", "unknown", String(repeating: "0", count: 100_000),
            String(repeating: ":", count: 46),
        ]
    )
    func textAddress(_ text: String) {
        #expect(PeerAddress(text: text.utf8) == nil)
    }

    @Test(
        "A block has the addresses that begin like it",
        arguments: [
            ("10.0.0.0/8", "10.255.255.255", "11.0.0.0"), ("192.0.2.128/25", "192.0.2.200", "192.0.2.127"),
            ("192.0.2.1", "192.0.2.1", "192.0.2.0"), ("192.0.2.1/32", "192.0.2.1", "192.0.2.3"),
            ("0.0.0.0/0", "203.0.113.7", "::1"), ("::/0", "2001:db8::1", "192.0.2.1"),
            ("2001:db8::/33", "2001:db8:7fff::1", "2001:db8:8000::1"), ("::1/128", "::1", "::2"), ("::1", "::1", "::"),
            ("::ffff:10.0.0.0/104", "10.1.2.3", "11.0.0.0"), ("::ffff:10.0.0.0/104", "::ffff:10.1.2.3", "::"),
            ("2001:db8::1/128", "2001:db8::1", "2001:db8::"),
        ]
    )
    func blockAddressesBegin(_ block: String, _ inside: String, _ outside: String) throws {
        let block = try #require(AddressBlock(block))
        #expect(block.contains(try #require(PeerAddress(text: inside.utf8))))
        #expect(!block.contains(try #require(PeerAddress(text: outside.utf8))))
    }

    @Test(
        "Any other text is no block",
        arguments: [
            "", "/", "/8", "10.0.0.0/", "10.0.0.0/33", "10.0.0.0/+8", "10.0.0.0/-1", "10.0.0.0/8/8", "10.0.0.1/8",
            "10.0.0.0/ 8",
            "10.0.0.0 /8", "::/129", "::1/127", "2001:db8::/0032", "::ffff:0.0.0.0/95", "[::1]", "10.0.0.0:80",
            "localhost",
            "unix:",
            "10.0.0.0/99999999999999999999",
        ]
    )
    func textBlock(_ text: String) {
        #expect(AddressBlock(text) == nil)
    }

    @Test("An address prints nothing of itself") func addressPrintsNothing() throws {
        let address = try #require(PeerAddress(text: "192.0.2.1".utf8))
        #expect("\(address) \(String(reflecting: address)) \([address])" == "PeerAddress PeerAddress [PeerAddress]")
    }
}
