import EasySetupHandshake
import EasySetupSeed
import Testing

@Suite("Pairing links") struct LinkTests {
    @Test(
        "A link is read as it is written",
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
        "Every other text is refused",
        arguments: [
            "", "easysetup", "easysetup:", "easysetup://", "easysetup:///1/K7Q\(tail)", "K7Q-29M-XAB",
            "easysetups://relay.example:443/1/K7Q\(tail)",
            "xeasysetup://relay.example:443/1/K7Q\(tail)", "easysetup://relay.example:443/1/K7Q\(tail)é",
            "easysetup-seed:1/0",
            "easysetup://relay.example:443/1/K7Q\(tail) easysetup://", "https://relay.example:443/1/K7Q\(tail)",

            // Host and port.
            "easysetup://relay.example/1/K7Q\(tail)", "easysetup://relay.example:/1/K7Q\(tail)",
            "easysetup://relay.example:0/1/K7Q\(tail)", "easysetup://relay.example:65536/1/K7Q\(tail)",
            "easysetup://relay.example:0443/1/K7Q\(tail)", "easysetup://relay.example:+443/1/K7Q\(tail)",
            "easysetup://relay.example:99999999999999999999/1/K7Q\(tail)",
            "easysetup://:443/1/K7Q\(tail)", "easysetup://user@relay.example:443/1/K7Q\(tail)",
            "easysetup://r%65lay.example:443/1/K7Q\(tail)", "easysetup://rélay.example:443/1/K7Q\(tail)",
            "easysetup://relay.example:443:443/1/K7Q\(tail)", "easysetup://2001:db8::1:443/1/K7Q\(tail)",
            "easysetup://[relay.example]:443/1/K7Q\(tail)",
            "easysetup://[2001:db8::1:443/1/K7Q\(tail)", "easysetup://[fe80::1%25eth0]:443/1/K7Q\(tail)",
            "easysetup://\(String(repeating: "a", count: 254)):443/1/K7Q\(tail)",
            // Version and slot.
            "easysetup://relay.example:443/2/K7Q\(tail)", "easysetup://relay.example:443/K7Q\(tail)",
            "easysetup://relay.example:443/1/\(tail)", "easysetup://relay.example:443/1/K7\(tail)",
            "easysetup://relay.example:443/1/K7Q2345\(tail)",
            "easysetup://relay.example:443/1/K7O\(tail)", "easysetup://relay.example:443/1/K7Q/\(tail)",
            "easysetup://relay.example:443/1/K7Q?x=1\(tail)", "easysetup://relay.example:443//1/K7Q\(tail)",

            // Secret.
            "easysetup://relay.example:443/1/K7Q", "easysetup://relay.example:443/1/K7Q#",
            "easysetup://relay.example:443/1/K7Q#00041061050R3GG28A1C60T3G",
            "easysetup://relay.example:443/1/K7Q\(tail)0",

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
        "A link leads to a relay without TLS only on this machine, or where that is allowed",
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

    static let link = "easysetup://[2001:db8::1]:443/1/K7Q\(tail)"

    @Test("A link is read however programs wrap, quote and encode it") func forgiving() throws {
        let link = Self.link
        let encoded = link.replacing(":", with: "%3A").replacing("/", with: "%2f").replacing("#", with: "%23")
        for text in [
            link.uppercased(), link.lowercased(), " \(link)\r\n", "<\(link)>", "\"\(link)\",", "“\(link)”",
            "(\(link)).", "**\(link)**", "`\(link)`", "[Join](\(link))",
            "[\(link)](\(link))", "Open \(link) now", "https://relay.example/?u=\(link)",
            "> \(link.prefix(30))\n> \(link.dropFirst(30))",
            "\(link.prefix(40))=\r\n\(link.dropFirst(40))", "\(link.prefix(12))\n  \(link.dropFirst(12))",
            "\(link.prefix(7))\u{200B}\(link.dropFirst(7))",
            "\(link.prefix(50))\u{AD}\(link.dropFirst(50))", encoded,
            encoded.replacing("[", with: "%5B").replacing("]", with: "%5D"), "\"\(link.replacing("/", with: "\\/"))\"",
            "\u{2068}\(link)\u{2069}", "\u{1B}[200~\(link)\u{1B}[201~", "\(link)\n\(link)",
            encoded.replacing("%", with: "%25"), encoded.replacing("%", with: "%2525"),
            link.replacing("#", with: "&#35;").replacing("/", with: "&#x2F;"),
            "BEGIN:VCARD\r\nURL:\(link.prefix(33))\r\n \(link.dropFirst(33))\r\nEND:VCARD",
            link.unicodeScalars.map { String(Unicode.Scalar($0.value + 0xFEE0)!) }.joined(),
        ] {
            #expect(throws: Never.self, "\(text)") {
                let read = try PairingLink(parsing: text).revealed()
                #expect(read == link, "\(text)")
            }
            #expect(PairingLink.isMeant(by: text), "\(text)")
        }
    }

    private static func read(_ bytes: [UInt8]) throws(CodeError) -> PairingLink {
        try PairingLink(parsing: bytes.span)
    }

    @Test("Two links in one text are an error, and so is a text that is no UTF-8") func several() {
        let other = Self.link.replacing("K7Q", with: "K7R")
        #expect(throws: CodeError.severalLinks) { try PairingLink(parsing: Self.link + "\n" + other) }
        #expect(throws: CodeError.textNotUTF8) { try PairingLink(parsing: Self.link + "\u{FFFD}") }
        #expect(throws: CodeError.textUTF16) {
            try Self.read(Self.link.utf8.flatMap { [0, $0] as [UInt8] })
        }
        #expect(throws: CodeError.notALink) {
            try PairingLink(parsing: Self.link + String(repeating: " ", count: PairingLink.maximumTextBytes))
        }
    }

    @Test("A link is told from a code by its scheme") func meant() {
        #expect(PairingLink.isMeant(by: "EasySetup://x"))
        #expect(PairingLink.isMeant(by: "easysetup%2Bplain%3A%2F%2Fx"))
        #expect(PairingLink.isMeant(by: "<easysetup+plain%3A//x>"))
        #expect(PairingLink.isMeant(by: "easysetup-seed:1/0"))
        #expect(!PairingLink.isMeant(by: "K7Q-29M-XAB"))
        #expect(!PairingLink.isMeant(by: "EasySetup: K7Q-29M-XAB"))
    }
}
