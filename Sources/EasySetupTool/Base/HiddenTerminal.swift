import EasySetupSeed

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The terminal at standard input while typing is hidden.
///
/// When reading ends, by an answer, an error, Control-C or a signal, this type waits for the end of a paste and
/// discards the input that the terminal still holds, so that no other program gets it. A signal has its effect only
/// after that. Typing stays hidden until the process ends or asks a question with visible input (``TerminalMode``).
/// Control-Z restores the terminal's original mode.
///
/// A program in the background takes no input. It asks its question once it has the terminal, with typing hidden, and
/// asks again each time it gets the terminal back from another program (``TerminalMode/hold()``). What was typed before
/// the question does not count, because the terminal may have shown it.
struct HiddenTerminal: ~Copyable {
    private let signals: SignalPipe
    private var screen: TerminalScreen
    private let hasPasteMarks: Bool
    /// Whether a line about the words that are typed is shown.
    let showsWords: Bool
    private var keys = Keys()
    private var question = ""
    /// Whether the question has been asked since this program last got the terminal.
    private var isAsked = false
    private var turn: TerminalMode.ForegroundPeriod?

    /// The time without input, in milliseconds, after which a paste counts as complete. ``longPause`` takes its place
    /// as soon as this type has discarded input, because more of the same paste may follow.
    private static let pause: CInt = 200
    private static let longPause: CInt = 500
    /// The time without input, in milliseconds, after which a paste counts as complete although the terminal has marked
    /// its start and not its end.
    private static let markedPause: CInt = 5_000

    /// Hides typing until this value is destroyed.
    /// - Parameter isPlain: whether no line on the screen is rewritten.
    /// - Throws: ``CommandError/nobodyToAsk(_:)`` if standard input is no terminal.
    init(isPlain: Bool = false) throws(CommandError) {
        guard Input.isTerminal else { throw .nobodyToAsk(.passphrase) }
        let kind = getenv("TERM").map { String(cString: $0) } ?? ""
        // Whether pastes are marked depends on `TERM` alone and not on where the output goes, because the terminal that
        // is read marks them.
        let hasPasteMarks = !kind.isEmpty && kind != "dumb"
        let signals = try SignalPipe()
        guard TerminalMode.change(Self.hide) else { throw .nobodyToAsk(.passphrase) }
        // An `&&` here would capture a value that is not complete yet, and the compiler then destroys it twice.
        let screen = TerminalScreen()
        let canRewrite = screen.canRewrite
        showsWords = isPlain ? false : canRewrite
        self.screen = screen
        self.hasPasteMarks = hasPasteMarks
        self.signals = signals
    }

    deinit {
        resolve(keys)
        TerminalMode.hide()
    }

    /// Writes a text that goes with a question. The text goes to a terminal and never into a file, because it may tell
    /// more of the secret than an error message may.
    mutating func say(_ text: String) {
        screen.clearLine()
        screen.say(text)
    }

    /// Sets the question, which is asked before the next input is read.
    mutating func ask(_ question: String) {
        self.question = question
        isAsked = false
    }

    /// Reads one line; nil at the end of the input. Input beyond the limit, in bytes, is dropped, except for one byte,
    /// which shows that the line is too long.
    /// - Parameters:
    ///   - position: the position of the word of a recovery phrase that is asked for; nil if something else is.
    ///   - near: the words that may be meant, which are shown until a letter is typed.
    /// - Throws: ``CommandError/inputFailed``, or ``CommandError/stopped`` when the person pressed Control-C.
    mutating func readLine(limit: Int, word position: Int? = nil, near: [String] = []) throws(CommandError) -> UserText?
    {
        var line = SecretLine(limit: limit + 1)
        defer { screen.clearLine() }
        while true {
            if let position, canDraw { draw(line.withText { PhraseField($0, word: position, near: near) }) }
            switch try next() {
            case .asked: line.removeAll()
            case .resized: break
            case .over, .key(.control(0x04)): return line.isEmpty ? nil : line.finish()
            case .key(.lineEnd): return line.finish()
            case .key(.text(let byte)): if !line.isFull { line.append(byte) }
            case .key(.control(let code)): try press(code, &line)
            case .key(.pasteStart), .key(.pasteEnd), .quiet: break
            }
        }
    }

    /// Reads several lines that arrive at once, as from a paste, or one typed line; nil at the end of the input. Line
    /// ends become line feeds. Input beyond the limit, in bytes, is dropped, except for one byte. While a recovery phrase
    /// is typed, a line tells the number of the word and whether it is in the list (``PhraseField``).
    /// - Parameter wordsBefore: the number of words that were read before.
    /// - Throws: the errors of ``readLine(limit:)``.
    mutating func readLines(limit: Int, wordsBefore: Int) throws(CommandError) -> UserText? {
        var text = SecretLine(limit: limit + 1)
        defer { screen.clearLine() }
        // Whether the input so far ends with Enter or with the end of a paste. It is complete if no more follows within
        // ``pause``.
        var isEnd = false
        while true {
            if !isEnd, canDraw { draw(text.withText { PhraseField($0, wordsBefore: wordsBefore) }) }
            switch try next(within: isEnd ? Self.pause : -1) {
            case .resized: break
            case .asked:
                text.removeAll()
                isEnd = false
            case .quiet: return text.finish()
            case .over, .key(.control(0x04)): return text.isEmpty ? nil : text.finish()
            case .key(let key):
                switch key {
                case .text(let byte): if !text.isFull { text.append(byte) }
                case .lineEnd:
                    // Enter behind a word that is not in the list leaves the word as the space bar does, so that the
                    // line says what is wrong with it. Another Enter ends the line.
                    if !keys.isInPaste, canDraw, text.withText({ TypedPhrase($0).fit == .none }) {
                        text.append(UInt8(ascii: " "))
                        continue
                    }
                    if !text.isFull { text.append(UInt8(ascii: "\n")) }
                case .control(let code): try press(code, &text)
                case .pasteStart, .pasteEnd: break
                }
                isEnd = !keys.isInPaste && (key == .lineEnd || key == .pasteEnd)
            }
        }
    }

    /// Whether the line about the words may be drawn now. Before its question this program must not write, and a paste is
    /// drawn once, at its end.
    private var canDraw: Bool { showsWords && isAsked && !TerminalMode.isInputWaiting }

    private mutating func draw(_ field: PhraseField) {
        screen.rewrite { field.line(width: $0) }
    }

    /// Handles a control key, by its code.
    private mutating func press(_ code: UInt8, _ text: inout SecretLine) throws(CommandError) {
        switch code {
        case 0x03, 0x1C: throw .stopped
        case 0x08, 0x7F: text.removeCharacter()
        case 0x15: text.removeLine()
        case 0x17: text.removeWord()
        case 0x1A: stop()
        default: break
        }
    }

    /// An event of the terminal.
    private enum Event: Equatable {
        case key(Keys.Key)
        /// This type has just written its question on the terminal. The caller drops what was typed before the
        /// question.
        case asked
        /// The window has another width than the line about the words.
        case resized
        /// No input came in the given time.
        case quiet
        /// The input has ended.
        case over
    }

    /// Waits for the next event of the terminal, and handles signals that come before it.
    /// - Parameter time: the longest wait, in milliseconds; -1 for no limit.
    private mutating func next(within time: CInt = -1) throws(CommandError) -> Event {
        while true {
            let now = TerminalMode.hold()
            if let now, now != turn || !isAsked {
                take(now)
                return .asked
            }
            if now != nil, screen.isResized { return .resized }
            let pace = now == nil ? TerminalMode.paceAway : TerminalMode.pace
            let wait = time < 0 ? pace : min(time, pace)
            var files = [
                pollfd(fd: now == nil ? -1 : STDIN_FILENO, events: Int16(POLLIN), revents: 0),
                pollfd(fd: signals.file, events: Int16(POLLIN), revents: 0),
            ]
            switch poll(&files, 2, wait) {
            case 0:
                if now != nil, wait == time { return .quiet }
                continue
            case 1...: break
            default:
                guard errno == EINTR else { throw .inputFailed }
                continue
            }
            if files[1].revents != 0 {
                while let number = signals.next() { obey(number) }
                continue
            }
            var byte: UInt8 = 0
            let count = read(STDIN_FILENO, &byte, 1)
            let error = errno
            switch count {
            case 1:
                TerminalMode.heard(isSecret: true)
                if let key = keys.take(byte) { return .key(key) }
            case 0: return .over
            // `EIO` in the background means that the system refuses input there, so the read is repeated later. Every
            // other failure lasts, for example after the terminal was closed.
            default: if error != EINTR, error != EAGAIN, error != EIO || TerminalMode.isOurs { throw .inputFailed }
            }
        }
    }

    /// Asks the question. If this program has just got the terminal (a new turn), first discards what was typed before.
    private mutating func take(_ now: TerminalMode.ForegroundPeriod) {
        if turn != now {
            turn = now
            keys = Keys()
            if hasPasteMarks { screen.write("\u{1B}[?2004h") }
            if now.hasDropped || TerminalMode.isInputWaiting {
                drop(Keys())
                screen.say("\nWhat was typed before this question does not count.\n")
            }
        }
        isAsked = true
        // Another program may have moved the line since it was written, so it can't be erased.
        screen.forgetLine()
        screen.say(question)
    }

    private mutating func obey(_ number: CInt) {
        switch number {
        case SIGCONT: TerminalMode.continued()
        case SIGTSTP: stop()
        default:
            if TerminalMode.isOurs { screen.clearLine() }
            resolve(keys)
            TerminalMode.finish()
            signals.deliver(number)
        }
    }

    /// Stops the process as Control-Z does, with the terminal's original mode, until it continues.
    private mutating func stop() {
        let isOurs = TerminalMode.isOurs
        if isOurs { screen.clearLine() }
        resolve(Keys())
        TerminalMode.putAside()
        if isOurs {
            screen.write("\n")
            // Control-Z stops all processes of the foreground group, so this process also stops the others.
            stopOthers()
        }
        signals.deliver(SIGTSTP)
    }

    private func stopOthers() {
        var (ignore, taken) = (sigaction(), sigaction())
        ignore.__sigaction_handler.sa_handler = SIG_IGN
        sigaction(SIGTSTP, &ignore, &taken)
        kill(0, SIGTSTP)
        sigaction(SIGTSTP, &taken, nil)
    }

    private static func hide(_ mode: inout termios) {
        // The mode reads single bytes, with Control-C as a byte and unchanged line ends.
        mode.c_lflag &= ~tcflag_t(ECHO | ECHONL | ICANON | ISIG | IEXTEN)
        mode.c_iflag &= ~tcflag_t(ICRNL | INLCR | IGNCR | ISTRIP)
        TerminalMode.setSingleBytes(&mode)
    }

    /// Ends reading: discards the rest of the input, and tells the terminal to mark pastes no longer. Does nothing in
    /// the background.
    private func resolve(_ keys: Keys) {
        guard TerminalMode.isOurs else { return }
        drop(keys)
        if hasPasteMarks { screen.write("\u{1B}[?2004l") }
    }

    /// Discards input until no more comes, but for no longer than ``TerminalMode/patience``.
    /// - Parameter keys: the keys so far, which tell whether a paste has ended.
    private func drop(_ keys: Keys) {
        var keys = keys
        let start = ContinuousClock.now
        var wait = Self.pause
        while start.duration(to: .now) < TerminalMode.patience,
            Self.isMore(within: keys.isInPaste ? Self.markedPause : wait)
        {
            let dropped = SecretBytes(zeros: 4096)
            let count = dropped.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 || count < 0 && errno == EINTR else { return }
            dropped.withUnsafeBytes { bytes in
                for byte in bytes.prefix(max(0, count)) { _ = keys.take(byte) }
            }
            TerminalMode.heard(isSecret: true)
            wait = Self.longPause
        }
    }

    /// Whether input comes within a time, in milliseconds.
    private static func isMore(within time: CInt) -> Bool {
        var file = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        while true {
            let count = poll(&file, 1, time)
            if count >= 0 || errno != EINTR { return count > 0 && file.revents & Int16(POLLIN) != 0 }
        }
    }
}
