package import EasySetup
package import EasySetupRelay
import EasySetupRelayCore
import Foundation
import Synchronization

/// The clock of a relay in the test's process. It stands still until the test moves it, so that no limit of the relay's
/// core expires because the machine is slow.
package final class HandClock: Sendable {
    private struct State {
        var moment = Moment(monotonic: .seconds(1_000), utcSeconds: Int64(Date().timeIntervalSince1970))
        var watchers: [@Sendable () -> Void] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// The clock in the form that the relay's configuration takes.
    package var clock: RelayClock {
        RelayClock {
            self.state.withLock(\.moment)
        } whenMoved: { watcher in
            self.state.withLock { $0.watchers.append(watcher) }
        }
    }

    /// Moves the clock, and tells the relay, which then does what is due.
    package func pass(_ time: Duration) {
        let watchers = state.withLock { state in
            state.moment.monotonic += time
            state.moment.utcSeconds += time.components.seconds
            return state.watchers
        }
        for watcher in watchers { watcher() }
    }

    /// Runs `body` while the clock moves with the real time. For tests of what the relay does by itself after a while,
    /// where both the relay and the device are real.
    package func running<Result: Sendable>(_ body: @Sendable () async throws -> Result) async rethrows -> Result {
        let ticking = Task {
            var last = ContinuousClock.now
            while !Task.isCancelled {
                try? await Task.sleep(for: .milliseconds(20))
                let now = ContinuousClock.now
                pass(now - last)
                last = now
            }
        }
        defer { ticking.cancel() }
        return try await body()
    }
}

extension ClientLimits {
    /// Limits so long that none expires because the machine is slow. A test of one limit sets that one itself. The
    /// others do not expire before it.
    package static var unhurried: ClientLimits {
        var limits = ClientLimits()
        let waits: [WritableKeyPath<ClientLimits, Duration>] = [
            \.connectTimeout, \.upgradeTimeout, \.bodyTimeout, \.callTimeout, \.silence, \.answerTimeout,
            \.reachTimeout, \.offererReturn, \.workTimeout, \.receiptTimeout, \.codeLifetime, \.seatedLifetime,
        ]
        for wait in waits { limits[keyPath: wait] = .seconds(3_600) }
        // These waits end by themselves if the other side answers, and delay a device if it does not, so they are
        // shorter.
        for wait in [\.goodbye, \.farewell, \.linger] as [WritableKeyPath<ClientLimits, Duration>] {
            limits[keyPath: wait] = .seconds(60)
        }
        return limits
    }
}

extension RelayConfiguration {
    /// Lengthens the time limits that have their default values, so that none expires because the machine is slow. A
    /// relay without a clock gets one that stands still.
    package mutating func unhurry() {
        let usual = ConnectionLimits()
        let waits: [WritableKeyPath<ConnectionLimits, Duration>] = [
            \.openingTime, \.pingInterval, \.pollAbsence, \.idleTime,
        ]
        for wait in waits where connectionLimits[keyPath: wait] == usual[keyPath: wait] {
            connectionLimits[keyPath: wait] = .seconds(3_600)
        }
        if clock == nil { clock = HandClock().clock }
    }
}
