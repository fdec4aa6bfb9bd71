import EasySetupRelayProtocol
import Foundation

/// An attacker's socket, which can send any bytes from any loopback address. It blocks its thread, so each needs a
/// thread of its own.
final class Stranger {
    private let socket: Int32
    private var unread: [UInt8] = []
    private var isUpgraded = false
    /// Whether the relay gave no answer in time.
    private var isSilent = false

    /// Nil when the relay refuses the connection.
    ///
    /// - Parameters:
    ///   - address: which of the addresses 127.1.x.y the connection comes from.
    ///   - window: the size of the receive buffer, which limits how much the system keeps unread.
    convenience init?(port: Int, from address: Int, window: Int32? = nil) {
        self.init(port: port, source: "127.1.\(address >> 8 & 0xFF).\(address & 0xFF)", window: window)
    }

    /// - Parameters:
    ///   - source: the loopback address that the connection comes from.
    ///   - window: the size of the receive buffer, which limits how much the system keeps unread.
    init?(port: Int, source: String, window: Int32? = nil) {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { return nil }
        // The socket is closed by a reset, because a normal close keeps its port for a while, and a hundred thousand
        // connections would use up all ports.
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(socket, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<Glibc.linger>.size))
        if var window { setsockopt(socket, SOL_SOCKET, SO_RCVBUF, &window, socklen_t(MemoryLayout<Int32>.size)) }
        guard Self.call(bind, socket, source, 0) == 0, Self.call(connect, socket, "127.0.0.1", port) == 0 else {
            Glibc.close(socket)
            return nil
        }
        // Timeouts for a relay that no longer reads or answers.
        var time = timeval(tv_sec: 20, tv_usec: 0)
        setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
        setsockopt(socket, SOL_SOCKET, SO_SNDTIMEO, &time, socklen_t(MemoryLayout<timeval>.size))
    }

    deinit {
        Glibc.close(socket)
    }

    /// False when the relay has ended the connection.
    @discardableResult
    func send(_ bytes: [UInt8]) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes {
                Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }

    @discardableResult
    func send(_ text: String) -> Bool { send(Array(text.utf8)) }

    @discardableResult
    func send(_ frame: DeviceFrame) -> Bool { send(Self.webSocketFrame(0x82, frame.serialized())) }

    /// Whether the relay has ended the connection by now. It reads no bytes.
    var isEnded: Bool {
        var byte: UInt8 = 0
        let count = recv(socket, &byte, 1, Int32(MSG_PEEK) | Int32(MSG_DONTWAIT))
        return count == 0 || (count < 0 && errno != EAGAIN)
    }

    /// Whether the relay has ended the connection by now. It reads and drops earlier bytes.
    func hasEnded() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 4096)
        while true {
            let count = recv(socket, &bytes, bytes.count, Int32(MSG_DONTWAIT))
            guard count > 0 else { return count == 0 || errno != EAGAIN }
        }
    }

    /// Waits until one of the connections has input or an end, or for a second, which is the pace of the attackers that
    /// send single bytes.
    static func waitForWord(to strangers: [Stranger]) {
        var sockets = strangers.map { pollfd(fd: $0.socket, events: Int16(POLLIN), revents: 0) }
        poll(&sockets, nfds_t(sockets.count), 1_000)
    }

    /// Reads until the relay refuses: by an HTTP status, by closing the WebSocket, or by ending the connection. False
    /// when the relay does not answer in time.
    func isTurnedAway() -> Bool {
        if !isUpgraded {
            let head = head()
            guard head.hasPrefix("HTTP/1.1 101") else { return head.hasPrefix("HTTP/1.1 4") || !isSilent }
        }
        while frame() != nil {}
        return !isSilent
    }

    /// The head of the response to a request; empty when there is none.
    func head() -> String {
        let end = Array("\r\n\r\n".utf8)
        while true {
            if let place = unread.indices.first(where: { unread[$0...].starts(with: end) }) {
                let head = String(decoding: unread[..<place], as: UTF8.self)
                unread.removeFirst(place + end.count)
                isUpgraded = head.hasPrefix("HTTP/1.1 101")
                return head
            }
            guard readMore() else { return "" }
        }
    }

    /// The next frame from the relay; nil at the end of the connection.
    func frame() -> RelayFrame? {
        while true {
            if unread.count >= 2 {
                let isLong = unread[1] == 126
                let start = isLong ? 4 : 2
                if unread.count >= start {
                    let count = isLong ? Int(unread[2]) << 8 | Int(unread[3]) : Int(unread[1])
                    if unread.count >= start + count {
                        let (opcode, payload) = (unread[0] & 15, Array(unread[start..<start + count]))
                        unread.removeFirst(start + count)
                        if opcode == 8 { return nil }
                        if opcode == 2 { return try? RelayFrame(parsing: payload) }
                        continue
                    }
                }
            }
            guard readMore() else { return nil }
        }
    }

    private func readMore() -> Bool {
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = recv(socket, &bytes, bytes.count, 0)
        isSilent = count < 0 && errno == EAGAIN
        guard count > 0 else { return false }
        unread += bytes.prefix(count)
        return true
    }

    private static func call(
        _ function: (Int32, UnsafePointer<sockaddr>, socklen_t) -> Int32,
        _ socket: Int32,
        _ host: String,
        _ port: Int
    ) -> Int32 {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr(host)
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                function(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }

    /// A masked frame; the mask is zeros.
    static func webSocketFrame(_ first: UInt8, _ payload: [UInt8]) -> [UInt8] {
        let length: [UInt8] =
            payload.count < 126
            ? [0x80 | UInt8(payload.count)]
            : [0xFE, UInt8(truncatingIfNeeded: payload.count >> 8), UInt8(truncatingIfNeeded: payload.count)]
        return [first] + length + [0, 0, 0, 0] + payload
    }

    /// A request for an upgrade, optionally with more headers.
    static func upgrade(_ more: String = "") -> String {
        "GET /easysetup/v1/ws HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            + "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            + "Sec-WebSocket-Protocol: easysetup.v1\r\n\(more)\r\n"
    }
}

extension Stranger {
    /// Makes an offer, and gives its token.
    func token() -> Token? {
        send(Self.upgrade())
        send(.offer(slotLength: 6, work: nil))
        guard !head().isEmpty, case .offered(_, let token, _)? = frame() else { return nil }
        return token
    }

    /// Attaches with an offerer's token and invented meetings. Gives whether the relay admitted it.
    static func attaches(_ token: Token, at port: Int, source: String, meetings: Int) -> Bool {
        guard let stranger = Stranger(port: port, source: source) else { return false }
        var entropy = SystemRandomNumberGenerator()
        let held = (0..<meetings).map { _ in
            MeetingResume(meeting: MeetingID(drawnFrom: &entropy), acked: 0, received: 0, isSeated: false)
        }
        stranger.send(upgrade())
        stranger.send(.attachOfferer(token: token, held: held, attempt: 1))
        guard !stranger.head().isEmpty, case .attachedOfferer? = stranger.frame() else { return false }
        return true
    }
}

/// Runs a blocking body on a thread of its own, because the tests' own threads are only two.
func onThread<Result>(_ body: @escaping @Sendable () -> Result) async -> sending Result {
    nonisolated(unsafe) var result: Result?
    await withCheckedContinuation { (done: CheckedContinuation<Void, Never>) in
        Thread.detachNewThread {
            result = body()
            done.resume()
        }
    }
    return result!
}
