/// Tags and entities of HTML in texts that were copied from a page's source (`Protocol/text.md`, "HTML").
extension TextScanner {
    /// Skips a tag or an entity after its first character was returned.
    /// - Returns: whether it is a tag at which browsers start a new line.
    @discardableResult
    package mutating func skipHTML(after mark: UInt32) -> Bool {
        switch mark {
        case UInt32(UInt8(ascii: "<")): return skipTag()
        case UInt32(UInt8(ascii: "&")): skipEntity()
        default: break
        }
        return false
    }

    /// Skips the rest of an HTML tag after its `<`. Stays where there is no known tag, because `<legal>` may be a word.
    private mutating func skipTag() -> Bool {
        var ahead = self
        var name = WrittenWord()
        var isClosing = false
        var isNameOver = false
        for index in 0..<100 {
            switch ahead.next() {
            case .mark(UInt32(UInt8(ascii: "<"))): return false
            case .mark(UInt32(UInt8(ascii: "/"))) where index == 0: isClosing = true
            case .mark(UInt32(UInt8(ascii: ">"))):
                guard name.length > 0, isClosing || name.isWhole && Self.tags.contains(name.letters) else {
                    return false
                }
                self = ahead
                return Self.lineTags.contains(name.letters)
            case .symbol(let symbol) where !isNameOver:
                // Digits occur only in the names of headings, h1 to h6.
                if symbol > UInt8(ascii: "9") || name.letters != Self.heading { name.append(symbol) }
            case nil: return false
            default: isNameOver = true
            }
        }
        return false
    }

    /// Skips the rest of an HTML entity after its `&`; stays where there is none.
    private mutating func skipEntity() {
        var ahead = self
        for index in 0..<10 {
            switch ahead.next() {
            case .symbol: continue
            case .mark(UInt32(UInt8(ascii: "#"))) where index == 0: continue
            case .mark(UInt32(UInt8(ascii: ";"))) where index > 0:
                self = ahead
                return
            default: return
            }
        }
    }

    private static let heading = WordIndex.packed("h")

    /// The tags at which a line begins or ends.
    private static let lineTags: Set<UInt64> = Set(
        ["br", "div", "h", "hr", "li", "ol", "p", "pre", "section", "tr", "ul"].map(WordIndex.packed)
    )

    /// The known tags, none of which is a word of the list.
    private static let tags: Set<UInt64> = Set(
        [
            "a", "b", "i", "p", "u", "br", "hr", "li", "ol", "ul", "dl", "dt", "dd", "td", "tr", "th", "h", "em", "div",
            "pre",
            "code", "span", "body", "html", "tbody", "thead", "strong", "font", "kbd", "section",
        ].map(WordIndex.packed)
    )
}
