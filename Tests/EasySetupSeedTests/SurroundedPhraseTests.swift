import EasySetupSeed
import Testing

/// Texts that have more in them than a phrase: mails, web addresses, files of programs.
@Suite("A phrase inside another text") struct SurroundedPhraseTests {
    static let words = RecoveryPhraseTests.words
    static let phrase = Sample.phrase
    static let other = SyncSeed.random().recoveryPhrase.revealed()

    static func each(_ form: (Int, String) -> String, _ separator: String = "\n") -> String {
        LayoutTests.each(form, separator)
    }

    static func rows(_ length: Int, _ words: [String] = words) -> String {
        stride(from: 0, to: words.count, by: length)
            .map { words[$0..<min($0 + length, words.count)].joined(separator: " ") }.joined(separator: "\n")
    }

    /// A text around a phrase, in which `text` stands for it.
    static func surrounded(_ text: String) -> [String: String] {
        [
            "a sentence": "My recovery phrase for the sync is: \(text). Please keep it secret!",
            "a sentence without marks": "Hi Bob, my phrase is \(text) thanks, Alice",
            "a greeting": "Hello, \(text). Bye.",
            "a dash": "Dear Alice, this is your phrase: \(text) — keep it safe.",
            "an arrow": "phrase → \(text) (do not share)",
            "parentheses": "my phrase (\(text)) is secret",
            "quotation marks": "my phrase is \"\(text)\" okay?",
            "Markdown": "your phrase: **\(text)**, dont share",
            "a log": "2026-11-29 12:00:00 INFO wallet - phrase \(text) created",
            "a phone's signature": "\(text) Sent from my phone",
            "a chat": "[12:03] Bob: here is the phrase\n[12:04] Bob: \(text)\n[12:05] Alice: thanks",
            "a mail's signature": "Hi,\n\n\(text)\n\n-- \nBob Miller\n12 High Street\n+49 30 1234567\n",
            "words of the list around it": "Hello,\n\n\(text)\n\nLove\nMum\n",
            "a mail's head": "From: Bob <bob@x.example>\nSubject: phrase\n\nHi Alice,\n\(text)\nBob\n",
            "a web address": "https://x.example/?lang=en&phrase=\(text.replacing(" ", with: "+"))&name=Bob",
            "a percent-encoded web address":
                "https://x.example/import?seed=\(text.replacing(" ", with: "%20"))&next=home",
            "an address in a mail":
                "Hi,\nopen https://x.example/?phrase=\(text.replacing(" ", with: "+")) and\nring me.",
            "an address in an address":
                "https://x.example/?to=https%3A%2F%2Fy.example%2F%3Fp%3D\(text.replacing(" ", with: "%2520"))",
            "JSON in an address":
                "https://x.example/?d=%7B%22phrase%22%3A%22\(text.replacing(" ", with: "%20"))%22%2C%22a%22%3A1%7D",
            "a mail's address": "mailto:bob@x.example?subject=phrase&body=\(text.replacing(" ", with: "%20"))",
            "XML":
                "<?xml version=\"1.0\"?>\n<wallet>\n<seed>\(text)</seed>\n<name>My able wallet</name>\n</wallet>",
            "an XML attribute": "<wallet name=\"mine\" phrase=\"\(text)\"/>",
            "a property list":
                "<dict><key>phrase</key><string>\(text)</string><key>name</key><string>Bob</string></dict>",
            "a page":
                "<html><head><title>My wallet</title></head><body><h1>Your phrase</h1><p class=\"x\">\(text)</p>"
                + "<p>Never share it.</p></body></html>",
            "CSV": "name,phrase,note\nAlice,\(text),keep it safe\n",
            "JSON": "{\"id\": 7, \"name\": \"my wallet\", \"phrase\": \"\(text)\", \"note\": \"please keep it safe\"}",
            "JSON in JSON": "{\"body\": \"{\\\"phrase\\\": \\\"\(text)\\\", \\\"user\\\": \\\"Bob\\\"}\"}",
            "SQL": "INSERT INTO seeds (name, phrase) VALUES ('bob', '\(text)');",
            "a calendar": "BEGIN:VEVENT\nSUMMARY:phrase\nDESCRIPTION:Hi Bob\\, \(text)\\nkeep it\nEND:VEVENT\n",
            "rich text": "{\\rtf1\\ansi{\\fonttbl\\f0 Helvetica;}\\f0\\fs24 \(text)\\par}",
            "something behind an equals sign": "\(text) = my phrase",
            "a command": "echo '\(text)' | easysetup seed import",
        ]
    }

    /// Layouts of the words, with other text around them.
    static let layouts: [String: String] = {
        var layouts = surrounded(phrase)
        layouts["a mail with a word a line"] = "Hi Bob,\nthe phrase is:\n\(each { $1 })\nCheers\nAlice\n"
        layouts["a mail with a word a paragraph"] =
            "Hi Bob,\n\nthe phrase is:\n\n\(each({ $1 }, "\n\n"))\n\nCheers\nAlice"
        layouts["a mail with rows"] = "Hi Bob,\n\nthe phrase is:\n\n\(rows(6))\n\nCheers\nAlice"
        layouts["a heading without a colon"] = "Recovery phrase\n" + rows(6)
        layouts["a heading of words of the list"] = "phrase\n" + rows(4)
        layouts["a wrapped mail"] = "Hi Bob,\nmy recovery phrase is \(rows(9))\nCheers\nAlice"
        layouts["a reply"] =
            "On Sun, 29 Nov 2026, Bob wrote:\n> Hi Alice,\n"
            + rows(9).split(separator: "\n").map { "> \($0)\n" }.joined() + "> Bob\n\nThanks!\n"
        layouts["a quoted-printable mail"] =
            "phrase: \(phrase.prefix(66))=\r\n\(phrase.dropFirst(66).prefix(75))=\r\n\(phrase.dropFirst(141))\r\n"
        layouts["a chat of several lines"] = rows(6).split(separator: "\n").enumerated()
            .map { "[12:0\($0.offset)] Bob: \($0.element)" }.joined(separator: "\n")
        layouts["numbers in a sentence"] =
            "Hi Bob, the phrase: " + each({ "\($0). \($1)" }, " ") + ". Cheers, Alice"
        layouts["rows with numbers in a mail"] =
            "Hi Bob\n"
            + rows(6).split(separator: "\n").enumerated().map { "\($0.offset + 1)) \($0.element)" }
            .joined(separator: "\n") + "\nBye Alice"
        layouts["parts in a mail"] =
            "Hi Bob,\nPart 1 of 2\n" + rows(12).replacing("\n", with: "\nPart 2 of 2\n") + "\nBye, Alice"
        for (name, mark) in [
            ("commas", "%2C"), ("commas and spaces", "%2C%20"), ("plus signs", "%2B"), ("bars", "%7C"),
            ("no-break spaces", "%C2%A0"), ("dashes", "%E2%80%94"), ("commas, twice encoded", "%252C"),
        ] {
            layouts["an address with " + name] = "https://x.example/?phrase=" + words.joined(separator: mark)
        }
        layouts["a form"] = "https://x.example/?" + each({ "w=\($1)" }, "&")
        layouts["a form of a list"] = "https://x.example/?" + each({ "word%5B%5D=\($1)" }, "&")
        layouts["a form with numbers"] = each({ "word_\($0)=\($1)" }, "&")
        layouts["an XML list in a word of the list"] = "<seed>" + each({ "<word>\($1)</word>" }, "") + "</seed>"
        layouts["XML attributes"] = "<phrase>\n" + each { "  <word value=\"\($1)\" />" } + "\n</phrase>"
        layouts["a property list's array"] =
            "<dict><key>phrase</key><array>" + each({ "<string>\($1)</string>" }, "") + "</array></dict>"
        layouts["an HTML table with a heading"] =
            "<table><tr><th>Word</th></tr>" + each({ "<tr><td>\($1)</td></tr>" }, "") + "</table>"
        layouts["a JSON object of ordinals"] =
            "{" + each({ "\"\($0 > 20 ? "twenty-" : "")\(["first", "second", "third"][$0 % 3])\": \"\($1)\"" }, ", ")
            + "}"
        layouts["a JSON object of numbered keys"] = "{" + each({ "\"word\($0)\": \"\($1)\"" }, ", ") + "}"
        layouts["a list of JSON objects"] = "[" + each({ "{\"word\": \"\($1)\"}" }, ", ") + "]"
        layouts["YAML with more keys"] = "name: mine\nseed:\n" + each { "- \($1)" } + "\nlanguage: english\n"
        layouts["CSV with a heading and no numbers"] = "word\n" + each { $1 }
        layouts["CSV with a column of names"] = "who,word\n" + each { "alice,\($1)" }
        layouts["lines of sentences"] = "Hi,\n" + each { "word number \($0) is \($1)" } + "\nbye, Bob"
        layouts["an address in two lines"] =
            "open https://x.example/?phrase=\(words[..<12].joined(separator: "+"))+\n"
            + "\(words[12...].joined(separator: "+")) please"
        layouts["CSV in one row"] = "alice," + words.joined(separator: ",") + ",mine,2026-01-01"
        return layouts
    }()

    @Test("The phrase is found", arguments: layouts.keys.sorted()) func found(name: String) throws {
        #expect(try read(Self.layouts[name]!).isSame(as: Sample.seed()))
    }

    @Test("The phrase of any seed is found") func anySeed() throws {
        for _ in 0..<20 {
            let seed = SyncSeed.random()
            for (name, text) in Self.surrounded(seed.recoveryPhrase.revealed()) {
                // A known word may stand beside the phrase, and by chance be one of another phrase of the same text.
                let isSame = (try? read(text).isSame(as: seed)) ?? false
                #expect(isSame, "\(name): \(text)")
            }
        }
    }

    @Test("A word of the list right beside the phrase leaves open which words are meant") func beside() {
        for text in [
            "zoo " + Self.phrase, Self.phrase + " zoo", "Hi Bob, zoo \(Self.phrase), bye", Self.phrase + ", zoo",
            "Hi Bob,\n\(Self.phrase)\nzoo\n", "Hi Bob,\n\n\(Self.phrase)\n\nzoo\n", Self.phrase + " zooo",
            "\(Self.words.joined(separator: ". ")). zoo. And more.",
        ] {
            #expect(throws: SeedError.self, "\(text)") { try read(text) }
        }
    }

    @Test("Two different phrases in a text are several seeds") func several() {
        for text in Self.surrounded(Self.phrase).values where !text.contains("%") && !text.contains("+") {
            #expect(throws: SeedError.severalSeeds, "\(text)") {
                try read(text + "\n\nAnd the other one is: \(Self.other). Bye.")
            }
        }
    }

    @Test("A wrong word is told by its position in the phrase", arguments: surrounded("").keys.sorted())
    func wrongWord(name: String) {
        let text = Self.surrounded(Self.phrase.replacing("erode", with: "errode"))[name]!
        // In these a word stands right beside the phrase without a mark between, or the phrase is the label of something.
        let isBeside = [
            "a calendar", "a log", "a phone's signature", "a sentence without marks", "an address in a mail",
            "something behind an equals sign", "words of the list around it",
        ]
        guard !isBeside.contains(name) else { return }
        #expect(throws: SeedError.phraseUnknownWords([.init(position: 5)]), "\(text)") { try read(text) }
    }

    static let short = Array(words.dropLast())

    static let counted: [String: Int] = [
        "Hi Bob, my phrase is: \(short.joined(separator: " ")). Please keep it secret!": 23,
        "Hi Bob,\n\n\(short.joined(separator: " "))\n\nCheers,\nAlice": 23,
        "Hi Bob,\n\n\(short.joined(separator: "\n\n"))\n\nCheers\nAlice": 23,
        "https://x.example/?phrase=\(short.joined(separator: "+"))&name=Bob": 23,
        "https://x.example/?\(short.map { "word[]=\($0)" }.joined(separator: "&"))": 23,
        "my phrase (\(words.prefix(12).joined(separator: " "))) is secret": 12,
        "{\"name\": \"Bob\", \"phrase\": \"\(short.joined(separator: " "))\"}": 23,
        "Hi Bob, \(phrase) zoo able. Bye": 26,
        "\(short.joined(separator: " ")) = my phrase": 23,
    ]

    @Test("An error counts the words of the phrase, and not those around it", arguments: counted.keys.sorted())
    func count(text: String) throws {
        let error = try #require(#expect(throws: SeedError.self) { try read(text) })
        #expect(error == .phraseWordCount(count: Self.counted[text]!, isAmongText: true))
        #expect(error.description.contains("longest row"))
        #expect(error.advice.contains("alone"))
    }

    @Test("The time of reading is linear in the length of the text") func linear() throws {
        // Rows that begin clearly and end unclearly are looked at again and again, if anything is.
        let filler = [
            "zoo able\n\n", "zoo, ", "zoo. ", "Zoo\n\n", "zoo zoo\n", "<zoo>", "zoo=zoo&", "qqqq zoo ", "%2C%25",
            "</zoo> ",
        ]
        for part in filler {
            let text = String(repeating: part, count: 16_000 / part.utf8.count)
            #expect(throws: SeedError.self, "\(part)") { try read(text) }
        }
    }
}
