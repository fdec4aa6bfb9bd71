import EasySetupSeed

/// A person's answer to a yes-or-no question, read in the same way for every such question.
enum YesOrNo: Equatable, Sendable {
    case yes
    case no
    /// The person asks what the question means.
    case help
    /// Any other answer: an empty line, a typing error, half a word.
    case unclear

    /// The number of times that a question is asked. If no answer is clear, the question counts as not answered.
    static let tries = 3

    /// The text after an unclear answer.
    static let again = "Type yes in full, or no."

    /// Only the whole word means yes. Case, white space around it and full-width letters do not matter.
    init(_ answer: String) {
        switch Self.plain(answer) {
        case "yes": self = .yes
        case "no", "n": self = .no
        case "?", "help": self = .help
        default: self = .unclear
        }
    }

    /// Reads a person's text. A text that is too long for an answer is unclear.
    init(_ answer: UserText) {
        if answer.byteCount <= 64 { self.init(answer.revealed()) } else { self = .unclear }
    }

    /// A short answer without invisible characters and surrounding space, in lower case and normal width.
    static func plain(_ answer: String) -> String {
        var out = String.UnicodeScalarView()
        for scalar in answer.unicodeScalars {
            let properties = scalar.properties
            if properties.isDefaultIgnorableCodePoint || properties.generalCategory == .format { continue }
            let isFullWidth = (0xFF01...0xFF5E).contains(scalar.value)
            out.append(isFullWidth ? Unicode.Scalar(scalar.value - 0xFEE0) ?? scalar : scalar)
        }
        let text = String(out).lowercased()
        return String(text.drop { $0.isWhitespace }.reversed().drop { $0.isWhitespace }.reversed())
    }
}

/// The result of a yes-or-no question.
enum Verdict: Equatable, Sendable {
    case yes
    case no
    /// The question was asked ``YesOrNo/tries`` times, and no answer was clear.
    case unclear
    /// There is nobody to ask, because the input has ended.
    case nobody
    /// The person ended the input (Control-D), or the question was cancelled.
    case stopped

    /// Asks a yes-or-no question until the answer is clear, but at most three times. The answer `?` or `help` does not
    /// count.
    /// - Parameters:
    ///   - help: the text that explains the question to a person who asks for help.
    ///   - ask: shows the question and waits for a line. `notes` are sentences about the last answer (that it was
    ///     unclear, or the text `help`). `attempt` is 1 more than the number of unclear answers so far.
    static func ask(
        help: String,
        _ ask: (_ notes: [String], _ attempt: Int) async -> Keyboard.Reading
    ) async -> Verdict {
        var notes: [String] = []
        var attempt = 1
        // The question is asked at most 100 times, because a program at standard input could answer `?` without end.
        for _ in 0..<100 {
            switch await ask(notes, attempt) {
            case .cancelled: return .stopped
            case .end: return isStopped() ? .stopped : .nobody
            case .line(let line):
                switch YesOrNo(line) {
                case .yes: return .yes
                case .no: return .no
                case .help: notes = [help]
                case .unclear:
                    attempt += 1
                    guard attempt <= YesOrNo.tries else { return .unclear }
                    notes = [YesOrNo.again]
                }
            }
        }
        return .unclear
    }

    /// Called at the end of the input. If standard input was a terminal, a person has ended the input or closed the
    /// terminal: this function then stops the program as Control-C does, and returns true.
    static func isStopped() -> Bool {
        guard StandardInput.wasTerminal else { return false }
        Signals.stop()
        return true
    }
}
