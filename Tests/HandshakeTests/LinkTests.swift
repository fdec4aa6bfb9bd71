import Handshake
import SyncSeed
import Testing

@Suite("A pairing link") struct LinkTests {
    @Test(
        "has one written form",
        arguments: [
            "easysetup://relay.example:443/1/K7Q#00041061050R3GG28A1C60T3GC",
            "easysetup://127.0.0.1:8080/1/K7Q2#ZZZZZZZZZZZZZZZZZZZZZZZZZW",
            "easysetup://[2001:db8::1]:65535/1/0Z9AB#00000000000000000000000000",
            "easysetup+plain://localhost:1/1/VWXYZ1#00041061050R3GG28A1C60T3GC",
            "easysetup+plain://127.8.9.10:80/1/K7Q#00041061050R3GG28A1C60T3GC",
            "easysetup+plain://[::1]:80/1/K7Q#00041061050R3GG28A1C60T3GC",
        ]
    ) func roundTrip(text: String) throws {
        #expect(try PairingLink(parsing: text).revealed() == text)
        #expect(PairingLink.isMeant(by: text))
    }

    static let tail = "#00041061050R3GG28A1C60T3GC"

    @Test(
        "refuses everything else",
        arguments: [
            "", "easysetup", "easysetup:", "easysetup://", "easysetup:///1/K7Q\(tail)", "K7Q-29M-XAB",
            "EASYSETUP://relay.example:443/1/K7Q\(tail)", "easysetups://relay.example:443/1/K7Q\(tail)",
            "https://relay.example:443/1/K7Q\(tail)", " easysetup://relay.example:443/1/K7Q\(tail)",
            "easysetup://relay.example:443/1/K7Q\(tail) ", "easysetup://relay.example:443/1/K7Q\(tail)\n",
            // Host and port.
            "easysetup://relay.example/1/K7Q\(tail)", "easysetup://relay.example:/1/K7Q\(tail)",
            "easysetup://relay.example:0/1/K7Q\(tail)", "easysetup://relay.example:65536/1/K7Q\(tail)",
            "easysetup://relay.example:0443/1/K7Q\(tail)", "easysetup://relay.example:+443/1/K7Q\(tail)",
            "easysetup://relay.example:99999999999999999999/1/K7Q\(tail)", "easysetup://Relay.example:443/1/K7Q\(tail)",
            "easysetup://:443/1/K7Q\(tail)", "easysetup://user@relay.example:443/1/K7Q\(tail)",
            "easysetup://r%65lay.example:443/1/K7Q\(tail)", "easysetup://rélay.example:443/1/K7Q\(tail)",
            "easysetup://relay.example:443:443/1/K7Q\(tail)", "easysetup://2001:db8::1:443/1/K7Q\(tail)",
            "easysetup://[relay.example]:443/1/K7Q\(tail)", "easysetup://[2001:DB8::1]:443/1/K7Q\(tail)",
            "easysetup://[2001:db8::1:443/1/K7Q\(tail)", "easysetup://[fe80::1%25eth0]:443/1/K7Q\(tail)",
            "easysetup://\(String(repeating: "a", count: 254)):443/1/K7Q\(tail)",
            // Version and slot.
            "easysetup://relay.example:443/2/K7Q\(tail)", "easysetup://relay.example:443/K7Q\(tail)",
            "easysetup://relay.example:443/1/\(tail)", "easysetup://relay.example:443/1/K7\(tail)",
            "easysetup://relay.example:443/1/K7Q2345\(tail)", "easysetup://relay.example:443/1/k7q\(tail)",
            "easysetup://relay.example:443/1/K7O\(tail)", "easysetup://relay.example:443/1/K7Q/\(tail)",
            "easysetup://relay.example:443/1/K7Q?x=1\(tail)", "easysetup://relay.example:443//1/K7Q\(tail)",
            "easysetup://relay.example:443/1/\u{212A}7Q\(tail)",
            // Secret.
            "easysetup://relay.example:443/1/K7Q", "easysetup://relay.example:443/1/K7Q#",
            "easysetup://relay.example:443/1/K7Q#00041061050R3GG28A1C60T3G",
            "easysetup://relay.example:443/1/K7Q\(tail)0",
            "easysetup://relay.example:443/1/K7Q#00041061050r3gg28a1c60t3gc",
            "easysetup://relay.example:443/1/K7Q#\(tail)",
            // The two bits after the last byte are not zero.
            "easysetup://relay.example:443/1/K7Q#00041061050R3GG28A1C60T3GD",
            "easysetup://relay.example:443/1/K7Q#ZZZZZZZZZZZZZZZZZZZZZZZZZZ",
            String(repeating: "easysetup://", count: 100_000),
        ]
    ) func refused(text: String) {
        #expect(throws: CodeError.notALink) { try PairingLink(parsing: text) }
    }

    @Test(
        "leads to a relay without TLS only on this machine, or where that is allowed",
        arguments: [
            "relay.example:80", "10.0.0.1:80", "128.0.0.1:80", "127.1:80", "localhost.example:80", "[::2]:80",
            "127.0.0.1.:80", "127.-0.0.1:80",
        ]
    ) func plain(authority: String) throws {
        let text = "easysetup+plain://\(authority)/1/K7Q\(Self.tail)"
        #expect(throws: CodeError.plainLink) { try PairingLink(parsing: text) }
        let link = try PairingLink(parsing: text, allowPlain: true)
        #expect(link.relay.isPlain)
        #expect(!link.relay.isLoopback)
        #expect(link.revealed() == text)
    }

    @Test("is told from a code by its first letters") func meant() {
        #expect(PairingLink.isMeant(by: "EasySetup://x"))
        #expect(!PairingLink.isMeant(by: "K7Q-29M-XAB"))
    }
}
