/// Finds the 24 words of a phrase among the tokens of a text (`Protocol/seed.md`, "Finding the phrase").
///
/// The text's layout decides which words are the phrase. The checksum alone does not decide it, because one of 256 wrong
/// choices fits by chance.
struct PhraseFinder: ~Copyable {
    let tokens: TokenList
    let words: [Int]
    /// The token indices of the words that are neither labels nor list markers.
    let kept: [Int]
    private let numbered: [Numbered]
    /// The words that share a line, or a part of a line between brackets, with one number and no other word.
    private let pairs: [Numbered]

    /// The separators after the last token.
    private let lastBreaks: TokenBreaks
    /// Whether the text has a seed link. A seed link, whose checksum has 64 bits, shows whether the words found are the
    /// right recovery phrase: both must give the same seed.
    private let hasLink: Bool

    private struct Numbered {
        let number: UInt16
        /// The index of the number in `tokens`.
        let place: Int
        let word: Int
    }

    /// 24 words of the text that may be the recovery phrase.
    struct Candidate {
        /// The indices of the 24 words in `tokens`, in the order of the recovery phrase.
        let places: [Int]
        /// The highest index in `tokens` that a word of the recovery phrase has. If the text contains the phrase
        /// several times, it is the index of a word of the last copy.
        let end: Int
        /// The number of other words, such as labels, between each two neighbouring words of the phrase.
        var gap = 0
    }

    /// A part of a longer text counts as a phrase only if at least this many of its words are in BIP-39's word list.
    private static let fewestKnown = RecoveryPhrase.wordCount / 2

    /// - Parameters:
    ///   - skipped: the ranges of links in the text, in their order, as offsets in bytes.
    ///   - separatesAtZeroWidth: whether a zero-width space (U+200B) ends a word.
    init(_ text: Span<UInt8>, skipping skipped: [Range<Int>], separatesAtZeroWidth: Bool = false) {
        var count = 0
        var counting = Tokenizer(text, skipping: skipped, separatesAtZeroWidth: separatesAtZeroWidth)
        counting.run { _ in count += 1 }
        var tokens = TokenList(capacity: count)
        var tokenizer = Tokenizer(text, skipping: skipped, separatesAtZeroWidth: separatesAtZeroWidth)
        tokenizer.run { tokens.append($0) }
        self.metZeroWidthSpace = tokenizer.metZeroWidthSpace
        lastBreaks = tokenizer.breaks
        hasLink = !skipped.isEmpty
        words = (0..<count).filter { !tokens[$0].isNumber }
        let isLabel = Self.labels(of: tokens)
        kept = words.filter { index in
            let word = tokens[index].word
            return !isLabel[index] && !word.isListMark
        }
        let isTotal = Self.totals(of: tokens)
        pairs = Self.parts(of: tokens, at: [.line, .bracket]).compactMap { part in
            // In {"word": "able", "index": 1} the keys `word` and `index` are not words of the phrase.
            let own = part.filter { index in
                let isKey = !tokens[index].isNumber && index + 1 < part.upperBound
                return part.count == 2 || !isKey || !tokens[index + 1].breaks.contains(.colon)
            }
            guard own.count == 2, tokens[own[0]].isNumber != tokens[own[1]].isNumber else { return nil }
            let (number, word) = tokens[own[0]].isNumber ? (own[0], own[1]) : (own[1], own[0])
            return Numbered(number: tokens[number].number, place: number, word: word)
        }
        numbered = (0..<max(count - 1, 0)).compactMap { index in
            guard tokens[index].isNumber, !isTotal[index] else { return nil }
            // A number behind another number and a colon is a time of day, such as 12:01.
            let isTime = index > 0 && tokens[index - 1].isNumber && tokens[index].breaks.contains(.colon)
            guard !isTime else { return nil }
            // A list marker between a number and its word is skipped, such as the "a" in "1 a) able".
            let other = (index + 1..<count).first { tokens[$0].isNumber || !tokens[$0].word.isListMark }
            // If only list markers stand before the next number, the first of them is taken for a wrong word of the
            // phrase.
            let next = other.flatMap { tokens[$0].isNumber ? nil : $0 } ?? index + 1
            guard !tokens[next].isNumber else { return nil }
            // In {"index": 1, "word": "able"} the first word after the number, `word`, is a label: the phrase's word
            // `able` follows it after a colon.
            let after = (next + 1..<max(count, next + 1)).first { !isTotal[$0] }
            guard let after, !tokens[after].isNumber, tokens[after].breaks.contains(.colon) else {
                return Numbered(number: tokens[index].number, place: index, word: next)
            }
            return Numbered(number: tokens[index].number, place: index, word: after)
        }
        self.tokens = tokens
    }

    /// Whether the text has a zero-width space.
    let metZeroWidthSpace: Bool

    /// The number of words in the text that are in BIP-39's word list, or are abbreviations of its words.
    var knownCount: Int { known(words) }

    /// The error for a text without a phrase.
    var error: SeedError {
        let isKnown = knownCount * 2 >= words.count
        if !isKnown, !isBeginning, Self.otherCounts.contains(words.count) {
            return .phraseNotEnglish(count: words.count)
        }
        guard isKnown ? !words.isEmpty : words.count >= Self.otherCounts[0] else { return .unreadable }
        if let count = numberedCount { return .phraseWordCount(count: count) }
        guard !kept.isEmpty else { return .phraseWordCount(count: words.count) }
        if [kept.count, RecoveryPhrase.wordCount].contains(wordRow.count) {
            return .phraseWordCount(count: kept.count)
        }
        return .phraseWordCount(count: longestRow, isAmongText: true)
    }

    /// The numbers of words that BIP-39 allows for a phrase. EasySetup's phrases always have 24.
    private static let otherCounts = [12, 15, 18, 21, 24]

    /// The 24 words of the phrase; nil if the text has no phrase.
    /// - Throws: ``SeedError/Code/severalSeeds`` if different parts of the text are phrases.
    func phrase() throws(SeedError) -> PhraseDraft? {
        if let candidate = try numberedPhrase() {
            // In "word number 1 is able" the words behind the numbers are not those of the phrase.
            if !isPhrase(candidate.places), let draft = try rowDraft() { return draft }
            try checkOthers(than: candidate, isNumbered: true)
            return hasSurplus(behind: candidate) ? try rowDraft() : draft(candidate.places)
        }
        let isWhole = words.count == RecoveryPhrase.wordCount && !isBeginning
        if isWhole { return draft(words) }
        for cut: TokenBreaks in [[], .paragraph, .line, .bracket, .quote] {
            let parts = pieces(cut)
            if isBeginning, parts.count == 1 { continue }
            guard let candidate = try theOne(of: parts.filter { isPhrase($0) }) else { continue }
            // Words after a paragraph or a line of 24 words may belong to the phrase. Words after brackets or quotation
            // marks do not, because these show where the phrase ends.
            if cut == .paragraph || cut == .line, hasSurplus(behind: candidate) { continue }
            try checkOthers(than: candidate, isNumbered: false)
            return draft(candidate.places)
        }
        if let draft = try rowDraft() { return draft }
        return wrongRow
    }

    /// The best part of the text, if it has 24 words and something is wrong with them. If nothing is, the row was refused
    /// because of the words beside it.
    private var wrongRow: PhraseDraft? {
        let row = wordRow
        guard !isBeginning, isPhrase(row) else { return nil }
        return (try? draft(row).seed()) == nil ? draft(row) : nil
    }

    /// The only row of 24 words that is a phrase (``rows()``); nil if there is none.
    private func rowDraft() throws(SeedError) -> PhraseDraft? {
        try theOne(of: rows()).map { draft($0.places) }
    }

    private func isPhrase(_ places: [Int]) -> Bool {
        places.count == RecoveryPhrase.wordCount && known(places) >= Self.fewestKnown
    }

    // MARK: - More words than there should be

    /// Checks that no paragraph or line outside the numbered phrase, and no row outside the phrase, is a different phrase.
    /// - Throws: ``SeedError/Code/severalSeeds`` if one is.
    private func checkOthers(than candidate: Candidate, isNumbered: Bool) throws(SeedError) {
        let own = Set(candidate.places)
        let parts = isNumbered ? (pieces(.paragraph) + pieces(.line)).filter { isPhrase($0) } : []
        let others = (parts + rows()).filter { own.isDisjoint(with: $0) }
        _ = try theOne(of: [candidate.places] + others)
    }

    /// Whether words after the phrase may belong to it, so that nobody can tell which 24 words are the phrase. One of
    /// these is enough:
    /// - More words follow the phrase on its last line than stand between two of its words (`gap`).
    /// - A later line has only words of the word list, and no blank line stands between the phrase and that line. If
    ///   the phrase has blank lines between its own words, blank lines do not matter.
    /// - A later line has exactly one word, which is in the word list.
    ///
    /// A line with a label, such as "Seed link:", never counts. In a text with a seed link no words are in doubt,
    /// because the link's checksum shows whether the phrase is right.
    private func hasSurplus(behind candidate: Candidate) -> Bool {
        guard !hasLink else { return false }
        let isSpaced = (candidate.places.min()! + 1...candidate.end).contains { tokens[$0].breaks.contains(.paragraph) }
        var line: [Int] = []
        var (isOwnLine, isLabelled, isApart) = (true, false, false)
        for index in candidate.end + 1...tokens.count {
            let isEnd = index == tokens.count
            let breaks = isEnd ? lastBreaks.union(.line) : tokens[index].breaks
            if breaks.contains(.colon), !line.isEmpty { isLabelled = true }
            if breaks.contains(.line) {
                let isList = !line.isEmpty && known(line) == line.count && (line.count == 1 || !isApart)
                if !isLabelled, isOwnLine ? line.count > candidate.gap : isList { return true }
                (line, isOwnLine, isLabelled) = ([], false, false)
                if breaks.contains(.paragraph), !isSpaced { isApart = true }
            }
            if !isEnd, !tokens[index].isNumber, !tokens[index].word.isListMark { line.append(index) }
        }
        return false
    }

    // MARK: - Numbers

    /// The words after the numbers 1 to 24; nil if there are none. The numbers are one sequence in the text, or each of
    /// them stands once, in any order. If there are no such words, the function takes the words of lines with one word
    /// and one number, if each of the numbers 1 to 24, or 0 to 23, stands in one such line.
    private func numberedPhrase() throws(SeedError) -> Candidate? {
        let runs = chains(from: numbered).filter { $0.count == RecoveryPhrase.wordCount && isNumbered($0) }
        if var candidate = try theOne(of: runs.map { $0.map(\.word) }) {
            candidate.gap = gap(of: candidate.places) ?? 0
            return candidate
        }
        guard !numbered.contains(where: { $0.number == RecoveryPhrase.wordCount + 1 }) else { return nil }
        let plausible = numbered.filter { WordIndex.number(of: tokens[$0.word].word) != nil }
        for candidates in [numbered, plausible] {
            let wanted = candidates.filter { 1...RecoveryPhrase.wordCount ~= Int($0.number) }
            let sorted = wanted.sorted { $0.number < $1.number }
            if sorted.map({ Int($0.number) }).elementsEqual(1...RecoveryPhrase.wordCount), isNumbered(wanted) {
                let places = wanted.map(\.word)
                return Candidate(places: sorted.map(\.word), end: places[places.count - 1], gap: gap(of: places) ?? 0)
            }
        }
        let sorted = pairs.sorted { $0.number < $1.number }
        let numbers = sorted.map { Int($0.number) }
        guard [0, 1].contains(where: { numbers.elementsEqual($0..<$0 + RecoveryPhrase.wordCount) }) else { return nil }
        // If every number has the same word, that word is a label, as in "Word 1", and the phrase's words are on lines
        // of their own.
        guard sorted.contains(where: { !isSame(tokens[$0.word].word, tokens[sorted[0].word].word) }) else { return nil }
        return Candidate(places: sorted.map(\.word), end: pairs[pairs.count - 1].word)
    }

    /// The number of words from the number 1 on, for ``SeedError/phraseWordCount(count:)``. If the words without a
    /// number are fewer than the numbered ones, or the numbers are many, these words are labels such as "Word" and do not
    /// count. Nil if no 2 follows the 1, if there are exactly 24 words, or if the numbers are not those of words.
    private var numberedCount: Int? {
        let chain = longestChain
        guard chain >= 2 else { return nil }
        let all = wordsFromNumberOne.count
        if chain == RecoveryPhrase.wordCount { return all == chain ? nil : all }
        guard all < 2 * chain || chain >= Self.fewestKnown else { return nil }
        return numbered.contains { $0.number == 0 } ? chain + 1 : chain
    }

    /// Whether the text so far is a heading and the first numbered words of a phrase, so that the remaining words may
    /// follow.
    private var isBeginning: Bool {
        let numbered = wordsFromNumberOne
        return longestChain >= 2 && numbered.count < RecoveryPhrase.wordCount && words.count > numbered.count + 1
    }

    private var wordsFromNumberOne: [Int] {
        guard let first = numbered.first(where: { $0.number == 1 }) else { return [] }
        return words.filter { $0 >= first.word }
    }

    /// The number of other words of the text, such as labels, between each two neighbours among the words at `places`.
    /// Nil if it is not the same everywhere, because an additional word after a number makes it unclear which word
    /// belongs to the number.
    private func gap(of places: [Int]) -> Int? {
        let gaps = zip(places, places.dropFirst()).map { from, to in (from + 1..<to).count { !tokens[$0].isNumber } }
        return gaps.allSatisfy { $0 == gaps[0] } ? gaps[0] : nil
    }

    /// Whether the numbers stand before their words, as in "1 able", and not after them, as in "able 1".
    /// - Parameter items: the words in the order of the text.
    private func isNumbered(_ items: [Numbered]) -> Bool {
        guard let gap = gap(of: items.map(\.word)), let first = items.first, let last = items.last else { return false }
        // Each item is a number and the next word. If the last item's word is on a later line than its number, but at
        // least half of the items have both on one line, the last number belongs to the word before it, as in "zoo 24".
        let cut = items.count { tokens[$0.word].breaks.contains(.line) }
        if tokens[last.word].breaks.contains(.line), cut * 2 <= items.count { return false }
        // If a single word stands before the first number on its line, it may be the phrase's first word, with the
        // numbers after their words, as in "able 1". A colon after the word, or labels between the phrase's words, show
        // that it is a heading.
        let before = words.reversed().drop { $0 > first.place }
        var start = first.place
        while start > 0, !tokens[start].breaks.contains(.line) { start -= 1 }
        let isLabelled = tokens[first.place].breaks.contains(.colon)
        return gap > 0 || isLabelled || before.prefix { $0 >= start }.count != 1
    }

    private var longestChain: Int { chains(from: numbered).map(\.count).max() ?? 0 }

    /// The sequences of numbered words whose numbers begin with 1 and are consecutive. The result also has empty
    /// sequences, where a number has ended a sequence.
    private func chains(from numbered: [Numbered]) -> [[Numbered]] {
        var chains: [[Numbered]] = []
        for item in numbered {
            if item.number == 1 {
                chains.append([item])
            } else if let last = chains.last, !last.isEmpty, Int(item.number) == last.count + 1 {
                chains[chains.count - 1].append(item)
            } else {
                // A number that is neither 1 nor one more than the number before it ends the sequence.
                chains.append([])
            }
        }
        return chains
    }

    // MARK: - Parts

    /// For each token, whether it belongs to a label. A label is the part of a line before the first colon or equals
    /// sign that follows a word, such as "Recovery phrase:". If every such sign in the line follows a number, a label
    /// ends at the first that has a word before the number, as in "Row 1:". A line such as "Part 1 of 2" is a label,
    /// too.
    private static func labels(of tokens: borrowing TokenList) -> [Bool] {
        var isLabel = [Bool](repeating: false, count: tokens.count)
        for line in parts(of: tokens, at: .line) {
            // A colon at the end of a line is noted with the first token of the next line.
            let behindColon = (line.lowerBound + 1...line.upperBound)
                .filter { $0 < tokens.count && tokens[$0].breaks.contains(.colon) }
            let behindWord = behindColon.first { !tokens[$0 - 1].isNumber }
            let firstWord = line.first { !tokens[$0].isNumber } ?? line.upperBound
            let behindNumber = behindColon.first { firstWord < $0 && $0 < line.upperBound }
            let end = behindWord ?? behindNumber ?? (isPartNumber(line, of: tokens) ? line.upperBound : line.lowerBound)
            for label in line.lowerBound..<end { isLabel[label] = true }
        }
        return isLabel
    }

    /// Whether a line is "Part 1 of 2", the number of a sheet or page, in any language: a word, a number, a word of
    /// three letters at most that is not in the word list, and a number.
    private static func isPartNumber(_ line: Range<Int>, of tokens: borrowing TokenList) -> Bool {
        guard line.map({ tokens[$0].isNumber }) == [false, true, false, true] else { return false }
        let word = tokens[line.lowerBound + 2].word
        return word.length <= 3 && WordIndex.number(of: word) == nil
    }

    /// The parts between the separators in `cut`, such as the text's lines, as ranges of token indices. Parts without
    /// tokens are left out.
    static func parts(of tokens: borrowing TokenList, at cut: TokenBreaks) -> [Range<Int>] {
        let starts = (0..<tokens.count).filter { $0 == 0 || !tokens[$0].breaks.isDisjoint(with: cut) }
        return zip(starts, starts.dropFirst() + [tokens.count]).map { $0..<$1 }
    }

    /// For each token, whether it is a number that tells how many words there are, such as the 24 in "1 of 24:". At most one
    /// word stands between it and the number before it, and no colon.
    private static func totals(of tokens: borrowing TokenList) -> [Bool] {
        var (isBehindNumber, hasWord, between) = (false, false, 0)
        return (0..<tokens.count).map { index in
            let breaks = tokens[index].breaks
            if breaks.contains(.line) { hasWord = false }
            if !breaks.isDisjoint(with: [.line, .colon]) || between > 1 { isBehindNumber = false }
            let isNumber = tokens[index].isNumber
            defer {
                between = isNumber ? 0 : between + 1
                if isNumber { isBehindNumber = true } else { hasWord = true }
            }
            guard isNumber, isBehindNumber, hasWord, index + 1 < tokens.count else { return false }
            return tokens[index + 1].breaks.contains(.colon)
        }
    }

    /// The indices of the words that are neither labels nor list markers, split at the separators in `cut`.
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

    func known(_ places: [Int]) -> Int {
        places.count { WordIndex.number(of: tokens[$0].word) != nil }
    }

    /// The phrase, if all of these phrases have the same words; nil if `phrases` is empty.
    /// - Throws: ``SeedError/Code/severalSeeds`` if two of them differ.
    func theOne(of phrases: [[Int]]) throws(SeedError) -> Candidate? {
        guard let first = phrases.first, let end = phrases.joined().max() else { return nil }
        for other in phrases.dropFirst() {
            let areSame = zip(first, other).allSatisfy { isSame(tokens[$0].word, tokens[$1].word) }
            guard areSame else { throw .severalSeeds }
        }
        return Candidate(places: first, end: end)
    }

    func isSame(_ one: WrittenWord, _ other: WrittenWord) -> Bool {
        guard let number = WordIndex.number(of: one) else { return one.letters == other.letters }
        return number == WordIndex.number(of: other)
    }

    func draft(_ places: [Int]) -> PhraseDraft {
        var draft = PhraseDraft()
        for (index, place) in places.enumerated() { draft[index + 1] = tokens[place].word }
        return draft
    }
}
