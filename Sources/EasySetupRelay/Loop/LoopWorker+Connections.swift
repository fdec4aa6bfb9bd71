import EasySetupRelayCore
import NIOCore

/// Connections come and go, and count for an address until they stand for a device.
extension LoopWorker {
    /// A socket listens; `release` is called when there is room for a connection again.
    func addListener(_ listener: ObjectIdentifier, release: @escaping () -> Void) {
        listeners[listener] = release
    }

    func removeListener(_ listener: ObjectIdentifier) {
        listeners[listener] = nil
    }

    var isFull: Bool { core.read { $0.isFull } }

    /// A connection was accepted. Nil when it is not taken.
    func accepted(from peer: PeerAddress?) -> DeviceConnection? {
        let prefix = peer.flatMap { addresses.proxies.contains($0) ? nil : $0.prefix }
        let (accepted, isCrowded) = core.change { state, context in (state.accept(prefix, context), state.isCrowded) }
        guard let id = accepted else { return nil }
        let connection = DeviceConnection(id: id, peer: peer, counted: prefix)
        connections[id] = connection
        deadlines.addOpening(id, request: 1, now: loop.now)
        // It may never say anything.
        setAlarm()
        if isCrowded { makeRoom(for: connection) }
        return connection
    }

    /// Somebody who is nobody gives way to a connection that may be somebody: one that the exchange knows of, or here one of those that
    /// have said nothing for longest.
    private func makeRoom(for connection: DeviceConnection) {
        let hasMade = core.change { state, _ in state.makeRoom(for: connection.id, connection.counted) }
        defer { endTurn() }
        guard !hasMade else { return }
        let connections = connections
        let candidates = deadlines.longestOpening(Self.looks) { connections[$0]?.isNobody == true }
            .filter { $0 != connection.id }
            .map { (id: $0, prefix: connections[$0]?.counted) }
        if let id = core.read({ $0.admission.fullest(candidates) }) { giveWay(id) }
    }

    /// How many are looked at for one.
    private static let looks = 16

    /// The channel of a connection has closed: its device is gone. That is told when the connection is forgotten, which comes next, and so
    /// are the last words of a batch of reads that ended with the connection.
    func ended(_ connection: DeviceConnection) {
        connection.ended()
        if connection.becomesUnknown() { core.happened(.lost(connection.id)) }
    }

    /// The connection is no more.
    func forget(_ connection: DeviceConnection) {
        guard connections.removeValue(forKey: connection.id) != nil else { return }
        if connection.becomesUnknown() { core.happened(.lost(connection.id)) }
        let wasIdle = connection.setIdle(false)
        let (poller, bodyBytes) = (connection.requests?.poller, connection.requests?.bodyBytes ?? 0)
        connection.carry(nil)
        let hasCrowdGone = core.change { state, context in
            if let poller { state.calls.gone(connection.id, of: poller, now: context.now) }
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

    /// Whether a trusted proxy has connected.
    func isFromProxy(_ connection: DeviceConnection) -> Bool {
        connection.peer.map(addresses.proxies.contains) ?? false
    }

    /// The trusted proxy that has connected speaks for another. False when that one has enough connections without a device.
    func proxy(_ connection: DeviceConnection, speaksFor source: PeerAddress) -> Bool {
        connection.speaks(for: source)
        return count(connection, for: addresses.proxies.contains(source) ? nil : source.prefix)
    }

    /// It is known now whom a connection counts for that stands for no device. False when that one has enough of those.
    func count(_ connection: DeviceConnection, for prefix: AddressPrefix?) -> Bool {
        connection.count(for: prefix)
        return core.change { state, _ in state.count(for: prefix) }
    }

    /// A connection stands for no device: it has not said what it wants, or no poll waits on it. Or it does, or is no more.
    func setIdle(_ isIdle: Bool, _ connection: DeviceConnection) {
        guard connection.setIdle(isIdle) else { return }
        core.change { state, _ in state.admission.setIdle(isIdle, connection.id, connection.counted) }
    }
}
