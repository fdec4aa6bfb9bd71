import Rendezvous

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Tells a rendezvous the time.
struct RelayClock: Sendable {
    private let start = ContinuousClock.now

    var now: Moment {
        Moment(monotonic: ContinuousClock.now - start, utcSeconds: Int64(time(nil)))
    }
}
