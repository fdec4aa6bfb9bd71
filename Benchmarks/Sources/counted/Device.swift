import CLoad
import EasySetupRelayProtocol
import Glibc

/// A device on a socket of its own that waits for each answer, with a minimal WebSocket client (RFC 6455).
final class Device {
    private let socket: Int32
    private var ssl: OpaquePointer?
    private var received: [UInt8] = []

    /// Connects, with TLS if there is a context, and upgrades.
    init(port: UInt16, tls: ClientTLS? = nil) throws(CountError) {
        socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard socket >= 0 else { throw .noConnection }
        var one: Int32 = 1
        setsockopt(socket, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = port.bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                connect(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else { throw .noConnection }
        if let tls {
            ssl = SSL_new(tls.context)
            SSL_set_fd(ssl, socket)
            guard SSL_connect(ssl) == 1 else { throw .noConnection }
        }
        try send(Self.request)
        while try next(4) != Self.endOfHead { received.removeFirst() }
        received.removeFirst(4)
    }

    deinit {
        if let ssl { SSL_free(ssl) }
        close(socket)
    }

    func say(_ frame: DeviceFrame) throws(CountError) {
        let payload = frame.serialized()
        // The mask is zero, which costs the relay as much as any other mask.
        let length =
            payload.count < 126
            ? [0x80 | UInt8(payload.count)] : [0xFE, UInt8(payload.count >> 8), UInt8(payload.count & 0xFF)]
        try send([0x82] + length + [0, 0, 0, 0] + payload)
    }

    func hear() throws(CountError) -> RelayFrame {
        var head = try next(2)
        guard head[0] == 0x82 else { throw .unexpected("a WebSocket frame of the kind \(head[0])") }
        var length = Int(head[1])
        received.removeFirst(2)
        if length == 126 {
            head = try next(2)
            length = Int(head[0]) << 8 | Int(head[1])
            received.removeFirst(2)
        }
        let payload = Array(try next(length))
        received.removeFirst(length)
        guard let frame = try? RelayFrame(parsing: payload) else { throw .unexpected("what is no frame") }
        return frame
    }

    /// The next received bytes, which stay in the buffer.
    private func next(_ count: Int) throws(CountError) -> ArraySlice<UInt8> {
        var buffer = [UInt8](repeating: 0, count: 16 * 1024)
        while received.count < count {
            let read =
                ssl.map { Int(SSL_read($0, &buffer, Int32(buffer.count))) } ?? recv(socket, &buffer, buffer.count, 0)
            guard read > 0 else { throw .noConnection }
            received += buffer[..<read]
        }
        return received[..<count]
    }

    private func send(_ bytes: [UInt8]) throws(CountError) {
        let sent =
            ssl.map { Int(SSL_write($0, bytes, Int32(bytes.count))) }
            ?? Glibc.send(socket, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        guard sent == bytes.count else { throw .noConnection }
    }

    private static let endOfHead: ArraySlice<UInt8> = [13, 10, 13, 10]
    private static let request = Array(
        """
        GET /easysetup/v1/ws HTTP/1.1\r\nHost: 127.0.0.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n\
        Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\r\n\
        Sec-WebSocket-Protocol: easysetup.v1\r\n\r\n
        """.utf8
    )
}

/// A TLS client that accepts any certificate, because the relay is its own.
final class ClientTLS {
    fileprivate let context: OpaquePointer

    init() {
        context = SSL_CTX_new(TLS_client_method())
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
    }

    deinit {
        SSL_CTX_free(context)
    }
}
