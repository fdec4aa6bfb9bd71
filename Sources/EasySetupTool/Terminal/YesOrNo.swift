import EasySetupSeed

/// How a person's answer to a question of yes or no is read, the same for every such question. Pure.
enum YesOrNo: Equatable, Sendable {
    case yes
    case no
    /// The person asks what the question means.
    case help
    /// Anything else: nothing, a slip, half a word.
    case unclear

    /// How often a question is asked before it counts as not answered.
    static let tries = 3

    /// The text after an unclear answer.
    static let again = "Type yes in full, or no."

    /// Nothing but the whole word means yes. Case, white space around it and full-width letters don't matter.
    init(_ answer: String) {
        switch Self.plain(answer) {
        case "yes": self = .yes
        case "no", "n": self = .no
        case "?", "help": self = .help
        default: self = .unclear
        }
    }

    /// The same of a person's text. Longer ones than any answer are none.
    init(_ answer: UserText) {
        if answer.byteCount <= 64 { self.init(answer.revealed()) } else { self = .unclear }
    }

    /// A short answer without what can't be seen and without space at its ends, in small letters of the usual width.
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

/// How a question of yes or no ended.
enum Verdict: Equatable, Sendable {
    case yes
    case no
    /// It was asked as often as it is, and the answer was never clear.
    case unclear
    /// There is nobody to ask: the input is at its end.
    case nobody
    /// The person ended the input (Control-D), or the question is over for another reason.
    case stopped

    /// Asks until the answer is clear, three times in all; a request for help does not count.
    /// - Parameters:
    ///   - help: what the question means, for a person who asks.
    ///   - ask: shows the question with these notes, for the time that is given from 1, and waits for a line.
    static func ask(
        help: String,
        _ ask: (_ notes: [String], _ attempt: Int) async -> Keyboard.Reading
    ) async -> Verdict {
        var notes: [String] = []
        var attempt = 1
        // Help is without bound for a person, and not for a program that says nothing else.
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

    /// At the end of the input: whether a person ended it at a terminal, or closed that, which stops the program as Control-C does.
    static func isStopped() -> Bool {
        guard StandardInput.wasTerminal else { return false }
        Signals.stop()
        return true
    }
}
