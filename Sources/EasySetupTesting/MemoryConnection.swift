import EasySetup
import EasySetupHandshake
import EasySetupPairingSession
import EasySetupRelayCore
import EasySetupRelayProtocol
import Synchronization

/// The end of a connection that the relay has.
protocol ConnectionEnd: AnyObject, Sendable {
    func received(_ bytes: [UInt8], on connection: ConnectionID)
    func hungUp(_ connection: ConnectionID)
}

/// A device's connection to a relay in memory. Frames pass as bytes through the real codec, arrive at once, and keep
/// their order.
final class MemoryConnection: ClientConnection {
    private struct State {
        var arrived: [ReceivedFrame] = []
        var end: PairingError?
        var isReading = false
        var isHeard = false
        var isClosed = false
    }

    let id: ConnectionID
    private let relay: any ConnectionEnd
    private let changed: @Sendable (DeviceFrame) -> DeviceFrame
    private let report: @Sendable (ConnectionReport) -> Void
    private let state = Mutex(State())

    /// - Parameter changed: what the network makes of a frame on its way to the relay.
    init(
        _ id: ConnectionID,
        to relay: any ConnectionEnd,
        changed: @escaping @Sendable (DeviceFrame) -> DeviceFrame,
        report: @escaping @Sendable (ConnectionReport) -> Void
    ) {
        self.id = id
        self.relay = relay
        self.changed = changed
        self.report = report
    }

    // MARK: The device's side

    func send(_ frames: [DeviceFrame]) {
        for frame in frames where !state.withLock(\.isClosed) { relay.received(changed(frame).serialized(), on: id) }
    }

    func read() {
        state.withLock { $0.isReading = true }
        pass()
    }

    func hangUp() -> @Sendable () async -> Void {
        let wasOpen = state.withLock { state in
            defer { state.isClosed = true }
            return !state.isClosed
        }
        if wasOpen { relay.hungUp(id) }
        return {}
    }

    // MARK: The relay's side

    func deliver(_ frame: ReceivedFrame) {
        guard let frame = try? ReceivedFrame(parsing: frame.serialized()) else {
            return end(.relayMisbehaved)
        }
        state.withLock { $0.arrived.append(frame) }
        pass()
    }

    /// Ends the connection, after everything that has arrived.
    func end(_ error: PairingError) {
        state.withLock { $0.end = $0.end ?? error }
        pass()
    }

    /// Reports what has arrived, if the device reads.
    private func pass() {
        let reports = state.withLock { state -> [ConnectionReport] in
            guard state.isReading, !state.isClosed else { return [] }
            guard state.arrived.isEmpty else {
                let isFirst = !state.isHeard
                state.isHeard = true
                state.isReading = false
                defer { state.arrived = [] }
                return (isFirst ? [.through(.webSocket)] : []) + [.frames(state.arrived)]
            }
            guard let error = state.end else { return [] }
            state.isClosed = true
            return [.closed(error)]
        }
        for next in reports { report(next) }
    }
}
