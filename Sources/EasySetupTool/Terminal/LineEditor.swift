import EasySetupSeed

/// Edits one line: applies each typed byte to its text. The editor itself reads and writes nothing.
struct LineEditor: ~Copyable {
    /// The effect of a key.
    enum Outcome {
        /// The line is complete.
        case line(UserText)
        /// The end of the input: Control-D on an empty line.
        case end
    }

    /// The length of the longest line, in bytes. No answer needs more, and input beyond it is dropped.
    static let limit = 4096

    private var line = SecretLine(limit: Self.limit)
    private var escape = Escape.none

    /// The position within the escape sequence of a key without a character (an arrow, a function key).
    private enum Escape { case none, begun, inside }

    /// The text so far, without the bytes of an incomplete character.
    var text: String {
        var text = line.revealed
        while text.unicodeScalars.last == "\u{FFFD}" { text.unicodeScalars.removeLast() }
        return text
    }

    /// Takes a byte. Returns an outcome if the byte completes the line or ends the input, otherwise nil.
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

    /// Takes the end of the input; text typed before it counts as a line.
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
