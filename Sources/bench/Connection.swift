import EasySetupRelayProtocol

/// One device's connection to a server, whatever transport it goes through: frames out, frames in.
protocol Connection: AnyObject {
    /// Adds a frame; ``flush()`` sends what was added.
    func write(_ frame: [UInt8])
    func flush()
    /// Nothing will be said for long: what only speaking needs is let go of.
    func rest()
    /// Ends it at once; the owner hears nothing more.
    func close()
}

/// Who speaks and hears on a ``Connection``: it is opened, hears any number of frames, is closed.
protocol ConnectionOwner: AnyObject {
    func opened(_ connection: any Connection)
    /// The bytes are gone afterwards.
    func received(_ frame: UnsafeRawBufferPointer, on connection: any Connection)
    /// Nothing was wrong with it where the server was to close it.
    func closed(_ connection: any Connection)
}

/// The ways into a relay (`Protocol/http.md`, "Which transport").
enum Transport {
    case webSocket, http

    /// How many sockets a device has open while it pairs.
    var socketsOfDevice: Int { self == .http ? 2 : 1 }

    /// Opens a connection of one device's; nil when the system has no socket left.
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
