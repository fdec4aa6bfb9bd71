/// The words of a recovery phrase while a person types them: how many there are, and which of them are not in the list. It
/// tells positions and numbers of letters, and no letter of a word.
package struct TypedPhrase: Equatable, Sendable {
    /// How many words of the list the word being typed can become.
    package enum Fit: Equatable, Sendable {
        /// Several words of the list begin so, or there is no letter yet.
        case open
        /// One word of the list is meant, so the rest of its letters may be left out.
        case complete
        /// No word of the list begins so.
        case none
    }

    /// The number of words that were left by white space or another mark.
    package private(set) var leftWords = 0
    /// The positions of the left words that are not in the list, counted from 1.
    package private(set) var wrongWords: [Int] = []
    /// The number of letters of the word that is being typed.
    package private(set) var letterCount = 0
    package private(set) var fit = Fit.open
    /// Whether the text is something else than words, such as a link, hex digits or a foreign word.
    package private(set) var isOther = false
    /// Words that are similar to the last left word if that is not in the list. They nearly reveal the word, so only the
    /// person who types it may see them.
    package private(set) var suggestions: [String] = []

    /// The number of letters from which on a word is certain: any two words of the list differ in their first four.
    private static let certain = 4

    package init(_ text: Span<UInt8>) {
        var scanner = TextScanner(text)
        var (word, isNumber, isWord) = (WrittenWord(), false, false)
        while let unit = scanner.next() {
            switch unit {
            case .symbol(let symbol):
                let isDigit = symbol < UInt8(ascii: "A")
                // A number may stand before a word. Digits within a word are hex or base64.
                guard isDigit ? !isWord : !isNumber else {
                    setOther()
                    return
                }
                if isDigit { isNumber = true } else { isWord = true }
                word.append(symbol)
            case .foreign(let script, isDigit: _):
                word.append(foreign: script)
                isWord = true
            case .accent, .zeroWidthSpace: break
            case .space, .mark:
                // The word `easysetup`, with which a seed link begins, is longer than any word of the list.
                if case .mark = unit, !word.isWhole, word.length == EnglishWords.longestWord {
                    setOther()
                    return
                }
                if isWord { leave(word) }
                (word, isNumber, isWord) = (WrittenWord(), false, false)
            }
        }
        guard isWord else { return }
        letterCount = word.length + word.foreignCount
        fit = Self.fit(of: word)
    }

    private mutating func setOther() {
        (isOther, wrongWords, suggestions, letterCount, fit) = (true, [], [], 0, .open)
    }

    private mutating func leave(_ word: WrittenWord) {
        leftWords += 1
        suggestions = []
        guard WordIndex.number(of: word) == nil else { return }
        wrongWords.append(leftWords)
        suggestions = WordIndex.nearest(to: word)
    }

    private static func fit(of word: WrittenWord) -> Fit {
        guard word.isWhole else { return .none }
        let count = WordIndex.count(beginningWith: word)
        if count == 0 { return .none }
        return word.length >= certain || count == 1 && WordIndex.number(of: word) != nil ? .complete : .open
    }
}
