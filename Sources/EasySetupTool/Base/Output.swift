import EasySetupSeed
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The standard output of a command: lines for people, or one JSON object per line for programs, each written at once.
/// Questions and progress for people go to standard error, so that standard output has results only.
struct Output: Sendable {
    /// The reader for whom the output is written.
    enum Form: Sendable {
        case people, json
    }

    let form: Form
    /// Whether a person wants no line to be rewritten.
    var isPlain = false

    /// Whether the output is for people and goes to a terminal.
    var isTerminal: Bool {
        form == .people && isatty(STDOUT_FILENO) == 1
    }

    /// Writes an event: a JSON object for programs, or a text for people.
    /// - Parameters:
    ///   - name: the `event` of the JSON object.
    ///   - fields: the object's other members, in order.
    ///   - people: the text for people, which is wrapped for a terminal; nil writes nothing for them.
    func event(_ name: String, _ fields: [(String, JSONValue)] = [], people: String?) {
        TerminalMode.awaitQuiet()
        switch form {
        case .json: write(JSONValue.line([("event", .string(name))] + fields), to: STDOUT_FILENO)
        case .people: if let people { write(Self.fitted(people, to: STDOUT_FILENO), to: STDOUT_FILENO) }
        }
    }

    /// Writes a text for people that programs do not need.
    /// - Parameter isVerbatim: whether the text is for copying or a picture, and not wrapped.
    func say(_ text: String, isVerbatim: Bool = false) {
        guard form == .people else { return }
        write(isVerbatim ? text : Self.fitted(text, to: STDOUT_FILENO), to: STDOUT_FILENO)
    }

    /// A text for people, wrapped between words if it goes to a terminal, which would break its lines within words.
    static func fitted(_ text: String, to file: CInt) -> String {
        isatty(file) == 1 ? Columns.prose(text, width: WindowSize.of(file).width) : text
    }

    /// Reports the error with which a command ends.
    func failed(_ error: any ExplainedError) {
        switch form {
        case .json:
            var fields: [(String, JSONValue)] = [
                ("error", .string(error.name)), ("message", .string(error.description)),
                ("advice", .string(error.commandAdvice)), ("retry", .boolean(error.retryHelps)),
            ]
            if let cause = error.cause { fields.insert(("cause", .string(cause)), at: 1) }
            if error.retryAfter > .zero {
                // The time is rounded up, because a retry that comes too early fails.
                fields.append(("retry_after", .integer(Int((error.retryAfter / .seconds(1)).rounded(.up)))))
            }
            event("failed", fields, people: nil)
            // If standard output can't be written, a program can learn of the error only from standard error.
            if isLost { fallthrough }
        case .people:
            TerminalMode.awaitQuiet()
            write(Self.fitted("\(error.description)\n\(error.commandAdvice)", to: STDERR_FILENO), to: STDERR_FILENO)
        }
    }

    /// Whether some output could not be written to standard output.
    var isLost: Bool { Self.isLost.load(ordering: .acquiring) }

    /// Checks at the end of a command that all output has been written.
    /// - Throws: ``CommandError/outputFailed`` if it has not.
    func finish() throws(CommandError) {
        // The system may report a full disk or a lost network share only when the file is synced or closed.
        var status = stat()
        if fstat(STDOUT_FILENO, &status) == 0, status.st_mode & S_IFMT == S_IFREG {
            if fsync(STDOUT_FILENO) != 0, [EIO, ENOSPC, EDQUOT].contains(errno) { Self.lose() }
            let copy = dup(STDOUT_FILENO)
            if copy >= 0, close(copy) != 0, errno != EINTR { Self.lose() }
        }
        if isLost { throw .outputFailed }
    }

    /// Writes text to standard output, for people and for programs alike.
    func put(_ text: String) {
        write(text, to: STDOUT_FILENO)
    }

    /// Writes bytes as they are to standard output.
    func put(bytes: [UInt8]) {
        bytes.withUnsafeBufferPointer { Self.put($0, to: STDOUT_FILENO) }
    }

    /// Writes a question or progress to standard error, for people and for programs alike, without a line end. If
    /// standard error is a file and standard output a terminal, the text goes to standard output, because a person
    /// would not see it in the file.
    /// - Parameter isVerbatim: whether the text is for copying, and not wrapped.
    func prompt(_ text: String, isVerbatim: Bool = false) {
        let file = isTerminal && isatty(STDERR_FILENO) != 1 ? STDOUT_FILENO : STDERR_FILENO
        Self.put(isVerbatim ? text : Self.fitted(text, to: file), to: file)
    }

    /// Whether questions go to a terminal, and the lines before them to something else, such as a file. Then a question
    /// must say by itself what it is about, because the person does not see those lines.
    var hasQuestionsApart: Bool { form == .people && isatty(STDERR_FILENO) == 1 && isatty(STDOUT_FILENO) != 1 }

    /// Ends the process at once, from any thread.
    static func end(_ code: Int32) -> Never {
        _exit(code)
    }

    private func write(_ text: String, to file: CInt) {
        Self.put(text + "\n", to: file)
    }

    // The lock keeps the lines of concurrent tasks from mixing.
    private static let turn = Mutex(())
    private static let isLost = Atomic(false)

    private static func lose() {
        isLost.store(true, ordering: .releasing)
    }

    /// Writes a text to an open file without buffering it. A failure of standard output sets ``isLost``. A failure of standard error is
    /// ignored, because there is no place left to report it.
    static func put(_ text: String, to file: CInt) {
        var text = text
        text.withUTF8 { put($0, to: file) }
    }

    private static func put(_ buffer: UnsafeBufferPointer<UInt8>, to file: CInt) {
        let isWritten = turn.withLock { _ in
            var done = 0
            while done < buffer.count {
                let count = systemWrite(file, buffer.baseAddress! + done, buffer.count - done)
                if count >= 0 {
                    done += count
                } else if errno == EAGAIN || errno == EWOULDBLOCK {
                    // Another program has made the shared terminal or pipe non-blocking, so this program waits until it
                    // can write.
                    var wait = pollfd(fd: file, events: Int16(POLLOUT), revents: 0)
                    poll(&wait, 1, -1)
                } else if errno != EINTR {
                    return false
                }
            }
            return true
        }
        if !isWritten, file == STDOUT_FILENO { lose() }
    }
}

/// Standard input, output and error of the process, and what else it writes to.
enum StandardFiles {
    /// Opens `/dev/null` in place of standard input, output or error where the parent process has closed it. Otherwise
    /// a file that the program opens later would get its number, and the program would write its output into that file.
    /// Input is opened for writing and output for reading, so that using them is an error, as with a closed file.
    static func keep() {
        for (file, way) in [(STDIN_FILENO, O_WRONLY), (STDOUT_FILENO, O_RDONLY), (STDERR_FILENO, O_WRONLY)]
        where fcntl(file, F_GETFD) == -1 {
            _ = open("/dev/null", way)
        }
        // With SIGPIPE ignored, writing to a closed pipe is an error and does not end the process.
        signal(SIGPIPE, SIG_IGN)
        // Swift's runtime would otherwise print a part of the process's memory when Control-\\ ends it.
        signal(SIGQUIT, SIG_DFL)
        // libdispatch asks for a higher priority for its thread of timers, and tells the system's log that nobody but
        // root gets one. This program needs none. A user who wants to read libdispatch's log sets the variable himself.
        setenv("LIBDISPATCH_LOG", "NO", 0)
    }
}

/// Calls the system's `write`, because in a type that has a method `write`, that name means the method.
private func systemWrite(_ file: CInt, _ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
    write(file, bytes, count)
}
