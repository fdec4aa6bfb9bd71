import EasySetupSeed
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What a command says on standard output: lines for people, or one JSON object per line for programs, each written at
/// once. Questions and progress for people go to standard error, so that standard output holds results alone.
struct Output: Sendable {
    /// For whom the output is.
    enum Form: Sendable {
        case people, json
    }

    let form: Form

    /// Whether standard output is a terminal, and people look at it.
    var isTerminal: Bool {
        form == .people && isatty(STDOUT_FILENO) == 1
    }

    /// Tells that something happened.
    /// - Parameters:
    ///   - name: the `event` of the JSON object.
    ///   - fields: the object's other members, in order.
    ///   - people: the same for people; nothing is written for them when it is nil.
    func event(_ name: String, _ fields: [(String, JSONValue)] = [], people: String?) {
        TerminalMode.awaitQuiet()
        switch form {
        case .json: write(JSONValue.line([("event", .string(name))] + fields), to: STDOUT_FILENO)
        case .people: if let people { write(people, to: STDOUT_FILENO) }
        }
    }

    /// Tells people something that programs have no use for.
    func say(_ text: String) {
        if form == .people { write(text, to: STDOUT_FILENO) }
    }

    /// Tells why a command ends without having done its work.
    func failed(_ error: any ExplainedError) {
        switch form {
        case .json:
            var fields: [(String, JSONValue)] = [
                ("error", .string(error.name)), ("message", .string(error.description)),
                ("advice", .string(error.advice)), ("retry", .boolean(error.retryHelps)),
            ]
            if let cause = error.cause { fields.insert(("cause", .string(cause)), at: 1) }
            if error.retryAfter > .zero {
                // Rounded up: too early is of no use.
                fields.append(("retry_after", .integer(Int((error.retryAfter / .seconds(1)).rounded(.up)))))
            }
            event("failed", fields, people: nil)
            // A program that can't be told is told at the one place that is left.
            if isLost { fallthrough }
        case .people:
            TerminalMode.awaitQuiet()
            let lines = [error.description, error.advice]
            // A terminal would break the lines within words.
            let isShown = isatty(STDERR_FILENO) == 1 && isatty(STDOUT_FILENO) == 1
            let width = max(20, WindowSize.current.width - 1)
            let folded = isShown ? lines.flatMap { Columns.fold($0, width: width) } : lines
            write(folded.joined(separator: "\n"), to: STDERR_FILENO)
        }
    }

    /// Whether something that belongs on standard output could not be written there.
    var isLost: Bool { Self.isLost.load(ordering: .acquiring) }

    /// Makes sure that everything that was told has arrived; called when a command is done.
    /// - Throws: ``CommandError/outputFailed``.
    func finish() throws(CommandError) {
        // A full disk or a lost share may be noticed only when the file is synced or closed.
        var status = stat()
        if fstat(STDOUT_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
            if fsync(STDOUT_FILENO) != 0, [EIO, ENOSPC, EDQUOT].contains(errno) { Self.lose() }
            let copy = dup(STDOUT_FILENO)
            if copy >= 0, close(copy) != 0, errno != EINTR { Self.lose() }
        }
        if isLost { throw .outputFailed }
    }

    /// Writes text to standard output, whatever the form.
    func put(_ text: String) {
        write(text, to: STDOUT_FILENO)
    }

    /// Puts text on the terminal, for a question or for progress, whatever the form; no line end is added. Where standard error goes to a
    /// file and people look at standard output, it goes there, because a question that nobody sees is none.
    func prompt(_ text: String) {
        Self.put(text, to: isTerminal && isatty(STDERR_FILENO) != 1 ? STDOUT_FILENO : STDERR_FILENO)
    }

    /// Ends the process at once, from whatever thread.
    static func end(_ code: Int32) -> Never {
        _exit(code)
    }

    private func write(_ text: String, to file: CInt) {
        Self.put(text + "\n", to: file)
    }

    // Lines of concurrent tasks don't mix.
    private static let turn = Mutex(())
    private static let isLost = Atomic(false)

    private static func lose() {
        isLost.store(true, ordering: .releasing)
    }

    /// Writes past all buffers. What standard output does not take is remembered for ``finish()``; nobody is left to tell
    /// what standard error does not take.
    private static func put(_ text: String, to file: CInt) {
        var text = text
        let isWritten = turn.withLock { _ in
            text.withUTF8 { buffer in
                var done = 0
                while done < buffer.count {
                    let count = systemWrite(file, buffer.baseAddress! + done, buffer.count - done)
                    if count >= 0 {
                        done += count
                    } else if errno == EAGAIN || errno == EWOULDBLOCK {
                        // Another program made the terminal or pipe that it shares with this one non-blocking.
                        var wait = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
                        poll(&wait, 1, -1)
                    } else if errno != EINTR {
                        return false
                    }
                }
                return true
            }
        }
        if !isWritten, file == STDOUT_FILENO { lose() }
    }
}

/// Standard input, output and error as the process was given them.
enum StandardFiles {
    /// Opens `/dev/null` for each of them that is closed, so that no file of the program's own gets its number and is overwritten. Input is
    /// opened for writing and output for reading, so that using them is an error, as with the closed file.
    static func keep() {
        for (file, way) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)]
        where fcntl(file, F_GETFD) == -1 {
            _ = open("/dev/null", way)
        }
        // A reader that went away is an error of writing and no reason to vanish.
        signal(SIGPIPE, SIG_IGN)
        // Swift's runtime shows what is in the process's memory when a terminal's Control-\\ ends it.
        signal(SIGQUIT, SIG_DFL)
    }
}

/// The system's `write`, which a method of the same name hides.
private func systemWrite(_ file: CInt, _ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
    write(file, bytes, count)
}
