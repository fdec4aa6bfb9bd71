import EasySetupSeed
import Testing

@Suite("Reading a seed line by line") struct SeedReaderTests {
    static let words = RecoveryPhraseTests.words

    @Test("The reader counts the words until there are 24") func lines() throws {
        var reader = SeedReader()
        let isEmpty = reader.isEmpty
        #expect(isEmpty)
        for (index, word) in Self.words.enumerated() {
            if index % 5 == 0 { reader.append(line: typed("")) }
            reader.append(line: typed("\(word)\r"))
            guard index < 23 else { break }
            guard case .incomplete(let count) = reader.reading, count == index + 1 else {
                Issue.record("word \(index + 1)")
                return
            }
        }
        guard case .seed(let seed) = reader.reading else { throw Unexpected() }
        #expect(seed.isSame(as: Sample.seed()))
        #expect(try reader.seed(createdAt: 7).createdAt == 7)
    }

    @Test("A program's output is never wrong before it is whole") func shown() throws {
        var reader = SeedReader()
        var isRead = false
        for line in LayoutTests.shown.split(separator: "\n", omittingEmptySubsequences: false) {
            reader.append(line: typed(String(line)))
            switch reader.reading {
            case .incomplete: #expect(!isRead)
            case .seed(let seed):
                isRead = true
                #expect(seed.isSame(as: Sample.seed()))
            case .wrongWords, .failed: Issue.record("\(line)")
            }
        }
        #expect(isRead)
    }

    @Test("A link that is cut off is the beginning of one") func link() throws {
        let link = Sample.seed().link.revealed()
        var reader = SeedReader()
        for part in [link.prefix(15), link.dropFirst(15).prefix(30)] {
            reader.append(line: typed(String(part)))
            guard case .incomplete(0) = reader.reading else { throw Unexpected() }
        }
        reader.append(line: typed(String(link.dropFirst(45))))
        guard case .seed(let seed) = reader.reading else { throw Unexpected() }
        #expect(seed.isSame(as: Sample.seed()))
    }

    @Test("Wrong words are corrected one at a time, and the others stay") func corrections() throws {
        var words = Self.words
        words[2] = "prooof"
        words[18] = "mneu"
        var reader = SeedReader()
        reader.append(line: typed(words.joined(separator: " ")))
        guard case .wrongWords(let first) = reader.reading, first.map(\.position) == [3, 19] else { throw Unexpected() }
        try reader.correct(word: 3, to: typed(" 3. Proof\n"))
        guard case .wrongWords(let second) = reader.reading, second.map(\.position) == [19] else { throw Unexpected() }
        let again = Self.error { () throws(SeedError) in try reader.correct(word: 19, to: typed("m\u{435}nu")) }
        #expect(again == .phraseUnknownWords([.init(position: 19, script: .cyrillic)]))
        let suggestions = reader.suggestions(forWord: 19)
        #expect(suggestions.contains("menu"))
        for text in ["", "menu menu", "19"] {
            let error = Self.error { () throws(SeedError) in try reader.correct(word: 19, to: typed(text)) }
            #expect(error == .unreadable)
        }
        try reader.correct(word: 19, to: typed("menu"))
        guard case .seed(let seed) = reader.reading else { throw Unexpected() }
        #expect(seed.isSame(as: Sample.seed()))
    }

    @Test("A corrected phrase is checked like any other, and against its link") func checks() throws {
        var reader = SeedReader()
        reader.append(line: typed(LayoutTests.shown.replacing("proof", with: "prooof")))
        try reader.correct(word: 3, to: typed("zoo"))
        guard case .failed(.phraseChecksum) = reader.reading else { throw Unexpected() }
        try reader.correct(word: 3, to: typed("proof"))
        guard case .seed = reader.reading else { throw Unexpected() }
        var other = SeedReader()
        other.append(
            line: typed(Sample.phrase.replacing("proof", with: "prooof") + "\n" + SyncSeed.random().link.revealed())
        )
        try other.correct(word: 3, to: typed("proof"))
        guard case .failed(.severalSeeds) = other.reading else { throw Unexpected() }
    }

    @Test("A word is corrected only where 24 are known") func nothingToCorrect() {
        var reader = SeedReader()
        reader.append(line: typed("forum purpose"))
        for position in [0, 1, 24, 25] {
            let error = Self.error { () throws(SeedError) in try reader.correct(word: position, to: typed("forum")) }
            #expect(error == .unreadable)
        }
        let suggestions = reader.suggestions(forWord: 1)
        #expect(suggestions.isEmpty)
    }

    @Test("Text beyond the limit is an error, and not a part of the seed") func limit() throws {
        var reader = SeedReader()
        reader.append(line: typed(Sample.phrase))
        reader.append(line: typed(String(repeating: " ", count: SyncSeed.maximumWrittenBytes)))
        guard case .failed(.tooLong) = reader.reading else { throw Unexpected() }
    }

    private static func error(_ body: () throws(SeedError) -> Void) -> SeedError? {
        do throws(SeedError) {
            try body()
            return nil
        } catch {
            return error
        }
    }

    struct Unexpected: Error {}
}
