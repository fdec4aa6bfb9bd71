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

    /// Skips the rest of an HTML tag after its `<`. Does nothing if the tag is unknown and the next tag does not close
    /// it, because `<legal>` may be a word of a phrase. Returns whether browsers start a new line at the tag.
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
                    isClosing || name.isWhole && Self.tags.contains(name.letters) || ahead.closes(name)
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

    /// Whether the next tag closes the tag of this name, as in XML.
    private func closes(_ name: WrittenWord) -> Bool {
        var ahead = self
        while let unit = ahead.next(), unit != .mark(UInt32(UInt8(ascii: "<"))) {}
        guard ahead.next() == .mark(UInt32(UInt8(ascii: "/"))) else { return false }
        var other = WrittenWord()
        while case .symbol(let symbol) = ahead.peek() {
            other.append(symbol)
            _ = ahead.next()
        }
        return other.letters == name.letters && other.length == name.length
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
