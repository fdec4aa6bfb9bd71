import EasySetupHandshake
import EasySetupSeed

/// A code or link that a mail program has wrapped, so that its lines come as one answer each. That is so where the
/// terminal marks no pastes, where the input is a pipe, and with `--json`.
///
/// A line counts as a beginning if a link is cut off in it, if it has a code's first groups and ends with a dash, or if
/// it only announces the next line, with a colon at its end. No line of a recovery phrase is one.
struct CodeDraft {
    /// The lines so far that the next line may complete.
    private(set) var lines: [UserText] = []
    /// The error of these lines, if no other line follows.
    private(set) var error: CodeError?

    /// The text for a person or program whose line is a beginning.
    static let isBegun = "That is a beginning. Give the rest of it in the next line, or all of it again in one line."
    /// The text beside an error, where each line is an answer.
    static let oneLine = "Each line is an answer of its own: give the code or link in one line, without other lines."

    private static let limit = 32

    /// Takes the next line: reads it by itself, and then together with the lines before it.
    /// - Parameter read: reads a text.
    /// - Returns: the result of the reading; nil if the text may go on in the next line.
    /// - Throws: `CodeError` if the text is none and no beginning, and the other errors of `read`.
    mutating func take<Result>(_ line: UserText, _ read: (UserText) throws -> Result) throws -> Result? {
        let texts = (0...lines.count).map { Self.joined(lines[$0...] + [line]) }
        var errors: [CodeError] = []
        for text in texts.reversed() {
            do throws(any Error) {
                let result = try read(text)
                self = CodeDraft()
                return result
            } catch let error as CodeError {
                errors.insert(error, at: 0)
            }
        }
        let whole = errors[0]
        // A code of the right length with a slip in it is not the beginning of another one.
        let begun = texts.indices.first {
            Self.isBeginning(texts[$0], errors[$0]) && (whole.code != .mistyped || $0 == 0)
        }
        if let begun, lines.count < Self.limit {
            lines = lines[begun...] + [line]
            error = errors[begun]
            return nil
        }
        // A line of a code's length was meant as a whole code, and a shorter one as the rest of the code.
        var isShort = false
        if case .wrongLength(let count) = errors[errors.count - 1].kind { isShort = count < 9 }
        self = CodeDraft()
        throw isShort ? whole : errors[errors.count - 1]
    }

    private static func isBeginning(_ text: UserText, _ error: CodeError) -> Bool {
        if PairingLink.isCut(text) { return true }
        guard text.byteCount <= PairingCode.maximumTextBytes else { return false }
        let end = text.revealed().unicodeScalars.last { !$0.properties.isWhitespace }
        if end == ":" || end == "\u{FF1A}" { return true }
        guard case .wrongLength(1..<9) = error.kind, let end else { return false }
        return end == "\u{2212}" || end.properties.generalCategory == .dashPunctuation
    }

    private static func joined(_ lines: some Sequence<UserText>) -> UserText {
        var text = SecretLine(limit: lines.reduce(0) { $0 + $1.byteCount + 1 })
        for line in lines {
            line.withBytes { $0.withUnsafeBytes { for byte in $0 { text.append(byte) } } }
            text.append(UInt8(ascii: "\n"))
        }
        return text.finish()
    }
}
