import EasySetupRelayProtocol

/// The transports of a relay (`Protocol/http.md`, "Which transport").
enum Transport {
    case webSocket, http

    /// The number of sockets that a device has open during a pairing.
    var socketsOfDevice: Int { self == .http ? 2 : 1 }

    /// Opens a connection of one device; nil when the system has no socket left.
    func connect(
        to target: Target,
        source: UInt16,
        poller: Poller,
        owner: any ConnectionOwner
    ) -> (any Connection)? {
        switch self {
        case .webSocket: WebSocket(to: target, source: source, request: Self.request, poller: poller, owner: owner)
        case .http: HTTPConnection(to: target, source: source, poller: poller, owner: owner)
        }
    }

    private static let request = WebSocket.request(path: "/easysetup/v1/ws", subprotocol: Subprotocol.name)
}
