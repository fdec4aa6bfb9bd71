#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Signals as bytes in a pipe. A loop that waits for keys also reads the pipe, so that it can restore the terminal
/// before a signal has its effect.
///
/// A process has only one such pipe at a time.
struct SignalPipe: ~Copyable {
    /// The signals that end, stop or continue a program.
    static let numbers = Signals.stopping + [SIGTSTP, SIGCONT]

    /// The read end of the pipe, with a signal's number in each byte.
    let file: CInt
    private let other: CInt
    private let saved: [(number: CInt, action: sigaction)]

    /// Begins to handle the signals in ``numbers``, except those that the parent process made this process ignore.
    init() throws(CommandError) {
        var files: [CInt] = [-1, -1]
        guard pipe(&files) == 0 else { throw .internal }
        for file in files {
            _ = fcntl(file, F_SETFD, FD_CLOEXEC)
            _ = fcntl(file, F_SETFL, O_NONBLOCK)
        }
        file = files[0]
        other = files[1]
        pipeForSignals = files[1]
        var action = sigaction()
        action.__sigaction_handler.sa_handler = { number in
            let error = errno
            var byte = UInt8(truncatingIfNeeded: number)
            _ = write(pipeForSignals, &byte, 1)
            errno = error
        }
        action.sa_flags = SA_RESTART
        var saved: [(CInt, sigaction)] = []
        for number in Self.numbers {
            var old = sigaction()
            guard sigaction(number, nil, &old) == 0, !Self.isIgnored(old) else { continue }
            sigaction(number, &action, nil)
            saved.append((number, old))
        }
        self.saved = saved
    }

    deinit {
        giveBack()
        close(file)
        close(other)
    }

    /// The next received signal; nil if there is none.
    borrowing func next() -> CInt? {
        var byte: UInt8 = 0
        return read(file, &byte, 1) == 1 ? CInt(byte) : nil
    }

    /// Handles the signals in ``numbers`` as before this pipe was made.
    borrowing func giveBack() {
        for (number, action) in saved {
            var action = action
            sigaction(number, &action, nil)
        }
    }

    /// Carries out a signal's default effect, at once and on this thread: ends or stops the process.
    borrowing func deliver(_ number: CInt) {
        var (action, taken) = (sigaction(), sigaction())
        action.__sigaction_handler.sa_handler = SIG_DFL
        sigaction(number, &action, &taken)
        // The delivered signal is unblocked, because this may be a thread of a pool, and such threads block all
        // signals.
        var (only, mask) = (sigset_t(), sigset_t())
        sigemptyset(&only)
        sigaddset(&only, number)
        pthread_sigmask(SIG_UNBLOCK, &only, &mask)
        pthread_kill(pthread_self(), number)
        // The process continues here after a stop.
        pthread_sigmask(SIG_SETMASK, &mask, nil)
        sigaction(number, &taken, nil)
    }

    private static func isIgnored(_ action: sigaction) -> Bool {
        unsafeBitCast(action.__sigaction_handler.sa_handler, to: Int.self) == unsafeBitCast(SIG_IGN, to: Int.self)
    }
}

// A signal handler can reach only global variables.
private nonisolated(unsafe) var pipeForSignals: CInt = -1
