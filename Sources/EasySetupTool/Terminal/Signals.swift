import Dispatch
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The pipe to which the signal handler writes. It is set before the handler is installed.
nonisolated(unsafe) private var signalPipe: CInt = -1

/// The signals by which a person stops or suspends a program or resizes its window, handled in one place during the
/// whole life of the program.
///
/// A signal handler may call very few functions, so it writes the number into a pipe, and the rest happens on a queue.
enum Signals {
    /// The signals that end the program: Control-C, `kill`, a closed window or connection, Control-\, and all others
    /// that end a program by default, except those of a fault in the program itself.
    static let stopping: [CInt] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT] + others

    #if os(Linux)
    private static let others =
        [SIGABRT, SIGALRM, SIGPOLL, SIGPROF, SIGPWR, SIGSTKFLT, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU, SIGXFSZ]
        + Array(__libc_current_sigrtmin()...__libc_current_sigrtmax())
    #else
    private static let others = [SIGABRT, SIGALRM, SIGPROF, SIGUSR1, SIGUSR2, SIGVTALRM, SIGXCPU, SIGXFSZ]
    #endif

    /// Two signals within this time count as one, because the system and the shell both send a signal when a window
    /// closes.
    private static let sameAct = Duration.milliseconds(500)

    private struct State {
        var stop: (@Sendable () -> Void)?
        var redraw: (@Sendable () -> Void)?
        var firstStop: ContinuousClock.Instant?
    }

    private static let state = Mutex(State())

    /// Starts handling signals; the caller calls it once. A signal that is ignored for this program (`nohup`) stays
    /// ignored, except those of Control-C and Control-\, which a shell makes a program in the background ignore.
    static func watch() {
        _ = StandardInput.wasTerminal
        var ends: [CInt] = [-1, -1]
        guard pipe(&ends) == 0 else { return }
        for end in ends {
            _ = fcntl(end, F_SETFD, FD_CLOEXEC)
            _ = fcntl(end, F_SETFL, O_NONBLOCK)
        }
        signalPipe = ends[1]
        let reading = ends[0]
        let source = DispatchSource.makeReadSource(fileDescriptor: reading, queue: DispatchQueue(label: "signals"))
        // The event handler holds a reference to the source, so the source is never released.
        source.setEventHandler {
            _ = source
            var number: UInt8 = 0
            while read(reading, &number, 1) == 1 { heard(CInt(number)) }
        }
        source.resume()
        var mask = sigset_t()
        sigemptyset(&mask)
        for number in stopping + [SIGWINCH, SIGCONT, SIGTSTP] {
            var old = sigaction()
            sigaction(number, nil, &old)
            let isIgnored = unsafeHandler(of: old) == unsafeHandler(of: ignoring)
            if isIgnored, ![SIGINT, SIGQUIT, SIGWINCH, SIGCONT, SIGTSTP].contains(number) { continue }
            listen(number)
            sigaddset(&mask, number)
        }
        // The signals that this program handles are unblocked, because the parent process may have blocked them.
        pthread_sigmask(SIG_UNBLOCK, &mask, nil)
    }

    /// Sets the handler for the signals in ``stopping``. Without a handler the signal ends the program, as by default.
    /// - Parameter body: called once, on a queue of its own; nil removes the handler.
    static func onStop(_ body: (@Sendable () -> Void)?) {
        state.withLock { $0.stop = body }
    }

    /// Sets the handler for a changed window size, and for the program's return to the foreground.
    static func onRedraw(_ body: (@Sendable () -> Void)?) {
        state.withLock { $0.redraw = body }
    }

    /// Stops the program as Control-C does. The tool calls it when a person ends the input with Control-D or closes the
    /// terminal.
    static func stop() {
        heard(SIGINT)
    }

    private static func heard(_ number: CInt) {
        switch number {
        case SIGTSTP: suspend()
        case SIGCONT:
            TerminalMode.continued()
            state.withLock { $0.redraw }?()
        case SIGWINCH: state.withLock { $0.redraw }?()
        default: stopped(by: number)
        }
    }

    private static func stopped(by number: CInt) {
        let now = ContinuousClock.now
        // A Control-C may be a part of a paste, and more of the paste may follow.
        if number == SIGINT || number == SIGQUIT { TerminalMode.heardStop() }
        let (first, stop) = state.withLock { state in
            let first = state.firstStop
            state.firstStop = first ?? now
            defer { state.stop = nil }
            return (first, state.stop)
        }
        if let stop { return stop() }
        // A closed window is not a second request to stop, and neither is a signal so soon after the first.
        if let first, number == SIGHUP || first.duration(to: now) < sameAct { return }
        TerminalMode.finish()
        die(by: number)
    }

    /// Restores the terminal and suspends the process, as the system does by default.
    private static func suspend() {
        TerminalMode.putAside()
        raise(SIGTSTP, with: SIG_DFL)
        // The process continues here when the shell resumes it.
        listen(SIGTSTP)
    }

    /// Ends the program by the signal itself, so that the parent process sees which signal it was.
    private static func die(by number: CInt) -> Never {
        raise(number, with: SIG_DFL)
        _exit(128 + number)
    }

    private static func raise(_ number: CInt, with handler: sighandler_t?) {
        signal(number, handler)
        var mask = sigset_t()
        sigemptyset(&mask)
        sigaddset(&mask, number)
        pthread_sigmask(SIG_UNBLOCK, &mask, nil)
        kill(getpid(), number)
        // This thread waits, because the signal that the process has sent itself takes a moment to reach one of its
        // threads.
        usleep(100_000)
    }

    private static func listen(_ number: CInt) {
        var action = sigaction()
        action.sa_flags = CInt(SA_RESTART)
        set(&action) { number in
            let saved = errno
            var byte = UInt8(truncatingIfNeeded: number)
            _ = write(signalPipe, &byte, 1)
            errno = saved
        }
        sigaction(number, &action, nil)
    }

    private static var ignoring: sigaction {
        var action = sigaction()
        set(&action, SIG_IGN)
        return action
    }

    // The field of `sigaction` that holds the handler has another name on each system.
    #if canImport(Darwin)
    private static func set(_ action: inout sigaction, _ handler: (@convention(c) (CInt) -> Void)?) {
        action.__sigaction_u.__sa_handler = handler
    }

    private static func unsafeHandler(of action: sigaction) -> UInt {
        unsafeBitCast(action.__sigaction_u.__sa_handler, to: UInt.self)
    }
    #elseif canImport(Musl)
    private static func set(_ action: inout sigaction, _ handler: (@convention(c) (CInt) -> Void)?) {
        action.__sa_handler.sa_handler = handler
    }

    private static func unsafeHandler(of action: sigaction) -> UInt {
        unsafeBitCast(action.__sa_handler.sa_handler, to: UInt.self)
    }
    #else
    private static func set(_ action: inout sigaction, _ handler: (@convention(c) (CInt) -> Void)?) {
        action.__sigaction_handler.sa_handler = handler
    }

    private static func unsafeHandler(of action: sigaction) -> UInt {
        unsafeBitCast(action.__sigaction_handler.sa_handler, to: UInt.self)
    }
    #endif
}
