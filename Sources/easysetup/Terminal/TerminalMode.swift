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
enum TerminalMode {
    private struct State {
        /// As it was before; nil while nothing is changed.
        var before: termios?
        /// As it was changed to.
        var now: termios?
    }

    private static let state = Mutex(State())

    /// Whether the terminal listens to this program and not to another one that was put before it. One that controls no programs
    /// listens to whoever has it.
    static var isOurs: Bool {
        let group = tcgetpgrp(STDIN_FILENO)
        return group < 0 || group == getpgrp()
    }

    /// Changes the mode until ``restore()``.
    /// - Returns: whether it was changed; standard input may be no terminal, or another program may have it.
    @discardableResult
    static func change(_ edit: (inout termios) -> Void) -> Bool {
        state.withLock { state in
            var mode = termios()
            guard isOurs, tcgetattr(STDIN_FILENO, &mode) == 0 else { return false }
            let before = state.before ?? mode
            edit(&mode)
            // Kept before it is set: a signal between the two finds it.
            state.before = before
            state.now = mode
            return tcsetattr(STDIN_FILENO, TCSANOW, &mode) == 0
        }
    }

    /// Puts the mode back that was there before the first change.
    static func restore() {
        state.withLock { state in
            set(state.before)
            (state.before, state.now) = (nil, nil)
        }
    }

    /// Puts the mode back for as long as the program is put aside.
    static func pause() {
        state.withLock { set($0.before) }
    }

    /// Changes it again, where the program has the terminal again.
    static func resume() {
        state.withLock { if isOurs { set($0.now) } }
    }

    private static func set(_ mode: termios?) {
        guard var mode else { return }
        tcsetattr(STDIN_FILENO, TCSANOW, &mode)
    }
}
