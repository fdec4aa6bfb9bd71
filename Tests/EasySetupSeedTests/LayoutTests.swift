import EasySetupSeed
import Testing

/// The layouts in which programs show a phrase, and the text that they put around it.
@Suite("Layouts of a recovery phrase") struct LayoutTests {
    static let words = RecoveryPhraseTests.words
    static let phrase = Sample.phrase

    static func each(_ form: (Int, String) -> String, _ separator: String = "\n") -> String {
        words.enumerated().map { form($0.offset + 1, $0.element) }.joined(separator: separator)
    }

    /// Letters from an alphabet that begins at a scalar.
    static func letters(from first: UInt32, space: String = " ") -> String {
        phrase.unicodeScalars.map { $0 == " " ? space : String(Unicode.Scalar(first + $0.value - 97)!) }.joined()
    }

    static let columns = (0..<8).map { row in
        stride(from: row, to: 24, by: 8).map { "\($0 + 1). \(words[$0])" }.joined(separator: "\t")
    }
    .joined(separator: "\n")

    static let table = (0..<6).map { row in
        (4 * row..<4 * row + 4).map { "\($0 + 1). \(words[$0])" }.joined(separator: "    ")
    }
    .joined(separator: "\n")

    static let layouts: [String: String] = {
        var layouts: [String: String] = [:]
        layouts["a JSON list"] = "[" + each({ "\"\($1)\"" }, ",") + "]"
        layouts["JSON lines"] = each { "\"\($1)\"," }
        layouts["JSON with its escapes"] =
            "["
            + each({ "\"\\u00\(String($1.utf8.first!, radix: 16))\($1.dropFirst())\"" }, ",\\n") + "]"
        layouts["a JSON string with a line's end"] = "\"\(phrase)\\n\""
        layouts["an object with a list"] = "{\"words\":[" + each({ "\"\($1)\"" }, ",") + "],\"language\":\"english\"}"
        layouts["a list of objects"] = "[" + each({ "{\"index\": \($0), \"word\": \"\($1)\"}" }, ", ") + "]"
        layouts["an object with a phrase"] =
            "{\"created\": \"today\", \"recovery_phrase\": \"\(phrase)\", \"note\": \"keep it safe\"}"
        layouts["Python"] = "['" + words.joined(separator: "', '") + "']"
        layouts["CSV with a heading"] = "index,word\n" + each { "\($0),\($1)" }
        layouts["tabs"] = each { "\($0)\t\($1)" }
        layouts["YAML"] = "seed:\n" + each { "  - \($1)" }
        layouts["numbers with a full stop"] = each { "\($0). \($1)" }
        layouts["numbers with a bracket"] = each { "\($0)) \($1)" }
        layouts["numbers in brackets"] = each({ "(\($0)) \($1)" }, " ")
        layouts["two digits"] = each({ "\($0 < 10 ? "0" : "")\($0)) \($1)" }, " ")
        layouts["1=word"] = each({ "\($0)=\($1)" }, " ")
        layouts["#1"] = each({ "#\($0) \($1)" }, " ")
        layouts["№1"] = each { "\u{2116}\($0) \($1)" }
        layouts["Nr1"] = each({ "Nr\($0). \($1)" }, "  ")
        layouts["1 of 24"] = each { "\($0) of 24: \($1)" }
        layouts["Word 1 of 24"] = each { "Word \($0) of 24: \($1)" }
        layouts["XML"] = "<mnemonic>\(phrase)</mnemonic>"
        layouts["an XML list"] = each { "<entry>\($1)</entry>" }
        layouts["Word 1:"] = each { "Word \($0): \($1)" }
        layouts["1st"] = each {
            "\($0)\($0 % 10 == 1 && $0 != 11 ? "st" : $0 % 10 == 2 && $0 != 12 ? "nd" : $0 % 10 == 3 && $0 != 13 ? "rd" : "th") \($1)"
        }
        layouts["ordinals of other languages"] = each {
            "\($0)\(["\u{BA}", "\u{AA}", "e", "er", ".\u{BA}", "o"][$0 % 6]) \($1)"
        }
        layouts["Chinese numbers"] = each { number, word in
            let digits = ["", "一", "二", "三", "四", "五", "六", "七", "八", "九"]
            return (number < 10 ? "" : number < 20 ? "十" : "二十") + digits[number % 10] + "、" + word
        }
        layouts["letters of another script"] = each { "\(Unicode.Scalar(UInt32(0x42F + $0))!)) \($1)" }
        layouts["numbers behind, and a heading below"] = each { "\($1) \($0)" } + "\n\nSeed link:\n"
        layouts["an HTML heading"] = "<h2>Recovery phrase</h2><p>\(phrase)</p>"
        layouts["HTML references"] = phrase.unicodeScalars.map { "&#\($0.value);" }.joined()
        layouts["HTML references in hex"] = phrase.replacing(" ", with: "&#x20;")
        layouts["a folded card"] =
            "BEGIN:VCARD\r\nVERSION:3.0\r\nFN:Me\r\nNOTE:\(phrase.prefix(70))\r\n \(phrase.dropFirst(70).prefix(74))\r\n\t"
            + "\(phrase.dropFirst(144))\r\nEND:VCARD\r\n"
        layouts["a calendar's note"] = "BEGIN:VEVENT\nDESCRIPTION:" + each({ "\($0). \($1)" }, "\\n") + "\nEND:VEVENT"
        layouts["numbers, and a note below"] = each { "\($0). \($1)" } + "\n\nKeep these words safe. Never share."
        layouts["numbers, and a note in the next line"] = each { "\($0). \($1)" } + "\nNever show it to anybody"
        layouts["numbers, and a link"] = each { "\($0). \($1)" } + "\nSeed link\n" + Sample.seed().link.revealed()
        layouts["numbers, and the words again"] = each { "\($0). \($1)" } + "\n\n" + phrase
        layouts["numbers without a space"] = each({ "\($0)\($1)" }, " ")
        layouts["numbers behind"] = each { "\($1) (\($0))" }
        layouts["a number's line and a word's line"] = each { "\($0).\n\($1)" }
        layouts["keycaps"] = each { number, word in "\(number)".map { "\($0)\u{FE0F}\u{20E3}" }.joined() + " " + word }
        layouts["circled numbers"] = each(
            { String(Unicode.Scalar(UInt32($0 <= 20 ? 0x245F + $0 : 0x323C + $0))!) + $1 },
            " "
        )
        layouts["digits of another script"] = each {
            "\("\($0)".unicodeScalars.map { String(Unicode.Scalar($0.value + 0x630)!) }.joined()) \($1)"
        }
        layouts["columns to be read downwards"] = columns
        layouts["four in a line"] = table
        layouts["a heading with a number"] = "My 24 words:\n" + each { "\($0). \($1)" }
        layouts["bullets"] = each { "\u{2022} \($1)" }
        layouts["the letter o as a bullet"] = each { "o \($1)" }
        layouts["check boxes"] = each { "- [x] \($1)" }
        layouts["Markdown"] = each({ "**\($1)**" }, " ")
        layouts["code"] = each({ "`\($1)`" }, " ")
        layouts["a table"] = "| # | Word |\n|---|------|\n" + each { "| \($0) | \($1) |" }
        layouts["a box"] = "┌────┬────┐\n" + each { "│ \($0) │ \($1) │" } + "\n└────┴────┘"
        layouts["an HTML list"] = "<ol class=\"words\">" + each({ "<li>\($1)</li>" }, "") + "</ol>"
        layouts["an HTML table"] = "<table>" + each({ "<tr><td>\($0)</td><td>\($1)</td></tr>" }, "") + "</table>"
        layouts["HTML line ends"] = words.joined(separator: "<br/>")
        layouts["HTML spaces"] = words.joined(separator: "&nbsp;")
        layouts["angle brackets"] = each({ "<\($1)>" }, " ")
        layouts["a quoted mail"] = each { "> \($1)" }
        layouts["a mail"] = "Hello,\n\nhere it is:\n\n\(phrase)\n\nKeep it safe, and do not lose it!\n"
        layouts["a label"] = "Recovery phrase: \(phrase)"
        layouts["a label's line"] = "My recovery phrase:\n\(phrase)"
        layouts["an assignment"] = "mnemonic = \(phrase)"
        layouts["full-width letters"] = letters(from: 0xFF41, space: "\u{3000}")
        layouts["bold letters"] = letters(from: 0x1D41A)
        layouts["circled letters"] = letters(from: 0x24D0)
        layouts["outlined letters"] = Self.phrase.uppercased().unicodeScalars
            .map { $0 == " " ? " " : String(Unicode.Scalar(0x1CCD6 + $0.value - 65)!) }.joined()
        layouts["soft hyphens"] = each({ $1.prefix(2) + "\u{AD}" + $1.dropFirst(2) }, " ")
        layouts["zero-width spaces in words"] = each({ $1.prefix(2) + "\u{200B}" + $1.dropFirst(2) }, " ")
        layouts["zero-width spaces between words"] = words.joined(separator: "\u{200B}")
        layouts["colours"] = each({ "\u{1B}[1;32m\($1)\u{1B}[0m" }, " ")
        layouts["steps of the cursor"] = words.joined(separator: "\u{1B}[5C")
        layouts["lines of four with numbers under a heading"] =
            "My phrase of words:\n"
            + (0..<6).map { "\($0 + 1). " + words[4 * $0..<4 * $0 + 4].joined(separator: " ") }.joined(separator: "\n")
        let roman = "I II III IV V VI VII VIII IX X XI XII XIII XIV XV XVI XVII XVIII XIX XX XXI XXII XXIII XXIV"
            .split(separator: " ")
        layouts["Roman numbers"] = each { "\(roman[$0 - 1]). \($1)" }
        layouts["letters"] = each { "\(Unicode.Scalar(UInt8(96 + $0)))) \($1)" }
        layouts["a page's address"] = words.joined(separator: "%20")
        layouts["a page's address with line ends"] = words.joined(separator: "%0A")
        layouts["a form's line ends"] = each({ "\($0)%20\($1)" }, "%0D%0A")
        layouts["line ends written out"] = words.joined(separator: "\\n")
        layouts["lines written out"] = each({ "\($0). \($1)" }, "\\r\\n") + "\\n\n"
        let rows = stride(from: 0, to: 24, by: 6).map { words[$0..<$0 + 6].joined(separator: " ") }
        layouts["Row 1:"] = rows.enumerated().map { "Row \($0.offset + 1): \($0.element)" }.joined(separator: "\n")
        layouts["Words 1-6:"] = rows.enumerated()
            .map { "Words \(6 * $0.offset + 1)-\(6 * $0.offset + 6): \($0.element)" }.joined(separator: "\n")
        layouts["Part 1 of 4"] = rows.enumerated().map { "Part \($0.offset + 1) of 4\n\($0.element)" }
            .joined(separator: "\n\n")
        layouts["Teil 1 von 4"] = rows.enumerated().map { "Teil \($0.offset + 1) von 4\n\($0.element)" }
            .joined(separator: "\n\n")
        layouts["CSV with a heading and numbers behind"] = "word,nr\n" + each { "\($1),\($0)" }
        layouts["CSV in the order of the words"] =
            "word,nr\n"
            + words.enumerated().sorted { $0.element < $1.element }
            .map { "\($0.element),\($0.offset + 1)" }.joined(separator: "\n")
        layouts["a list of objects, the word first"] =
            "[" + each({ "{\"word\": \"\($1)\", \"index\": \($0)}" }, ", ") + "]"
        layouts["a list of objects from 0"] = "[" + each({ "{\"index\": \($0 - 1), \"word\": \"\($1)\"}" }, ", ") + "]"
        layouts["a list of objects, indented"] =
            "[\n" + each({ "  { \"word\": \"\($1)\", \"index\": \($0 - 1) }" }, ",\n") + "\n]"
        layouts["CSV from 0"] = "word,nr\n" + each { "\($1),\($0 - 1)" }
        layouts["a count in the label"] = "Seed phrase (24 words): \(phrase)"
        layouts["the same twice"] = phrase + "\n" + phrase
        layouts["with its link"] = phrase + "\n" + Sample.seed().link.revealed()
        return layouts
    }()

    @Test("A phrase is read in every layout", arguments: layouts.keys.sorted()) func layout(name: String) throws {
        #expect(try read(Self.layouts[name]!).isSame(as: Sample.seed()))
    }

    /// Texts with more words than a phrase has, so that it is unclear which 24 are meant.
    static let surplus: [String: (String, Int)] = [
        "behind a numbered line": (each({ "\($0). \($1)" }, " ") + " zoo", 25),
        "behind the last number": (each { "\($0). \($1)" } + " zoo", 25),
        "behind it with a comma": (each({ "\($0). \($1)" }, ", ") + ", zoo, able", 26),
        "a word that the list has not": (each({ "\($0) \($1)" }, " ") + " zooo", 25),
        "in the next line": (each { "\($0). \($1)" } + "\nzoo\n", 25),
        "in the next line, two": (each { "\($0). \($1)" } + "\nzoo able", 26),
        "alone behind a blank line": (each { "\($0). \($1)" } + "\n\nzoo", 25),
        "in paragraphs": (each({ "\($0). \($1)" }, "\n\n") + "\n\nzoo able", 26),
        "in a quoted mail": (each { "> \($0). \($1)" } + "\n> zoo", 25),
        "in columns": (columns + "\nzoo", 25),
        "behind columns": (columns + " zoo", 25),
        "in a table": (table + "\n25 zoo", 25),
        "before the first number": ("zoo " + each({ "\($0). \($1)" }, " "), 25),
        "behind numbers that are behind": (each({ "\($1) \($0)" }, " ") + " zoo", 25),
        "behind lines with numbers behind": (each { "\($1) \($0)" } + "\nzoo", 25),
        "a line of one word": (phrase + "\nzoo", 25),
        "a line of two words": (phrase + "\nzoo able", 26),
        "a paragraph of one word": (phrase + "\n\nzoo\n", 25),
        "a JSON list of 25": ("[" + words.map { "\"\($0)\"" }.joined(separator: ",") + ",\"zoo\"]", 25),
    ]

    @Test("A layout with more words than 24 is refused", arguments: surplus.keys.sorted()) func tooMany(name: String)
        throws
    {
        let (text, count) = Self.surplus[name]!
        #expect(throws: SeedError.phraseWordCount(count: count)) { try read(text) }
    }

    @Test("Lines of a label and a number are no words of the phrase") func labelLines() throws {
        #expect(try read(Self.each { "Word \($0)\n\($1)" }).isSame(as: Sample.seed()))
        // The 24 lines with a number must not be read as the phrase where the other lines can't be.
        for text in [
            Self.each { "Word \($0)\n\($1)\($0 == 5 ? " able" : "")" },
            Self.each { "\($1),\($0 - 1)" } + "\nzoo,24",
        ] {
            let error = #expect(throws: SeedError.self) { try read(text) }
            #expect(error?.code == .phraseWordCount, "\(text)")
        }
    }

    @Test("Numbered words and another phrase are two seeds") func numberedAndOther() {
        let other = SyncSeed.random().recoveryPhrase.revealed()
        for text in [Self.table + "\n\n" + other, other + "\n" + Self.columns] {
            #expect(throws: SeedError.severalSeeds) { try read(text) }
        }
    }

    static let separators = [
        " ", "\n", "\r\n", "\r", "\n\n", "\r\n\r\n", "\t", ",", ", ", ";", "-", "_", "/", "|", "+", ":", "\u{3001}",
        "\u{FF0C}", "·", "\u{2022}",
        "–", "—", "\u{2212}", "\u{FF0D}", "\u{A0}", "\u{1680}", "\u{2003}", "\u{202F}", "\u{205F}", "\u{3000}",
        "\u{2028}", "\u{85}", " 🔑 ",
        " \u{2192} ", "\u{B}", "\u{C}",
    ]

    @Test("A phrase is read whatever separates its words", arguments: separators) func separator(_ separator: String)
        throws
    {
        let text = Self.words.joined(separator: separator)
        #expect(try read(text).isSame(as: Sample.seed()))
    }

    /// Characters around a text that a program adds and a person does not see, or does not take for a part of it.
    static let wrappings: [(String, String)] = [
        ("", ""), ("\"", "\""), ("'", "'"), ("`", "`"), ("```\n", "\n```"), ("“", "”"), ("„", "“"), ("«", "»"),
        ("「", "」"), ("(", ")"),
        ("**", "**"), ("> ", ""), ("\u{FEFF}", ""), ("\u{200B}", "\u{200B}"), ("\u{2066}", "\u{2069}"),
        ("\u{202A}", "\u{202C}"), ("\u{2060}", "\u{2060}"),
        ("\u{200E}", "\u{200F}"), ("\u{1B}[200~", "\u{1B}[201~"), ("[200~", "[201~"), ("\u{1B}]0;a title\u{7}", ""),
        ("", "!"), ("", "."), ("", ","),
        ("\r\n \t", " \r\n\r\n"), ("\u{0}", "\u{0}"), ("<p>", "</p>"), ("…", "…"), ("🔐", "🔐"),
    ]

    @Test("Any written form of a seed is read in any wrapping") func wrapped() throws {
        let seed = Sample.seed()
        let link = seed.link.revealed()
        let forms = [
            seed.recoveryPhrase.revealed(), link, seed.hex.revealed(), seed.base64.revealed(), Self.table,
            Self.layouts["a table"]!,
            link.lowercased(), "\(link.prefix(40))\r\n\(link.dropFirst(40))", "0x" + seed.hex.revealed(),
        ]
        for form in forms {
            for (before, after) in Self.wrappings {
                #expect(throws: Never.self, "\(before)…\(after)") {
                    let isSame = try read(before + form + after).isSame(as: seed)
                    #expect(isSame, "\(before)…\(after)")
                }
            }
        }
    }

    @Test("Random phrases are read in random layouts") func random() throws {
        for _ in 0..<100 {
            let seed = SyncSeed.random()
            let words = seed.recoveryPhrase.revealed().split(separator: " ").map(String.init)
            let separator = Self.separators.randomElement()!
            let (before, after) = Self.wrappings.randomElement()!
            let isNumbered = Bool.random()
            let text = words.enumerated().map {
                (isNumbered ? "\($0.offset + 1). " : "") + (Bool.random() ? $0.element.uppercased() : $0.element)
            }
            .joined(separator: separator)
            #expect(try read(before + text + after).isSame(as: seed), "\(separator) \(before) \(after) \(isNumbered)")
        }
    }

    /// The output of `seed show --reveal`.
    static let shown = """
        User id:                    \(Sample.seed().userID.fingerprint)
        User id (base64):           \(Sample.seed().userID.base64)
        Secretbox key fingerprint:  \(Sample.seed().secretboxKeyFingerprint)

        Seed link:
        \(Sample.seed().link.revealed())

        \u{1B}[30;107m█▀▄ ██▄▀ █\u{1B}[0m
        \u{1B}[30;107m▄▀▀█ ▄▀ ▄▄\u{1B}[0m

        Recovery phrase:
        \(table)
        """

    @Test("A phrase is found in all that a program shows of a seed", arguments: ["\n", "\r\n", "\r"]) func show(
        lineEnd: String
    )
        throws
    {
        #expect(try read(Self.shown.replacing("\n", with: lineEnd)).isSame(as: Sample.seed()))
    }

    @Test("A link is read however it was wrapped") func links() throws {
        let link = Sample.seed().link.revealed()
        for text in [
            link.lowercased(), link.uppercased(), "<\(link)>", "\(link).", "[seed](\(link))", "[\(link)](\(link))",
            "> \(link.prefix(50))\n> \(link.dropFirst(50))",
            "\(link.prefix(50))=\r\n\(link.dropFirst(50))", "\(link.prefix(20))\u{200B}\(link.dropFirst(20))",
            "easysetup-\n seed:1/\(link.dropFirst(17))",
            link.replacing(":", with: "%3A").replacing("/", with: "%2f"), "My link is \(link) and it is secret",
            "\"\(link.replacing("/", with: "\\/"))\"",
            link.unicodeScalars.map { String(Unicode.Scalar($0.value + 0xFEE0)!) }.joined(),
        ] {
            #expect(throws: Never.self, "\(text)") { try read(text) }
        }
    }

    @Test("Hex and base64 are read as scripts write them") func scripts() throws {
        let (hex, base64) = (Sample.hex, Sample.seed().base64.revealed())
        let pairs = stride(from: 0, to: 64, by: 2).map { String(hex.dropFirst($0).prefix(2)) }
        for text in [
            "0x\(hex)", "0X\(hex)", pairs.joined(separator: ":"), pairs.joined(separator: " "),
            "{ 0x" + pairs.joined(separator: ", 0x") + " }",
            "\(hex.prefix(32))\n\(hex.dropFirst(32))", "\(hex.prefix(9))\u{200B}\(hex.dropFirst(9))", "'\(base64)'",
            "\(base64.prefix(22))\n\(base64.dropFirst(22))",
            "\(base64.prefix(40))\n\(base64.dropFirst(40))",
            base64.unicodeScalars.map { String(Unicode.Scalar($0.value + 0xFEE0)!) }.joined(),
        ] {
            #expect(throws: Never.self, "\(text)") { try read(text) }
        }
    }
}
