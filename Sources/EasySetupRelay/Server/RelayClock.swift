package import EasySetupRelayCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The clock of a relay: the system's clocks, or a clock that a test moves by hand. Every decision of the relay's core
/// has its time from here; the event loops have timers of their own for single connections.
package struct RelayClock: Sendable {
    private let read: @Sendable () -> Moment
    private let watch: @Sendable (@escaping @Sendable () -> Void) -> Void

    /// - Parameters:
    ///   - read: gives the current time.
    ///   - watch: takes a function, which it calls whenever the time has jumped. A clock that never jumps never calls
    ///     the function.
    package init(
        _ read: @escaping @Sendable () -> Moment,
        whenMoved watch: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void = { _ in }
    ) {
        self.read = read
        self.watch = watch
    }

    var now: Moment { read() }

    /// Registers a function that the clock calls, on any thread, whenever the time has jumped.
    func whenMoved(_ body: @escaping @Sendable () -> Void) { watch(body) }

    /// The machine's clocks: a monotonic clock that also runs while the machine sleeps, and UTC.
    static func system() -> RelayClock {
        let start = ContinuousClock.now
        return RelayClock { Moment(monotonic: ContinuousClock.now - start, utcSeconds: Int64(time(nil))) }
    }
}
