/// Parses the bytes from a terminal into keys, pastes between their marks, and escape sequences.
struct Keys {
    /// The meaning of bytes from a terminal: a key, a byte of text, or the start or end of a paste.
    enum Key: Equatable {
        /// A byte of a text.
        case text(UInt8)
        /// The end of a line: Enter, or a line end in a paste. CR LF is one line end.
        case lineEnd
        /// A control key, by its code. Control bytes in a paste are not reported, because nobody pressed a key.
        case control(UInt8)
        /// The start or the end of a paste.
        case pasteStart, pasteEnd
    }

    private enum State {
        case ground
        case carriageReturn
        case escape
        /// Inside a sequence that begins with `ESC [`; the array has the bytes after these two.
        case sequence([UInt8])
        /// After `ESC O`, which one more byte completes.
        case single
    }

    private var state = State.ground

    /// Whether a paste has started and not ended.
    private(set) var isInPaste = false

    /// The length of the longest escape sequence that is recognised, in bytes.
    private static let longestSequence = 32

    /// Takes the next byte.
    /// - Returns: the key; nil if the key is not complete yet, or has no meaning here, such as an arrow.
    mutating func take(_ byte: UInt8) -> Key? {
        switch state {
        case .carriageReturn where byte == 0x0A:
            state = .ground
            return nil
        case .ground, .carriageReturn:
            return ground(byte)
        case .escape:
            switch byte {
            case UInt8(ascii: "["): state = .sequence([])
            case UInt8(ascii: "O"): state = .single
            // Alt with another key sends ESC before the key.
            default: return ground(byte)
            }
            return nil
        case .single:
            state = .ground
            return nil
        case .sequence(var bytes):
            guard 0x40...0x7E ~= byte || bytes.count >= Self.longestSequence else {
                bytes.append(byte)
                state = .sequence(bytes)
                return nil
            }
            state = .ground
            guard byte == UInt8(ascii: "~") else { return nil }
            if bytes == Array("200".utf8) {
                isInPaste = true
                return .pasteStart
            }
            if bytes == Array("201".utf8) {
                isInPaste = false
                return .pasteEnd
            }
            return nil
        }
    }

    private mutating func ground(_ byte: UInt8) -> Key? {
        state = .ground
        switch byte {
        case 0x1B:
            state = .escape
            return nil
        case 0x0D:
            state = .carriageReturn
            return .lineEnd
        case 0x0A: return .lineEnd
        case 0x09: return .text(UInt8(ascii: " "))
        case 0x00..<0x20, 0x7F: return isInPaste ? .text(UInt8(ascii: " ")) : .control(byte)
        default: return .text(byte)
        }
    }
}
