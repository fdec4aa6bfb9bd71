/// The width of text on a terminal, and its wrapping into lines.
enum Columns {
    /// The greatest number of columns that a text may take. Terminals differ in the width of some characters, and too
    /// high a number only wraps a line a little early.
    static func width(_ text: some StringProtocol) -> Int {
        text.unicodeScalars.reduce(0) { $0 + width($1) }
    }

    private static func width(_ scalar: Unicode.Scalar) -> Int {
        if scalar.value < 0x300 { return 1 }
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: return 0
        default: break
        }
        switch scalar.value {
        // Alphabets, punctuation and block characters, all of them one column wide.
        case 0x300..<0x1100, 0x2000..<0x2070, 0x2580..<0x25A0: return 1
        default: return 2
        }
    }

    /// Wraps a text between words, and within a word that is wider than a line.
    /// - Parameter indent: the number of spaces at the start of every line but the first.
    static func fold(_ text: String, width: Int, indent: Int = 0) -> [String] {
        let width = max(1, width)
        let indent = min(indent, width / 2)
        let margin = String(repeating: " ", count: indent)
        var lines: [String] = []
        var line = String(text.prefix { $0 == " " }.prefix(width / 2))
        var isEmpty = true
        for word in text.split(separator: " ") {
            if !isEmpty, Self.width(line) + 1 + Self.width(word) <= width {
                line += " " + word
                continue
            }
            if !isEmpty {
                lines.append(line)
                line = margin
            }
            for character in word {
                if Self.width(line) + Self.width(String(character)) > width, !line.allSatisfy({ $0 == " " }) {
                    lines.append(line)
                    line = margin
                }
                line.append(character)
            }
            isEmpty = false
        }
        return lines + [line]
    }

    /// The end of a text, as much of it as fits into a width.
    static func tail(_ text: String, width: Int) -> String {
        var tail = text[...]
        while Self.width(tail) > max(0, width) { tail = tail.dropFirst() }
        return String(tail)
    }

    /// The first of these texts that fits into the width. If none fits, the start of the last text.
    static func fitting(_ texts: [String], width: Int) -> String {
        if let text = texts.first(where: { Self.width($0) <= width }) { return text }
        var text = texts.last ?? ""
        while Self.width(text) > max(0, width) { text.removeLast() }
        return text
    }
}
