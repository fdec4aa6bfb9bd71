package import EasySetupRelayCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Tells a rendezvous the time.
package struct RelayClock: Sendable {
    private let read: @Sendable () -> Moment
    private let watch: @Sendable (@escaping @Sendable () -> Void) -> Void

    /// - Parameters:
    ///   - read: the time now.
    ///   - watch: takes what is to be called whenever the time has jumped. A clock that only goes on never calls it.
    package init(
        _ read: @escaping @Sendable () -> Moment,
        whenMoved watch: @escaping @Sendable (@escaping @Sendable () -> Void) -> Void = { _ in }
    ) {
        self.read = read
        self.watch = watch
    }

    var now: Moment { read() }

    /// Calls this whenever the time has jumped, on any thread.
    func whenMoved(_ body: @escaping @Sendable () -> Void) { watch(body) }

    /// The machine's clocks: one that goes on while it sleeps, and UTC.
    static func system() -> RelayClock {
        let start = ContinuousClock.now
        return RelayClock { Moment(monotonic: ContinuousClock.now - start, utcSeconds: Int64(time(nil))) }
    }
}
