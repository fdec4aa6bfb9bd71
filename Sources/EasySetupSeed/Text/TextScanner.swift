/// A unit of a person's text for the readers of phrases, codes and links (`Protocol/text.md`, "Units").
package enum TextUnit: Equatable {
    /// An ASCII letter or digit. A compatible form, such as a full-width letter, gives the ASCII letter.
    case symbol(UInt8)
    /// White space, and whether a line ends there.
    case space(endsLine: Bool)
    /// Any character other than a letter, digit, accent or space, in its ASCII form if it has one.
    case mark(UInt32)
    /// A letter or digit outside ASCII.
    case foreign(Script, isDigit: Bool)
    /// A separate combining accent, which belongs to the character before it.
    case accent(Script)
    /// The zero-width space, U+200B. Most readers skip it, because programs put it anywhere into a text.
    case zeroWidthSpace
}

/// Splits a UTF-8 text into units, and skips invisible characters and terminal escape sequences. The scanner copies no
/// text, and its time is linear in the length of the text.
package struct TextScanner: ~Escapable {
    private let text: Span<UInt8>
    /// Whether backslashes are escapes, as in JSON strings, in values of vCard and iCalendar, and in a text whose line
    /// ends a program has written as `\n`.
    private let hasEscapes: Bool
    /// Whether a line that begins with a space continues the previous one, as in vCard and iCalendar.
    private let isFolded: Bool
    /// The names of the tags that are closed somewhere in the text.
    let closedTags: Set<UInt64>
    /// The bytes of the current scalar's ASCII form (``ASCIIForms``) that are still to be returned, the next byte in
    /// the lowest bits; 0 if there are none.
    private var form: UInt32 = 0

    /// The offset in bytes at which the text goes on after the last returned unit (such as a letter or a space).
    package private(set) var place = 0

    /// The offset in bytes of the current line's beginning.
    private(set) var lineStart = 0

    /// Whether the last returned unit is a letter that some keyboards give for the key of the dash (`Protocol/code.md`,
    /// "Reading").
    package private(set) var isAtDashLetter = false

    @_lifetime(copy text)
    package init(_ text: Span<UInt8>) {
        self.text = text
        self.closedTags = Self.closedTags(in: text)
        self.isFolded = Self.beginsAsCard(text)
        self.hasEscapes = isFolded || Self.beginsAsJSON(text) || Self.hasWrittenLineEnds(text)
    }

    /// Reads the text's next unit (such as a letter or a space); nil at the text's end.
    package mutating func next() -> TextUnit? {
        isAtDashLetter = false
        if form != 0 { return takeForm() }
        while place < text.count {
            if isFolded, let length = text.foldLength(at: place) {
                place += length
                continue
            }
            if text[place] == 0x0D, place + 1 < text.count, text[place + 1] == 0x0A {
                // CR LF is one line end, so CR is skipped.
                place += 1
            }
            if let length = text.pasteMarkLength(at: place) {
                place += length
                continue
            }
            if let (length, moves) = text.escapeSequence(at: place) {
                place += length
                if moves { return .space(endsLine: false) }
                continue
            }
            if hasEscapes, text[place] == UInt8(ascii: "\\"), let (scalar, length) = text.jsonEscape(at: place) {
                place += length
                if let unit = unit(of: scalar) { return unit }
                continue
            }
            if text[place] == UInt8(ascii: "&"), let (scalar, length) = text.characterReference(at: place) {
                place += length
                if let unit = unit(of: scalar) { return unit }
                continue
            }
            // Invalid UTF-8 becomes a mark. All readers but `LinkReader.isMeant` refuse such a text before they scan
            // it.
            let (scalar, length) = text.scalar(at: place) ?? (0xFFFD, 1)
            place += length
            if scalar == 0x0A || scalar == 0x0D { lineStart = place }
            if let unit = unit(of: scalar) { return unit }
        }
        return nil
    }

    /// Continues at an offset, which is in bytes from the text's start.
    package mutating func jump(to offset: Int) {
        place = offset
        form = 0
    }

    /// The text's next unit (such as a letter or a space), which ``next()`` then returns again; nil at the text's end.
    package func peek() -> TextUnit? {
        var copy = self
        return copy.next()
    }

    /// The unit (such as a letter or a space) for which a Unicode scalar stands; nil for a scalar that the scanner
    /// skips, such as an invisible character.
    private mutating func unit(of scalar: UInt32) -> TextUnit? {
        if scalar < 0x80 { return Self.unit(ascii: UInt8(scalar)) }
        if scalar == 0x200B { return .zeroWidthSpace }
        if let form = ASCIIForms.form(of: scalar) {
            self.form = form
            return takeForm()
        }
        guard let scalar = Unicode.Scalar(scalar) else { return .mark(scalar) }
        let properties = scalar.properties
        if properties.isWhitespace { return .space(endsLine: [0x85, 0x2028, 0x2029].contains(scalar.value)) }
        if properties.isDefaultIgnorableCodePoint { return nil }
        switch properties.generalCategory {
        case .format, .control: return nil
        case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter, .letterNumber:
            isAtDashLetter = Self.dashLetters.contains(scalar.value)
            return .foreign(Script(of: scalar.value), isDigit: false)
        case .nonspacingMark, .spacingMark: return .accent(Script(of: scalar.value))
        case .decimalNumber: return .foreign(Script(of: scalar.value), isDigit: true)
        default: return .mark(scalar.value)
        }
    }

    /// The Arabic tatweel, the long-vowel marks of Japanese keyboards, the Korean vowel eu and the Chinese digit one.
    private static let dashLetters: [UInt32] = [0x0640, 0x30FC, 0xFF70, 0x3161, 0x4E00]

    private mutating func takeForm() -> TextUnit? {
        let byte = UInt8(truncatingIfNeeded: form)
        form >>= 8
        return Self.unit(ascii: byte)
    }

    static func unit(ascii byte: UInt8) -> TextUnit? {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            .symbol(byte)
        case 0x0A...0x0D: .space(endsLine: true)
        case 0x09, 0x20: .space(endsLine: false)
        case 0x00..<0x20, 0x7F: nil
        default: .mark(UInt32(byte))
        }
    }

    /// Whether the text is a vCard or iCalendar (RFC 6350, RFC 5545), because it begins with `BEGIN:V`.
    private static func beginsAsCard(_ text: Span<UInt8>) -> Bool {
        var place = 0
        while place < text.count, let (scalar, length) = text.scalar(at: place), scalar <= 0x20 || scalar == 0xFEFF {
            place += length
        }
        let beginning = Array("begin:v".utf8)
        guard place + beginning.count <= text.count else { return false }
        return beginning.indices.allSatisfy { index in
            let byte = text[place + index]
            return (UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte) == beginning[index]
        }
    }

    /// Whether the text has backslashes, no line end except at the text's end, and each backslash is followed by `n`,
    /// `r` or `t`.
    private static func hasWrittenLineEnds(_ text: Span<UInt8>) -> Bool {
        var end = text.count
        while end > 0, 0x09...0x0D ~= text[end - 1] || text[end - 1] == 0x20 { end -= 1 }
        var hasBackslash = false
        for place in 0..<end {
            switch text[place] {
            case 0x0A, 0x0D: return false
            case UInt8(ascii: "\\"):
                guard place + 1 < end else { return false }
                switch text[place + 1] {
                case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "t"): hasBackslash = true
                default: return false
                }
            default: break
            }
        }
        return hasBackslash
    }

    /// Whether the text seems to be JSON: its first visible character begins a list, an object or a string.
    private static func beginsAsJSON(_ text: Span<UInt8>) -> Bool {
        var place = 0
        while place < text.count, let (scalar, length) = text.scalar(at: place) {
            switch scalar {
            case UInt32(UInt8(ascii: "[")):
                // A terminal's paste mark without its escape character also begins with a bracket, but is no JSON.
                if let length = text.pasteMarkLength(at: place) { place += length } else { return true }
            case UInt32(UInt8(ascii: "{")), UInt32(UInt8(ascii: "\"")): return true
            case 0x09...0x0D, 0x20, 0xFEFF: place += length
            case 0x1B:
                guard let (length, _) = text.escapeSequence(at: place) else { return false }
                place += length
            default: return false
            }
        }
        return false
    }
}

extension Span<UInt8> {
    /// The length in bytes of `[200~` or `[201~` at an offset; nil if there is neither. A terminal marks pasted text
    /// with them after an escape character, which other programs may have removed.
    fileprivate func pasteMarkLength(at offset: Int) -> Int? {
        guard self[offset] == UInt8(ascii: "["), offset + 5 <= count else { return nil }
        let isMark =
            self[offset + 1] == UInt8(ascii: "2") && self[offset + 2] == UInt8(ascii: "0")
            && (self[offset + 3] == UInt8(ascii: "0") || self[offset + 3] == UInt8(ascii: "1"))
            && self[offset + 4] == UInt8(ascii: "~")
        return isMark ? 5 : nil
    }

    /// The length in bytes of a fold at an offset; nil if there is none. A fold is a line end and one space or tab,
    /// which a program has put into a long line.
    fileprivate func foldLength(at offset: Int) -> Int? {
        var end = offset
        if self[end] == 0x0D { end += 1 }
        guard end < count, self[end] == 0x0A, end + 1 < count, self[end + 1] == 0x20 || self[end + 1] == 0x09 else {
            return nil
        }
        return end + 2 - offset
    }

    /// A numeric HTML character reference at an offset, such as `&#x2F;`: its scalar and its length in bytes. Nil if
    /// there is none.
    fileprivate func characterReference(at offset: Int) -> (scalar: UInt32, length: Int)? {
        guard offset + 3 < count, self[offset + 1] == UInt8(ascii: "#") else { return nil }
        let isHex = self[offset + 2] | 0x20 == UInt8(ascii: "x")
        let start = offset + (isHex ? 3 : 2)
        var (scalar, end): (UInt32, Int) = (0, start)
        // Seven digits are enough, because the highest scalar has six in hex and seven in decimal.
        while end < count, end < start + 7, let digit = hexDigit(self[end]), isHex || digit < 10 {
            scalar = scalar * (isHex ? 16 : 10) + UInt32(digit)
            end += 1
        }
        guard end > start, end < count, self[end] == UInt8(ascii: ";"), Unicode.Scalar(scalar) != nil else {
            return nil
        }
        return (scalar, end + 1 - offset)
    }

    /// The length in bytes of a terminal escape sequence at an offset, and whether it moves the cursor. A move
    /// separates the text before the sequence from the text after it. Nil if there is no sequence.
    fileprivate func escapeSequence(at offset: Int) -> (length: Int, moves: Bool)? {
        if self[offset] == 0xC2, offset + 1 < count, self[offset + 1] == 0x9B {
            return controlSequence(from: offset, parameters: offset + 2)
        }
        guard self[offset] == 0x1B else { return nil }
        guard offset + 1 < count else { return (1, false) }
        switch self[offset + 1] {
        case UInt8(ascii: "["): return controlSequence(from: offset, parameters: offset + 2)
        case UInt8(ascii: "]"), UInt8(ascii: "P"), UInt8(ascii: "X"), UInt8(ascii: "^"), UInt8(ascii: "_"):
            return (commandString(from: offset + 2) - offset, false)
        default:
            var end = offset + 1
            while end < count, 0x20...0x2F ~= self[end] { end += 1 }
            if end < count, 0x30...0x7E ~= self[end] { end += 1 }
            return (end - offset, false)
        }
    }

    private func controlSequence(from offset: Int, parameters: Int) -> (length: Int, moves: Bool) {
        var end = parameters
        while end < count, 0x20...0x3F ~= self[end] { end += 1 }
        guard end < count, 0x40...0x7E ~= self[end] else { return (end - offset, false) }
        // The last byte says what a sequence does. `m` sets colours, `~` marks a paste, and `h` and `l` switch modes,
        // so these four do not move the cursor.
        let staysPut = [UInt8(ascii: "m"), UInt8(ascii: "~"), UInt8(ascii: "h"), UInt8(ascii: "l")].contains(self[end])
        return (end + 1 - offset, !staysPut)
    }

    /// The offset after a terminal's command string, such as a window title or a link target. A bell or a string
    /// terminator ends the string and belongs to it. Otherwise it ends before another escape character or a line end.
    private func commandString(from start: Int) -> Int {
        var end = start
        while end < count, self[end] != 0x0A, self[end] != 0x0D {
            if self[end] == 0x07 { return end + 1 }
            if self[end] == 0x1B { return end + 1 < count && self[end + 1] == UInt8(ascii: "\\") ? end + 2 : end }
            end += 1
        }
        return end
    }

    /// The JSON escape that begins with the backslash at an offset: its scalar and its length in bytes. Nil if it is no
    /// escape.
    fileprivate func jsonEscape(at offset: Int) -> (scalar: UInt32, length: Int)? {
        guard offset + 1 < count else { return nil }
        switch self[offset + 1] {
        case UInt8(ascii: "n"), UInt8(ascii: "r"), UInt8(ascii: "f"): return (0x0A, 2)
        case UInt8(ascii: "t"), UInt8(ascii: "b"): return (0x09, 2)
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return (UInt32(self[offset + 1]), 2)
        case UInt8(ascii: "u"):
            guard offset + 6 <= count else { return nil }
            var scalar: UInt32 = 0
            for index in offset + 2..<offset + 6 {
                guard let digit = hexDigit(self[index]) else { return nil }
                scalar = scalar << 4 | UInt32(digit)
            }
            return (scalar, 6)
        default: return nil
        }
    }
}

/// The value of a hex digit in upper or lower case; nil for any other byte.
func hexDigit(_ byte: UInt8) -> UInt8? {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
    case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
    case UInt8(ascii: "A")...UInt8(ascii: "F"): byte - UInt8(ascii: "A") + 10
    default: nil
    }
}
