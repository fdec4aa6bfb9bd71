/// The connections that serve no device and that the relay may close: long-polling connections on which no poll (a
/// request that waits for frames) waits and, while the relay admits only returning devices, connections without a first
/// frame. Closing one loses nothing, because the device opens another.
struct IdleSockets: Sendable {
    private struct Socket {
        let id: ConnectionID
        let prefix: AddressPrefix?
    }

    private var sockets: [Socket] = []
    private var places: [ConnectionID: Int] = [:]

    var count: Int { sockets.count }

    /// - Parameter prefix: nil for a connection from a trusted proxy.
    mutating func insert(_ id: ConnectionID, of prefix: AddressPrefix?) {
        guard places[id] == nil else { return }
        places[id] = sockets.count
        sockets.append(Socket(id: id, prefix: prefix))
    }

    mutating func remove(_ id: ConnectionID) {
        guard !places.isEmpty, let place = places.removeValue(forKey: id) else { return }
        let last = sockets.removeLast()
        guard place < sockets.count else { return }
        sockets[place] = last
        places[last.id] = place
    }

    /// Takes a random sample of these idle connections, and removes and returns the one whose address prefix has the
    /// most connections. `standing` gives that number for a prefix. A sample is enough, because the largest prefix owns
    /// most of the connections. Nil if there is no idle connection.
    mutating func takeFullest(
        using generator: inout some RandomNumberGenerator,
        standing: (AddressPrefix) -> Int
    ) -> ConnectionID? {
        var fullest: (id: ConnectionID, standing: Int)?
        for look in 0..<min(Self.looks, sockets.count) {
            let place = sockets.count <= Self.looks ? look : Int.random(in: 0..<sockets.count, using: &generator)
            let socket = sockets[place]
            let standing = socket.prefix.map(standing) ?? 0
            if fullest.map({ standing > $0.standing }) ?? true { fullest = (socket.id, standing) }
        }
        guard let fullest else { return nil }
        remove(fullest.id)
        return fullest.id
    }

    mutating func shrink() {
        sockets = Array(sockets)
        places = Dictionary(uniqueKeysWithValues: Array(places))
    }

    private static let looks = 16
}
