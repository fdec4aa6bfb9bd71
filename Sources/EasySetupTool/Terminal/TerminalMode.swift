import EasySetupSeed
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The mode of the terminal at standard input: changed in one place, so that it is as before however the program ends or is put
/// aside.
///
/// From the first question on, typing is shown again only when the process ends. What comes after an answer, the rest of a paste,
/// is read and thrown away until then, because the shell would run it as commands and keep it in its history.
enum TerminalMode {
    private struct State {
        /// As it was before; nil while nothing is changed.
        var before: termios?
        /// As it was changed to.
        var now: termios?
        /// When something was last read; nil while nothing was.
        var lastInput: ContinuousClock.Instant?
        /// For how long nothing must have come at the end of the process.
        var quiet = TerminalMode.pause
        var isWatched = false
    }

    /// The time without input after which an answer is taken to be all that was typed.
    static let pause = Duration.milliseconds(300)
    /// The same where a secret was typed, for the network of a remote terminal may hold up a part of a paste.
    static let secretPause = Duration.seconds(1)
    /// The same once more came than was asked for.
    static let longPause = Duration.seconds(2)
    /// For how long the end of a paste is waited for in all.
    static let patience = Duration.seconds(20)

    private static let state = Mutex(State())

    /// Whether the terminal listens to this program and not to another one that was put before it. One that controls no programs
    /// listens to whoever has it.
    static var isOurs: Bool {
        let group = tcgetpgrp(STDIN_FILENO)
        return group < 0 || group == getpgrp()
    }

    /// Changes the mode until ``restore()``.
    /// - Parameters:
    ///   - waits: whether a program in the background is stopped until it has the terminal.
    ///   - edit: is given the mode that was there before the first change.
    /// - Returns: whether it was changed; standard input may be no terminal, or another program may have it.
    @discardableResult
    static func change(waits: Bool = false, _ edit: (inout termios) -> Void) -> Bool {
        state.withLock { state in
            var mode = termios()
            guard waits || isOurs, tcgetattr(STDIN_FILENO, &mode) == 0 else { return false }
            let before = state.before ?? mode
            mode = before
            edit(&mode)
            // Kept before it is set: a signal between the two finds it.
            state.before = before
            state.now = mode
            watchEnd(&state)
            return tcsetattr(STDIN_FILENO, TCSANOW, &mode) == 0
        }
    }

    /// Shows nothing that is typed, and keeps it from waiting for the end of a line; Control-C and the like work.
    static func hide() {
        change { mode in
            mode.c_lflag &= ~tcflag_t(ECHO | ECHONL | ICANON)
            setSingleBytes(&mode)
        }
    }

    /// Makes reading return with each byte.
    static func setSingleBytes(_ mode: inout termios) {
        withUnsafeMutableBytes(of: &mode.c_cc) { characters in
            characters[Int(VMIN)] = 1
            characters[Int(VTIME)] = 0
        }
    }

    /// Notes that something was read from standard input.
    static func heard(isSecret: Bool = false) {
        state.withLock { state in
            state.lastInput = .now
            if isSecret { state.quiet = max(state.quiet, secretPause) }
            watchEnd(&state)
        }
    }

    /// Notes that a key stopped the program: where a person was asked something, it may be a part of a paste.
    static func heardStop() {
        state.withLock { state in
            if state.lastInput != nil { state.lastInput = .now }
        }
    }

    /// Puts the mode back that was there before the first change, without what was typed and not read.
    static func restore() {
        state.withLock { state in
            guard state.before != nil || state.lastInput != nil else { return }
            put(state.before)
            (state.before, state.now) = (nil, nil)
        }
    }

    /// Puts the mode back for as long as the program is put aside.
    static func putAside() {
        state.withLock { put($0.before) }
    }

    /// Changes it again, where the program has the terminal again.
    static func resume() {
        state.withLock { state in
            guard isOurs, var mode = state.now else { return }
            tcsetattr(STDIN_FILENO, TCSANOW, &mode)
        }
    }

    /// After a secret was typed: waits until nothing more comes, and throws away what does. It comes before a result is told, because
    /// a person who reads the result types the next command.
    static func awaitQuiet() {
        let (lastInput, pause) = state.withLock { ($0.lastInput, $0.quiet) }
        guard let lastInput, pause >= secretPause, isOurs, isatty(STDIN_FILENO) == 1 else { return }
        drop(since: lastInput, pause: pause)
        state.withLock { $0.lastInput = nil }
    }

    /// Waits until nothing more comes from a person who was asked something, throws away what does, and puts the mode back. The
    /// last act of the process.
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

    /// A program in the background leaves the terminal alone: the one in the foreground has a mode of its own, and the system would stop
    /// this one.
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
