import SyncSeed
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
        case .people:
            write("\(error.description)\n\(error.advice)", to: STDERR_FILENO)
        }
    }

    /// Puts text on the terminal, for a question or for progress, whatever the form; no line end is added.
    func prompt(_ text: String) {
        Self.put(text, to: STDERR_FILENO)
    }

    private func write(_ text: String, to file: CInt) {
        Self.put(text + "\n", to: file)
    }

    // Lines of concurrent tasks don't mix.
    private static let turn = Mutex(())

    /// Writes past all buffers. Nobody is left to tell when that fails, so it just ends.
    private static func put(_ text: String, to file: CInt) {
        var text = text
        turn.withLock { _ in
            text.withUTF8 { buffer in
                var done = 0
                while done < buffer.count {
                    let count = systemWrite(file, buffer.baseAddress! + done, buffer.count - done)
                    if count < 0, errno != EINTR { return }
                    done += max(count, 0)
                }
            }
        }
    }
}

/// The system's `write`, which a method of the same name hides.
private func systemWrite(_ file: CInt, _ bytes: UnsafePointer<UInt8>, _ count: Int) -> Int {
    write(file, bytes, count)
}
