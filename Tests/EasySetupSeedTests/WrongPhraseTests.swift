import EasySetupSeed
import Testing

/// Texts that are no valid phrase, and their errors.
@Suite("Texts that are no phrase") struct WrongPhraseTests {
    static let words = RecoveryPhraseTests.words
    static let other = SyncSeed.random()

    @Test("Two seeds in one text are an error, and one seed twice is none") func several() throws {
        let (seed, other) = (Sample.seed(), Self.other)
        let forms = [seed.recoveryPhrase.revealed(), seed.link.revealed()]
        for form in forms {
            for second in [other.recoveryPhrase.revealed(), other.link.revealed()] {
                #expect(throws: SeedError.severalSeeds) { try read(form + "\n" + second) }
            }
            for second in forms { #expect(try read(form + "\n" + second).isSame(as: seed)) }
        }
        #expect(throws: SeedError.severalSeeds) {
            try read(LayoutTests.shown.replacing(seed.link.revealed(), with: other.link.revealed()))
        }
    }

    @Test("A wrong word in a program's output is named, although the link is right") func shown() {
        #expect(throws: SeedError.phraseUnknownWords([.init(position: 3)])) {
            try read(LayoutTests.shown.replacing("proof", with: "prooof"))
        }
        #expect(throws: SeedError.linkDamaged) {
            try read(LayoutTests.shown.replacing("easysetup-seed:1/", with: "easysetup-seed:1/0"))
        }
    }

    @Test(
        "Letters of other scripts are named, each by its script",
        arguments: [
            ("f\u{43E}rum", Script.cyrillic), ("f\u{3BF}rum", .greek), ("f\u{585}rum", .armenian), ("fórum", .latin),
            ("fo\u{301}rum", .latin),
            ("\u{13A0}orum", .cherokee), ("forum\u{5D0}", .hebrew),
        ]
    ) func lookAlike(word: String, script: Script) throws {
        let text = ([word] + Self.words.dropFirst()).joined(separator: " ")
        let error = try #require(#expect(throws: SeedError.self) { try read(text) })
        #expect(error == .phraseUnknownWords([.init(position: 1, script: script)]))
        #expect(error.description.hasPrefix("Word 1 has a"))
        #expect(!error.description.contains(word) && !error.advice.contains("forum"))
    }

    @Test("A phrase of look-alikes is told from a phrase in another language") func languages() throws {
        let cyrillic = Sample.phrase.replacing("o", with: "\u{43E}").replacing("e", with: "\u{435}").replacing(
            "a",
            with: "\u{430}"
        )
        let mixed = try #require(#expect(throws: SeedError.self) { try read(cyrillic) })
        #expect(mixed.name == "phrase-unknown-word" && mixed.description.contains("Cyrillic"))
        for (text, count) in [
            ("académie abaisser abdiquer abeille abolir aborder aboutir aboyer abrasif abreuver abriter abroger", 12),
            ("的 一 是 在 不 了 有 和 人 这 中 大", 12),
            ([String](repeating: "あいこくしん", count: 24).joined(separator: "\u{3000}"), 24),
            ([String](repeating: "가격", count: 18).joined(separator: " "), 18),
            ([String](repeating: "ábaco", count: 24).joined(separator: " "), 24),
        ] {
            #expect(throws: SeedError.phraseNotEnglish(count: count)) { try read(text) }
        }
    }

    static func numbered(_ words: [String]) -> String {
        words.enumerated().map { "\($0.offset + 1). \($0.element)" }.joined(separator: "\n")
    }

    static let counted: [(String, Int)] = {
        let short = Array(words.dropLast())
        return [
            ("Recovery phrase: " + short.joined(separator: " "), 23), ("My phrase\n" + numbered(short), 23),
            (numbered(words + ["zoo"]), 25), ("forum", 1), ("forum purpose", 2),
            (words.prefix(12).joined(separator: "\", \""), 12),
        ]
    }()

    @Test("A number with two words behind it leaves open which of them is meant") func two() {
        var words = Self.words
        words[2] = "zoo proof"
        #expect(throws: SeedError.phraseWordCount(count: 25)) { try read(Self.numbered(words)) }
    }

    @Test("The error says the number of words without headings", arguments: counted) func count(
        text: String,
        count: Int
    ) {
        #expect(throws: SeedError.phraseWordCount(count: count)) { try read(text) }
    }

    @Test("A sentence is no base64 and no phrase") func sentences() {
        // 43 letters in all.
        #expect(throws: SeedError.unreadable) { try read("I have lost the phrase that was written down, ohhhhhh") }
        #expect(throws: SeedError.unreadable) { try read("https://relay.example/a/page") }
    }

    @Test("No error repeats anything of the text") func silence() throws {
        for spoilt in ["f0rum", "forumm", "f\u{43E}rum", "fórum", "forum7", "x"] {
            for text in [
                LayoutTests.shown.replacing("forum", with: spoilt), Sample.phrase.replacing("forum", with: spoilt),
            ] {
                let error = try #require(#expect(throws: SeedError.self) { try read(text) })
                for word in Self.words + [spoilt] where word.count > 2 {
                    let told = "\(error) \(error.advice)".lowercased().split { !$0.isLetter }
                    // Words that the errors' own sentences contain.
                    guard !["position", "name"].contains(word) else { continue }
                    #expect(!told.contains(Substring(word)), "\(word)")
                }
            }
        }
    }
}
