/// A seed as 24 words that a person can write down: BIP-39 with the English list (`Protocol/seed.md`, "Recovery
/// phrase"). This type converts words to bits and back; `Text/PhraseFinder.swift` finds phrases in a person's text.
enum RecoveryPhrase {
    static let wordCount = 24

    private static let bitsPerWord = 11

    /// The phrase in canonical form: lower case, one space between words.
    static func text(of seed: RawSpan) -> SecretText {
        let numbers = wordNumbers(of: seed)
        let words = EnglishWords.all
        var writer = SecretWriter(count: wordCount * (EnglishWords.longestWord + 1))
        for index in 0..<wordCount {
            if index > 0 { writer.append(UInt8(ascii: " ")) }
            let number = Int(numbers.bytes[byte: 2 * index]) << 8 | Int(numbers.bytes[byte: 2 * index + 1])
            writer.append(words[number].utf8)
        }
        return SecretText(utf8: writer.finish())
    }

    /// Decodes a phrase into 32 bytes.
    /// - Parameter number: returns the list index of the word at a position, which is counted from 1.
    /// - Throws: ``SeedError/Code/phraseChecksum`` if the phrase's checksum does not match.
    static func seed(_ number: (Int) -> Int) throws(SeedError) -> SecretBytes {
        var bits = BitWriter(byteCount: SyncSeed.byteCount + 1)
        for position in 1...wordCount { bits.append(number(position), width: bitsPerWord) }
        let written = bits.finish()
        let seed = written.bytes.extracting(first: SyncSeed.byteCount)
        guard written.bytes[byte: SyncSeed.byteCount] == checksum(of: seed) else { throw .phraseChecksum }
        return SecretBytes(copying: seed)
    }

    /// The list indices of the 24 words, in two bytes each, the high byte first.
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

    /// The checksum of a phrase: the first eight bits of the SHA-256 of its seed.
    private static func checksum(of seed: RawSpan) -> UInt8 {
        Digest.sha256([]) { $0(seed) }[0]
    }
}

/// Packs numbers into bytes without gaps, the highest bit first.
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
