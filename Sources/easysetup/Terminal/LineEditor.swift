/// A line that a person types, byte by byte: what the keys do to it. Pure.
struct LineEditor: Equatable, Sendable {
    /// The effect of a key.
    enum Outcome: Equatable, Sendable {
        /// The line is complete.
        case line(String)
        /// The input ends: Control-D on an empty line.
        case end
    }

    /// The longest line, in bytes: more than any answer has. What is typed beyond it is dropped.
    static let limit = 4096

    private var bytes: [UInt8] = []
    private var escape = Escape.none

    /// Where in a sequence of a key without a character (an arrow, a function key) the input is.
    private enum Escape { case none, begun, inside }

    /// The line so far. Bytes of a character that is not complete yet are left out.
    var text: String {
        var text = String(decoding: bytes, as: UTF8.self)
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
            let line = String(decoding: bytes, as: UTF8.self)
            bytes = []
            return .line(line)
        case 0x04:
            return bytes.isEmpty ? .end : nil
        case 0x08, 0x7F: removeCharacter()
        case 0x15: bytes = []
        case 0x17: removeWord()
        case 0x1B: escape = .begun
        case 0x09: append(0x20)
        case 0x00..<0x20: break
        default: append(byte)
        }
        return nil
    }

    /// The end of the input: what was typed before it counts as a line.
    mutating func finish() -> Outcome {
        if bytes.isEmpty { return .end }
        let line = String(decoding: bytes, as: UTF8.self)
        bytes = []
        return .line(line)
    }

    private mutating func append(_ byte: UInt8) {
        if bytes.count < Self.limit { bytes.append(byte) }
    }

    private mutating func removeCharacter() {
        var text = String(decoding: bytes, as: UTF8.self)
        if !text.isEmpty { text.removeLast() }
        bytes = Array(text.utf8)
    }

    private mutating func removeWord() {
        while bytes.last == 0x20 { bytes.removeLast() }
        while let last = bytes.last, last != 0x20 { bytes.removeLast() }
    }
}
