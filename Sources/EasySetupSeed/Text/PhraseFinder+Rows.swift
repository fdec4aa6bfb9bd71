/// Rows of words in a longer text, such as a mail or a web address (`Protocol/seed.md`, "Finding the phrase", rules 4 and 5).
extension PhraseFinder {
    /// The words that may be written right before a phrase, without a mark between: "my seed phrase able acid …".
    private static let headings: Set<UInt64> = Set(["phrase", "seed", "word"].map(WrittenWord.packed))

    /// All rows of 24 known words, with the right checksum, that something else in the text delimits.
    func rows() -> [[Int]] {
        ([kept, words, values] + columns).flatMap { rows(in: $0) }
    }

    /// The words without the labels of single values, as in `{"first": "able"}`, and without list marks. Names of tags with
    /// attributes, as in `<word value="able">`, are labels, too.
    private var values: [Int] {
        var values: [Int] = []
        // The number of values before the current element.
        var start = 0
        for index in 0..<tokens.count {
            let breaks = tokens[index].breaks
            if breaks.contains(.colon) { values.removeSubrange(start...) }
            if !breaks.isDisjoint(with: TokenBreaks.ends.union([.line, .comma])) { start = values.count }
            guard !tokens[index].isNumber, !tokens[index].word.isListMark else { continue }
            let isTag =
                breaks.contains(.angle) && index + 1 < tokens.count && tokens[index + 1].breaks.isDisjoint(with: .ends)
            if !isTag { values.append(index) }
        }
        return values
    }

    /// The columns of tables without numbers, such as lines like `mine,able`. A table has lines of two to eight words each.
    private var columns: [[Int]] {
        let lines = Self.parts(of: tokens, at: .line).map { $0.filter { !tokens[$0].isNumber } }
        return (2...8).flatMap { width in
            let table = lines.filter { $0.count == width }
            guard table.count >= RecoveryPhrase.wordCount else { return [[Int]]() }
            return (0..<width).map { column in table.map { $0[column] } }
        }
    }

    private func rows(in places: [Int]) -> [[Int]] {
        // The number of known words that end at the current place.
        var run = 0
        return places.indices.compactMap { last in
            run = isKnown(places[last]) ? run + 1 : 0
            guard run >= RecoveryPhrase.wordCount else { return nil }
            var row = Row(places: places, start: last + 1 - RecoveryPhrase.wordCount, end: last + 1)
            let words = Array(places[row.start..<row.end])
            let gaps = row.gaps.map { breaks(before: $0, in: places) }
            let inner = union(gaps)
            // The words of a column may be labels, such as "Word".
            guard words.contains(where: { !isSame(tokens[$0].word, tokens[words[0]].word) }) else { return nil }
            let hasNumbers = (words[0]...words[words.count - 1]).contains { tokens[$0].isNumber }
            if !hasNumbers { row.common = gaps.reduce(inner) { $0.intersection($1) }.subtracting([.line, .paragraph]) }
            guard !isCut(gaps), beginsClearly(row, inner: inner), endsClearly(row, inner: inner) else { return nil }
            return (try? draft(words).seed()) == nil ? nil : words
        }
    }

    /// A part of a sequence of words.
    private struct Row {
        let places: [Int]
        let start: Int
        let end: Int
        /// The marks that stand between all words of the row; empty if numbers are among the words.
        var common: TokenBreaks = []

        /// The words of the row that have a word of the row before them.
        var gaps: Range<Int> { start + 1..<end }

        /// Whether the sequence has at least two other words. A single unknown word may be a mistyped word of the phrase.
        var hasTextAround: Bool { places.count > end - start + 1 }
    }

    private func isKnown(_ place: Int) -> Bool { WordIndex.number(of: tokens[place].word) != nil }

    /// Whether the word at an index begins with a capital letter, and no word of the row does.
    private func isNewSentence(_ row: Row, at index: Int) -> Bool {
        tokens[row.places[index]].isCapital && !row.places[row.start..<row.end].contains { tokens[$0].isCapital }
    }

    /// Whether a mark stands between some words of a row and not between most of them, so that the row has parts. Marks at the
    /// beginning of a line, such as those of a quoted mail, don't matter, and none do in a row that has one of the marks between
    /// all words.
    private func isCut(_ gaps: [TokenBreaks]) -> Bool {
        TokenBreaks.delimiters.allSatisfy { kind in gaps.contains { !$0.contains(kind) } }
            && TokenBreaks.delimiters.contains { kind in
                let count = gaps.count { $0.contains(kind) && !$0.contains(.line) }
                return count > 0 && count * 2 <= gaps.count
            }
    }

    /// All separators between a word of a sequence and the word before it there.
    private func breaks(before index: Int, in places: [Int]) -> TokenBreaks {
        let start = index == 0 ? 0 : places[index - 1] + 1
        return union((start...places[index]).map { tokens[$0].breaks })
    }

    private func union(_ breaks: [TokenBreaks]) -> TokenBreaks {
        breaks.reduce(into: []) { $0.formUnion($1) }
    }

    /// Whether it is clear that the word before a row does not belong to it.
    /// - Parameter inner: the separators between the row's own words.
    private func beginsClearly(_ row: Row, inner: TokenBreaks) -> Bool {
        guard row.start > 0 else { return true }
        let places = row.places
        let gap = breaks(before: row.start, in: places)
        let marks = gap.subtracting([.line, .paragraph])
        if !marks.isSubset(of: inner) || Self.headings.contains(tokens[places[row.start - 1]].word.letters) {
            return true
        }
        guard gap.isSuperset(of: row.common) else { return true }
        guard gap.contains(.line) else {
            return !isKnown(places[row.start - 1]) && row.hasTextAround
        }
        // A heading is one line, or has a word that the list has not.
        var start = row.start - 1
        while start > 0, isKnown(places[start]), !breaks(before: start, in: places).contains(.line) { start -= 1 }
        return start == 0 || !isKnown(places[start]) || !isKnown(places[start - 1])
    }

    /// Whether it is clear that the words behind a row do not belong to it.
    /// - Parameter inner: the separators between the row's own words.
    private func endsClearly(_ row: Row, inner: TokenBreaks) -> Bool {
        let places = row.places
        guard row.end < places.count else { return true }
        let ends = TokenBreaks.ends.subtracting(inner)
        var gap = breaks(before: row.end, in: places)
        guard gap.isSuperset(of: row.common) else { return true }
        guard gap.contains(.line) || !gap.isSubset(of: inner) else {
            if !isKnown(places[row.end]) { return row.hasTextAround }
            // In "… able Sent from my phone" a sentence begins.
            return isNewSentence(row, at: row.end)
        }
        var isApart = false
        var index = row.end
        while index < places.count {
            // A blank line ends a phrase that has none between its own words.
            if gap.contains(.paragraph), !inner.contains(.paragraph) { isApart = true }
            guard gap.isDisjoint(with: ends) else { return true }
            let start = index
            let isOwnLine = !gap.contains(.line)
            repeat {
                guard isKnown(places[index]) else { return true }
                index += 1
                gap = index < places.count ? breaks(before: index, in: places) : []
            } while index < places.count && !gap.contains(.line) && gap.isDisjoint(with: ends)
            // The part has words of the list alone, so they may belong to the phrase. A mail's end, such as "Love" above a
            // name, begins with a capital letter.
            let isMailEnd = index - start == 1 && gap.contains(.line) && isNewSentence(row, at: start)
            if isOwnLine || !isApart || index - start == 1 && !isMailEnd { return false }
        }
        return true
    }

    // MARK: - Errors

    /// The words that look most like a phrase in a text with other words around them: of the parts of the text, the one with
    /// the most known words. Unknown words are at neither of its ends, and there are no two side by side.
    var wordRow: [Int] { part(of: kept, mostUnknown: 1).map { kept[$0] } }

    /// The number of words in the longest row of known words.
    var longestRow: Int {
        ([kept, words, values] + columns).map { part(of: $0, mostUnknown: 0).count }.max() ?? 0
    }

    /// The part of a sequence with the most known words; it has at most `mostUnknown` unknown words side by side.
    private func part(of places: [Int], mostUnknown: Int) -> Range<Int> {
        let gaps = places.indices.dropFirst().map { breaks(before: $0, in: places) }
        let cuts = union(TokenBreaks.delimiters.filter { kind in gaps.count { $0.contains(kind) } * 2 <= gaps.count })
        var (best, bestKnown) = (0..<0, 0)
        var (part, partKnown, unknown) = (0..<0, 0, 0)
        for (index, place) in places.enumerated() {
            let isCut = index > 0 && !gaps[index - 1].contains(.line) && !gaps[index - 1].isDisjoint(with: cuts)
            unknown = isKnown(place) ? 0 : unknown + 1
            if isCut || unknown > mostUnknown { (part, partKnown) = (0..<0, 0) }
            guard unknown == 0 else { continue }
            part = (part.isEmpty ? index : part.lowerBound)..<index + 1
            partKnown += 1
            if partKnown > bestKnown { (best, bestKnown) = (part, partKnown) }
        }
        return best
    }
}
