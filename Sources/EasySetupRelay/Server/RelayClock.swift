package import EasySetupRelayCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The clock of a relay: the system's clocks, or a clock that a test moves by hand. The decisions of
/// `EasySetupRelayCore` use only this clock; the event loops have timers of their own for single connections.
package struct RelayClock: Sendable {
    private let read: @Sendable () -> Moment
    private let readMonotonic: @Sendable () -> Duration
    private let watch: @Sendable (@escaping @Sendable () -> Void) -> Void

    /// - Parameters:
    ///   - read: returns the current time.
    ///   - watch: called with a function. The clock must call that function whenever its time has jumped; a clock that
    ///     never jumps can ignore it.
    package init(
        _ read: @escaping @Sendable () -> Moment,
        whenMoved watch: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void = { _ in }
    ) {
        self.init(read, monotonic: { read().monotonic }, whenMoved: watch)
    }

    private init(
        _ read: @escaping @Sendable () -> Moment,
        monotonic: @escaping @Sendable () -> Duration,
        whenMoved watch: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void
    ) {
        self.read = read
        readMonotonic = monotonic
        self.watch = watch
    }

    var now: Moment { read() }

    /// The monotonic time of ``now``, without a look at the other clock.
    var monotonic: Duration { readMonotonic() }

    /// Registers a function that the clock calls, on any thread, whenever its time has jumped.
    func whenMoved(_ body: @escaping @Sendable () -> Void) { watch(body) }

    /// The machine's clocks: a monotonic clock that also runs while the machine sleeps, and UTC.
    static func system() -> RelayClock {
        let start = ContinuousClock.now
        return RelayClock(
            { Moment(monotonic: ContinuousClock.now - start, utcSeconds: Int64(time(nil))) },
            monotonic: { ContinuousClock.now - start },
            whenMoved: { _ in }
        )
    }
}
