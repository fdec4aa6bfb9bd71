import EasySetupSeed

/// A line that a person types, byte by byte: what the keys do to it. Pure.
struct LineEditor: ~Copyable {
    /// The effect of a key.
    enum Outcome {
        /// The line is complete.
        case line(UserText)
        /// The input ends: Control-D on an empty line.
        case end
    }

    /// The longest line, in bytes: more than any answer has. What is typed beyond it is dropped.
    static let limit = 4096

    private var line = SecretLine(limit: Self.limit)
    private var escape = Escape.none

    /// Where in a sequence of a key without a character (an arrow, a function key) the input is.
    private enum Escape { case none, begun, inside }

    /// The line so far. Bytes of a character that is not complete yet are left out.
    var text: String {
        var text = line.revealed
        while text.unicodeScalars.last == "\u{FFFD}" { text.unicodeScalars.removeLast() }
        return text
    }

    /// Takes a byte; tells when it completes the line.
    mutating func take(_ byte: UInt8) -> Outcome? {
        switch escape {
        case .begun:
            escape = byte == UInt8(ascii: "[") || byte == UInt8(ascii: "O") ? .inside : .none
            return nil
        case .inside:
            if (0x40...0x7E).contains(byte) { escape = .none }
            return nil
        case .none: break
        }
        switch byte {
        case 0x0A, 0x0D:
            return .line(take())
        case 0x04:
            return line.isEmpty ? .end : nil
        case 0x08, 0x7F: line.removeCharacter()
        case 0x15: line.removeAll()
        case 0x17: line.removeWord()
        case 0x1B: escape = .begun
        case 0x09: append(0x20)
        case 0x00..<0x20: break
        default: append(byte)
        }
        return nil
    }

    /// The end of the input: what was typed before it counts as a line.
    mutating func finish() -> Outcome {
        line.isEmpty ? .end : .line(take())
    }

    private mutating func append(_ byte: UInt8) {
        if !line.isFull { line.append(byte) }
    }

    private mutating func take() -> UserText {
        let text = line.text
        line.removeAll()
        return text
    }
}
