/// The steps by which a device shows a code, waits, and leaves again, at one kind of service.
protocol Waiting {
    /// Connects; nil when the system has no socket left.
    func connect(source: UInt16, poller: Poller, owner: any ConnectionOwner) -> (any Connection)?
    /// Sends the first frames after the connection is open.
    func begin(_ connection: any Connection)
    /// Answers a frame from the server. Returns whether the device is waiting from now on.
    func hears(_ frame: UnsafeRawBufferPointer, on connection: any Connection) -> Bool
    /// Makes the device leave, so that the service closes the connection. Returns false if the protocol has no message
    /// for that.
    func leave(_ connection: any Connection) -> Bool
}

/// Devices that wait with a room at a relay.
struct RelayWaiting: Waiting {
    let transport: Transport
    let target: Target
    private let frames = RecordedFrames()

    init(transport: Transport, target: Target) {
        self.transport = transport
        self.target = target
    }

    func connect(source: UInt16, poller: Poller, owner: any ConnectionOwner) -> (any Connection)? {
        transport.connect(to: target, source: source, poller: poller, owner: owner)
    }

    func begin(_ connection: any Connection) {
        connection.write(frames.offer)
        connection.flush()
    }

    func hears(_ frame: UnsafeRawBufferPointer, on connection: any Connection) -> Bool {
        guard HeardFrame(frame)?.kind == .offered else { return false }
        connection.rest()
        return true
    }

    func leave(_ connection: any Connection) -> Bool {
        connection.write(frames.leave)
        connection.flush()
        return true
    }
}

/// Devices that wait with an open mailbox at magic-wormhole's server.
struct MailboxWaiting: Waiting {
    let target: Target

    func connect(source: UInt16, poller: Poller, owner: any ConnectionOwner) -> (any Connection)? {
        WebSocket(
            to: target,
            source: source,
            request: MailboxScheme.request,
            isText: true,
            poller: poller,
            owner: owner
        )
    }

    func begin(_ connection: any Connection) {}

    func hears(_ frame: UnsafeRawBufferPointer, on connection: any Connection) -> Bool {
        let words: [String]
        switch MailboxScheme.value(of: "type", in: frame) {
        case "welcome":
            words = [
                #"{"type":"bind","appid":"bench","side":"w\#(UInt.random(in: .min ... .max))"}"#,
                #"{"type":"allocate"}"#,
            ]
        case "allocated":
            words = [#"{"type":"claim","nameplate":"\#(MailboxScheme.value(of: "nameplate", in: frame) ?? "")"}"#]
        case "claimed":
            words = [#"{"type":"open","mailbox":"\#(MailboxScheme.value(of: "mailbox", in: frame) ?? "")"}"#]
        default: return false
        }
        for word in words { connection.write(Array(word.utf8)) }
        connection.flush()
        return MailboxScheme.value(of: "type", in: frame) == "claimed"
    }

    func leave(_ connection: any Connection) -> Bool { false }
}
