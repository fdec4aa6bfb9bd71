/// A seed as 24 words that a person can write down: BIP-39 with the English list (`Protocol/seed.md`, "Recovery
/// phrase"). Here are the bits; how forgivingly words are read is in `PhraseWords.swift`.
enum RecoveryPhrase {
    static let wordCount = 24

    /// From how many words on a text without white space is taken for a phrase joined by commas or dashes: BIP-39's
    /// shortest phrase. What has fewer, such as a link of another kind, is something else.
    static let fewestJoinedWords = 12

    private static let bitsPerWord = 11

    /// The canonical form: lower case, one space between words.
    static func text(of seed: RawSpan) -> SecretText {
        let numbers = wordNumbers(of: seed)
        let words = EnglishWords.all
        var writer = SecretWriter(count: wordCount * (WordIndex.longestWord + 1))
        for index in 0..<wordCount {
            if index > 0 { writer.append(UInt8(ascii: " ")) }
            let number = Int(numbers.bytes[byte: 2 * index]) << 8 | Int(numbers.bytes[byte: 2 * index + 1])
            writer.append(words[number].utf8)
        }
        return SecretText(utf8: writer.finish())
    }

    /// The 32 bytes of a phrase.
    /// - Throws: ``SeedError/phraseWordCount(count:)``, then ``SeedError/phraseUnknownWords(_:)``, then
    ///   ``SeedError/phraseChecksum``.
    static func seed(from text: Span<UInt8>) throws(SeedError) -> SecretBytes {
        var bits = BitWriter(byteCount: SyncSeed.byteCount + 1)
        var count = 0
        var hasUnknown = false
        var words = PhraseWords(text)
        while let word = words.next() {
            count += 1
            if count > wordCount { continue }
            if let number = WordIndex.number(of: word) {
                bits.append(number, width: bitsPerWord)
            } else {
                hasUnknown = true
            }
        }
        guard count == wordCount else { throw .phraseWordCount(count: count) }
        guard !hasUnknown else { throw .phraseUnknownWords(unknownWords(in: text)) }
        let written = bits.finish()
        let seed = written.bytes.extracting(first: SyncSeed.byteCount)
        guard written.bytes[byte: SyncSeed.byteCount] == checksum(of: seed) else { throw .phraseChecksum }
        return SecretBytes(copying: seed)
    }

    static func countWords(in text: Span<UInt8>) -> Int {
        var count = 0
        var words = PhraseWords(text)
        while words.next() != nil { count += 1 }
        return count
    }

    /// A second look for the suggestions, which cost a comparison with the whole list each: only a text that has the
    /// right number of words is worth them.
    private static func unknownWords(in text: Span<UInt8>) -> [SeedError.UnknownWord] {
        var unknown: [SeedError.UnknownWord] = []
        var position = 0
        var words = PhraseWords(text)
        while let word = words.next() {
            position += 1
            if WordIndex.number(of: word) == nil {
                unknown.append(.init(position: position, suggestions: WordIndex.nearest(to: word)))
            }
        }
        return unknown
    }

    /// The eleven-bit numbers of the words, two bytes each.
    private static func wordNumbers(of seed: RawSpan) -> SecretBytes {
        var writer = SecretWriter(count: wordCount * 2)
        var pending = 0
        var width = 0
        let checksum = checksum(of: seed)
        for index in 0...SyncSeed.byteCount {
            pending = pending << 8 | Int(index < SyncSeed.byteCount ? seed[byte: index] : checksum)
            width += 8
            if width >= bitsPerWord {
                width -= bitsPerWord
                writer.append(UInt8(pending >> (width + 8)))
                writer.append(UInt8(truncatingIfNeeded: pending >> width))
                pending &= 1 << width - 1
            }
        }
        return writer.finish()
    }

    /// The first eight bits of SHA-256 of the seed.
    private static func checksum(of seed: RawSpan) -> UInt8 {
        Digest.sha256([]) { $0(seed) }[0]
    }
}

/// Collects numbers of some bits' width into bytes, the highest bit first.
private struct BitWriter: ~Copyable {
    private var writer: SecretWriter
    private var pending = 0
    private var width = 0

    init(byteCount: Int) {
        self.writer = SecretWriter(count: byteCount)
    }

    mutating func append(_ number: Int, width added: Int) {
        pending = pending << added | number
        width += added
        while width >= 8 {
            width -= 8
            writer.append(UInt8(pending >> width))
            pending &= 1 << width - 1
        }
    }

    consuming func finish() -> SecretBytes {
        writer.finish()
    }
}
