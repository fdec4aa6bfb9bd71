import EasySetupSeed

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The terminal at standard input while what is typed there is not shown.
///
/// However reading ends, by an answer, an error, Control-C or a signal, this waits until a paste is over and throws away what the
/// terminal still holds: what was meant for this program reaches no other. Typing stays hidden until the process ends or asks for what
/// may be seen (``TerminalMode``). A signal does what it does after that. Control-Z gives the terminal back as well, and takes it again
/// when the program goes on.
struct HiddenTerminal: ~Copyable {
    private let signals: SignalPipe
    private let output: Output
    private let hasPasteMarks: Bool
    private var keys = Keys()
    /// The last question, which is asked again when the program goes on after a stop.
    private var question = ""

    /// For how long nothing must come until a paste is taken to be over; longer once more came than was read.
    private static let pause: CInt = 200
    private static let longPause: CInt = 500
    /// The same in a paste whose end the terminal marks.
    private static let markedPause: CInt = 5_000

    /// Stops showing what is typed, until this goes.
    /// - Throws: ``CommandError/noTerminal(_:)``.
    init(_ output: Output) throws(CommandError) {
        guard Input.isTerminal else { throw .noTerminal(.passphrase) }
        let kind = getenv("TERM").map { String(cString: $0) } ?? ""
        let hasPasteMarks = isatty(STDERR_FILENO) == 1 && !kind.isEmpty && kind != "dumb"
        let signals = try SignalPipe()
        try Self.hide(hasPasteMarks ? output : nil)
        self.output = output
        self.hasPasteMarks = hasPasteMarks
        self.signals = signals
    }

    deinit {
        var keys = keys
        Self.resolve(&keys)
        if hasPasteMarks { output.prompt(Self.marksOff) }
        TerminalMode.hide()
    }

    /// Asks something.
    mutating func ask(_ question: String) {
        self.question = question
        output.prompt(question)
    }

    /// One line, or nil at the end of the input. What is typed beyond the limit is dropped, but for one byte.
    /// - Throws: ``CommandError/inputFailed``, or ``CommandError/notConfirmed`` when the person pressed Control-C.
    mutating func readLine(limit: Int) throws(CommandError) -> UserText? {
        var line = SecretLine(limit: limit + 1)
        while case .key(let key) = try next(), key != .control(0x04) {
            switch key {
            case .lineEnd: return line.finish()
            case .text(let byte): if !line.isFull { line.append(byte) }
            case .control(let code): try press(code, &line)
            case .pasteStart, .pasteEnd: break
            }
        }
        return line.isEmpty ? nil : line.finish()
    }

    /// Several lines that come at once, as from a paste, or one that is typed; nil at the end of the input. Line ends are line
    /// feeds. What comes beyond the limit is dropped, but for one byte.
    /// - Throws: as ``readLine(limit:)``.
    mutating func readLines(limit: Int) throws(CommandError) -> UserText? {
        var text = SecretLine(limit: limit + 1)
        // A line is over when Enter is pressed, and a paste when nothing follows.
        var isEnd = false
        while true {
            switch try next(within: isEnd ? Self.pause : -1) {
            case .quiet: return text.finish()
            case .over, .key(.control(0x04)): return text.isEmpty ? nil : text.finish()
            case .key(let key):
                switch key {
                case .text(let byte): if !text.isFull { text.append(byte) }
                case .lineEnd: if !text.isFull { text.append(UInt8(ascii: "\n")) }
                case .control(let code): try press(code, &text)
                case .pasteStart, .pasteEnd: break
                }
                isEnd = !keys.isInPaste && (key == .lineEnd || key == .pasteEnd)
            }
        }
    }

    /// Handles a control key, by its code.
    private func press(_ code: UInt8, _ text: inout SecretLine) throws(CommandError) {
        switch code {
        case 0x03, 0x1C: throw .notConfirmed
        case 0x08, 0x7F: text.removeCharacter()
        case 0x15: text.removeLine()
        case 0x1A: try stop()
        default: break
        }
    }

    /// The next event of the terminal.
    private enum Event: Equatable {
        case key(Keys.Key)
        /// Nothing came in the time.
        case quiet
        /// The input is at its end.
        case over
    }

    /// - Parameter time: how long to wait, in milliseconds; -1 for ever.
    private mutating func next(within time: CInt = -1) throws(CommandError) -> Event {
        while true {
            var files = [
                pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0),
                pollfd(fd: signals.file, events: Int16(POLLIN), revents: 0),
            ]
            switch poll(&files, 2, time) {
            case 0: return .quiet
            case 1...: break
            default:
                guard errno == EINTR else { throw .inputFailed }
                continue
            }
            while let number = signals.next() { try obey(number) }
            guard files[0].revents != 0 else { continue }
            var byte: UInt8 = 0
            switch read(STDIN_FILENO, &byte, 1) {
            case 1:
                TerminalMode.heard(isSecret: true)
                if let key = keys.take(byte) { return .key(key) }
            case 0: return .over
            // The terminal was closed; the signal that says so may still be on its way.
            default: if errno != EINTR, errno != EAGAIN { throw .inputFailed }
            }
        }
    }

    private mutating func obey(_ number: CInt) throws(CommandError) {
        switch number {
        case SIGCONT: try Self.hide(hasPasteMarks ? output : nil)
        case SIGTSTP: try stop()
        default:
            Self.resolve(&keys)
            if hasPasteMarks { output.prompt(Self.marksOff) }
            TerminalMode.finish()
            signals.deliver(number)
        }
    }

    /// Stops the process as Control-Z does, with the terminal as it was before, and goes on when it is told to.
    private func stop() throws(CommandError) {
        var none = Keys()
        Self.resolve(&none)
        if hasPasteMarks { output.prompt(Self.marksOff) }
        TerminalMode.putAside()
        output.prompt("\n")
        // The keyboard stops all that runs together in the foreground.
        if tcgetpgrp(STDIN_FILENO) == getpgrp() { stopOthers() }
        signals.deliver(SIGTSTP)
        try Self.hide(hasPasteMarks ? output : nil)
        output.prompt(question)
    }

    private func stopOthers() {
        var (ignore, taken) = (sigaction(), sigaction())
        ignore.__sigaction_handler.sa_handler = SIG_IGN
        sigaction(SIGTSTP, &ignore, &taken)
        kill(0, SIGTSTP)
        sigaction(SIGTSTP, &taken, nil)
    }

    private static func hide(_ marked: Output?) throws(CommandError) {
        let isHidden = TerminalMode.change(waits: true) { mode in
            // Byte by byte, with Control-C as a byte and line ends as they are sent.
            mode.c_lflag &= ~tcflag_t(ECHO | ECHONL | ICANON | ISIG | IEXTEN)
            mode.c_iflag &= ~tcflag_t(ICRNL | INLCR | IGNCR | ISTRIP)
            TerminalMode.setSingleBytes(&mode)
        }
        guard isHidden else { throw .noTerminal(.passphrase) }
        marked?.prompt("\u{1B}[?2004h")
    }

    /// Ends the marks of pastes.
    private static let marksOff = "\u{1B}[?2004l"

    /// Waits until nothing more comes, and throws away what does.
    private static func resolve(_ keys: inout Keys) {
        let start = ContinuousClock.now
        var wait = pause
        while start.duration(to: .now) < TerminalMode.patience, isMore(within: keys.isInPaste ? markedPause : wait) {
            let dropped = SecretBytes(zeros: 4096)
            let count = dropped.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
            guard count > 0 || count < 0 && errno == EINTR else { return }
            dropped.withUnsafeBytes { bytes in
                for byte in bytes.prefix(max(0, count)) { _ = keys.take(byte) }
            }
            TerminalMode.heard(isSecret: true)
            wait = longPause
        }
    }

    /// Whether something comes within a time, in milliseconds.
    private static func isMore(within time: CInt) -> Bool {
        var file = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        while true {
            let count = poll(&file, 1, time)
            if count >= 0 || errno != EINTR { return count > 0 && file.revents & Int16(POLLIN) != 0 }
        }
    }
}
