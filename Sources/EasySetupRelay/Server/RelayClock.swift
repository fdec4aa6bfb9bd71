package import EasySetupRelayCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The clock of a rendezvous.
package struct RelayClock: Sendable {
    private let read: @Sendable () -> Moment
    private let watch: @Sendable (@escaping @Sendable () -> Void) -> Void

    /// - Parameters:
    ///   - read: gives the current time.
    ///   - watch: takes the function to be called whenever the time has jumped. A clock that never jumps never calls
    ///     it.
    package init(
        _ read: @escaping @Sendable () -> Moment,
        whenMoved watch: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void = { _ in }
    ) {
        self.read = read
        self.watch = watch
    }

    var now: Moment { read() }

    /// Registers a function to be called, on any thread, whenever the time has jumped.
    func whenMoved(_ body: @escaping @Sendable () -> Void) { watch(body) }

    /// The machine's clocks: a monotonic one that runs during sleep, and UTC.
    static func system() -> RelayClock {
        let start = ContinuousClock.now
        return RelayClock { Moment(monotonic: ContinuousClock.now - start, utcSeconds: Int64(time(nil))) }
    }
}
