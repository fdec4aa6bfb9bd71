/// Finds the 24 words of a phrase among the tokens of a text (`Protocol/seed.md`, "Finding the phrase").
///
/// The text's layout alone decides which words are the phrase; the checksum never does, because one in 256 fits by chance.
struct PhraseFinder: ~Copyable {
    private let tokens: TokenList
    private let words: [Int]
    /// The words without labels and without what marks the items of a list.
    private let kept: [Int]
    private let numbered: [Numbered]

    private struct Numbered {
        let number: UInt16
        let word: Int
    }

    /// From how many words of the list on a part of a longer text is taken for a phrase.
    private static let fewestKnown = RecoveryPhrase.wordCount / 2

    /// - Parameters:
    ///   - skipped: the places of links in the text, in their order.
    ///   - separatesAtZeroWidth: whether U+200B ends a word.
    init(_ text: Span<UInt8>, skipping skipped: [Range<Int>], separatesAtZeroWidth: Bool = false) {
        var count = 0
        var counting = Tokenizer(text, skipping: skipped, separatesAtZeroWidth: separatesAtZeroWidth)
        counting.run { _ in count += 1 }
        var tokens = TokenList(capacity: count)
        var tokenizer = Tokenizer(text, skipping: skipped, separatesAtZeroWidth: separatesAtZeroWidth)
        tokenizer.run { tokens.append($0) }
        self.metZeroWidthSpace = tokenizer.metZeroWidthSpace
        words = (0..<count).filter { !tokens[$0].isNumber }
        let isLabel = Self.labels(of: tokens)
        kept = words.filter { index in
            let word = tokens[index].word
            return !isLabel[index] && !word.isListMark
        }
        numbered = (0..<max(count - 1, 0)).compactMap { index in
            guard tokens[index].isNumber, !tokens[index + 1].isNumber else { return nil }
            // In {"index": 1, "word": "able"} the word is behind its label.
            let isLabelled =
                index + 2 < count && !tokens[index + 2].isNumber && tokens[index + 2].breaks.contains(.colon)
            return Numbered(number: tokens[index].number, word: index + (isLabelled ? 2 : 1))
        }
        self.tokens = tokens
    }

    /// Whether a zero-width space was met.
    let metZeroWidthSpace: Bool

    /// How many of all words the list has.
    var knownCount: Int { known(words) }

    /// The error for a text without a phrase.
    var error: SeedError {
        let isKnown = knownCount * 2 >= words.count
        if !isKnown, !isBeginning, Self.otherCounts.contains(words.count) {
            return .phraseNotEnglish(count: words.count)
        }
        guard isKnown ? !words.isEmpty : words.count >= Self.otherCounts[0] else { return .unreadable }
        return .phraseWordCount(count: numberedCount ?? (kept.isEmpty ? words.count : kept.count))
    }

    /// How many words the phrases of BIP-39 have.
    private static let otherCounts = [12, 15, 18, 21, 24]

    /// The 24 words, or nil if the text has no such part.
    /// - Throws: ``SeedError/severalSeeds`` where several parts could be meant.
    func phrase() throws(SeedError) -> PhraseDraft? {
        if let places = try numberedPhrase() { return draft(places) }
        let isWhole = words.count == RecoveryPhrase.wordCount && !isBeginning
        if isWhole { return draft(words) }
        for parts in [[kept], pieces(.paragraph), pieces(.line), pieces(.bracket), pieces(.quote)] {
            if isBeginning, parts.count == 1 { continue }
            let phrases = parts.filter { $0.count == RecoveryPhrase.wordCount && known($0) >= Self.fewestKnown }
            if let places = try theOne(of: phrases) { return draft(places) }
        }
        return nil
    }

    // MARK: - Numbers

    /// The words behind the numbers 1 to 24: in one run, or each number once, in any order.
    private func numberedPhrase() throws(SeedError) -> [Int]? {
        let runs = chains(from: numbered).filter { $0.count == RecoveryPhrase.wordCount && isEven($0.map(\.word)) }
        if let places = try theOne(of: runs.map { $0.map(\.word) }) { return places }
        guard !numbered.contains(where: { $0.number == RecoveryPhrase.wordCount + 1 }) else { return nil }
        let plausible = numbered.filter { WordIndex.number(of: tokens[$0.word].word) != nil }
        for candidates in [numbered, plausible] {
            let wanted = candidates.filter { 1...RecoveryPhrase.wordCount ~= Int($0.number) }
            let sorted = wanted.sorted { $0.number < $1.number }
            if sorted.map({ Int($0.number) }).elementsEqual(1...RecoveryPhrase.wordCount), isEven(wanted.map(\.word)) {
                return sorted.map(\.word)
            }
        }
        return nil
    }

    /// How many words there are from the number 1 on, if 2 follows it: those with numbers, where labels such as "Word" stand
    /// between them, and all where a number is that of a line.
    private var numberedCount: Int? {
        let chain = longestChain
        guard chain >= 2 else { return nil }
        let all = wordsFromNumberOne.count
        return all < 2 * chain && chain != RecoveryPhrase.wordCount ? chain : all
    }

    /// Whether a heading and the first of numbered words are there, and the others are still to come.
    private var isBeginning: Bool {
        let numbered = wordsFromNumberOne
        return longestChain >= 2 && numbered.count < RecoveryPhrase.wordCount && words.count > numbered.count + 1
    }

    private var wordsFromNumberOne: [Int] {
        guard let first = numbered.first(where: { $0.number == 1 }) else { return [] }
        return words.filter { $0 >= first.word }
    }

    /// Whether as many other words are between each two of these as between any others: none, or labels. Where one has a word
    /// more behind its number, nobody knows which is meant.
    private func isEven(_ places: [Int]) -> Bool {
        let gaps = zip(places, places.dropFirst()).map { from, to in (from + 1..<to).count { !tokens[$0].isNumber } }
        return gaps.allSatisfy { $0 == gaps[0] }
    }

    private var longestChain: Int { chains(from: numbered).map(\.count).max() ?? 0 }

    /// The runs of numbers that begin with 1 and go on by one each.
    private func chains(from numbered: [Numbered]) -> [[Numbered]] {
        var chains: [[Numbered]] = []
        for item in numbered {
            if item.number == 1 {
                chains.append([item])
            } else if let last = chains.last, !last.isEmpty, Int(item.number) == last.count + 1 {
                chains[chains.count - 1].append(item)
            } else {
                // Another number ends the run.
                chains.append([])
            }
        }
        return chains
    }

    // MARK: - Parts

    /// From the beginning of a line to the first colon or equals sign behind a word of it, such as "Recovery phrase:".
    private static func labels(of tokens: borrowing TokenList) -> [Bool] {
        var isLabel = [Bool](repeating: false, count: tokens.count)
        var start = 0
        var isOver = false
        for index in 0..<tokens.count {
            let breaks = tokens[index].breaks
            if breaks.contains(.colon), !isOver, index > start, !tokens[index - 1].isNumber {
                for label in start..<index { isLabel[label] = true }
                isOver = true
            }
            if breaks.contains(.line) {
                start = index
                isOver = false
            }
        }
        return isLabel
    }

    /// The kept words, cut where something stands between them.
    private func pieces(_ cut: TokenBreaks) -> [[Int]] {
        var pieces: [[Int]] = [[]]
        var previous = 0
        for index in kept {
            if index > previous, (previous + 1...index).contains(where: { !tokens[$0].breaks.isDisjoint(with: cut) }) {
                pieces.append([])
            }
            pieces[pieces.count - 1].append(index)
            previous = index
        }
        return pieces
    }

    private func known(_ places: [Int]) -> Int {
        places.count { WordIndex.number(of: tokens[$0].word) != nil }
    }

    /// The phrase that all of these are, or nil if there are none.
    private func theOne(of phrases: [[Int]]) throws(SeedError) -> [Int]? {
        guard let first = phrases.first else { return nil }
        for other in phrases.dropFirst() {
            let areSame = zip(first, other).allSatisfy { isSame(tokens[$0].word, tokens[$1].word) }
            guard areSame else { throw .severalSeeds }
        }
        return first
    }

    private func isSame(_ one: WrittenWord, _ other: WrittenWord) -> Bool {
        guard let number = WordIndex.number(of: one) else { return one.letters == other.letters }
        return number == WordIndex.number(of: other)
    }

    private func draft(_ places: [Int]) -> PhraseDraft {
        var draft = PhraseDraft()
        for (index, place) in places.enumerated() { draft[index + 1] = tokens[place].word }
        return draft
    }
}
