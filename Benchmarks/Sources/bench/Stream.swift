import CLoad
import Glibc

/// A server's port on this machine.
struct Target {
    var port: UInt16
    /// The TLS client; nil for plain TCP.
    var tls: ClientTLS?
}

/// A TLS client that accepts any certificate, because it connects only to the benchmark's own server.
final class ClientTLS {
    let context: OpaquePointer

    init() {
        context = SSL_CTX_new(TLS_client_method())
        _ = easysetup_ssl_set_modes(context)
        SSL_CTX_set_verify(context, SSL_VERIFY_NONE, nil)
    }
}

/// A TCP connection with or without TLS, which sends and receives bytes. Any error closes it, which is enough on
/// loopback.
final class Stream: Polled {
    /// The owner of a stream, which gets these calls in this order: `opened`, any number of `received`, `closed`.
    protocol Owner: AnyObject {
        func opened(_ stream: Stream)
        /// Takes as many of the bytes as it can use, and returns their number.
        func received(_ bytes: UnsafeRawBufferPointer, on stream: Stream) -> Int
        func closed(_ stream: Stream)
    }

    private enum State { case connecting, shaking, open, closed }

    let descriptor: Int32
    weak var owner: (any Owner)?
    private let poller: Poller
    private var state = State.connecting
    private var ssl: OpaquePointer?
    private var outgoing: [UInt8] = []
    private var sent = 0
    /// The bytes that were received and are not used yet. It is empty while nothing waits, so that an idle connection
    /// holds no buffer.
    private var rest: [UInt8] = []

    /// The read buffer of all streams, which is safe because the bench has one thread.
    nonisolated(unsafe) private static let buffer = UnsafeMutableRawBufferPointer.allocate(
        byteCount: 64 * 1024,
        alignment: 16
    )

    /// Connects from the address 127.0.x.y whose last two bytes are `source`, because a single address runs out of
    /// ports. With 0, the system chooses the address. Nil when no port is left.
    init?(to target: Target, source: UInt16 = 0, poller: Poller, owner: any Owner) {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue), 0)
        guard descriptor >= 0 else { return nil }
        self.descriptor = descriptor
        self.poller = poller
        self.owner = owner
        var one: Int32 = 1
        setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &one, 4)
        if source > 0 {
            // With this option (IP_BIND_ADDRESS_NO_PORT), the system chooses the local port only at `connect`, among
            // those that are free for this target.
            setsockopt(descriptor, Int32(IPPROTO_IP), 24, &one, 4)
            _ = Self.withAddress(0x7F00_0000 | UInt32(source), port: 0) { bind(descriptor, $0, $1) }
        }
        let result = Self.withAddress(0x7F00_0001, port: target.port) { connect(descriptor, $0, $1) }
        guard result == 0 || errno == EINPROGRESS else {
            Glibc.close(descriptor)
            return nil
        }
        if let tls = target.tls {
            ssl = SSL_new(tls.context)
            SSL_set_fd(ssl, descriptor)
            SSL_set_connect_state(ssl)
        }
        poller.add(self)
    }

    deinit {
        close()
        if let ssl { SSL_free(ssl) }
    }

    /// Adds bytes to be sent; ``flush()`` sends them.
    func write(_ bytes: some Collection<UInt8>) {
        outgoing.append(contentsOf: bytes)
    }

    func flush() {
        guard state == .open else { return }
        while sent < outgoing.count {
            let count = outgoing.withUnsafeBytes { bytes in
                let left = UnsafeRawBufferPointer(rebasing: bytes[sent...])
                if let ssl { return Int(SSL_write(ssl, left.baseAddress, Int32(left.count))) }
                return send(descriptor, left.baseAddress, left.count, Int32(MSG_NOSIGNAL))
            }
            guard count > 0 else {
                if !wouldBlock(count) { end() }
                return
            }
            sent += count
        }
        outgoing.removeAll(keepingCapacity: outgoing.capacity <= 4096)
        sent = 0
    }

    /// Closes the stream; the owner gets no more calls.
    func close() {
        guard state != .closed else { return }
        state = .closed
        poller.remove(self)
        Glibc.close(descriptor)
    }

    func ready(readable: Bool, writable: Bool, ended: Bool) {
        // The owner may release the stream during this call.
        withExtendedLifetime(self) {
            if state == .connecting { if ended { end() } else if writable { connected() } }
            if state == .shaking { shake() }
            if state == .open, writable { flush() }
            if state == .open, readable || ended { read(toTheEnd: ended) }
        }
    }

    private func connected() {
        state = ssl == nil ? .open : .shaking
        if state == .open { owner?.opened(self) }
    }

    private func shake() {
        let result = SSL_do_handshake(ssl)
        if result == 1 {
            state = .open
            owner?.opened(self)
        } else if !wouldBlock(Int(result)) {
            end()
        }
    }

    /// - Parameter toTheEnd: whether the stream must be read to its end. Otherwise a short read means that nothing is
    ///   left, because epoll reports later bytes again.
    private func read(toTheEnd: Bool) {
        while state == .open {
            let buffer = Self.buffer
            let held = rest.count
            if held > 0 { rest.withUnsafeBytes { buffer.copyMemory(from: $0) } }
            let space = UnsafeMutableRawBufferPointer(rebasing: buffer[held...])
            let count =
                ssl.map { Int(SSL_read($0, space.baseAddress, Int32(space.count))) }
                ?? recv(descriptor, space.baseAddress, space.count, 0)
            guard count > 0 else {
                if count == 0 && ssl == nil || !wouldBlock(count) { end() }
                return
            }
            let all = held + count
            // The bytes that the owner does not use are copied, because the shared buffer will be used again.
            let used = owner?.received(UnsafeRawBufferPointer(rebasing: buffer[..<all]), on: self) ?? all
            if used == all { if held > 0 { rest = [] } } else { rest = Array(buffer[used..<all]) }
            if ssl == nil, count < space.count, !toTheEnd { return }
        }
    }

    private func wouldBlock(_ result: Int) -> Bool {
        guard let ssl else { return errno == EAGAIN }
        let error = SSL_get_error(ssl, Int32(result))
        return error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE
    }

    private func end() {
        guard state != .closed else { return }
        close()
        owner?.closed(self)
    }

    private static func withAddress<Result>(
        _ address: UInt32,
        port: UInt16,
        _ body: (UnsafePointer<sockaddr>, socklen_t) -> Result
    ) -> Result {
        var socketAddress = sockaddr_in()
        socketAddress.sin_family = sa_family_t(AF_INET)
        socketAddress.sin_port = port.bigEndian
        socketAddress.sin_addr.s_addr = address.bigEndian
        return withUnsafePointer(to: &socketAddress) {
            $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                body($0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
    }
}
