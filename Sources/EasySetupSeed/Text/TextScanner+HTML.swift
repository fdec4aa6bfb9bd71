/// Tags and entities of HTML in texts that were copied from a page's source (`Protocol/text.md`, "HTML").
extension TextScanner {
    /// Skips the rest of an HTML tag or entity whose first character, `mark`, was the last unit. Does nothing if there
    /// is no tag or entity.
    /// - Returns: whether browsers start a new line at this tag.
    @discardableResult
    package mutating func skipHTML(after mark: UInt32) -> Bool {
        switch mark {
        case UInt32(UInt8(ascii: "<")): return skipTag()
        case UInt32(UInt8(ascii: "&")): skipEntity()
        default: break
        }
        return false
    }

    /// Skips the rest of an HTML tag after its `<`. Does nothing if the tag is unknown and no tag of the text closes it,
    /// because `<legal>` may be a word of a phrase. Returns whether browsers start a new line at the tag.
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
                guard name.length > 0,
                    isClosing || name.isWhole && Self.tags.contains(name.letters) || closedTags.contains(name.letters)
                else { return false }
                self = ahead
                return Self.lineTags.contains(name.letters)
            case .symbol(let symbol) where !isNameOver:
                // The digit of a heading such as `h1` is left out, so that the name of all headings is `h`.
                if symbol > UInt8(ascii: "9") || name.letters != Self.heading { name.append(symbol) }
            case nil: return false
            default: isNameOver = true
            }
        }
        return false
    }

    /// Skips the rest of an HTML entity after its `&`. Does nothing if there is no entity.
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

    /// The names of all tags that close others, as in XML: their first eight letters.
    static func closedTags(in text: Span<UInt8>) -> Set<UInt64> {
        var names: Set<UInt64> = []
        var place = 0
        while place + 1 < text.count {
            defer { place += 1 }
            guard text[place] == UInt8(ascii: "<"), text[place + 1] == UInt8(ascii: "/") else { continue }
            var name = WrittenWord()
            var end = place + 2
            while end < text.count, case .symbol(let symbol) = unit(ascii: text[end]) {
                name.append(symbol)
                end += 1
            }
            names.insert(name.letters)
        }
        return names
    }

    private static let heading = WrittenWord.packed("h")

    /// The tags at which browsers begin or end a line.
    private static let lineTags: Set<UInt64> = Set(
        ["br", "div", "h", "hr", "li", "ol", "p", "pre", "section", "tr", "ul"].map(WrittenWord.packed)
    )

    /// The tags that are skipped. Of these, `body`, `code`, `section` and `strong` are also words of the word list.
    private static let tags: Set<UInt64> = Set(
        [
            "a", "b", "i", "p", "u", "br", "hr", "li", "ol", "ul", "dl", "dt", "dd", "td", "tr", "th", "h", "em", "div",
            "pre",
            "code", "span", "body", "html", "tbody", "thead", "strong", "font", "kbd", "section",
        ].map(WrittenWord.packed)
    )
}
