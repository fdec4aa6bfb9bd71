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

    /// Wraps a text between words, and within a word that is wider than a line. A text that fits stays as it is.
    /// - Parameters:
    ///   - indent: the number of spaces at the start of every line but the first.
    ///   - keepsWords: whether a word that is wider than a line stays whole. The terminal breaks it, so that a copy of it
    ///     has no line end.
    static func fold(_ text: String, width: Int, indent: Int = 0, keepsWords: Bool = false) -> [String] {
        let width = max(1, width)
        if Self.width(text) <= width { return [text] }
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
                if !keepsWords, Self.width(line) + Self.width(String(character)) > width,
                    !line.allSatisfy({ $0 == " " })
                {
                    lines.append(line)
                    line = margin
                }
                line.append(character)
            }
            isEmpty = false
        }
        return lines + [line]
    }

    /// Wraps each line of a text for a window. Spaces at the text's end stay, because a person types behind them.
    /// - Parameter width: the width of the window. Its last column stays empty, because some terminals start a new line
    ///   when it is written.
    static func prose(_ text: String, width: Int) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let end = line.reversed().prefix { $0 == " " }.count
            let words = String(line.dropLast(end))
            guard !words.isEmpty else { return String(line) }
            let indent = words.prefix { $0 == " " }.count
            return fold(words, width: width - 1, indent: indent, keepsWords: true).joined(separator: "\n")
                + String(repeating: " ", count: end)
        }
        .joined(separator: "\n")
    }

    /// The lines of a command, indented if that leaves it whole. A command that is wider than a line is broken between its
    /// words, with a backslash before the line end, so that a shell reads a copy of the lines as one. A word that is wider
    /// than a line stays whole, and the terminal breaks it.
    static func command(_ words: [String], width: Int) -> [String] {
        let whole = words.joined(separator: " ")
        if Self.width(whole) + 4 <= width { return ["    " + whole] }
        if Self.width(whole) <= width { return [whole] }
        var lines: [String] = []
        for word in words {
            if let last = lines.last, Self.width(last) + 1 + Self.width(word) + 2 <= width {
                lines[lines.count - 1] += " " + word
            } else {
                lines.append(word)
            }
        }
        return lines.dropLast().map { $0 + " \\" } + lines.suffix(1)
    }

    /// The end of a text, as much of it as fits into a width.
    /// - Parameter isBetweenWords: whether the end begins with a whole word, if a word fits.
    static func tail(_ text: String, width: Int, isBetweenWords: Bool = false) -> String {
        var tail = text[...]
        while Self.width(tail) > max(0, width) {
            if isBetweenWords, let space = tail.firstIndex(of: " ") {
                tail = tail[tail.index(after: space)...]
            } else {
                tail = tail.dropFirst()
            }
        }
        return String(tail)
    }

    /// A code in as few lines as its groups need in a width.
    static func groups(_ code: String, width: Int) -> [String] {
        guard Self.width(code) > width else { return [code] }
        var lines = [""]
        for group in code.split(separator: "-", omittingEmptySubsequences: false).map(String.init) {
            let line = lines[lines.count - 1]
            let isFirst = line.isEmpty
            // The dash stays at the line's end, as in a text that is broken there.
            if isFirst {
                lines[lines.count - 1] = group
            } else if Self.width(line) + 1 + Self.width(group) + 1 <= width {
                lines[lines.count - 1] += "-" + group
            } else {
                lines[lines.count - 1] += "-"
                lines.append(group)
            }
        }
        return lines.flatMap { fold($0, width: width) }
    }

    /// The first of these texts that fits into the width. If none fits, the start of the last text.
    static func fitting(_ texts: [String], width: Int) -> String {
        if let text = texts.first(where: { Self.width($0) <= width }) { return text }
        var text = texts.last ?? ""
        while Self.width(text) > max(0, width) { text.removeLast() }
        return text
    }
}
