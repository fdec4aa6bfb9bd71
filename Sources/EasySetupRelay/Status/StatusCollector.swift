import EasySetupRelayCore
import EasySetupRelayProtocol
import NIOCore

/// Takes the ``RelayStatus`` of a running relay: under the lock of the ``RelayHub`` what all loops share, and in one
/// call of each loop what the loop has counted.
final class StatusCollector: Sendable {
    private let hub: RelayHub
    private let loops: RunningLoops
    private let certificate: CertificateKeeper?
    private let reloads: ReloadResult
    private let clock: RelayClock
    private let build: BuildStatus
    private let memoryCeiling: Int
    private let started: Int64

    init(
        _ hub: RelayHub,
        _ loops: RunningLoops,
        _ certificate: CertificateKeeper?,
        _ reloads: ReloadResult,
        clock: RelayClock,
        configuration: RelayConfiguration
    ) {
        self.hub = hub
        self.loops = loops
        self.certificate = certificate
        self.reloads = reloads
        self.clock = clock
        build = BuildStatus(
            version: Release.version,
            protocolName: Subprotocol.name,
            cores: configuration.coreCount,
            isTLS: certificate != nil
        )
        memoryCeiling = configuration.memoryCeiling
        started = clock.now.utcSeconds
    }

    /// The status now. A loop that is busy answers later, and so does this.
    /// - Parameter endsLagWindow: whether the ``LagWindow`` of each loop begins anew.
    func collect(on loop: any EventLoop, endsLagWindow: Bool = false) -> EventLoopFuture<RelayStatus> {
        let parts = loops.collect { worker in
            defer { if endsLagWindow { worker.counts.endLagWindow() } }
            return worker.counts.status
        }
        return EventLoopFuture.whenAllSucceed(parts, on: loop).map { [self] loops in
            RelayStatus(
                hub: hub.read { $0.status },
                loops: loops,
                process: .now(),
                build: build,
                certificateExpiry: certificate?.expiry,
                lastReloadSucceeded: reloads.isGood,
                memoryCeiling: memoryCeiling,
                started: started,
                taken: clock.now.utcSeconds
            )
        }
    }

    /// The state that the relay's health is told by.
    var health: HTTPRoutes.State { hub.read { $0.health } }
}
