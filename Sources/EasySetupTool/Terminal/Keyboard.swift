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

/// Reads the answers to visible questions from standard input. A cancelled question stops its read, so that the next
/// line goes to the next question. Nothing is read while there is no question.
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
        /// The bytes that were read and not taken yet.
        var pending: [UInt8] = []
        var isAtEnd = false
    }

    private let queue = DispatchQueue(label: "keyboard")
    private let state = Mutex(State())

    /// Waits for a line; ends early if the task is cancelled.
    /// - Parameter typing: called with the text typed so far, if the terminal passes on every key.
    func line(typing: @escaping @Sendable (String) -> Void = { _ in }) async -> Reading {
        guard let wake = Wake() else { return .end }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                queue.async { [self] in continuation.resume(returning: read(wake, typing)) }
            }
        } onCancel: {
            wake.ring()
        }
    }

    /// Discards unread input of the terminal, because it can't be the answer to a later question.
    func forgetTyped() {
        guard isatty(STDIN_FILENO) == 1, TerminalMode.isOurs else { return }
        // More input may follow. `TerminalMode.finish()` waits for it at the end of the process.
        var file = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        if poll(&file, 1, 0) > 0 { TerminalMode.heard() }
        tcflush(STDIN_FILENO, TCIFLUSH)
        state.withLock { $0.pending = [] }
    }

    private func read(_ wake: Wake, _ typing: (String) -> Void) -> Reading {
        var editor = LineEditor()
        while true {
            while let byte = next() {
                switch editor.take(byte) {
                case .line(let line): return .line(line)
                case .end: return .end
                case nil: typing(editor.text)
                }
            }
            if state.withLock({ $0.isAtEnd }) {
                if case .line(let line) = editor.finish() { return .line(line) }
                return .end
            }
            if wake.waitForInput() { return .cancelled }
            var bytes = [UInt8](repeating: 0, count: 512)
            let count = systemRead(STDIN_FILENO, &bytes, bytes.count)
            if count < 0, errno == EINTR || errno == EAGAIN { continue }
            if count > 0, StandardInput.wasTerminal { TerminalMode.heard() }
            state.withLock { state in
                if count > 0 { state.pending += bytes[..<count] } else { state.isAtEnd = true }
            }
        }
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

        /// Waits. Returns true after ``ring()``, and false if standard input has data or has ended.
        ///
        /// A program in the background waits until it has the terminal again, because its input is meant for another
        /// program. The system sends no signal when a shell puts a running program into the foreground, so this
        /// function checks at intervals.
        func waitForInput() -> Bool {
            var isAside = false
            while true {
                let isOurs = !StandardInput.wasTerminal || TerminalMode.isOurs
                if isAside, isOurs { Signals.cameBack() }
                isAside = !isOurs
                var files = [
                    pollfd(fd: ends.read, events: Int16(POLLIN), revents: 0),
                    pollfd(fd: isAside ? -1 : STDIN_FILENO, events: Int16(POLLIN), revents: 0),
                ]
                let count = poll(&files, 2, StandardInput.wasTerminal ? 250 : -1)
                if files[0].revents != 0 { return true }
                if count > 0, !StandardInput.wasTerminal || TerminalMode.isOurs { return false }
            }
        }
    }
}

/// The system's `read`, which a method of the same name hides.
private func systemRead(_ file: CInt, _ bytes: UnsafeMutablePointer<UInt8>, _ count: Int) -> Int {
    read(file, bytes, count)
}
