import EasySetupRelayCore
import NIOCore

/// The beginning and end of connections, and their counting by address until they serve a device.
extension LoopWorker {
    /// Registers a listening socket. `release` is called when there is room for a connection again.
    func addListener(_ listener: ObjectIdentifier, release: @escaping () -> Void) {
        listeners[listener] = release
    }

    func removeListener(_ listener: ObjectIdentifier) {
        listeners[listener] = nil
    }

    var isFull: Bool { core.read { $0.isFull } }

    /// A connection was accepted. Nil when the relay does not take it.
    func accepted(from peer: PeerAddress?) -> DeviceConnection? {
        let prefix = peer.flatMap { addresses.proxies.contains($0) ? nil : $0.prefix }
        let (accepted, isCrowded) = core.change { ($0.accept(prefix, on: core.index), $0.isCrowded) }
        guard let id = accepted else { return nil }
        let connection = DeviceConnection(id: id, peer: peer, counted: prefix)
        connections[id.number] = connection
        deadlines.addOpening(id, request: 1, now: loop.now)
        // Set now, because the connection may never send anything.
        setAlarm()
        if isCrowded { makeRoom(for: connection) }
        return connection
    }

    /// Closes an idle connection to make room for a new one: one that the hub chooses or, if it knows none, one on this
    /// loop that has been silent for longest.
    private func makeRoom(for connection: DeviceConnection) {
        let hasMade = core.change { $0.makeRoom(for: connection.id, connection.counted) }
        defer { endTurn() }
        guard !hasMade else { return }
        let connections = connections
        let candidates = deadlines.longestOpening(Self.looks) { connections[$0.number]?.isNobody == true }
            .filter { $0 != connection.id }
            .map { (id: $0, prefix: connections[$0.number]?.counted) }
        if let id = core.read({ $0.admission.fullest(candidates) }) { giveWay(id) }
    }

    /// How many candidates are compared to choose one.
    private static let looks = 16

    /// The channel of a connection has closed. The loss of its device is reported in ``forget(_:)``, which follows,
    /// after the last frames of the batch of reads that ended with the connection.
    func ended(_ connection: DeviceConnection) {
        connection.ended()
        if connection.markUnknown() { core.happened(.lost(connection.id)) }
    }

    /// Removes a connection that has ended.
    func forget(_ connection: DeviceConnection) {
        guard connections.removeValue(forKey: connection.id.number) != nil else { return }
        if connection.markUnknown() { core.happened(.lost(connection.id)) }
        let wasIdle = connection.setIdle(false)
        let (poller, bodyBytes) = (connection.requests?.poller, connection.requests?.bodyBytes ?? 0)
        connection.carry(nil)
        let hasCrowdGone = core.change { state in
            if let poller { state.calls.gone(connection.id, of: poller, now: state.turn.now.monotonic) }
            state.admission.connectionEnded(connection.id, connection.counted, wasIdle: wasIdle)
            state.admission.forget(unread: connection.unread, bodyBytes: bodyBytes)
            return state.hasCrowdGone
        }
        if hasCrowdGone { crowdHasGone() }
        endTurn()
    }
}

// MARK: - Whom a connection counts for

extension LoopWorker {
    var usesProxyProtocol: Bool { addresses.proxies.usesProxyProtocol }

    /// Whether the peer is a trusted proxy.
    func isFromProxy(_ connection: DeviceConnection) -> Bool {
        connection.peer.map(addresses.proxies.contains) ?? false
    }

    /// Sets the address that a trusted proxy forwards for. False when that address has too many connections without a
    /// device.
    func setSource(_ source: PeerAddress, of connection: DeviceConnection) -> Bool {
        connection.setPeer(source)
        return count(connection, for: addresses.proxies.contains(source) ? nil : source.prefix)
    }

    /// Counts a connection that serves no device under a prefix that has just become known. False when the prefix has
    /// too many of them.
    func count(_ connection: DeviceConnection, for prefix: AddressPrefix?) -> Bool {
        connection.count(for: prefix)
        return core.change { $0.count(for: prefix) }
    }

    /// Sets whether a connection serves no device: its first frame has not arrived, or no poll waits on it.
    func setIdle(_ isIdle: Bool, _ connection: DeviceConnection) {
        guard connection.setIdle(isIdle) else { return }
        core.change { $0.admission.setIdle(isIdle, connection.id, connection.counted) }
    }
}
