import EasySetupSeed
import Testing

@testable import EasySetupHandshake

@Suite("The names of devices") struct DeviceTests {
    @Test(
        "A good name is taken as it is",
        arguments: [
            "a", "new phone", "Küche", "電話", "📱", String(repeating: "x", count: 64), "é", "Zoë’s phone", "L'ordi",
            "a·b (2)",
            "a'b`c", "\u{5DE}\u{5D7}\u{5E9}\u{5D1}", "\u{647}\u{627}\u{62A}\u{641} 2", "नया फ़ोन", "❤", "\u{1FAE8}", "...",
            // Marks as scripts need them: Burmese, pointed Hebrew, Lao, Tibetan, Hindi; and spacing marks between others.
            "ရွှံ့", "\u{5E9}\u{5B8}\u{5BC}\u{5C1}", "ຫຼິ້ນ", "རྒྱུན", "क़ीं", "q\u{326}\u{302}\u{20DD}\u{20E3}",
            "\u{1000}\u{103D}\u{103E}\u{1032}\u{1037}\u{1038}\u{103D}",
        ]
    )
    func good(name: String) {
        #expect(DeviceName(strict: name)?.description == name)
        #expect(DeviceName(cleaning: name)?.description == name)
    }

    @Test(
        "A peer's name is refused that is empty, too long or not NFC, or that hides, breaks a line or ends a quotation",
        arguments: [
            "", " ", " a", "a ", String(repeating: "x", count: 65), String(repeating: "é", count: 33),
            "e\u{301}", "\u{212A}", "\u{1100}\u{1161}", "a\nb", "a\tb", "a\0b", "\u{7F}", "a\u{85}b", "a\u{A0}b",
            "a\u{2003}b",
            "a\u{2028}b", "a\u{2029}b", "a\u{200B}b", "a\u{202E}b", "a\u{2066}b", "a\u{FEFF}b", "a\u{AD}b",
            "👩\u{200D}💻",
            // Fillers, blanks and joiners.
            "\u{3164}", "a\u{115F}", "a\u{1160}", "a\u{FFA0}", "\u{2800}", "a\u{34F}b", "❤\u{FE0F}", "a\u{180B}",
            "a\u{17B4}",
            "a\u{E0100}", "a\u{16FE4}", "a\u{1D159}",
            // Private-use and unassigned code points, and noncharacters.
            "\u{E000}", "a\u{F0000}", "a\u{FFFF}", "a\u{378}", "a" + String(Unicode.Scalar(0xFDD0 as UInt32)!),
            "a\u{FFFC}", "a\u{FFFD}", "a\u{10FFFF}",
            "\u{1FAE9}",
            // Names without a visible character, and combining marks that would join the text before the name.
            "\u{301}", "\u{301}\u{302}", "\u{20DD}", "\u{301}a", "\u{93E}", " \u{301}",
            // Enough spaces to push text off the line, and the end of a quotation.
            "a  b", "a" + String(repeating: " ", count: 60) + "b", "phone\" (ios) words: kayak · moss \"", "\"", "a”b",
            "a“", "«a»",
            "a\u{FF02}", "a\u{2033}b", "a\u{2BA}", "a\u{5F4}", "a\u{301E}", "a\u{275D}", "a\u{3003}",
            // Marks piled up on a character, and the same mark twice.
            "q\u{326}\u{302}\u{20DD}\u{20DE}\u{20E3}", "q\u{300}\u{300}", "à\u{300}\u{300}",
            "x à" + String(repeating: "\u{300}", count: 20), "à" + String(repeating: "\u{301}\u{300}", count: 5),
            "a\u{20DD}\u{20DD}", "\u{1000}\u{103D}\u{103E}\u{1032}\u{1036}\u{1037}",
            "a\u{2F5}", "a\u{2F6}", "a\u{2034}", "a''", "``a", "a\u{B4}\u{B4}b", "a\u{2032}\u{2032}", "a'\u{2019}",
            "\u{2BC}\u{2BC}",
        ]
    ) func bad(name: String) {
        #expect(DeviceName(strict: name) == nil)
    }

    @Test(
        "A device's own name is cleaned, and cut at a character's end",
        arguments: [
            ("  my\tphone \n", "my phone"), ("my\u{A0}\u{200B} \r\nphone", "my phone"), ("e\u{301}", "é"),
            ("e\u{34F}\u{301}", "é"),
            ("my \"old\" phone", "my old phone"), ("« TV »", "TV"), ("TV\u{2F6}", "TV"), ("phone\u{3003}", "phone"),
            ("a''b", "a'b"), ("x\u{B4}\u{B4}", "x\u{B4}"), ("a'\"'b", "a'b"), ("it's Ann's", "it's Ann's"),
            ("❤\u{FE0F}", "❤"), ("\u{301}a", "a"),
            (" \u{301} a", "a"),
            ("a\u{E000}\u{378}b", "ab"), ("\u{1FAE9} x", "x"), ("a\u{202E}b", "ab"), ("\u{2028} x", "x"),
            (String(repeating: "é", count: 40), String(repeating: "é", count: 32)),
            (String(repeating: "x", count: 63) + "é", String(repeating: "x", count: 63)),
            // Marks beyond those that fit on a character.
            ("a" + String(repeating: "\u{300}", count: 70) + "b", "à\u{300}b"),
            ("ab" + String(repeating: "\u{336}\u{20DD}", count: 900) + "c", "ab\u{336}\u{20DD}\u{336}\u{20DD}c"),
            ("e\u{323}\u{302}\u{302}", "\u{1EC7}\u{302}"),
            ("\u{915}\u{941}\u{942}\u{941}\u{942}\u{94D}\u{937}", "\u{915}\u{941}\u{942}\u{941}\u{942}\u{937}"),
        ]
    ) func cleaned(text: String, name: String) {
        #expect(DeviceName(cleaning: text)?.description == name)
    }

    @Test(
        "An empty name is no name",
        arguments: [
            "", " ", "\n\t", "\u{200B}", String(repeating: "\u{301}", count: 70), "\u{3164}", "\u{301}", "\"\"",
            "\u{2800}",
        ]
    )
    func nothing(text: String) {
        #expect(DeviceName(cleaning: text) == nil)
    }

    @Test("A peer takes every name that is made of what a person types") func anything() {
        var draw = SystemRandomNumberGenerator()
        let edges: [ClosedRange<UInt32>] = [
            0...0x250, 0x300...0x305, 0x300...0x36F, 0x590...0x5FF, 0x1100...0x11FF, 0x1780...0x17DD, 0x2000...0x206F,
            0x2760...0x2800,
            0x3000...0x3030, 0x3160...0x3165, 0xFB1D...0xFB4F, 0xFDD0...0xFDEF, 0xFE00...0xFE0F, 0xFF00...0xFFFF,
            0x1D150...0x1D180, 0x1F600...0x1FAFF, 0xE0000...0xE01EF,
        ]
        for _ in 0..<5_000 {
            var text = String.UnicodeScalarView()
            for _ in 0..<Int.random(in: 1...24, using: &draw) {
                let range = Bool.random(using: &draw) ? edges.randomElement(using: &draw) ?? 0...0x7F : 0x20...0x7A
                let count = Int.random(in: 0..<8, using: &draw) == 0 ? 3 : 1
                if let scalar = Unicode.Scalar(UInt32.random(in: range, using: &draw)) {
                    text.append(contentsOf: repeatElement(scalar, count: count))
                }
                if Int.random(in: 0..<4, using: &draw) == 0 { text.append(" ") }
            }
            let shown = text.map { String($0.value, radix: 16) }.joined(separator: " ")
            guard let cleaned = DeviceName(cleaning: String(text)) else {
                #expect(!text.contains { ("a"..."z").contains($0) }, "\(shown)")
                continue
            }
            #expect(DeviceName(strict: cleaned.description) == cleaned, "\(shown)")
            #expect(DeviceName(cleaning: cleaned.description) == cleaned, "\(shown)")
            #expect(cleaned.isolated.unicodeScalars.count == cleaned.description.unicodeScalars.count + 2)
        }
    }

    @Test("Every platform survives the wire, and an unknown one is \"other\"") func platforms() throws {
        for platform in Platform.allCases {
            let sent = Device(name: DeviceName(strict: "x")!, platform: platform, role: .holder)
            #expect(try Self.read(Sealed.proof(sent)) == sent)
        }
        #expect(try Self.read([0x0A, 1, 0x78, 0x10, 99, 0x18, 1]).platform == .other)
    }

    @Test("Unknown fields are ignored") func unknownFields() throws {
        #expect(try Self.read([0x0A, 1, 0x78, 0x18, 2, 0x7A, 1, 0]).role == .receiver)
    }

    @Test(
        "A proof without a role, with an unknown role, or without a good name is malformed",
        arguments: [
            [], [0x0A, 1, 0x78], [0x0A, 1, 0x78, 0x18, 0], [0x0A, 1, 0x78, 0x18, 3], [0x18, 1],
            [0x0A, 1, 0x0A, 0x18, 1],
            [0x0A, 1, 0xFF, 0x18, 1], [0x0A, 2, 0x78], [0xFF],
        ] as [[UInt8]]
    ) func malformed(content: [UInt8]) {
        #expect(failure { _ = try Self.read(content) } == .malformed)
    }

    private static func read(_ bytes: [UInt8]) throws -> Device {
        try bytes.withUnsafeBytes { try Sealed.introduction($0).device }
    }
}

@Suite("The words on both screens") struct WordsTests {
    @Test("The list has 256 words, sorted, and told apart by their first four letters") func list() {
        #expect(ConfirmationWords.list.count == 256)
        #expect(ConfirmationWords.list == ConfirmationWords.list.sorted())
        #expect(Set(ConfirmationWords.list.map { $0.prefix(4) }).count == 256)
        #expect(
            ConfirmationWords.list.allSatisfy {
                $0.utf8.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) }
            }
        )
    }

    @Test("No word of the list is one of the recovery phrase's") func apart() {
        #expect(Set(ConfirmationWords.list).isDisjoint(with: EnglishWords.all))
    }

    @Test("The words are found in what a person types") func typed() {
        let words = ConfirmationWords((0, 255))
        #expect(words.description == "accordion · zucchini")
        #expect(words.contains(typed: UserText(copying: " Zucchini\n")))
        #expect(words.contains(typed: UserText(copying: "accordion")))
        #expect(!words.contains(typed: UserText(copying: "acorn")))
        #expect(!words.contains(typed: UserText(copying: "")))
    }

    @Test(
        "The words are found however they are typed, one or both of them",
        arguments: [
            "otter", "PILLOW", "otter · pillow", "pillow otter", "otter,pillow", "pillow/otter", "otterpillow",
            "pillowotter",
            "\u{FF4F}\u{FF34}\u{FF34}\u{FF25}\u{FF52}", "o\u{200B}tt\u{AD}er", "\u{2068}otter\u{2069}", "Ótter",
            "“otter”",
            "words: otter · pillow", "the otter", "1. otter\r\n2. pillow", "otter otter", "\u{1F9A6} otter",
        ]
    )
    func right(text: String) throws {
        let words = try #require(Self.words("otter", "pillow"))
        #expect(words.match(typed: text) == .right)
    }

    @Test(
        "A wrong answer is told apart as nothing, a slip, or a word of another pairing",
        arguments: [
            ("", ConfirmationWords.Match.nothing), (" \t\r\n", .nothing), ("\u{200B}\u{2060}\u{FEFF}", .nothing),
            ("\u{0}\u{1B}", .nothing),
            ("otte", .slip), ("otters", .slip), ("yes", .slip), ("123", .slip), ("·", .slip), ("оtter", .slip),
            ("otter-pilow", .right),
            ("moss", .other), ("otter moss", .other), ("Moss.", .other), ("ot ter", .slip),
        ]
    )
    func wrong(text: String, match: ConfirmationWords.Match) throws {
        #expect(try #require(Self.words("otter", "pillow")).match(typed: text) == match)
    }

    private static func words(_ first: String, _ second: String) -> ConfirmationWords? {
        guard let one = ConfirmationWords.list.firstIndex(of: first),
            let other = ConfirmationWords.list.firstIndex(of: second)
        else {
            return nil
        }
        return ConfirmationWords((UInt8(one), UInt8(other)))
    }
}
