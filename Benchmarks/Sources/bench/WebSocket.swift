/// A minimal WebSocket client (RFC 6455). It sends an upgrade request and masked frames, and reads whole frames.
final class WebSocket: Connection, Stream.Owner {
    private weak var owner: (any ConnectionOwner)?
    private let request: [UInt8]
    private let opcode: UInt8
    private var stream: Stream?
    private var isUpgraded = false
    private var isOver = false

    /// - Parameter request: the whole upgrade request, see ``request(path:subprotocol:)``.
    init?(
        to target: Target,
        source: UInt16 = 0,
        request: [UInt8],
        isText: Bool = false,
        poller: Poller,
        owner: any ConnectionOwner
    ) {
        self.request = request
        self.owner = owner
        opcode = isText ? 1 : 2
        guard let stream = Stream(to: target, source: source, poller: poller, owner: self) else { return nil }
        self.stream = stream
    }

    static func request(path: String, subprotocol: String?) -> [UInt8] {
        let line = subprotocol.map { "Sec-WebSocket-Protocol: \($0)\r\n" } ?? ""
        return Array(
            """
            GET \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
            Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\(line)\r\n
            """.utf8
        )
    }

    /// Adds a message; ``flush()`` sends it. The mask is zero, so masking costs the load generator nothing. It costs
    /// the server as much as any other mask.
    func write(_ payload: [UInt8]) {
        guard let stream else { return }
        var head: [UInt8] = [0x80 | opcode]
        if payload.count < 126 {
            head.append(0x80 | UInt8(payload.count))
        } else {
            head += [0x80 | 126, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        }
        head += [0, 0, 0, 0]
        stream.write(head)
        stream.write(payload)
    }

    func flush() {
        stream?.flush()
    }

    func rest() {}

    /// Closes the connection at once; the owner gets no more calls.
    func close() {
        isOver = true
        stream?.close()
        stream = nil
    }

    func opened(_ stream: Stream) {
        stream.write(request)
        stream.flush()
    }

    func closed(_ stream: Stream) {
        self.stream = nil
        guard !isOver else { return }
        isOver = true
        owner?.closed(self)
    }

    func received(_ bytes: UnsafeRawBufferPointer, on stream: Stream) -> Int {
        var used = 0
        if !isUpgraded {
            guard let end = HTTPAnswer.endOfHead(bytes) else { return 0 }
            used = end
            guard HTTPAnswer.status(bytes) == 101 else {
                stream.close()
                closed(stream)
                return bytes.count
            }
            isUpgraded = true
            owner?.opened(self)
        }
        while !isOver, let (payload, next) = Self.frame(in: bytes, at: used) {
            let opcode = bytes[used] & 0x0F
            used = next
            switch opcode {
            case 1, 2: owner?.received(UnsafeRawBufferPointer(rebasing: bytes[payload]), on: self)
            case 8:
                stream.close()
                closed(stream)
                return bytes.count
            case 9:
                stream.write([0x8A, 0x80, 0, 0, 0, 0])
                stream.flush()
            default: break
            }
        }
        return isOver ? bytes.count : used
    }

    private static func frame(
        in bytes: UnsafeRawBufferPointer,
        at start: Int
    ) -> (payload: Range<Int>, next: Int)? {
        guard bytes.count >= start + 2 else { return nil }
        var length = Int(bytes[start + 1] & 0x7F)
        var head = start + 2
        if length == 126 {
            guard bytes.count >= start + 4 else { return nil }
            length = Int(bytes[start + 2]) << 8 | Int(bytes[start + 3])
            head = start + 4
        }
        guard bytes.count >= head + length else { return nil }
        return (head..<head + length, head + length)
    }
}
