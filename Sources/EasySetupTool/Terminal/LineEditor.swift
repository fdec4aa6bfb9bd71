import EasySetupHandshake
import EasySetupSeed

/// Edits one line: applies each typed byte to its text. The editor itself reads and writes nothing.
///
/// A paste whose beginning and end the terminal marks is part of one line, because mail programs wrap links and codes.
/// The line ends of the paste stay in the text. If the paste ends with a line end, the line is complete.
struct LineEditor: ~Copyable {
    /// The end of what a person types: of one line, or of the whole input.
    enum Outcome {
        /// The line is complete.
        case line(UserText)
        /// The end of the input: Control-D on an empty line.
        case end
        /// The terminal's answer to a question for the cursor's position.
        case cursor(CursorPosition)
    }

    /// The kind of answer that is typed.
    enum Kind: Equatable, Sendable {
        case text
        /// A code, or anything else that may be pasted in its place. Its symbols are drawn in groups (``CodeField``), and the
        /// line of a right code is complete without Enter.
        case code
    }

    /// The length of the longest line that a person can type, in bytes. No answer to a question needs more, and the
    /// editor drops input beyond it.
    static let limit = 4096

    private let kind: Kind
    private var line = SecretLine(limit: Self.limit)
    private var escape = Escape.none

    init(_ kind: Kind = .text) {
        self.kind = kind
    }

    /// The position within the escape sequence of a key without a character (an arrow, a function key).
    private enum Escape { case none, begun, inside }

    /// The first bytes of the escape sequence, which tell whether it is a mark of a paste or a position of the cursor.
    private var parameters: [UInt8] = []
    private var isInPaste = false
    /// Whether the line is one paste, whose beginning and end the terminal has marked.
    private var isPaste = false

    private static let pasteStart = Array("200".utf8)
    private static let pasteEnd = Array("201".utf8)
    private static let deleteKey = Array("3".utf8)
    private static let longestParameters = 16

    /// The text so far, with spaces for line ends and without the bytes of an incomplete character.
    var text: String {
        var text = line.revealed.replacing("\n", with: " ")
        while text.unicodeScalars.last == "\u{FFFD}" { text.unicodeScalars.removeLast() }
        return text
    }

    /// The drawing of the text so far.
    var typing: Typing {
        if kind == .code, let drawing = field.drawing { return drawing }
        return Typing(text: text)
    }

    /// Whether the line is complete without Enter, unless more input follows at once.
    var isComplete: Bool {
        guard kind == .code, escape == .none, !isInPaste else { return false }
        // A marked paste is whole. Anything else may be the beginning of a longer text.
        return field.isComplete || isPaste && (try? PairingCode(typed: line.text)) != nil
    }

    /// Takes the line as it is; see ``isComplete``.
    mutating func complete() -> UserText { take() }

    private var field: CodeField { line.withText { CodeField($0) } }

    /// Takes a byte. Returns an outcome if the byte completes the line or ends the input, otherwise nil.
    mutating func take(_ byte: UInt8) -> Outcome? {
        switch escape {
        case .begun:
            escape = byte == UInt8(ascii: "[") || byte == UInt8(ascii: "O") ? .inside : .none
            parameters = []
            return nil
        case .inside:
            if (0x40...0x7E).contains(byte) {
                escape = .none
                switch byte {
                case UInt8(ascii: "~"): return takePasteMark()
                case UInt8(ascii: "R"): return position()
                default: return nil
                }
            }
            if parameters.count < Self.longestParameters { parameters.append(byte) }
            return nil
        case .none: break
        }
        if isInPaste {
            takePasted(byte)
            return nil
        }
        isPaste = isPaste && byte == 0x1B
        switch byte {
        case 0x0A, 0x0D:
            // Enter sends no code whose check symbol is wrong, so that the person can correct it.
            guard kind == .code, field.isMistyped else { return .line(take()) }
            append(0x0A)
        case 0x04:
            return line.isEmpty ? .end : nil
        case 0x08, 0x7F: removeCharacter()
        case 0x15: line.removeAll()
        case 0x17: removeWord()
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

    /// Takes the end of an escape sequence that may be a mark of a paste.
    private mutating func takePasteMark() -> Outcome? {
        if parameters == Self.pasteStart {
            isPaste = line.isEmpty
            isInPaste = true
        }
        // The cursor is always at the end, so there is nothing to delete behind it.
        if parameters == Self.deleteKey, kind == .code { removeCharacter() }
        guard parameters == Self.pasteEnd, isInPaste else { return nil }
        isInPaste = false
        return line.removeLineEnds() ? .line(take()) : nil
    }

    /// The position in the terminal's answer `ESC [ row ; column R`. F3 with a shift key sends the same in some terminals, so
    /// only a program that has asked for the position counts it.
    private func position() -> Outcome? {
        let numbers = parameters.split(separator: UInt8(ascii: ";"), omittingEmptySubsequences: false)
        guard numbers.count == 2, let row = Int(String(decoding: numbers[0], as: UTF8.self)), row > 0 else {
            return nil
        }
        return .cursor(CursorPosition(row: row, column: Int(String(decoding: numbers[1], as: UTF8.self)) ?? 1))
    }

    /// Takes a byte of a paste. Control characters in it are no keys.
    private mutating func takePasted(_ byte: UInt8) {
        switch byte {
        case 0x0A, 0x0D: append(0x0A)
        case 0x1B: escape = .begun
        case 0x00..<0x20, 0x7F: append(0x20)
        default: append(byte)
        }
    }

    private mutating func removeCharacter() {
        if kind == .code, let count = field.countBeforeSymbol {
            line.keep(count)
        } else {
            line.removeCharacter()
        }
    }

    private mutating func removeWord() {
        if kind == .code, let count = field.countBeforeGroup {
            line.keep(count)
        } else {
            line.removeWord()
        }
    }

    private mutating func append(_ byte: UInt8) {
        if !line.isFull { line.append(byte) }
    }

    private mutating func take() -> UserText {
        isPaste = false
        let text = kind == .code ? field.corrected ?? line.text : line.text
        line.removeAll()
        return text
    }
}

/// The position of a window's cursor, counted from 1.
struct CursorPosition: Equatable, Sendable {
    var row: Int
    var column: Int
}
