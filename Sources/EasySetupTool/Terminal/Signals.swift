import Dispatch
import Synchronization

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Where the handler of signals puts their numbers; set before there is a handler.
nonisolated(unsafe) private var signalPipe: CInt = -1

/// The signals by which a person stops a program, changes its window, or puts it aside, heard in one place for the whole life of
/// the program.
///
/// A handler of the system's may do next to nothing, so it writes the number into a pipe, and all else happens on a queue.
enum Signals {
    /// The signals that end the program: Control-C, `kill`, a closed window or connection, Control-\.
    static let stopping: [CInt] = [SIGINT, SIGTERM, SIGHUP, SIGQUIT]

    /// A second signal within this time is the same act: a closed window is told by the system and by the shell.
    private static let sameAct = Duration.milliseconds(500)

    private struct State {
        var stop: (@Sendable () -> Void)?
        var redraw: (@Sendable () -> Void)?
        var firstStop: ContinuousClock.Instant?
    }

    private static let state = Mutex(State())

    /// Begins to listen; once in a process. A SIGHUP that was switched off for this program (`nohup`) stays so.
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
        // The handler keeps the source, which is never done.
        source.setEventHandler {
            _ = source
            var number: UInt8 = 0
            while read(reading, &number, 1) == 1 { heard(CInt(number)) }
        }
        source.resume()
        var old = sigaction()
        sigaction(SIGHUP, nil, &old)
        let isHangupIgnored = unsafeHandler(of: old) == unsafeHandler(of: ignoring)
        var mask = sigset_t()
        sigemptyset(&mask)
        for number in stopping + [SIGWINCH, SIGCONT, SIGTSTP] where number != SIGHUP || !isHangupIgnored {
            listen(number)
            sigaddset(&mask, number)
        }
        // Some programs start others with signals held back.
        pthread_sigmask(SIG_UNBLOCK, &mask, nil)
    }

    /// Sets the handler for the signals in ``stopping``. Without a handler the signal ends the program, as by default.
    /// - Parameter body: called once, on a queue of its own; nil for none.
    static func onStop(_ body: (@Sendable () -> Void)?) {
        state.withLock { $0.stop = body }
    }

    /// Sets the handler for a changed window size, and for the program's return to the foreground.
    static func onRedraw(_ body: (@Sendable () -> Void)?) {
        state.withLock { $0.redraw = body }
    }

    /// Stops as Control-C does, for a person who ends the input instead.
    static func stop() {
        heard(SIGINT)
    }

    /// The program has the terminal again.
    static func cameBack() {
        heard(SIGCONT)
    }

    private static func heard(_ number: CInt) {
        switch number {
        case SIGTSTP: suspend()
        case SIGCONT:
            TerminalMode.resume()
            state.withLock { $0.redraw }?()
        case SIGWINCH: state.withLock { $0.redraw }?()
        default: stopped(by: number)
        }
    }

    private static func stopped(by number: CInt) {
        let now = ContinuousClock.now
        // A Control-C in a paste has more behind it.
        if number == SIGINT || number == SIGQUIT { TerminalMode.heardStop() }
        let (first, stop) = state.withLock { state in
            let first = state.firstStop
            state.firstStop = first ?? now
            defer { state.stop = nil }
            return (first, state.stop)
        }
        if let stop { return stop() }
        // A window that closes is no second thought of the person's.
        if let first, number == SIGHUP || first.duration(to: now) < sameAct { return }
        TerminalMode.finish()
        die(by: number)
    }

    /// Puts the terminal in order, and stops as the system would have stopped the program by itself.
    private static func suspend() {
        TerminalMode.putAside()
        raise(SIGTSTP, with: SIG_DFL)
        // Here it goes on.
        listen(SIGTSTP)
    }

    /// Ends the program by a signal, so that who started it sees which.
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
        // It comes to some thread of this process, at once or nearly so.
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

    // The field has another name on each system.
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
