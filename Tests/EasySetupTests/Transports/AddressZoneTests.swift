import EasySetupHandshake
import TestSupport
import Testing

@testable import EasySetup

@Suite("Addresses of relays with a zone") struct ZoneTests {
    @Test("A zone is read as RFC 6874 and as systems write it") func read() throws {
        for text in ["wss://[fe80::1%25eth0]:4443", "wss://[FE80::1%eth0]:4443"] {
            let address = try RelayAddress(url: text)
            #expect(address.host == "fe80::1%eth0" && address.zone == "eth0")
            #expect(address.authority == "[fe80::1%eth0]:4443")
            #expect(address.authorityWithoutZone == "[fe80::1]:4443")
        }
        #expect(try RelayAddress(url: "ws://[fe80::1%Wlan0.1]", allowPlain: true).zone == "Wlan0.1")
        #expect(throws: RelayAddressError.plain) { try RelayAddress(url: "ws://[fe80::1%eth0]") }
    }

    @Test(
        "A zone is refused where it means nothing",
        arguments: [
            "[2001:db8::1%eth0]", "[::1%lo]", "[fe80::1%]", "[fe80::1%25]", "[fe80::1%a/b]", "127.0.0.1%lo",
            "[fe8::1%a]",
        ]
    )
    func refuse(host: String) {
        #expect(throws: RelayAddressError.self) { try RelayAddress(url: "wss://\(host)") }
    }

    @Test("A zone stands in no link") func links() throws {
        let relay = try RelayAddress(url: "wss://[fe80::1%eth0]")
        #expect(RelayAddress(authority: relay.authority[...], isPlain: false) == nil)
    }

    @Test("A wrong address has an error that names the fault") func faults() {
        for (text, error) in [
            ("ftp://relay.example", RelayAddressError.scheme), ("wss://relay.example/x", .path),
            ("wss://relay.example?x", .path), ("wss://me@relay.example", .user), ("wss://relay.example:0", .port),
            ("wss://relay.example:65536", .port), ("wss://r\u{E9}lay.example", .notASCII), ("wss://", .unreadable),
            ("wss://relay.example:+1", .port), ("wss://relay.example:", .port), ("wss://[::1]:x", .port),
            ("::1", .unreadable), ("wss://a:1:2", .unreadable), ("wss://my_relay", .unreadable),
            ("wss://[::1", .unreadable),
        ] {
            #expect(throws: error, "\(text)") { try RelayAddress(url: text) }
        }
        #expect((try? RelayAddress(url: "WSS://Relay.Example.:443"))?.host == "relay.example.")
        // A copied address, or one from a file, often has white space around it.
        #expect((try? RelayAddress(url: " \twss://relay.example:4443/\r\n"))?.authority == "relay.example:4443")
    }
}
