#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// What a signal does to a program that has not asked for it.
enum DefaultSignal {
    /// Ends this process by the signal, so that whoever started it sees that it did.
    static func endProcess(by number: CInt) -> Never {
        signal(number, SIG_DFL)
        var alone = sigset_t()
        sigemptyset(&alone)
        sigaddset(&alone, number)
        pthread_sigmask(SIG_UNBLOCK, &alone, nil)
        raise(number)
        // Only where the system would ignore it.
        _exit(128 + number)
    }
}
