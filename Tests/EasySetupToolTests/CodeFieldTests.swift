import EasySetupHandshake
import EasySetupSeed
import Testing

@testable import EasySetupTool

/// The line in which a code is typed: keys in, drawing and outcome out.
@Suite("A code that is typed") struct CodeFieldTests {
    /// The screen of the person and the text that the program gets, after some keys.
    struct Moment: Equatable {
        /// The text without the space or bracket before the first group, with `|` for the cursor.
        var drawn: String
        var hint: String?
        /// The line, if the keys completed it.
        var line: String?
    }

    /// Presses keys one after the other. A right code ends the line, as it does where no more input waits.
    static func press(_ keys: String) -> Moment {
        var editor = LineEditor(.code)
        for byte in keys.utf8 {
            if case .line(let line) = editor.take(byte) {
                return Moment(drawn: "", hint: nil, line: line.revealed())
            }
            if byte < 0x80, editor.isComplete {
                return Moment(drawn: "", hint: nil, line: editor.complete().revealed())
            }
        }
        let typing = editor.typing
        var text = typing.text
        text.insert("|", at: text.index(text.endIndex, offsetBy: -typing.placeholders))
        return Moment(drawn: text.first == " " ? String(text.dropFirst()) : text, hint: typing.hint)
    }

    /// A right code with a slot of this text and a secret that is drawn from these numbers.
    static func code(_ slot: String, _ secret: [UInt8] = [2, 9, 20, 29, 10]) throws -> String {
        try PairingCode(slot: slot, random: SecretBytes(copying: secret.span.bytes)).revealed()
    }

    @Test(
        "Symbols are drawn in groups with places for the rest, upper case, and without what may be confused",
        arguments: [
            ("", "|___-___-___"), ("k", "K|__-___-___"), ("k7q", "K7Q-|___-___"), ("K7Q2", "K7Q-2|__-___"),
            ("oOiIlL", "001-111-|___"), ("k7q-", "K7Q-|___-___"), ("k7q - 29", "K7Q-29|_-___"),
            ("k7q—29", "K7Q-29|_-___"), ("k7q\u{2212}29m_", "K7Q-29M-|___"), ("ｋ７ｑ", "K7Q-|___-___"),
            ("\u{200B}k\u{2060}7", "K7|_-___-___"), ("k7q2-", "K7Q2-|____-____"), ("k7q-29mx-", "K7Q-29MX-|____"),
            ("k7q29mxab2", "K7Q-29M-XAB2|"), ("k7q29mxab2c", "K7Q-29MX-AB2C|"), ("k7q29mxab2cd", "K7Q2[9MXA]B2CD|"),
        ]
    ) func groups(keys: String, drawn: String) {
        #expect(Self.press(keys).drawn == drawn)
    }

    @Test(
        "Keys that correct, move or paste change the line as they do in other lines, symbol by symbol",
        arguments: [
            ("k7q2\u{7F}", "K7Q-|___-___"), ("k7q\u{8}", "K7|_-___-___"), ("k7q-\u{7F}", "K7|_-___-___"),
            ("k7u\u{7F}", "K|__-___-___"), ("\u{7F}", "|___-___-___"), ("-\u{7F}k", "K|__-___-___"),
            ("k7q29\u{17}", "K7Q-|___-___"), ("k7q29\u{17}\u{17}", "|___-___-___"), ("k7q\u{17}", "|___-___-___"),
            ("k7q29\u{15}x", "X|__-___-___"), ("k7\u{1B}[D\u{1B}[A\u{1B}OPq", "K7Q-|___-___"),
            ("k7\u{1B}[3~", "K|__-___-___"), ("k\u{1}\u{5}7", "K7|_-___-___"),
            ("\u{1B}[200~k7q\u{1B}[201~", "K7Q-|___-___"), ("k7q29mxa\u{4}", "K7Q-29M-XA|_"),
        ]
    ) func editing(keys: String, drawn: String) {
        #expect(Self.press(keys).drawn == drawn)
    }

    @Test("A letter that is no symbol is refused with the reason, and the next symbol takes its place") func refused() {
        let hasU = Self.press("k7u")
        #expect(hasU.drawn == "K7|_-___-___")
        #expect(hasU.hint == "Symbol 3 is a U, and codes have none. Look again: it may be a V.")
        #expect(Self.press("k7uq") == Self.press("k7q"))
        #expect(Self.press("k7qu29mxaq").line == "K7Q29MXAQ", "the refused letter is no part of the code")
        #expect(
            Self.press("к").hint == "Symbol 1 is a Cyrillic character. It may look like one of the code's. "
                + "Type the code with the plain letters A to Z and the digits 0 to 9."
        )
        #expect(Self.press("k!").hint?.hasPrefix("Symbol 2 is none that codes have.") == true)
        #expect(Self.press("k7qé").hint != nil)
    }

    @Test("Nine key presses are enough for a code of nine symbols, and none of its beginnings is sent") func nineKeys()
        throws
    {
        let code = try Self.code("K7Q")
        let symbols = Array(code.replacing("-", with: ""))
        #expect(symbols.count == 9)
        for count in 0..<9 { #expect(Self.press(String(symbols[..<count])).line == nil) }
        #expect(Self.press(String(symbols)).line == String(symbols))
        #expect(Self.press(code.lowercased()).line == code.lowercased())
        #expect(Self.press("K7Q 29M XA\u{7F}AQ").line != nil)
    }

    @Test("A wrong check symbol is marked at once, and Enter sends nothing") func mistyped() throws {
        let once = Self.press("K7Q29MXA0")
        #expect(once.line == nil)
        #expect(once.drawn.contains("[") && once.drawn.contains("]"))
        #expect(once.hint?.contains("nothing was sent") == true)
        #expect(once.hint?.contains("or more are to come") == true)
        #expect(Self.press("K7Q29MXA0\r").line == nil)
        #expect(Self.press("K7Q29MXA0\r\u{7F}Q").line == "K7Q29MXAQ")
        #expect(Self.press("K7Q-29M-XA0-").hint?.contains("more are to come") == false)
        // Several wrong symbols are as likely as one, so the text says no number.
        let nines = Self.press("999999999")
        #expect(nines.hint?.hasPrefix("These 9 symbols are no whole code: at least one is wrong") == true, "\(nines)")
    }

    @Test(
        "A usual slip is looked for in the right group",
        arguments: [
            ("KQ7-29M-XAQ", [0]), ("K7Q-29N-XAQ", [1]), ("K7Q-Z9M-XAQ", [1]), ("K7Q-29M-KAQ", [2]),
            ("K7Q-29M-AXQ", [2]), ("K72-Q9M-XAQ", [0, 1]), ("K7D-29M-XAQ", [0]),
        ]
    ) func slips(code: String, groups: [Int]) {
        let symbols = Array(code.replacing("-", with: "").utf8)
        let slips = CodeCheck.likelySlips(in: symbols)
        #expect(groups.allSatisfy { group in slips.contains { $0 / 3 == group } }, "\(slips)")
        let moment = Self.press(code)
        #expect(moment.hint?.contains("\(groups[0] + 1)") == true, "\(moment)")
        #expect(moment.hint?.contains("A usual slip in group") == true && moment.hint?.contains("the others") == true)
    }

    @Test("Each single slip and each swap is marked, and no right code is") func everySlip() throws {
        let right = Array("K7Q29MXAQ".utf8)
        var unexplained = 0
        for place in right.indices {
            for symbol in Symbols.alphabet where symbol != right[place] {
                var wrong = right
                wrong[place] = symbol
                let moment = Self.press(String(decoding: wrong, as: UTF8.self))
                #expect(moment.line == nil && moment.drawn.contains("["), "\(moment)")
                if moment.hint?.contains("Compare all groups.") == true { unexplained += 1 }
            }
        }
        #expect(unexplained > 0, "an unusual slip can be anywhere")
    }

    @Test("A longer code needs Enter, unless its groups were typed") func longer() throws {
        for slot in ["K7QX", "K7QXA", "K7QXAB"] {
            let code = try Self.code(slot)
            let symbols = code.replacing("-", with: "")
            let typed = Self.press(symbols)
            #expect(typed.line == nil)
            #expect(typed.hint == "This is a whole code of \(symbols.count) symbols: Enter sends it.")
            #expect(Self.press(symbols + "\r").line == symbols)
            #expect(Self.press(code).line == (slot.count == 4 ? nil : code), "\(code)")
        }
    }

    @Test("What is no code is shown as it is and waits for Enter, as in other lines") func others() {
        let link = "easysetup+plain://127.0.0.1:1/1/K7Q#00000000000000000000000000"
        for text in [
            link, "EASYSETUP://", "?", "Hi, open this:", "Your code is K7Q-29M-XAQ", "Code: K7Q-29M-XAQ",
            "K7Q-29M-XAQ-K7Q-29M-XAQ", "K7 Q2 9M XA Q", "use K7Q-29M-XAQ", "\"K7Q-29M-XAQ\"",
        ] {
            // A sentence that comes at once is read when it is whole.
            var editor = LineEditor(.code)
            for byte in text.utf8 { _ = editor.take(byte) }
            let (typing, isComplete) = (editor.typing, editor.isComplete)
            #expect(typing == Typing(text: text), "\(text)")
            #expect(!isComplete)
            guard case .line(let line) = editor.take(0x0D) else {
                Issue.record("no line: \(text)")
                continue
            }
            #expect(line.revealed() == text)
        }
        #expect(Self.press("help\r").line == "help", "also where the letters could be symbols")
        #expect(Self.press("k7q-\r").line == "k7q-", "the beginning of a code on two lines")
        #expect(Self.press("easyset").drawn == "EAS-YSE-T|__")
    }

    @Test("A marked paste that is a code is complete at its end, in whatever it is wrapped") func pastes() throws {
        let (start, end) = ("\u{1B}[200~", "\u{1B}[201~")
        let long = try Self.code("K7QXAB")
        for text in ["K7Q-29M-XAQ", " K7Q-29M-XAQ ", "**K7Q-29M-XAQ**", "K7Q-29M-\rXAQ", "`K7Q 29M XAQ`", long] {
            let line = try #require(Self.press(start + text + end).line, "\(text)")
            #expect(try PairingCode(typed: line).revealed() == PairingCode(typed: text).revealed())
        }
        for text in ["K7Q-29M-XA0", "K7Q-29M-XAQ sent from my phone", "easysetup://relay.example:443/1/K7Q#", "yes"] {
            #expect(Self.press(start + text + end).line == nil, "\(text)")
        }
        #expect(Self.press("x" + start + "K7Q.29M.XAQ" + end).line == nil, "there is more than the paste")
    }

    @Test("Nothing that is typed crashes the field, and the drawing is never wider than a code") func random() {
        var state: UInt64 = 1
        let alphabet = Array("kK7qQ2uUoO- -_—é日ａ!?:/\u{7F}\u{17}\u{1B}[~\u{4}".utf8)
        for _ in 0..<2_000 {
            var editor = LineEditor(.code)
            for _ in 0..<24 {
                state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
                _ = editor.take(alphabet[Int(state >> 33) % alphabet.count])
                let typing = editor.typing
                #expect(typing.placeholders <= typing.text.count)
                if typing.placeholders > 0 { #expect(Columns.width(typing.text) <= 16) }
                _ = editor.isComplete
            }
        }
    }
}

@Suite("Tries of a code") struct TryCountTests {
    @Test("The tries that are left are counted for each slot") func tries() {
        var count = TryCount()
        #expect(count.note == nil)
        count.take("K7Q", of: 3)
        #expect(count.note == "At most 2 of 3 tries are left for that code.")
        count.take("AAA", of: 3)
        #expect(count.note == "At most 2 of 3 tries are left for that code.")
        count.take("K7Q", of: 3)
        #expect(count.note == "At most 1 of 3 tries are left for that code.")
        count.take("K7Q", of: 3)
        #expect(count.note == "No try is left for that code.")
    }
}
