import EasySetupRelayCore

/// The connections of an event loop. Like a ``LoopList``, it moves its table out of its field for each change and each
/// look, so that the runtime need not check an access to it.
final class LoopConnections {
    /// The connections by the number in their ``ConnectionID``. The number itself is the key, because it is hashed in
    /// half the time.
    private var connections: [UInt64: DeviceConnection] = [:]

    subscript(id: ConnectionID) -> DeviceConnection? {
        var looked: [UInt64: DeviceConnection] = [:]
        swap(&looked, &connections)
        defer { swap(&looked, &connections) }
        return looked[id.number]
    }

    /// All connections. The caller may add and remove connections while it goes through them.
    var all: some Collection<DeviceConnection> { connections.values }

    func add(_ connection: DeviceConnection) {
        var changed: [UInt64: DeviceConnection] = [:]
        swap(&changed, &connections)
        changed[connection.id.number] = connection
        swap(&changed, &connections)
    }

    /// Removes a connection. False when it is not one of these.
    func remove(_ connection: DeviceConnection) -> Bool {
        var changed: [UInt64: DeviceConnection] = [:]
        swap(&changed, &connections)
        defer { swap(&changed, &connections) }
        return changed.removeValue(forKey: connection.id.number) != nil
    }

    /// Moves the connections to a table that is just large enough.
    func shrink() {
        connections = Dictionary(uniqueKeysWithValues: Array(connections))
    }
}
