import SyncSeed
import Testing

@testable import Handshake

@Suite("What a device says of itself") struct DeviceTests {
    @Test(
        "a name is taken as it is",
        arguments: ["a", "new phone", "Küche", "電話", "📱", String(repeating: "x", count: 64), "é"]
    )
    func good(name: String) {
        #expect(DeviceName(strict: name)?.description == name)
        #expect(DeviceName(cleaning: name)?.description == name)
    }

    @Test(
        "a peer's name that is empty, long, not NFC, or has what hides or breaks a line is refused",
        arguments: [
            "", " ", " a", "a ", String(repeating: "x", count: 65), String(repeating: "é", count: 33),
            "e\u{301}", "\u{212A}", "\u{1100}\u{1161}", "a\nb", "a\tb", "a\0b", "\u{7F}", "a\u{85}b", "a\u{A0}b",
            "a\u{2003}b",
            "a\u{2028}b", "a\u{2029}b", "a\u{200B}b", "a\u{202E}b", "a\u{2066}b", "a\u{FEFF}b", "a\u{AD}b",
            "👩\u{200D}💻",
        ]
    ) func bad(name: String) {
        #expect(DeviceName(strict: name) == nil)
    }

    @Test(
        "one's own name is cleaned and cut at a character's end",
        arguments: [
            ("  my\tphone \n", "myphone"), ("e\u{301}", "é"), ("a\u{202E}b", "ab"), ("\u{2028} x", "x"),
            (String(repeating: "é", count: 40), String(repeating: "é", count: 32)),
            (String(repeating: "x", count: 63) + "é", String(repeating: "x", count: 63)),
        ]
    ) func cleaned(text: String, name: String) {
        #expect(DeviceName(cleaning: text)?.description == name)
    }

    @Test(
        "nothing is no name",
        arguments: ["", " ", "\n\t", "\u{200B}", "a" + String(repeating: "\u{301}", count: 70)]
    )
    func nothing(text: String) {
        #expect(DeviceName(cleaning: text) == nil)
    }

    @Test("every platform survives the wire; one that is not known is \"other\"") func platforms() throws {
        for platform in Platform.allCases {
            let sent = Device(name: DeviceName(strict: "x")!, platform: platform, role: .holder)
            #expect(try Self.read(Sealed.proof(sent)) == sent)
        }
        #expect(try Self.read([0x0A, 1, 0x78, 0x10, 99, 0x18, 1]).platform == .other)
    }

    @Test("unknown fields are ignored") func unknownFields() throws {
        #expect(try Self.read([0x0A, 1, 0x78, 0x18, 2, 0x7A, 1, 0]).role == .receiver)
    }

    @Test(
        "a proof without a role, with an unknown one, or without a good name is malformed",
        arguments: [
            [], [0x0A, 1, 0x78], [0x0A, 1, 0x78, 0x18, 0], [0x0A, 1, 0x78, 0x18, 3], [0x18, 1],
            [0x0A, 1, 0x0A, 0x18, 1],
            [0x0A, 1, 0xFF, 0x18, 1], [0x0A, 2, 0x78], [0xFF],
        ] as [[UInt8]]
    ) func malformed(content: [UInt8]) {
        #expect(failure { _ = try Self.read(content) } == .malformed)
    }

    private static func read(_ bytes: [UInt8]) throws -> Device {
        try bytes.withUnsafeBytes { try Sealed.device($0) }
    }
}

@Suite("The words on both screens") struct WordsTests {
    @Test("are 256, sorted, and told apart by four letters") func list() {
        #expect(Words.list.count == 256)
        #expect(Words.list == Words.list.sorted())
        #expect(Set(Words.list.map { $0.prefix(4) }).count == 256)
        #expect(Words.list.allSatisfy { $0.utf8.allSatisfy { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0) } })
    }

    @Test("are none of the recovery phrase's") func apart() {
        #expect(Set(Words.list).isDisjoint(with: EnglishWords.all))
    }

    @Test("are found in what a person types") func typed() {
        let words = Words((0, 255))
        #expect(words.description == "accordion · zucchini")
        #expect(words.contain(typed: " Zucchini\n"))
        #expect(words.contain(typed: "accordion"))
        #expect(!words.contain(typed: "acorn"))
        #expect(!words.contain(typed: ""))
    }
}
