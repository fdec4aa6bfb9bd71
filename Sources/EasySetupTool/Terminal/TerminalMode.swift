import EasySetupSeed
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The mode of the terminal at standard input. Only this type changes it, so that it is restored however the program
/// ends or is suspended.
///
/// After a hidden question, typing stays hidden until the process ends or asks a visible question. At its end the
/// process discards input after the last answer, such as the rest of a paste, because the shell would run it as
/// commands and keep it in its history.
enum TerminalMode {
    private struct State {
        /// The original mode; nil while it is unchanged.
        var before: termios?
        /// The changed mode.
        var now: termios?
        /// The time of the last input; nil before the first.
        var lastInput: ContinuousClock.Instant?
        /// The time without input after which the process may end.
        var quiet = TerminalMode.pause
        var isWatched = false
    }

    /// The time without input after which an answer counts as complete.
    static let pause = Duration.milliseconds(300)
    /// The time without input after which a secret counts as complete. It is longer, because the network of a remote
    /// terminal may delay a part of a paste.
    static let secretPause = Duration.seconds(1)
    /// The time without input after which an answer counts as complete if more input has come than was asked for.
    static let longPause = Duration.seconds(2)
    /// The longest time for which the program waits for the end of a paste.
    static let patience = Duration.seconds(20)

    private static let state = Mutex(State())

    /// Whether this program is in the foreground of the terminal. A terminal without job control belongs to every
    /// process.
    static var isOurs: Bool {
        let group = tcgetpgrp(STDIN_FILENO)
        return group < 0 || group == getpgrp()
    }

    /// Changes the mode until ``restore()``.
    /// - Parameters:
    ///   - waits: whether a program in the background is stopped until it has the terminal.
    ///   - edit: called with the original mode.
    /// - Returns: whether the mode was changed. It is not if standard input is no terminal, or if another program is in
    ///   the foreground.
    @discardableResult
    static func change(waits: Bool = false, _ edit: (inout termios) -> Void) -> Bool {
        state.withLock { state in
            var mode = termios()
            guard waits || isOurs, tcgetattr(STDIN_FILENO, &mode) == 0 else { return false }
            let before = state.before ?? mode
            mode = before
            edit(&mode)
            // The original mode is stored first, so that a signal between the two steps can restore it.
            state.before = before
            state.now = mode
            watchEnd(&state)
            return tcsetattr(STDIN_FILENO, TCSANOW, &mode) == 0
        }
    }

    /// Hides typing, and passes on each byte without waiting for the end of a line; Control-C and the like work.
    static func hide() {
        change { mode in
            mode.c_lflag &= ~tcflag_t(ECHO | ECHONL | ICANON)
            setSingleBytes(&mode)
        }
    }

    /// Makes reads return after each byte.
    static func setSingleBytes(_ mode: inout termios) {
        withUnsafeMutableBytes(of: &mode.c_cc) { characters in
            characters[Int(VMIN)] = 1
            characters[Int(VTIME)] = 0
        }
    }

    /// Notes that the program has read from standard input.
    static func heard(isSecret: Bool = false) {
        state.withLock { state in
            state.lastInput = .now
            if isSecret { state.quiet = max(state.quiet, secretPause) }
            watchEnd(&state)
        }
    }

    /// Notes that a key stops the program. If there was a question, the key may be a part of a paste, so the end of the
    /// process waits for the rest.
    static func heardStop() {
        state.withLock { state in
            if state.lastInput != nil { state.lastInput = .now }
        }
    }

    /// Restores the original mode, and discards typed input that was not read.
    static func restore() {
        state.withLock { state in
            guard state.before != nil || state.lastInput != nil else { return }
            put(state.before)
            (state.before, state.now) = (nil, nil)
        }
    }

    /// Restores the original mode while the program is suspended.
    static func putAside() {
        state.withLock { put($0.before) }
    }

    /// Sets the changed mode again, if the program is in the foreground again.
    static func resume() {
        state.withLock { state in
            guard isOurs, var mode = state.now else { return }
            tcsetattr(STDIN_FILENO, TCSANOW, &mode)
        }
    }

    /// Discards input after a secret until no more comes. The caller does this before it shows a result, because a
    /// person who has read the result types the next command, which must not be lost.
    static func awaitQuiet() {
        let (lastInput, pause) = state.withLock { ($0.lastInput, $0.quiet) }
        guard let lastInput, pause >= secretPause, isOurs, isatty(STDIN_FILENO) == 1 else { return }
        drop(since: lastInput, pause: pause)
        state.withLock { $0.lastInput = nil }
    }

    /// Discards input until no more comes, if there was a question, and restores the original mode. It is the last step
    /// of the process.
    static func finish() {
        let (lastInput, pause) = state.withLock { ($0.lastInput, $0.quiet) }
        if let lastInput, isOurs, isatty(STDIN_FILENO) == 1 {
            hide()
            drop(since: lastInput, pause: pause)
        }
        restore()
    }

    private static func drop(since lastInput: ContinuousClock.Instant, pause: Duration) {
        let start = ContinuousClock.now
        var quiet = (since: lastInput, time: pause)
        while start.duration(to: .now) < patience {
            let left = max(.zero, quiet.time - quiet.since.duration(to: .now))
            var file = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            let count = poll(&file, 1, CInt(left / .milliseconds(1)))
            if count < 0, errno == EINTR { continue }
            guard count > 0, file.revents & Int16(POLLIN) != 0 else { return }
            let dropped = SecretBytes(zeros: 4096)
            guard dropped.withUnsafeMutableBytes({ read(STDIN_FILENO, $0.baseAddress, $0.count) }) > 0 else { return }
            quiet = (.now, longPause)
        }
    }

    /// Sets a mode, unless the program is in the background: the program in the foreground has its own mode, and the
    /// system would stop this one.
    private static func put(_ mode: termios?) {
        guard isOurs, isatty(STDIN_FILENO) == 1 else { return }
        tcflush(STDIN_FILENO, TCIFLUSH)
        guard var mode else { return }
        tcsetattr(STDIN_FILENO, TCSANOW, &mode)
        tcflush(STDIN_FILENO, TCIFLUSH)
    }

    private static func watchEnd(_ state: inout State) {
        guard !state.isWatched else { return }
        state.isWatched = true
        atexit { TerminalMode.finish() }
    }
}
