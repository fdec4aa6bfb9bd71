import Dispatch
import EasySetupSeed
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Reads the answers to visible questions from standard input. When a question is cancelled, its read stops, so that
/// the next line goes to the next question. Nothing is read while there is no question.
final class Keyboard: Sendable {
    /// The result of waiting for a line.
    enum Reading: Sendable {
        /// A line, without its end.
        case line(UserText)
        /// The end of standard input, or Control-D.
        case end
        /// The question was cancelled before it was answered.
        case cancelled
    }

    static let shared = Keyboard()

    private struct State {
        /// The bytes that were read from standard input, but are not yet part of an answer to a question.
        var pending: [UInt8] = []
        var isAtEnd = false
        /// Takes the cursor's position from the terminal's answer; nil if nobody waits for one.
        var takeCursor: (@Sendable (CursorPosition) -> Void)?
        /// The number of answers that are to come. Only the last one tells the current position.
        var missingAnswers = 0
        var enter = AwaitedEnter()
    }

    /// How long the terminal's answer is waited for while there is no question, in milliseconds.
    private static let answerTime: CInt = 250

    private let queue = DispatchQueue(label: "keyboard")
    private let state = Mutex(State())

    /// Asks a question and waits for a line; ends early if the task is cancelled.
    ///
    /// A program in the background asks once it has the terminal. If another program has had the terminal since the
    /// question, the question is asked again, and what was typed before does not count.
    /// - Parameters:
    ///   - keepsTyped: whether input from before the question counts.
    ///   - kind: the kind of the answer. The line of a code may be complete without Enter.
    ///   - asking: shows the question. It is called with true if another program has had the terminal since this
    ///     function was called. If `asking` is nil, the question has been shown, and input from before it counts.
    ///   - typing: called with the drawing of the text typed so far, if the terminal passes on every key.
    func line(
        keepsTyped: Bool = false,
        kind: LineEditor.Kind = .text,
        asking: (@Sendable (_ isAgain: Bool) -> Void)? = nil,
        typing: @escaping @Sendable (Typing) -> Void = { _ in }
    ) async -> Reading {
        guard let wake = Wake() else { return .end }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                queue.async { [self] in continuation.resume(returning: read(wake, keepsTyped, kind, asking, typing)) }
            }
        } onCancel: {
            wake.ring()
        }
    }

    /// Discards unread input of the terminal, because it can't be the answer to a later question.
    func forgetTyped() {
        guard isatty(STDIN_FILENO) == 1, TerminalMode.isOurs else { return }
        // More input may follow. `TerminalMode.finish()` waits for it at the end of the process.
        if TerminalMode.isInputWaiting { TerminalMode.heard() }
        tcflush(STDIN_FILENO, TCIFLUSH)
        state.withLock { $0.pending = [] }
        // An answer of the terminal may have been among the input.
        forgetCursor()
    }

    /// Asks the terminal for the position of the cursor.
    /// - Parameter body: called with the position, on a queue of its own; not called if the terminal does not
    ///   answer in time. A later call of this function replaces it.
    func askCursor(_ body: @escaping @Sendable (CursorPosition) -> Void) {
        guard isatty(STDIN_FILENO) == 1, TerminalMode.isOurs else { return }
        state.withLock { state in
            state.takeCursor = body
            state.missingAnswers += 1
        }
        // The end of the process waits for the answer, because a shell must not read it.
        TerminalMode.heard()
        Output.put("\u{1B}[6n", to: STDOUT_FILENO)
        // While there is a question, its loop reads the answer, and this block runs later.
        queue.async { [self] in
            var editor = LineEditor()
            while state.withLock({ $0.takeCursor != nil }), TerminalMode.isOurs {
                var file = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
                guard poll(&file, 1, Self.answerTime) > 0 else { return forgetCursor() }
                read()
                // Keys that are pressed while there is no question do not count.
                while let byte = next() {
                    if case .cursor(let position) = editor.take(byte) { take(position) }
                }
                if state.withLock({ $0.isAtEnd }) { break }
            }
        }
    }

    private func take(_ position: CursorPosition) {
        let body: (@Sendable (CursorPosition) -> Void)? = state.withLock { state in
            state.missingAnswers = max(0, state.missingAnswers - 1)
            guard state.missingAnswers == 0 else { return nil }
            defer { state.takeCursor = nil }
            return state.takeCursor
        }
        body?(position)
    }

    private func forgetCursor() {
        state.withLock { ($0.takeCursor, $0.missingAnswers) = (nil, 0) }
    }

    private func read(
        _ wake: Wake,
        _ keepsTyped: Bool,
        _ kind: LineEditor.Kind,
        _ asking: ((Bool) -> Void)?,
        _ typing: (Typing) -> Void
    ) -> Reading {
        var editor = LineEditor(kind)
        var turn: TerminalMode.ForegroundPeriod?
        var wasAway = false
        while true {
            guard let now = Self.hold() else {
                wasAway = true
                if wake.wait(forInput: false, at: TerminalMode.paceAway) == .rung { return .cancelled }
                continue
            }
            if now != turn {
                if turn == nil {
                    if asking != nil, !keepsTyped { forgetTyped() }
                } else {
                    wasAway = true
                    editor = LineEditor(kind)
                    state.withLock { $0.pending = [] }
                }
                turn = now
                asking?(wasAway)
                if kind == .code { typing(editor.typing) }
            }
            var isChanged = false
            while let byte = next() {
                if state.withLock({ $0.enter.takes(byte, at: .now) }) { continue }
                switch editor.take(byte) {
                case .line(let line): return .line(line)
                case .end: return .end
                case .cursor(let position): take(position)
                case nil: isChanged = true
                }
            }
            if isChanged {
                // Input that follows at once belongs to the same text: a right code may be the beginning of a sentence.
                if editor.isComplete, !TerminalMode.isInputWaiting {
                    state.withLock { $0.enter.expect(at: .now) }
                    TerminalMode.awaitEnter()
                    return .line(editor.complete())
                }
                typing(editor.typing)
            }
            if state.withLock({ $0.isAtEnd }) {
                if case .line(let line) = editor.finish() { return .line(line) }
                return .end
            }
            switch wake.wait(forInput: true, at: StandardInput.wasTerminal ? TerminalMode.pace : -1) {
            case .rung: return .cancelled
            case .input where Self.hold() == turn: read()
            case .input, .nothing: break
            }
        }
    }

    private func read() {
        var bytes = [UInt8](repeating: 0, count: 512)
        let count = systemRead(STDIN_FILENO, &bytes, bytes.count)
        let error = errno
        if count < 0, error == EINTR || error == EAGAIN { return }
        // The system refuses input to a program in the background.
        if count < 0, error == EIO, !TerminalMode.isOurs { return }
        if count > 0, StandardInput.wasTerminal { TerminalMode.heard() }
        state.withLock { state in
            if count > 0 { state.pending += bytes[..<count] } else { state.isAtEnd = true }
        }
    }

    /// The current turn, a time during which this program has the terminal; nil while another program has it. If
    /// standard input is no terminal, this function always returns the same turn.
    private static func hold() -> TerminalMode.ForegroundPeriod? {
        StandardInput.wasTerminal ? TerminalMode.hold() : TerminalMode.ForegroundPeriod()
    }

    private func next() -> UInt8? {
        state.withLock { $0.pending.isEmpty ? nil : $0.pending.removeFirst() }
    }

    /// A pipe by which one thread ends another thread's wait for input.
    private final class Wake: Sendable {
        private let ends: (read: CInt, write: CInt)

        init?() {
            var ends: [CInt] = [-1, -1]
            guard pipe(&ends) == 0 else { return nil }
            for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
            self.ends = (ends[0], ends[1])
        }

        deinit {
            close(ends.read)
            close(ends.write)
        }

        func ring() {
            var byte: UInt8 = 0
            _ = write(ends.write, &byte, 1)
        }

        enum Event { case rung, input, nothing }

        /// Waits for ``ring()``, and for input if asked to. The end of the input counts as input.
        /// - Parameter time: the longest wait, in milliseconds; -1 for no limit.
        func wait(forInput: Bool, at time: CInt) -> Event {
            var files = [
                pollfd(fd: ends.read, events: Int16(POLLIN), revents: 0),
                pollfd(fd: forInput ? STDIN_FILENO : -1, events: Int16(POLLIN), revents: 0),
            ]
            let count = poll(&files, 2, time)
            if files[0].revents != 0 { return .rung }
            return count > 0 ? .input : .nothing
        }
    }
}

/// Calls the system's `read`, because in a type that has a method `read`, that name means the method.
private func systemRead(_ file: CInt, _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int) -> Int {
    read(file, bytes, count)
}
