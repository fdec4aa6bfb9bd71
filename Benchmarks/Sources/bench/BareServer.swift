import CLoad
import EasySetupRelayProtocol
import Glibc

/// A baseline: a server that forwards a pairing's frames and does nothing else, to show the cost of the connections
/// alone. It accepts, upgrades, answers ``RecordedFrames`` with frames as large as a relay's, and forwards; it checks
/// and stores nothing, and works only with the load generator. It runs in a process of its own, on one thread.
///
/// This server answers each read at once by one write to each of the two devices: thirteen writes for each pairing. A
/// relay that sends several frames in one write makes fewer, so this server is no lower bound. It shows how fast the
/// machine is today.
final class BareServer {
    let port: UInt16
    private let listener: Int32
    private let poller = epoll_create1(0)
    /// For each connection, by its descriptor, the descriptor of the other device in the pairing. It is the
    /// connection's own descriptor while there is no other device, and 0 before the upgrade.
    private var peers: [Int32] = []
    private var isOfferer: [Bool] = []
    private let incoming = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
    private var own = Outgoing()
    private var peer = Outgoing()

    private let offered: [UInt8]
    private let met: [UInt8]
    private let visitor: [UInt8]
    private let seated: [UInt8]
    private let seatedVisitor: [UInt8]
    private let over: [UInt8]

    /// Bytes that are sent in one write.
    private struct Outgoing {
        let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: 64 * 1024, alignment: 16)
        var count = 0

        mutating func append(_ more: some Collection<UInt8>) {
            UnsafeMutableRawBufferPointer(rebasing: bytes[count...]).copyBytes(from: more)
            count += more.count
        }

        mutating func appendHead(_ size: Int) {
            append([0x82])
            append(size < 126 ? [UInt8(size)] : [126, UInt8(size >> 8), UInt8(size & 0xFF)])
        }

        mutating func appendFrame(_ payload: some Collection<UInt8>) {
            appendHead(payload.count)
            append(payload)
        }
    }

    /// Listens on the port; 0 lets the system choose one. Nil when listening fails.
    init?(port: UInt16) {
        let meeting = MeetingID([UInt8](repeating: 0xA5, count: MeetingID.byteCount))!
        let token = Token(bytes: [UInt8](repeating: 0x5A, count: 85))
        let time = Duration.milliseconds(300_000)
        offered = RelayFrame.offered(slot: Slot("000")!, token: token, expiresIn: time).serialized()
        met = RelayFrame.met(meeting: meeting, token: token, expiresIn: time).serialized()
        visitor = RelayFrame.visitor(meeting: meeting).serialized()
        seated = RelayFrame.seated(meeting: meeting, expiresIn: time).serialized()
        seatedVisitor = RelayFrame.seated(meeting: nil, expiresIn: time).serialized()
        over = RelayFrame.over(meeting: nil, .done).serialized()

        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        var one: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, 4)
        // Accepted sockets inherit TCP_NODELAY from the listening socket.
        setsockopt(listener, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let listener = listener
        let isListening = withUnsafeMutablePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, size) == 0 && listen(listener, 4096) == 0 && getsockname(listener, $0, &size) == 0
            }
        }
        guard isListening else { return nil }
        self.port = UInt16(bigEndian: address.sin_port)
        watch(listener)
    }

    /// Serves until the process is killed.
    func run() -> Never {
        var events = [epoll_event](repeating: epoll_event(), count: 64)
        while true {
            let count = epoll_wait(poller, &events, Int32(events.count), -1)
            for index in 0..<max(0, Int(count)) {
                let descriptor = Int32(bitPattern: events[index].data.u32)
                if descriptor == listener { acceptAll() } else { read(descriptor) }
            }
        }
    }

    private func watch(_ descriptor: Int32) {
        var event = epoll_event()
        event.events = EPOLLIN.rawValue
        event.data.u32 = UInt32(descriptor)
        epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event)
    }

    private func acceptAll() {
        while case let descriptor = easysetup_accept4(listener, nil, nil, Int32(SOCK_NONBLOCK.rawValue)),
            descriptor >= 0
        {
            while peers.count <= Int(descriptor) {
                peers.append(0)
                isOfferer.append(false)
            }
            peers[Int(descriptor)] = 0
            watch(descriptor)
        }
    }

    private func read(_ descriptor: Int32) {
        let count = recv(descriptor, incoming.baseAddress, incoming.count, 0)
        guard count > 0 else {
            Glibc.close(descriptor)
            return
        }
        if peers[Int(descriptor)] == 0 {
            peers[Int(descriptor)] = descriptor
            own.append(Self.upgrade.utf8)
        } else {
            var rest = UnsafeMutableRawBufferPointer(rebasing: incoming[..<count])
            while let payload = Self.payload(of: &rest) { received(payload, from: descriptor) }
        }
        write(&own, to: descriptor)
        if peer.count > 0 { write(&peer, to: peers[Int(descriptor)]) }
    }

    private func write(_ outgoing: inout Outgoing, to descriptor: Int32) {
        guard outgoing.count > 0 else { return }
        send(descriptor, outgoing.bytes.baseAddress, outgoing.count, Int32(MSG_NOSIGNAL))
        outgoing.count = 0
    }

    private func received(_ payload: UnsafeRawBufferPointer, from descriptor: Int32) {
        let place = Int(descriptor)
        switch payload[0] {
        case 0x0A:  // offer
            isOfferer[place] = true
            own.appendFrame(offered)
            // The slot is the offerer's descriptor, written as three symbols. It is the frame's first field, after the
            // headers of the frame and of the field.
            for digit in 0..<3 {
                own.bytes[own.count - offered.count + 4 + digit] = Self.symbols[(place >> (5 * digit)) & 31]
            }
        case 0x12:  // visit
            let other = (0..<3).reduce(0) { sum, digit in
                sum | (Self.symbols.firstIndex(of: payload[4 + digit]) ?? 0) << (5 * digit)
            }
            isOfferer[place] = false
            peers[place] = Int32(other)
            peers[other] = descriptor
            own.appendFrame(met)
            peer.appendFrame(visitor)
        case 0x3A:  // seat
            own.appendFrame(seated)
            peer.appendFrame(seatedVisitor)
        case 0x4A:  // leave
            own.appendFrame(over)
            own.append(Self.close)
            peer.appendFrame(over)
            peer.append(Self.close)
        default: forward(payload, from: place)
        }
    }

    /// Forwards a message or an acknowledgement. A frame to a visitor has no meeting ID, a frame to an offerer has one.
    private func forward(_ payload: UnsafeRawBufferPointer, from place: Int) {
        guard payload.count > 3 else { return }
        let head = payload[1] < 0x80 ? 2 : 3
        let fields = UnsafeRawBufferPointer(rebasing: payload[(isOfferer[place] ? head + 18 : head)...])
        let size = isOfferer[place] ? fields.count : fields.count + 18
        peer.appendHead(size + (size < 0x80 ? 2 : 3))
        peer.append([payload[0]])
        peer.append(size < 0x80 ? [UInt8(size)] : [UInt8(size & 0x7F | 0x80), UInt8(size >> 7)])
        // The meeting ID is the first field of `visitor` too, so it is copied from there.
        if !isOfferer[place] { peer.append(visitor[2...]) }
        peer.append(fields)
    }

    /// Removes a WebSocket frame from the front of the bytes, and unmasks its payload; nil when no frame is left. The
    /// load generator sends only whole frames.
    private static func payload(of bytes: inout UnsafeMutableRawBufferPointer) -> UnsafeRawBufferPointer? {
        guard bytes.count > 6 else { return nil }
        let short = Int(bytes[1] & 0x7F)
        let head = short < 126 ? 6 : 8
        let count = short < 126 ? short : Int(bytes[2]) << 8 | Int(bytes[3])
        guard count > 0, bytes.count >= head + count else { return nil }
        let payload = UnsafeMutableRawBufferPointer(rebasing: bytes[head..<head + count])
        for index in payload.indices { payload[index] ^= bytes[head - 4 + index & 3] }
        bytes = UnsafeMutableRawBufferPointer(rebasing: bytes[(head + count)...])
        return UnsafeRawBufferPointer(payload)
    }

    private static let symbols = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)
    private static let close: [UInt8] = [0x88, 2, 0x03, 0xE8]
    private static let upgrade = """
        HTTP/1.1 101 Switching Protocols\r
        Upgrade: websocket\r
        Connection: Upgrade\r
        Sec-WebSocket-Protocol: easysetup.v1\r
        Sec-WebSocket-Accept: ICX+Yqv66kxgM0FcWaLWlFLwTAI=\r
        \r

        """
}
