package import EasySetupHandshake
package import EasySetupPairingSession
package import EasySetupRelayProtocol

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Everything outside a client: the network, the clock and the executor of its tasks. An app's client has the
/// system's. The module `EasySetupTesting` passes a relay in memory and a clock that a test moves, so that all code
/// between an app and its network runs in a test as it runs in the app.
package struct ClientSystem: Sendable {
    package var network: any ClientNetwork
    package var clock: any ClientClock
    /// The executor that runs the client's tasks; nil for the default one. A test passes one that tells when all
    /// tasks wait.
    package var executor: (any TaskExecutor)?
    /// The time of day, in seconds since 1970 (UTC), by which a membership that comes may have ended already.
    package var time: @Sendable () -> UInt64

    package init(
        network: any ClientNetwork,
        clock: any ClientClock = ContinuousClock(),
        executor: (any TaskExecutor)? = nil,
        time: @escaping @Sendable () -> UInt64 = { ClientSystem.wallClock() }
    ) {
        self.network = network
        self.clock = clock
        self.executor = executor
        self.time = time
    }

    /// The system's time of day, in seconds since 1970 (UTC).
    package static func wallClock() -> UInt64 {
        var now = timespec()
        clock_gettime(CLOCK_REALTIME, &now)
        return UInt64(max(0, now.tv_sec))
    }

    /// The present moment of a session.
    var now: Duration { clock.now.moment }
}

/// The clock of a client's deadlines. It has the instants of `ContinuousClock`, because these stand in the states that
/// an app shows.
package protocol ClientClock: Swift.Clock where Duration == Swift.Duration, Instant == ContinuousClock.Instant {}

extension ContinuousClock: ClientClock {}

/// A network by which a client connects to relays.
package protocol ClientNetwork: Sendable {
    /// Connects to a relay.
    ///
    /// - Parameters:
    ///   - transport: `webSocket` tries the WebSocket, and then long polling if the WebSocket fails. `longPolling`
    ///     skips the WebSocket, for a relay that long polling has reached before.
    ///   - report: receives the connection's reports.
    /// - Throws: ``PairingError`` with the cause of the failure, as far as it can be known.
    func connect(
        to relay: RelayAddress,
        through transport: Transport,
        limits: ClientLimits,
        report: @escaping @Sendable (ConnectionReport) -> Void
    ) async throws(PairingError) -> any ClientConnection
}

/// An open connection to a relay.
package protocol ClientConnection: Sendable {
    /// Sends frames, in one write where the transport allows that.
    func send(_ frames: [DeviceFrame])
    /// Asks for the next batch of frames, which the connection reports when frames have arrived.
    func read()
    /// Closes the connection once all frames are sent. Returns a function that waits until the connection is closed.
    func hangUp() -> @Sendable () async -> Void
}
