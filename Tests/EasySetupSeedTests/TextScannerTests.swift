import EasySetupSeed
import Testing

@Suite("Reading a user's text") struct TextScannerTests {
    static func units(_ text: String) -> [TextUnit] {
        let bytes = Array(text.utf8)
        var scanner = TextScanner(bytes.span)
        var units: [TextUnit] = []
        while let unit = scanner.next() { units.append(unit) }
        return units
    }

    @Test("Every scalar with a compatible form is read as that form") func forms() {
        #expect(ASCIIForms.all.count == 1440)
        for (scalar, form) in ASCIIForms.all {
            let ascii = (0..<4).map { UInt8(truncatingIfNeeded: form >> (8 * $0)) }.filter { $0 != 0 }
            #expect(ASCIIForms.form(of: scalar) == form)
            #expect(Self.units(String(Unicode.Scalar(scalar)!)) == Self.units(String(decoding: ascii, as: UTF8.self)))
        }
        #expect(Self.units("ﬁ⑽Ⓐ㏂K") == Self.units("fi(10)Aa.m.K"))
    }

    @Test(
        "Invisible characters are skipped",
        arguments: [
            "\u{AD}", "\u{200C}", "\u{200D}", "\u{200E}", "\u{2060}", "\u{2066}", "\u{2069}", "\u{FEFF}", "\u{FE0F}",
            "\u{34F}", "\u{180E}", "\u{E0041}", "\u{0}",
            "\u{8}", "\u{7F}", "\u{1B}[31m", "\u{1B}[200~", "\u{1B}]8;;https://relay.example\u{7}",
            "\u{1B}]0;title\u{1B}\\", "\u{1B}(B", "\u{9B}1m", "[201~", "\u{1B}",
        ]
    ) func invisible(text: String) {
        #expect(Self.units("a" + text + "b") == [.symbol(0x61), .symbol(0x62)] || text == "\u{1B}")
        #expect(Self.units(text).isEmpty)
    }

    @Test("White space is Unicode's") func space() {
        for scalar in (0...0x10FFFF).compactMap(Unicode.Scalar.init) where scalar.properties.isWhitespace {
            let units = Self.units(String(scalar))
            guard units.count == 1, case .space = units[0] else {
                Issue.record("\(scalar.value)")
                return
            }
        }
    }

    @Test("Letters of other scripts are foreign, with their accents, and digits are told apart") func foreign() {
        #expect(
            Self.units("а٣é") == [
                .foreign(.cyrillic, isDigit: false), .foreign(.arabic, isDigit: true), .foreign(.latin, isDigit: false),
            ]
        )
        #expect(Self.units("e\u{301}") == [.symbol(0x65), .accent(.latin)])
    }

    @Test("Numeric references of HTML are the scalars that they stand for") func references() {
        #expect(Self.units("&#97;&#x62;&#X2F;&#160;") == Self.units("ab/\u{A0}"))
        #expect(Self.units("&#x1D41A;&#173;") == [.symbol(0x61)])
        for text in ["&#;", "&#x;", "&#a;", "&#xD800;", "&#99999999;", "&#97", "&#x110000;"] {
            #expect(Self.units(text).first == .mark(0x26), "\(text)")
        }
    }

    @Test("A folded line goes on in cards and calendars alone") func folding() {
        let card = Self.units("BEGIN:VCARD\r\nab\r\n cd\nef\n\tgh")
        #expect(card.suffix(9) == Self.units("abcd\nefgh").suffix(9))
        #expect(Self.units("ab\r\n cd") == Self.units("ab\r\n") + Self.units(" cd"))
        #expect(Self.units("\u{FEFF}begin:vevent\nA\\nB").suffix(3) == Self.units("A\nB").suffix(3))
    }

    @Test("A backslash is JSON's in JSON, and in a text whose line ends are written out") func json() {
        #expect(Self.units("\"a\\nb\"").contains(.space(endsLine: true)))
        #expect(Self.units("a\\nb\\tc\n") == Self.units("a\nb\tc\n"))
        for text in ["a\\nb\\c", "a\\nb\nc", "a\\nb\\"] {
            #expect(Self.units(text).prefix(3) == [.symbol(0x61), .mark(0x5C), .symbol(0x6E)], "\(text)")
        }
        #expect(Self.units("[\"\\u0061\"]").contains(.symbol(0x61)))
    }

    @Test("Reading takes no longer for one text than for another of its length") func linear() {
        // Texts that would take minutes if a reader looked far ahead at every position.
        for piece in [
            "<", "<a", "&", "&a", "\u{1B}[", "\u{1B}]", "e", "easysetup-seed:", "easysetup-seed:1/", "a:", "1 a ",
            "a\n", "㏂", "\u{200B}", "[\"\\u", "0x",
            "1:", "a 1:", "\\n", "%0A",
        ] {
            let text = String(repeating: piece, count: SyncSeed.maximumWrittenBytes / piece.utf8.count)
            #expect(throws: SeedError.self) { try read(text) }
        }
    }
}
