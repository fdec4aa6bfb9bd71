import EasySetupRelayCore
import NIOCore

/// Adding and removing connections, and the address prefix under which the relay counts each one.
extension LoopWorker {
    /// Registers a listening socket. The worker calls `release` when the relay was full and has room for a connection
    /// again.
    func addListener(_ listener: ObjectIdentifier, release: @escaping () -> Void) {
        listeners[listener] = release
    }

    func removeListener(_ listener: ObjectIdentifier) {
        listeners[listener] = nil
    }

    var isFull: Bool { core.read { $0.isFull } }

    /// Registers a connection that a listening socket has accepted. Nil when the relay does not admit the connection;
    /// the caller must then close it.
    func accepted(from peer: PeerAddress?) -> DeviceConnection? {
        let prefix = peer.flatMap { addresses.proxies.contains($0) ? nil : $0.prefix }
        let (accepted, isCrowded) = core.change { ($0.accept(prefix, on: core.index), $0.isCrowded) }
        guard let id = accepted else { return nil }
        let connection = DeviceConnection(id: id, peer: peer, counted: prefix)
        connections.add(connection)
        // The alarm (the event loop's timer) is set now, and not when a batch of events ends, because this connection
        // may never cause an event.
        alarm.set(for: deadlines.addOpening(id, request: 1, now: loop.now))
        setAlarmForCore()
        if isCrowded { makeRoom(for: connection) }
        return connection
    }

    /// Closes an idle connection to make room for a new one. The ``RelayHub``, which knows the idle connections of all
    /// event loops, chooses it. If the hub knows none, this loop compares some of its own idle connections, those whose
    /// requests began first, and closes the one whose address prefix has the most connections.
    private func makeRoom(for connection: DeviceConnection) {
        let hasMade = core.change { $0.makeRoom(for: connection.id, connection.counted) }
        defer { endTurn() }
        guard !hasMade else { return }
        let connections = connections
        let candidates = deadlines.longestOpening(Self.looks) { connections[$0]?.isNobody == true }
            .filter { $0 != connection.id }
            .map { (id: $0, prefix: connections[$0]?.counted) }
        if let id = core.read({ $0.admission.fullest(candidates) }) { giveWay(id) }
    }

    /// The most connections that ``makeRoom(for:)`` compares by their prefixes.
    private static let looks = 16

    /// Handles the closing of a connection's channel. Records the loss of its device as an event, after the last frames
    /// that the device sent. ``forget(_:)`` is called next and passes these events to the hub.
    func ended(_ connection: DeviceConnection) {
        connection.ended()
        if connection.markUnknown() { core.happened(.lost(connection.id)) }
    }

    /// Removes a connection that has ended, and subtracts it from the relay's counts.
    func forget(_ connection: DeviceConnection) {
        guard connections.remove(connection) else { return }
        if connection.markUnknown() { core.happened(.lost(connection.id)) }
        let wasIdle = connection.setIdle(false)
        let (poller, bodyBytes) = (connection.requests?.poller, connection.requests?.bodyBytes ?? 0)
        connection.carry(nil)
        let hasCrowdGone = core.change { state in
            if let poller { state.callGone(connection.id, of: poller) }
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

    /// Whether the peer of this connection is a trusted proxy.
    func isFromProxy(_ connection: DeviceConnection) -> Bool {
        connection.peer.map(addresses.proxies.contains) ?? false
    }

    /// Sets the client's address, which a trusted proxy has sent in a PROXY header. False when the client's prefix has
    /// too many connections that serve no device.
    func setSource(_ source: PeerAddress, of connection: DeviceConnection) -> Bool {
        connection.setPeer(source)
        return count(connection, for: addresses.proxies.contains(source) ? nil : source.prefix)
    }

    /// Adds a connection that serves no device yet to the counts of its prefix, which the relay has just learned. False
    /// when the prefix has too many such connections.
    func count(_ connection: DeviceConnection, for prefix: AddressPrefix?) -> Bool {
        connection.count(for: prefix)
        return core.change { $0.count(for: prefix) }
    }

    /// Notes whether a connection is idle, which means that it serves no device: its first frame has not arrived, or it
    /// is an HTTP connection on which no poll (request for frames) waits.
    func setIdle(_ isIdle: Bool, _ connection: DeviceConnection) {
        guard connection.setIdle(isIdle) else { return }
        core.change { $0.admission.setIdle(isIdle, connection.id, connection.counted) }
    }
}
