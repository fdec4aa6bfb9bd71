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
/// A program in the background neither changes the mode nor reads. The system does not tell a program that the shell
/// has put it into the foreground (unless the program was stopped), or that the shell has set a mode of its own. So
/// everything that waits for input, or draws, calls ``hold()`` at intervals, and asks its question again in each new
/// ``ForegroundPeriod`` (time with the terminal).
///
/// After a hidden question, typing stays hidden until the process ends or asks a visible question. At its end the
/// process discards input after the last answer, such as the rest of a paste, because the shell would run it as
/// commands and keep it in its history.
enum TerminalMode {
    private struct State {
        /// The terminal's original mode; nil while the mode is unchanged.
        var before: termios?
        /// The change that this program makes in the terminal's original mode, such as hidden typing; nil if there is
        /// none.
        var edit: (@Sendable (inout termios) -> Void)?
        /// Whether another program may have had the terminal since this program last had it.
        var isAway = false
        /// Whether SIGCONT is still to come for a stop that ``putAside()`` has prepared.
        var isContinueExpected = false
        var turn = ForegroundPeriod()
        /// The time of the last input; nil before the first.
        var lastInput: ContinuousClock.Instant?
        /// The time without input for which the process waits before it ends, so that no rest of a paste reaches the
        /// shell.
        var quiet = QuietTime.pause
        /// Whether the last input was a code that was taken without Enter.
        var isEnterAwaited = false
        var isWatched = false
        /// Whether the terminal marks the beginning and end of a paste.
        var marksPastes = false
    }

    /// A time during which this program has the terminal without interruption.
    struct ForegroundPeriod: Equatable {
        fileprivate(set) var number = 0
        /// Whether ``hold()`` discarded input when this program got the terminal.
        fileprivate(set) var hasDropped = false
    }

    /// The time between two calls of ``hold()``, which takes the terminal back from another program, in milliseconds.
    /// In the background it is shorter (``paceAway``), because the terminal shows what a person types until ``hold()``
    /// has hidden it.
    static let pace: CInt = 250
    static let paceAway: CInt = 50

    /// The longest time for which the program waits for the end of a paste.
    static let patience = Duration.seconds(20)

    private static let state = Mutex(State())

    /// Whether this program is in the foreground of the terminal. A terminal without job control belongs to every
    /// process.
    static var isOurs: Bool {
        let group = tcgetpgrp(STDIN_FILENO)
        return group < 0 || group == getpgrp()
    }

    /// Changes the terminal's mode until ``restore()``. A program in the background changes it once it gets the
    /// terminal.
    /// - Parameter edit: makes the changes in a copy of the terminal's original mode.
    /// - Returns: whether the mode could be changed. It can't if standard input is no terminal.
    @discardableResult
    static func change(_ edit: @escaping @Sendable (inout termios) -> Void) -> Bool {
        state.withLock { state in
            state.edit = edit
            guard isOurs else {
                state.isAway = true
                return isatty(STDIN_FILENO) == 1
            }
            return set(&state)
        }
    }

    /// Takes the terminal back if another program has had it: sets the changed mode again, and discards input, because
    /// it was typed for another program, or while the terminal showed it.
    /// - Returns: the current turn; nil while another program has the terminal.
    static func hold() -> ForegroundPeriod? {
        state.withLock { state in
            guard isOurs else {
                state.isAway = true
                return nil
            }
            guard state.isAway || !isSet(state) else { return state.turn }
            state.isAway = false
            state.turn.number += 1
            set(&state)
            state.turn.hasDropped = isInputWaiting
            if state.turn.hasDropped {
                // More of the same input may follow. The process waits for that input before it ends.
                state.lastInput = .now
                watchEnd(&state)
            }
            if isatty(STDIN_FILENO) == 1 { tcflush(STDIN_FILENO, TCIFLUSH) }
            return state.turn
        }
    }

    /// Notes that the program continues after a stop, such as by Control-Z. The next ``hold()`` begins a new ``ForegroundPeriod``.
    static func continued() {
        state.withLock { state in
            if !state.isContinueExpected { state.isAway = true }
            state.isContinueExpected = false
        }
    }

    /// Whether the terminal has input that can be read at once.
    static var isInputWaiting: Bool {
        var file = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
        return isatty(STDIN_FILENO) == 1 && poll(&file, 1, 0) > 0 && file.revents & Int16(POLLIN) != 0
    }

    @discardableResult
    private static func set(_ state: inout State) -> Bool {
        guard let edit = state.edit else { return true }
        var mode = termios()
        guard tcgetattr(STDIN_FILENO, &mode) == 0 else { return false }
        // The terminal's original mode is stored before the mode is changed, so that a signal at any moment can restore
        // it.
        let before = state.before ?? mode
        state.before = before
        watchEnd(&state)
        mode = before
        edit(&mode)
        return tcsetattr(STDIN_FILENO, TCSANOW, &mode) == 0
    }

    /// Whether the terminal still has the changed mode.
    private static func isSet(_ state: State) -> Bool {
        var mode = termios()
        guard let edit = state.edit, var wanted = state.before, tcgetattr(STDIN_FILENO, &mode) == 0 else { return true }
        edit(&wanted)
        let flags = tcflag_t(ECHO | ECHONL | ICANON | ISIG)
        return mode.c_lflag & flags == wanted.c_lflag & flags
    }

    /// Makes the terminal hide typing, and pass on each byte without waiting for the end of a line. Control-C and the
    /// like still send signals.
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

    /// Lets the terminal mark the beginning and end of a paste until this function is called with false, or the program
    /// ends or is suspended. The caller guarantees that the program's output is a terminal.
    static func markPastes(_ marks: Bool) {
        state.withLock { state in
            guard isOurs, isatty(STDIN_FILENO) == 1 else { return }
            setPasteMarks(marks, &state)
        }
    }

    private static func setPasteMarks(_ marks: Bool, _ state: inout State) {
        guard marks || state.marksPastes else { return }
        state.marksPastes = marks
        let sequence = Array((marks ? "\u{1B}[?2004h" : "\u{1B}[?2004l").utf8)
        _ = write(STDOUT_FILENO, sequence, sequence.count)
    }

    /// Notes that the program has read from standard input.
    static func heard(isSecret: Bool = false) {
        state.withLock { state in
            state.lastInput = .now
            state.isEnterAwaited = false
            if isSecret { state.quiet = max(state.quiet, QuietTime.secretPause) }
            watchEnd(&state)
        }
    }

    /// Notes that the last input was a code that was complete without Enter. A person may press Enter all the same.
    static func awaitEnter() {
        state.withLock { $0.isEnterAwaited = $0.lastInput != nil }
    }

    /// Notes that a key, such as Control-C, stops the program. If there was input before, the key may be a part of a
    /// paste, so the process waits for the rest before it ends.
    static func heardStop() {
        state.withLock { state in
            if state.lastInput != nil { state.lastInput = .now }
        }
    }

    /// Restores the terminal's original mode, and discards typed input that the program has not read.
    static func restore() {
        state.withLock { state in
            guard state.before != nil || state.lastInput != nil else { return }
            put(&state)
            (state.before, state.edit) = (nil, nil)
        }
    }

    /// Restores the terminal's original mode for the time in which the program is suspended.
    static func putAside() {
        state.withLock { state in
            put(&state)
            (state.isAway, state.isContinueExpected) = (true, true)
        }
    }

    /// Discards input after a secret until no more comes, and the Enter behind a code. The caller does this before it shows
    /// a result, because a person who has read the result types the next command, which must not be lost.
    static func awaitQuiet() {
        guard let quiet, quiet.isSecret, isOurs, isatty(STDIN_FILENO) == 1 else { return }
        drop(quiet.time)
        state.withLock { ($0.lastInput, $0.isEnterAwaited) = (nil, false) }
    }

    /// Restores the terminal's original mode, as the last step of the process. If there was any input, this function
    /// first discards more of it until no more comes.
    static func finish() {
        if let quiet, isOurs, isatty(STDIN_FILENO) == 1 {
            hide()
            drop(quiet.time)
        }
        restore()
    }

    /// The time without input to wait for, and whether a secret or a code was typed; nil if there was no input.
    private static var quiet: (time: QuietTime, isSecret: Bool)? {
        state.withLock { state in
            guard let lastInput = state.lastInput else { return nil }
            let time = QuietTime(since: lastInput, pause: state.quiet, isEnterAwaited: state.isEnterAwaited)
            return (time, state.quiet >= QuietTime.secretPause || state.isEnterAwaited)
        }
    }

    private static func drop(_ quiet: QuietTime) {
        var quiet = quiet
        let start = ContinuousClock.now
        while start.duration(to: .now) < patience {
            var file = pollfd(fd: STDIN_FILENO, events: Int16(POLLIN), revents: 0)
            let count = poll(&file, 1, CInt(quiet.left(at: .now) / .milliseconds(1)))
            if count < 0, errno == EINTR { continue }
            guard count > 0, file.revents & Int16(POLLIN) != 0 else { return }
            let dropped = SecretBytes(zeros: 4096)
            let length = dropped.withUnsafeMutableBytes { read(STDIN_FILENO, $0.baseAddress, $0.count) }
            guard length > 0 else { return }
            let isEnter = length == 1 && dropped.withUnsafeBytes { $0[0] == 0x0A || $0[0] == 0x0D }
            quiet.drop(isEnter: isEnter, at: .now)
        }
    }

    /// Sets the terminal's original mode, unless this program is in the background: the program in the foreground has a
    /// mode of its own, and the system would stop this program for the change.
    private static func put(_ state: inout State) {
        guard isOurs, isatty(STDIN_FILENO) == 1 else { return }
        setPasteMarks(false, &state)
        tcflush(STDIN_FILENO, TCIFLUSH)
        guard var mode = state.before else { return }
        tcsetattr(STDIN_FILENO, TCSANOW, &mode)
        tcflush(STDIN_FILENO, TCIFLUSH)
    }

    private static func watchEnd(_ state: inout State) {
        guard !state.isWatched else { return }
        state.isWatched = true
        atexit { TerminalMode.finish() }
    }
}
