import EasySetupSeed
import Testing

@testable import EasySetupHandshake

@Suite("A pairing code") struct CodeTests {
    static let slots = ["K7Q", "K7Q2", "0Z9AB", "VWXYZ1"]

    static func random(_ slot: String) throws -> PairingCode {
        try PairingCode(slot: slot, random: SecretBytes.random(count: 5))
    }

    @Test("A code is read as it was written, at every length", arguments: slots) func roundTrip(slot: String) throws {
        let code = try Self.random(slot)
        let read = try PairingCode(typed: code.revealed())
        #expect(read.slot == slot)
        let same = read.secret.isEqual(to: code.secret)
        #expect(same)
        #expect(read.revealed() == code.revealed())
    }

    @Test("A code catches every single wrong symbol", arguments: slots) func wrongSymbol(slot: String) throws {
        for _ in 0..<4 {
            let symbols = try Self.symbols(Self.random(slot))
            for position in symbols.indices {
                for other in Symbols.alphabet where other != symbols[position] {
                    var wrong = symbols
                    wrong[position] = other
                    #expect(throws: CodeError.mistyped) {
                        try PairingCode(typed: String(decoding: wrong, as: UTF8.self))
                    }
                }
            }
        }
    }

    @Test("A code catches every swap of two symbols", arguments: slots) func swap(slot: String) throws {
        for _ in 0..<8 {
            let symbols = try Self.symbols(Self.random(slot))
            for first in symbols.indices {
                for second in symbols.indices[(first + 1)...] where symbols[first] != symbols[second] {
                    var wrong = symbols
                    wrong.swapAt(first, second)
                    #expect(throws: CodeError.mistyped) {
                        try PairingCode(typed: String(decoding: wrong, as: UTF8.self))
                    }
                }
            }
        }
    }

    @Test("A code is read in any case, spacing and dashes, and with the letters that look like digits")
    func forgiving() throws {
        let code = try PairingCode(slot: "01A", random: bytes([0, 1, 10, 0, 1]))
        let check = try #require(code.revealed().last)
        for text in [
            "01A-01A-01\(check)", "01a 01a 01\(check)", "  oia\toLa\nOl\(check.lowercased())\r\n",
            "0_1.A–0—1−A‐0‑1\(check)",
            "0\u{A0}1\u{2009}A01A01\(check)",
        ] {
            #expect(try PairingCode(typed: text).revealed() == code.revealed(), "\(text)")
        }
    }

    @Test("A code has no U, and the error says where one was typed", arguments: ["U", "u"]) func hint(letter: String) {
        #expect(throws: CodeError.containsU(position: 4)) { try PairingCode(typed: "K7Q-\(letter)9M-XAB") }
    }

    static let code = "K7Q-29M-XAQ"

    @Test(
        "A code is read with the characters that programs put into and around it",
        arguments: [
            "\u{200B}\(code)", "\u{FEFF}\(code)", "K7Q-\u{2060}29M-XAQ", "\u{2068}\(code)\u{2069}", "K7Q\u{AD}29M-XAQ",
            "K7Q\u{FE0F}-29M-XAQ",
            "\"\(code)\"", "“\(code)”", "«\(code)»", "'\(code)'.", "`\(code)`", "**\(code)**", "~~\(code)~~",
            "# \(code)", "> \(code)", "- \(code)", "(\(code))",
            "\(code),", "\(code).", "\(code);", "\(code)!", "\(code)?", "[K7Q] [29M] [XAQ]", "K7Q/29M/XAQ",
            "K7Q•29M•XAQ", "K7Q·29M·XAQ", "K7Q|29M|XAQ",
            "K7Q:29M:XAQ", "K7Q+29M+XAQ", "K7Q & 29M & XAQ", "K7Q 🔑 29M 🔑 XAQ", "K\u{A0}7\u{2009}Q\u{3000}29M XAQ",
            "K7Q\r\n29M\nXAQ\n", "K7Q‐29M‑XAQ", "K7Q‒29M–XAQ",
            "K7Q—29M―XAQ", "K7Q\u{2212}29M\u{FF0D}XAQ", "Ｋ７Ｑ－２９Ｍ－ＸＡＱ", "ｋ７ｑ　２９ｍ　ｘａｑ", "𝐊𝟕𝐐-29M-XAQ",
            "\u{212A}7Q-29M-XAQ", "\u{1B}[200~\(code)\u{1B}[201~",
            "[200~\(code)[201~", "\u{1B}[1m\(code)\u{1B}[0m", "<code>\(code)</code>", "<b>\(code)</b>&nbsp;",
            "K7Q%2D29M%2dXAQ", "K7Q%2029M%20XAQ", "K7Q%252D29M%252DXAQ", "K7Q%E2%80%9329M%E2%80%93XAQ",
            "K7Q&nbsp;29M&nbsp;XAQ", "K7Q&#45;29M&#x2D;XAQ", "&#75;7Q-29M-XAQ",
            "\u{0}\(code)", "K7Qー29MーXAQ", "Ｋ７Ｑー２９Ｍーｘａｑ", "K7Q\u{FF70}29M\u{FF70}XAQ", "K7Q一29M一XAQ",
            "K7Q　ー　29M　ー　XAQ", "K7Qㅡ29MㅡXAQ", "K7Qـ29MـXAQ", "K7Q&#12540;29M-XAQ",
        ]
    ) func decorated(text: String) throws {
        #expect(try PairingCode(typed: text).revealed() == Self.code)
    }

    @Test(
        "The error names the place of a character that is no symbol, counted as a person counts",
        arguments: [
            ("K7Q-2!M-XAB", 5), ("K7Q-2\u{200B}！M-XAB", 5), ("\u{200B}K@Q-29M-XAB", 2), ("K7#29M-XAQ", 3),
            ("K7Q-29M-X^Q", 8),
        ]
    ) func notASymbol(text: String, position: Int) {
        #expect(throws: CodeError.notASymbol(position: position)) { try PairingCode(typed: text) }
    }

    @Test(
        "The error names letters of other scripts, and their places",
        arguments: [
            ("K7Q-29M-XA\u{411}", 9, Script.cyrillic), ("\u{200B}\u{41A}7Q-29M-XAQ", 1, .cyrillic),
            ("K7Q-29\u{39C}-XAQ", 6, .greek), ("K\u{301}7Q29MXAB", 1, .latin),
            ("K7Q-29M-XÁB", 8, .latin), ("K7Q-\u{662}9M-XAQ", 4, .arabic), ("K7Q-29M-X\u{13AA}Q", 8, .cherokee),
            ("\u{30AD}7Q", 1, .japanese), ("K7Q-29一-XAQ", 6, .chinese), ("一K7Q-29M", 1, .chinese),
            ("K7Q-29M-XAQー", 10, .japanese), ("K7Q-一9M-XAQ", 4, .chinese), ("K7Qー ー29M", 4, .japanese),
        ]
    ) func foreign(text: String, position: Int, script: Script) {
        #expect(throws: CodeError.foreignLetter(position: position, script: script)) { try PairingCode(typed: text) }
    }

    @Test(
        "The error names a label before the code",
        arguments: [
            "Code: ", "code=", "Your code: ", "Pairing code：", "1. ", "2) ", "join ", "easysetup join ", "The code is ",
            "name,code\nBob,", "https://relay.example/?code=", "Hi Bob, (code) ", "<p>Your code:</p><b>",
            "{\"code\":\"",
        ]
    ) func label(
        label: String
    ) {
        #expect(throws: CodeError.hasLabel) { try PairingCode(typed: label + Self.code) }
    }

    @Test(
        "The error names the text behind the code",
        arguments: [
            "\(code) sent from my phone", "Bob: \(code) 10:12", "\(code) \(code)", "\(code)\n\nSent from my phone",
            "Code: \(code) (till 10:12)", "k7q 29m xaq Bob", "\(code), Элис", "10:12 \(code) thanks!",
            "<pairing><code>\(code)</code><name>Bob</name></pairing>", "{\"code\": \"\(code)\", \"name\": \"Bob\"}",
            "https://relay.example/?code=K7Q%2D29M%2DXAQ&name=Bob", "Bob,\(code),10:12",
            // The code is mistyped, but the text around it has to go first.
            "Hi Bob, the code is K7Q-29M-XAR, cheers", "Hi Bob,\n\nK7Q-29MX-AR00\n\nAlice",
        ]
    ) func more(text: String) {
        #expect(throws: CodeError.hasMore) { try PairingCode(typed: text) }
    }

    @Test("The error does not count the letters of a text as symbols of a code") func text() throws {
        let error = try #require(
            #expect(throws: CodeError.self) { try PairingCode(typed: "Hi Bob, the code is K7Q-29M. Bye") }
        )
        #expect(error == .wrongLength(23))
        #expect(error.description.contains("letters and digits") && error.advice.contains("alone"))
    }

    @Test("The first mistake is named, and a thirteenth symbol ends the code, whatever it is") func order() {
        #expect(throws: CodeError.containsU(position: 2)) { try PairingCode(typed: "KUQ-29é") }
        #expect(throws: CodeError.foreignLetter(position: 2, script: .latin)) { try PairingCode(typed: "KéQ-U9") }
        #expect(throws: CodeError.wrongLength(14)) { try PairingCode(typed: "K7Q-29M-XAQ-000-éU") }
        #expect(throws: CodeError.containsU(position: 12)) { try PairingCode(typed: "K7Q-29M-XAQ-00U-0") }
    }

    private static func read(_ bytes: [UInt8]) throws(CodeError) -> PairingCode {
        try PairingCode(typed: bytes.span)
    }

    @Test("A typed code is UTF-8 of no more bytes than the limit") func encoding() {
        #expect(throws: CodeError.textNotUTF8) { try PairingCode(typed: "K7Q\u{FFFD}29M-XAQ") }
        #expect(throws: CodeError.textNotUTF8) { try Self.read([0x4B, 0xE9, 0x37]) }
        #expect(throws: CodeError.textUTF16) {
            try Self.read(Self.code.utf8.flatMap { [$0, 0] as [UInt8] })
        }
        #expect(throws: CodeError.tooLong) {
            try PairingCode(typed: String(repeating: " ", count: PairingCode.maximumTextBytes + 1))
        }
        #expect(throws: Never.self) {
            try PairingCode(
                typed: Self.code + String(repeating: " ", count: PairingCode.maximumTextBytes - Self.code.utf8.count)
            )
        }
    }

    @Test(
        "A code has nine to twelve symbols",
        arguments: [
            ("", 0), ("   - - ", 0), ("K7Q29MXA", 8), ("K7Q29MXAB0000", 13), (String(repeating: "0", count: 500), 500),
            (" \u{200B}*\u{200B}* ", 0),
        ]
    ) func length(text: String, count: Int) {
        #expect(throws: CodeError.wrongLength(count)) { try PairingCode(typed: text) }
    }

    @Test(
        "A code is shown in groups of three and four",
        arguments: [("K7Q", [3, 3, 3]), ("K7Q2", [3, 3, 4]), ("0Z9AB", [3, 4, 4]), ("VWXYZ1", [4, 4, 4])]
    ) func groups(slot: String, lengths: [Int]) throws {
        #expect(try Self.random(slot).revealed().split(separator: "-").map(\.count) == lengths)
    }

    @Test(
        "A code needs a slot of three to six canonical symbols",
        arguments: ["", "K7", "K7Q2345", "k7q", "K7O", "K7U", "K 7", "K7é"]
    )
    func badSlot(slot: String) {
        #expect(throws: CodeError.notASlot) { try PairingCode(slot: slot, random: SecretBytes(zeros: 5)) }
    }

    @Test("A code that spells something rude is noticed, across its parts and with digits for letters")
    func rude() throws {
        // A, S, S with digits: 4, 5, 5.
        let inSlot = try PairingCode(slot: "455", random: bytes([0, 0, 0, 0, 0]))
        #expect(inSlot.isRude)
        let acrossParts = try PairingCode(slot: "00F", random: bytes([27, 20, 0, 0, 0]))
        #expect(acrossParts.revealed().hasPrefix("00F-VM"))
        let clean = try PairingCode(slot: "00F", random: bytes([0, 0, 0, 0, 0]))
        #expect(!clean.isRude)
        let word = try PairingCode(slot: "00F", random: bytes([27, 12, 0, 0, 0]))
        #expect(word.isRude)
    }

    @Test("A rude code is drawn again, but not for ever when its slot is the rude part") func draws() throws {
        var draws: [[UInt8]] = [[27, 12, 0, 0, 0], [0, 0, 0, 0, 0]]
        let code = try PairingCode.draw(slot: "00F") { bytes(draws.removeFirst()) }
        #expect(!code.isRude)
        #expect(draws.isEmpty)
        var count = 0
        let rude = try PairingCode.draw(slot: "455") {
            count += 1
            return bytes([0, 0, 0, 0, 0])
        }
        #expect(rude.slot == "455")
        #expect(count == PairingCode.maximumDraws)
    }

    @Test(
        "A longer code is drawn again while its first nine symbols are a code",
        arguments: ["K7QX", "K7QXA", "K7QXAB"]
    )
    func beginnings(slot: String) throws {
        // The last symbol of the secret that is among the first nine decides.
        let place = 9 - slot.count - 1
        func secret(_ value: UInt8) -> [UInt8] { (0..<5).map { $0 == place ? value : 1 } }
        let fitting = try (0..<32).filter { try PairingCode(slot: slot, random: bytes(secret($0))).beginsWithCode }
        #expect(fitting.count == 1)
        var draws = [secret(fitting[0]), secret(fitting[0]), secret(fitting[0] ^ 1)]
        let code = try PairingCode.draw(slot: slot) { bytes(draws.removeFirst()) }
        #expect(draws.isEmpty)
        #expect(!code.beginsWithCode)
        // A reader takes such a code nevertheless: another program may have made it.
        let other = try PairingCode(slot: slot, random: bytes(secret(fitting[0])))
        #expect(try PairingCode(typed: other.revealed()).slot == slot)
        #expect(try !PairingCode(slot: "K7Q", random: bytes(secret(0))).beginsWithCode)
    }

    @Test("A code shows nothing of itself when it is printed, dumped or reflected") func silence() throws {
        let code = try Self.random("K7Q")
        let link = PairingLink(
            relay: RelayAddress(host: "relay.example", port: 443, isPlain: false)!,
            slot: "K7Q",
            secret: SecretBytes.random(count: 16)
        )
        for shown in [code, link, Invitation.code(code), Invitation.link(link)] as [any Sendable] {
            var dumped = ""
            dump(shown, to: &dumped)
            for text in [dumped, String(describing: shown), String(reflecting: shown), "\(shown)"] {
                #expect(!text.contains("K7Q"))
                #expect(!text.contains("relay.example"))
                #expect(!text.contains("secret"))
            }
        }
    }

    private static func symbols(_ code: PairingCode) -> [UInt8] {
        code.revealed().utf8.filter { $0 != UInt8(ascii: "-") }
    }
}
