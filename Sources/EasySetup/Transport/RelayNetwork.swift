import EasySetupHandshake
import EasySetupPairingSession
import NIOCore

/// The system's network, with the trusted certificate authorities and the proxy of one client.
struct RelayNetwork: ClientNetwork {
    let roots: TrustedRoots
    let proxies: ProxySettings

    func connect(
        to relay: RelayAddress,
        through transport: Transport,
        limits: ClientLimits,
        report: @escaping @Sendable (ConnectionReport) -> Void
    ) async throws(PairingError) -> any ClientConnection {
        try await RelayConnection.open(
            to: relay,
            tls: roots,
            by: proxies,
            through: transport,
            limits: limits,
            report: report
        )
    }
}

extension RelayConnection: ClientConnection {
    func hangUp() -> @Sendable () async -> Void {
        let closed = close()
        return { try? await closed.get() }
    }
}
