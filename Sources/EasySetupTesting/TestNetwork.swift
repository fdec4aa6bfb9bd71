package import EasySetup
package import EasySetupHandshake
public import EasySetupPairingSession
import EasySetupRelayCore
import EasySetupRelayProtocol
import Synchronization

/// The network between one device and a ``TestRelay``, which a test may interrupt. Each network has an internet address
/// of its own, so the relay takes two devices in two networks for devices of two households.
public final class TestNetwork: Sendable {
    private struct State {
        var failure: PairingError?
        var spoilsProofs = false
        var connections: [MemoryConnection] = []
    }

    let relay: TestRelay
    private let prefix: AddressPrefix
    private let state = Mutex(State())

    /// Makes a network that leads to this relay.
    public init(to relay: TestRelay) {
        self.relay = relay
        prefix = relay.newPrefix()
    }

    /// Cuts all connections, and lets the device connect again. It does so after a moment, for which the clock must
    /// move.
    public func dropConnections() async {
        cutAll()
        await relay.clock.settle()
    }

    /// Cuts all connections, and lets each attempt to connect fail until ``goOnline()``.
    ///
    /// - Parameter error: the error of these attempts, such as one of `PairingError.examples`. The default is that
    ///   the device has no network.
    public func goOffline(_ error: PairingError? = nil) async {
        let error = error ?? .relayUnreachable(.noNetwork)
        state.withLock { $0.failure = error }
        cutAll()
        await relay.clock.settle()
    }

    /// Lets the device connect again. It does so with its next attempt, for which the clock must move.
    public func goOnline() async {
        state.withLock { $0.failure = nil }
        await relay.clock.settle()
    }

    /// Whether the device's proof passes with its valid tag, but with zeros in place of its encrypted part. No real
    /// device sends such a proof.
    func spoilProofs(_ spoils: Bool) {
        state.withLock { $0.spoilsProofs = spoils }
    }

    private func cutAll() {
        let connections = state.withLock { state in
            defer { state.connections = [] }
            return state.connections
        }
        for connection in connections { relay.cut(connection.id) }
    }

    private func changed(_ frame: DeviceFrame) -> DeviceFrame {
        guard case .message(let meeting, var message) = frame, message.body.count == ProofMessage.byteCount,
            state.withLock(\.spoilsProofs)
        else { return frame }
        let sealed = 1 + ProofMessage.tagByteCount..<message.body.count
        message.body.replaceSubrange(sealed, with: [UInt8](repeating: 0, count: sealed.count))
        return .message(meeting: meeting, message)
    }
}

extension TestNetwork: ClientNetwork {
    package func connect(
        to address: RelayAddress,
        through transport: Transport,
        limits: ClientLimits,
        report: @escaping @Sendable (ConnectionReport) -> Void
    ) async throws(PairingError) -> any ClientConnection {
        if let failure = state.withLock(\.failure) { throw failure }
        guard let connection = relay.open(from: prefix, changed: { [self] in changed($0) }, report: report) else {
            throw .relayUnreachable(.refused)
        }
        state.withLock { $0.connections.append(connection) }
        return connection
    }
}
