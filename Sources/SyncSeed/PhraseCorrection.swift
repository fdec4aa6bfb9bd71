/// A phrase of 24 words of which some are wrong, to be put right word by word. It stays in locked memory.
package struct PhraseCorrection: ~Copyable {
    /// The words as they are read, with a space between them.
    private var text: SecretBytes

    /// The words of a text, or nil if it has not 24.
    package init?(_ text: borrowing SecretBytes) {
        guard RecoveryPhrase.countWords(in: text.bytes.asBytes) == RecoveryPhrase.wordCount else { return nil }
        self.text = Self.rewritten(text.bytes.asBytes, replacing: 0, with: WrittenWord())
    }

    /// Words of the list that are close to the one at a position, counted from 1; the closest first, at most three. For the person who
    /// typed it alone.
    package func suggestions(at position: Int) -> [String] {
        var words = PhraseWords(text.bytes.asBytes)
        var count = 0
        while let word = words.next() {
            count += 1
            if count == position { return WordIndex.nearest(to: word) }
        }
        return []
    }

    /// Puts a word in the place of another.
    /// - Returns: false, with nothing changed, if what was written is not one word of the list.
    package mutating func replace(_ position: Int, with written: borrowing SecretBytes) -> Bool {
        guard 1...RecoveryPhrase.wordCount ~= position else { return false }
        var words = PhraseWords(written.bytes.asBytes)
        guard let word = words.next(), words.next() == nil, WordIndex.number(of: word) != nil else { return false }
        text = Self.rewritten(text.bytes.asBytes, replacing: position, with: word)
        return true
    }

    /// The seed, or what is still wrong.
    package func seed() throws(SeedError) -> SyncSeed {
        try SyncSeed.read(written: text)
    }

    private static func rewritten(_ text: Span<UInt8>, replacing position: Int, with other: WrittenWord) -> SecretBytes
    {
        var writer = SecretWriter(count: RecoveryPhrase.wordCount * (WordIndex.longestWord + 2))
        var words = PhraseWords(text)
        var count = 0
        while let word = words.next() {
            count += 1
            let word = count == position ? other : word
            if count > 1 { writer.append(UInt8(ascii: " ")) }
            for place in 0..<word.length { writer.append(UInt8(truncatingIfNeeded: word.letters >> (56 - 8 * place))) }
            // What is no word stays none.
            if !word.isWhole { writer.append(UInt8(ascii: "'")) }
        }
        return writer.finish()
    }
}
