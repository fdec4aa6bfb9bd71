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
    private let read: @Sendable () -> Moment

    init(_ read: @escaping @Sendable () -> Moment) {
        self.read = read
    }

    var now: Moment { read() }

    /// The machine's clocks: one that goes on while it sleeps, and UTC.
    static func system() -> RelayClock {
        let start = ContinuousClock.now
        return RelayClock { Moment(monotonic: ContinuousClock.now - start, utcSeconds: Int64(time(nil))) }
    }
}
