import Crypto
import EasySetupSeed
import Testing

@Suite("Recovery phrases") struct RecoveryPhraseTests {
    static let words = Sample.phrase.split(separator: " ").map(String.init)

    @Test("The list is the English list of BIP-39") func list() {
        let file = EnglishWords.all.map { $0 + "\n" }.joined()
        let digest = SHA256.hash(data: Array(file.utf8)).map { String($0 >> 4, radix: 16) + String($0 & 15, radix: 16) }
        #expect(digest.joined() == "2f5eed53a4727b4bf8880d8f3f199efc90e58503646d9ff8eff3a2ed3b24dbda")
    }

    @Test("A known seed has its known phrase") func known() {
        let phrase = Sample.seed().recoveryPhrase.revealed()
        #expect(phrase == Sample.phrase)
    }

    static let spellings: [String] = [
        Sample.phrase.uppercased(),
        Sample.phrase.capitalized(),
        words.joined(separator: "\n"),
        words.joined(separator: "\r\n") + "\r\n",
        words.joined(separator: ", "),
        words.joined(separator: ","),
        words.joined(separator: "-"),
        words.map { "\u{2022} \($0)" }.joined(separator: "\n"),
        Sample.phrase + ".",
        words.joined(separator: "\u{A0}\u{3000}\u{2009}"),
        "\u{FEFF}\t " + words.joined(separator: " \t  ") + " ;\n",
        words.enumerated().map { "\($0.offset + 1). \($0.element)" }.joined(separator: " "),
        words.enumerated().map { "\($0.offset + 1).\($0.element)" }.joined(separator: "\n"),
        words.enumerated().map { "\($0.offset + 1)) \($0.element)" }.joined(separator: "\n"),
        words.enumerated().map { "\($0.offset + 1): \($0.element)" }.joined(separator: "\n"),
        words.enumerated().map { "\($0.offset + 1) \($0.element)" }.joined(separator: "\n"),
        words.map { String($0.prefix(4)) }.joined(separator: " "),
        words.map { String($0.prefix(5)) }.joined(separator: " "),
    ]

    @Test("A phrase is read however people write it", arguments: spellings) func forgiving(text: String) throws {
        #expect(try read(text).isSame(as: Sample.seed()))
    }

    @Test("Every word of the list is read by its first four letters") func prefixes() throws {
        // A phrase of one word is a count error exactly when the word is known; an unknown one shows in a whole phrase.
        for word in EnglishWords.all where word.count > 4 {
            let text = ([String(word.prefix(4))] + Self.words.dropFirst()).joined(separator: " ")
            do { _ = try read(text) } catch { #expect(error == .phraseChecksum) }
        }
    }

    @Test("The error says the number of words", arguments: [2, 12, 23, 25, 48, 400]) func count(count: Int) {
        let text = (0..<count).map { Self.words[$0 % 24] }.joined(separator: " ")
        #expect(throws: SeedError.phraseWordCount(count: count)) { try read(text) }
    }

    @Test(
        "A wrong word is named by its position, with the nearest words",
        arguments: [
            ("forun", ["forum"]), ("fourm", ["forum"]), ("forrum", ["forum"]), ("for7um", ["forum"]),
            ("for", ["fog", "fox"]),
            ("abcdefghijkl", []), ("7", []), ("é", []), ("zzzzz", []), ("forumforumforum", []),
        ]
    ) func nearest(written: String, near: [String]) throws {
        // A bare number is numbering, not a word.
        let text = ([written] + Self.words.dropFirst()).joined(separator: " ")
        let error = #expect(throws: SeedError.self) { try read(text) }
        if Int(written) != nil {
            #expect(error == .phraseWordCount(count: 23))
            return
        }
        #expect(error == .phraseUnknownWords([.init(position: 1, script: written == "é" ? .latin : nil)]))
        var reader = SeedReader()
        reader.append(line: typed(text))
        let suggestions = reader.suggestions(forWord: 1)
        #expect(near.allSatisfy(suggestions.contains), "\(suggestions)")
        #expect(near.isEmpty == suggestions.isEmpty, "\(suggestions)")
        #expect(!suggestions.contains(written))
        #expect(reader.suggestions(forWord: 2).isEmpty)
    }

    @Test("Every wrong word is named, and no error repeats what was typed") func several() throws {
        var words = Self.words
        words[2] = "prooof"
        words[23] = "lurn"
        let text = words.joined(separator: " ")
        let error = try #require(#expect(throws: SeedError.self) { try read(text) })
        #expect(error.name == "phrase-unknown-word")
        #expect(error.description == "Words 3, 24 are not in the word list.")
        #expect("\(error)" == error.description && String(reflecting: error) == error.description)
        #expect(!error.advice.contains("proof"))
        #expect(!error.advice.contains("prooof") && !error.advice.contains("lurn"))
    }

    @Test("Swapped words, and another word of the list, fail the checksum") func checksum() {
        var swapped = Self.words
        swapped.swapAt(0, 1)
        var other = Self.words
        other[0] = "zoo"
        for words in [swapped, other] {
            let text = words.joined(separator: " ")
            #expect(throws: SeedError.phraseChecksum) { try read(text) }
        }
    }
}

extension String {
    fileprivate func capitalized() -> String {
        split(separator: " ").map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined(separator: " ")
    }
}
