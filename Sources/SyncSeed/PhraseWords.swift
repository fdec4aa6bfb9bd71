/// A word as it was written: at most eight letters in lower case packed into a number, the first letter highest, which
/// sorts as the letters do. What can't be such a word keeps its first letters for the suggestions.
struct WrittenWord {
    var letters: UInt64 = 0
    var length = 0
    /// Whether these are letters only, and all of them.
    var isWhole = true
}

/// The words of a phrase as people write it: any case, any white space, commas, numbers before the words
/// (`Protocol/seed.md`, "Reading a phrase").
struct PhraseWords: ~Escapable {
    private let text: Span<UInt8>
    private var place = 0

    @_lifetime(copy text)
    init(_ text: Span<UInt8>) {
        self.text = text
    }

    /// The next word, or nil at the end of the text.
    mutating func next() -> WrittenWord? {
        while place < text.count {
            let separator = text.separatorLength(at: place)
            if separator > 0 {
                place += separator
                continue
            }
            skipNumbering()
            let word = takeWord()
            if word.length > 0 || !word.isWhole { return word }
        }
        return nil
    }

    /// Steps over "12", "12.", "12)" or "12:" where it is a token of its own or stands right before letters.
    private mutating func skipNumbering() {
        var end = place
        while end < text.count, UInt8(ascii: "0")...UInt8(ascii: "9") ~= text[end] { end += 1 }
        guard end > place else { return }
        if end < text.count,
            text[end] == UInt8(ascii: ".") || text[end] == UInt8(ascii: ")") || text[end] == UInt8(ascii: ":")
        {
            place = end + 1
        } else if end == text.count || text.separatorLength(at: end) > 0 {
            place = end
        }
    }

    /// Everything up to the next separator.
    private mutating func takeWord() -> WrittenWord {
        var word = WrittenWord()
        while place < text.count, text.separatorLength(at: place) == 0 {
            let letter = text[place] | 0x20
            if UInt8(ascii: "a")...UInt8(ascii: "z") ~= letter, text[place] >= UInt8(ascii: "A"), word.length < 8 {
                word.letters |= UInt64(letter) << (56 - 8 * word.length)
                word.length += 1
            } else {
                word.isWhole = false
            }
            place += 1
        }
        return word
    }
}

extension Span<UInt8> {
    /// How many bytes of white space or separating punctuation begin at an offset: 0 when something else does.
    ///
    /// Beyond ASCII these are the spaces that word processors, web pages and keyboards put in: the no-break space, the
    /// spaces and line ends of U+2000 to U+202F, the word joiner, the ideographic space and the byte order mark.
    func separatorLength(at offset: Int) -> Int {
        switch self[offset] {
        case 0x09...0x0D, 0x20, UInt8(ascii: ","), UInt8(ascii: ";"): return 1
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
