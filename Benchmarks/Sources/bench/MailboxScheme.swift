/// Pairings at magic-wormhole's mailbox server, for comparison, in its own protocol: JSON on a WebSocket, bodies in
/// hexadecimal. The two devices exchange six messages of the same sizes as at the relay.
final class MailboxScheme: Scheme {
    static let command = [
        "wormhole-mailbox", "--port=tcp:PORT:interface=127.0.0.1", "--channel-db=:memory:",
    ]

    private let target: Target
    static let request = WebSocket.request(path: "/v1", subprotocol: nil)
    /// The commands that add the six messages to the mailbox, in the order of sending.
    fileprivate let adds = [
        RecordedFrames.hello, RecordedFrames.reply, RecordedFrames.proof, RecordedFrames.proof, RecordedFrames.package,
        RecordedFrames.receipt,
    ]
    .enumerated().map { index, size in
        Array(#"{"type":"add","phase":"\#(index)","body":"\#(String(repeating: "5a", count: size))"}"#.utf8)
    }

    init(target: Target) {
        self.target = target
    }

    func make(number: Int, poller: Poller, owner: any PairingOwner) -> any RunningPairing {
        MailboxPairing(scheme: self, target: target, number: number, poller: poller, owner: owner)
    }

    /// The string after a key, in JSON that a server wrote.
    static func value(of key: String, in json: UnsafeRawBufferPointer) -> String? {
        let wanted = Array("\"\(key)\":".utf8)
        guard json.count > wanted.count else { return nil }
        // The search may pass over a long body. A body has no quotation marks, so it can't contain the key.
        var start = 0
        search: while start + wanted.count < json.count {
            for index in wanted.indices where json[start + index] != wanted[index] {
                start += 1
                continue search
            }
            var from = start + wanted.count
            while from < json.count, json[from] == 0x20 { from += 1 }
            guard from < json.count, json[from] == 0x22 else { return nil }
            let tail = json[(from + 1)...]
            guard let end = tail.firstIndex(of: 0x22) else { return nil }
            return String(decoding: tail[..<end], as: UTF8.self)
        }
        return nil
    }
}

private final class MailboxPairing: RunningPairing, ConnectionOwner {
    private let scheme: MailboxScheme
    private let target: Target
    private let number: Int
    private let poller: Poller
    private weak var owner: (any PairingOwner)?
    private var offerer: (any Connection)?
    private var visitor: (any Connection)?
    /// The number of messages that both devices have added to the mailbox. If it is even, the visitor adds the next
    /// one.
    private var added = 0
    private var opened = 0
    private var closedMailboxes = 0
    private var sentAt: UInt64 = 0
    private var itself: MailboxPairing?

    init(scheme: MailboxScheme, target: Target, number: Int, poller: Poller, owner: any PairingOwner) {
        self.scheme = scheme
        self.target = target
        self.number = number
        self.poller = poller
        self.owner = owner
    }

    func start() {
        itself = self
        offerer = connect()
        if offerer == nil { fail("no socket") }
    }

    private func connect() -> (any Connection)? {
        WebSocket(to: target, request: MailboxScheme.request, isText: true, poller: poller, owner: self)
    }

    private func say(_ text: String, on socket: any Connection) {
        socket.write(Array(text.utf8))
    }

    func opened(_ socket: any Connection) {}

    func received(_ payload: UnsafeRawBufferPointer, on socket: any Connection) {
        let isOfferer = socket === offerer
        guard let type = MailboxScheme.value(of: "type", in: payload) else { return fail("no type") }
        switch type {
        case "welcome":
            say(#"{"type":"bind","appid":"bench","side":"\#(isOfferer ? "b" : "a")\#(number)"}"#, on: socket)
            if isOfferer { say(#"{"type":"allocate"}"#, on: socket) } else { claim(socket) }
        case "allocated":
            nameplate = MailboxScheme.value(of: "nameplate", in: payload) ?? ""
            claim(socket)
        case "claimed":
            let mailbox = MailboxScheme.value(of: "mailbox", in: payload) ?? ""
            say(#"{"type":"open","mailbox":"\#(mailbox)"}"#, on: socket)
            if isOfferer {
                visitor = connect()
                if visitor == nil { return fail("no socket") }
            } else {
                add(socket)
                say(#"{"type":"release"}"#, on: socket)
            }
        case "message":
            heard(MailboxScheme.value(of: "side", in: payload)?.hasPrefix("b") == true, isOfferer, socket)
        case "closed":
            socket.close()
            closedMailboxes += 1
            if closedMailboxes == 2 {
                owner?.finished(self)
                itself = nil
            }
            return
        case "ack", "released": return
        default: return fail("heard \(type)")
        }
        socket.flush()
    }

    private var nameplate = ""

    private func claim(_ socket: any Connection) {
        say(#"{"type":"claim","nameplate":"\#(nameplate)"}"#, on: socket)
    }

    private func add(_ socket: any Connection) {
        socket.write(scheme.adds[added])
        added += 1
        sentAt = nanoseconds()
    }

    /// Handles a message. The server sends each message to both devices, so a device ignores its own.
    private func heard(_ isFromOfferer: Bool, _ isOfferer: Bool, _ socket: any Connection) {
        guard isFromOfferer != isOfferer else { return }
        owner?.relayed(nanoseconds: nanoseconds() - sentAt)
        // Once both devices have the nameplate (the number by which they find the mailbox), it is not needed any more.
        if added == 1 { say(#"{"type":"release"}"#, on: socket) }
        if added < scheme.adds.count { return add(socket) }
        for end in [offerer, visitor] {
            end?.write(Array(#"{"type":"close","mood":"happy"}"#.utf8))
            end?.flush()
        }
    }

    func closed(_ socket: any Connection) {
        fail("closed after \(added) messages")
    }

    private func fail(_ place: String) {
        guard let held = itself else { return }
        offerer?.close()
        visitor?.close()
        owner?.failed(held, at: place)
        itself = nil
    }
}
