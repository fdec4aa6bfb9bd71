/// A word as a person wrote it. At most eight letters `a` to `z` are packed in lower case into a number, with the first
/// letter in the highest bits, so that the numbers sort as the words do. A word with other characters or more letters
/// keeps its first letters, from which suggestions are made.
struct WrittenWord {
    var letters: UInt64 = 0
    var length = 0
    /// Whether the word has only letters from `a` to `z`, and at most eight of them.
    var isWhole = true
    /// The script, such as Greek, of the word's first character outside ASCII; nil if the word has no such character.
    var script: Script?
    /// Whether the word is a list marker in another script: one letter, or up to three Chinese characters.
    private(set) var isForeignMark = false
    /// The number of letters, digits and accents in the word that are outside ASCII.
    var foreignCount = 0
    /// Whether the word begins with one of the letters `A` to `Z`.
    private(set) var isCapital = false

    mutating func append(_ symbol: UInt8) {
        isForeignMark = false
        if length == 0, isWhole { isCapital = symbol <= UInt8(ascii: "Z") }
        let letter = symbol | 0x20
        if symbol >= UInt8(ascii: "A"), length < EnglishWords.longestWord {
            letters |= UInt64(letter) << (56 - 8 * length)
            length += 1
        } else {
            isWhole = false
        }
    }

    /// Adds a letter, digit or accent outside ASCII.
    mutating func append(foreign script: Script) {
        foreignCount += 1
        isWhole = false
        if self.script == nil { self.script = script }
        let isShort = foreignCount == 1 || foreignCount <= 3 && script == .chinese && self.script == .chinese
        isForeignMark = length == 0 && isShort
    }

    /// Whether the word may be a list marker: one letter of any script, up to three Chinese characters, or a Roman
    /// number of at most five letters `i`, `v` and `x`.
    var isListMark: Bool {
        if isForeignMark { return true }
        guard isWhole, length <= 5 else { return false }
        return length == 1
            || (0..<length).allSatisfy { index in
                let letter = UInt8(truncatingIfNeeded: letters >> (56 - 8 * index))
                return [UInt8(ascii: "i"), UInt8(ascii: "v"), UInt8(ascii: "x")].contains(letter)
            }
    }

    /// Whether some letters may be look-alikes, because the word has letters `a` to `z` and those of another script.
    var isMixed: Bool { length > 0 && script != nil && script != .latin }

    /// Packs at most eight letters into a number, the first letter in the highest bits.
    static func packed(_ word: String) -> UInt64 {
        word.utf8.enumerated().reduce(0) { $0 | UInt64($1.element) << (56 - 8 * $1.offset) }
    }
}
