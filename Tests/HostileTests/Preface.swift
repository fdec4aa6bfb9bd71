import Foundation

/// The header of the PROXY protocol, version 2, that a proxy sends first on a connection.
enum Preface {
    private static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]

    /// A device in one of the /56 networks of 2001:db8:7::/48.
    static func bytes(subnet: UInt8) -> [UInt8] {
        let source: [UInt8] = [0x20, 0x01, 0x0D, 0xB8, 0, 7, subnet, 0] + [UInt8](repeating: 1, count: 8)
        return signature + [0x21, 0x21, 0, 36] + source + source + [0, 1, 0, 2]
    }

    /// A device at 192.0.2.`host`.
    static func bytes(host: UInt8) -> [UInt8] {
        signature + [0x21, 0x11, 0, 12] + [192, 0, 2, host] + [192, 0, 2, 1] + [0, 1, 0, 2]
    }
}

/// A proxy on loopback that begins each connection to a relay with a PROXY header. Honest devices use it to reach a
/// relay that accepts connections from proxies only.
final class PrefacingProxy: Sendable {
    let port: Int
    private let listener: Int32

    init(to relay: Int) throws {
        listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        port = try Self.listen(listener)
        Thread.detachNewThread { [listener] in
            while true {
                let device = accept(listener, nil, nil)
                guard device >= 0 else { return }
                guard let upstream = Self.connect(to: relay) else {
                    close(device)
                    continue
                }
                let preface = Preface.bytes(host: 7)
                _ = send(upstream, preface, preface.count, Int32(MSG_NOSIGNAL))
                Self.pump(from: device, to: upstream)
                Self.pump(from: upstream, to: device)
            }
        }
    }

    deinit {
        shutdown(listener, Int32(SHUT_RDWR))
        close(listener)
    }

    /// Forwards bytes in one direction on a thread of its own. At the end it closes the connection and the source
    /// descriptor.
    private static func pump(from source: Int32, to target: Int32) {
        Thread.detachNewThread {
            var bytes = [UInt8](repeating: 0, count: 16_384)
            while true {
                let count = recv(source, &bytes, bytes.count, 0)
                guard count > 0, send(target, bytes, count, Int32(MSG_NOSIGNAL)) == count else { break }
            }
            shutdown(target, Int32(SHUT_RDWR))
            shutdown(source, Int32(SHUT_RDWR))
            close(source)
        }
    }

    private static func listen(_ listener: Int32) throws -> Int {
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let status = withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
                bind(listener, pointer, length) | Glibc.listen(listener, 64) | getsockname(listener, pointer, &length)
            }
        }
        guard status == 0 else { throw POSIXError(.EADDRINUSE) }
        return Int(UInt16(bigEndian: address.sin_port))
    }

    private static func connect(to port: Int) -> Int32? {
        let upstream = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        let status = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(upstream, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard status == 0 else {
            close(upstream)
            return nil
        }
        return upstream
    }
}
