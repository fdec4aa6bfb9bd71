/// The drawing of an answer that a person is typing.
struct Typing: Equatable, Sendable, ExpressibleByStringLiteral {
    var text = ""
    /// The number of columns at the end of ``text`` that are behind the cursor: places for text that is still to come.
    var placeholders = 0
    /// The ranges of characters in ``text`` that are marked, by brackets in the text and by bold letters where the
    /// terminal has them.
    var marked: [Range<Int>] = []
    /// A sentence about the text so far.
    var hint: String?

    init(
        text: String = "",
        placeholders: Int = 0,
        marked: [Range<Int>] = [],
        hint: String? = nil
    ) {
        self.text = text
        self.placeholders = placeholders
        self.marked = marked
        self.hint = hint
    }

    init(stringLiteral text: String) {
        self.text = text
    }

    /// The text with its marked ranges in bold.
    func styled(on surface: Surface) -> String {
        var (out, place) = ("", 0)
        let characters = Array(text)
        for range in marked {
            out += String(characters[place..<range.lowerBound]) + surface.bold(String(characters[range]))
            place = range.upperBound
        }
        return out + String(characters[place...])
    }
}
