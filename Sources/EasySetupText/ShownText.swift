@_spi(_Unicode) import Swift

/// The rules that a text of a stranger must keep before a device shows it in quotes to a person: it is one line of
/// visible characters, it can't draw outside its line, and it has nothing that looks like the closing quotation mark
/// (`Protocol/handshake.md`, "Names").
package enum ShownText {
    /// The rule that a text breaks.
    package enum Fault: Error, Hashable, Sendable {
        /// The text has no visible character.
        case empty
        /// The text has more bytes than it may have.
        case tooLong
        /// The text contains this character, which is invisible, breaks the line, or looks like a quotation mark.
        case unfit(Unicode.Scalar)
        /// Two characters side by side look like one quotation mark.
        case quotationMark
        /// The text begins or ends with a space, or has two in a row.
        case spaces
        /// The text begins with a combining mark, or has more marks on one character than a line has room for.
        case marks
        /// The text is not in the normal form NFC.
        case notNormal
    }

    /// The greatest number of nonspacing and enclosing marks in a row. A screen draws them all on one character, so more
    /// of them would cover the lines above and below the text. Unicode's UTS 39, section 5.4, has this number, and the
    /// scripts that pile up most marks, such as Burmese and pointed Hebrew, need it.
    static let maximumMarks = 4

    /// The first rule that a text breaks; nil if it keeps all of them.
    package static func fault(in text: String, maximumByteCount: Int) -> Fault? {
        let scalars = text.unicodeScalars
        guard text.utf8.count <= maximumByteCount else { return .tooLong }
        if let unfit = scalars.first(where: { !ShownScalar.isAllowed($0) }) { return .unfit(unfit) }
        guard scalars.contains(where: ShownScalar.isVisible) else { return .empty }
        let pairs = zip(scalars, scalars.dropFirst())
        if scalars.first == " " || scalars.last == " " || pairs.contains(where: { $0 == " " && $1 == " " }) {
            return .spaces
        }
        if pairs.contains(where: ShownScalar.isPair) { return .quotationMark }
        if scalars.first.map(ShownScalar.isMark) == true || ShownScalar.longestPile(scalars) > maximumMarks
            || ShownScalar.hasTwin(scalars)
        {
            return .marks
        }
        return text.utf8.elementsEqual(nfc(text).utf8) ? nil : .notNormal
    }

    /// Brings this device's own text into a form that keeps the rules: makes it NFC, removes forbidden characters, turns
    /// white space into single spaces, and cuts the text to the allowed length at a character's end.
    package static func cleaned(_ text: String, maximumByteCount: Int) -> String {
        var spaced = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar.properties.isWhitespace {
                if spaced.last != " " { spaced.append(" ") }
            } else if ShownScalar.isAllowed(scalar) {
                spaced.append(scalar)
            }
        }
        var kept = ""
        for whole in nfc(String(trimmed(spaced[...]))) {
            let character = thinned(whole)
            // Every scalar is checked again, because NFC may have replaced it by another one.
            guard character.unicodeScalars.allSatisfy(ShownScalar.isAllowed), character != " " || kept.last != " ",
                !ShownScalar.isPair(kept.unicodeScalars.last, character.unicodeScalars.first)
            else { continue }
            guard kept.utf8.count + character.utf8.count <= maximumByteCount else { break }
            kept.append(character)
        }
        return String(trimmed(kept.unicodeScalars[...]))
    }

    /// The text in the normal form NFC.
    package static func nfc(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text._nfc { scalars.append(scalar) }
        return String(scalars)
    }

    /// A character without the marks that a text must not have: those beyond the limit, and repetitions. The result is
    /// no `Character`, because it falls into two where the mark between two Indic letters is one too many.
    private static func thinned(_ character: Character) -> String {
        var kept = String.UnicodeScalarView()
        var marks = 0
        for scalar in character.unicodeScalars {
            if ShownScalar.isPiled(scalar) {
                guard scalar != kept.last, marks < maximumMarks else { continue }
                marks += 1
            } else {
                marks = 0
            }
            kept.append(scalar)
        }
        return String(kept)
    }

    /// Removes spaces at both ends, and combining marks at the beginning, because a screen would draw these marks on
    /// the character before the text.
    private static func trimmed(_ scalars: Substring.UnicodeScalarView) -> Substring.UnicodeScalarView {
        var rest = scalars.drop { $0 == " " || ShownScalar.isMark($0) }
        while rest.last == " " { rest.removeLast() }
        return rest
    }
}
