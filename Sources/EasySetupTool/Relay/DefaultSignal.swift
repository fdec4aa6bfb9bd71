#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Restores the system's default action of a signal.
enum DefaultSignal {
    /// Ends this process by the signal, so that the parent process sees the signal as the cause.
    static func endProcess(by number: CInt) -> Never {
        signal(number, SIG_DFL)
        var alone = sigset_t()
        sigemptyset(&alone)
        sigaddset(&alone, number)
        pthread_sigmask(SIG_UNBLOCK, &alone, nil)
        raise(number)
        // The raised signal normally ends the process. The process reaches this line only if the system ignores the
        // signal.
        _exit(128 + number)
    }
}
