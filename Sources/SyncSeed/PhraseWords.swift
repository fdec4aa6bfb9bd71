/// A word as it was written: at most eight letters in lower case packed into a number, the first letter highest, which
/// sorts as the letters do. What can't be such a word keeps its first letters for the suggestions.
struct WrittenWord {
    var letters: UInt64 = 0
    var length = 0
    /// Whether these are letters only, and all of them.
    var isWhole = true
}

/// The words of a phrase as people write it: any case, any white space, commas, numbers, dashes or bullets
/// (`Protocol/seed.md`, "Reading a phrase").
struct PhraseWords: ~Escapable {
    private let text: Span<UInt8>
    private var place = 0

    @_lifetime(copy text)
    init(_ text: Span<UInt8>) {
        self.text = text
    }

    /// The next word, or nil at the end of the text. Tokens of digits alone are numbering and no words.
    mutating func next() -> WrittenWord? {
        while place < text.count {
            let separator = text.separatorLength(at: place)
            if separator > 0 {
                place += separator
            } else if let word = takeToken() {
                return word
            }
        }
        return nil
    }

    /// Everything up to the next separator, or nil if it was a number.
    private mutating func takeToken() -> WrittenWord? {
        var word = WrittenWord()
        var isNumber = true
        while place < text.count, text.separatorLength(at: place) == 0 {
            let byte = text[place]
            place += 1
            if !(UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte) { isNumber = false }
            let letter = byte | 0x20
            if byte >= UInt8(ascii: "A"), UInt8(ascii: "a")...UInt8(ascii: "z") ~= letter,
                word.length < WordIndex.longestWord
            {
                word.letters |= UInt64(letter) << (56 - 8 * word.length)
                word.length += 1
            } else {
                word.isWhole = false
            }
        }
        return isNumber ? nil : word
    }
}

extension Span<UInt8> {
    /// How many bytes of white space or punctuation begin at an offset: 0 when something else does.
    func separatorLength(at offset: Int) -> Int {
        switch self[offset] {
        case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "."), UInt8(ascii: ":"), UInt8(ascii: "("),
            UInt8(ascii: ")"), UInt8(ascii: "-"):
            return 1
        case 0xE2:
            // The dashes U+2010 to U+2015 and the bullet.
            let isPunctuation = (0x90...0x95).contains { has([0x80, $0], at: offset + 1) }
            return isPunctuation || has([0x80, 0xA2], at: offset + 1) ? 3 : spaceLength(at: offset)
        default:
            return spaceLength(at: offset)
        }
    }

    /// How many bytes of white space begin at an offset: 0 when something else does.
    ///
    /// Beyond ASCII these are the spaces that word processors, web pages and keyboards put in: the no-break space, the
    /// spaces and marks of U+2000 to U+200F and U+2028 to U+202F, the word joiner, the ideographic space and the byte
    /// order mark.
    func spaceLength(at offset: Int) -> Int {
        switch self[offset] {
        case 0x09...0x0D, 0x20: return 1
        case 0xC2: return has([0xA0], at: offset + 1) ? 2 : 0
        case 0xE2:
            guard offset + 2 < count else { return 0 }
            switch (self[offset + 1], self[offset + 2]) {
            case (0x80, 0x80...0x8F), (0x80, 0xA8...0xAF), (0x81, 0xA0): return 3
            default: return 0
            }
        case 0xE3: return has([0x80, 0x80], at: offset + 1) ? 3 : 0
        case 0xEF: return has([0xBB, 0xBF], at: offset + 1) ? 3 : 0
        default: return 0
        }
    }

    private func has(_ bytes: [UInt8], at offset: Int) -> Bool {
        guard offset + bytes.count <= count else { return false }
        return bytes.indices.allSatisfy { self[offset + $0] == bytes[$0] }
    }
}
