import Glibc

/// A Redis server for two relays, and the file of their keys. Both end with this value.
final class CountedRedis {
    let port: UInt16
    let keys: String
    private let process: Child

    init() throws(CountError) {
        guard let port = Self.freePort() else { throw .cannotStart("redis-server") }
        self.port = port
        keys = "/tmp/easysetup-counted-\(getpid())-\(port).key"
        process = try Child([
            "redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
        ])
        while true { if try process.line().contains("Ready to accept connections") { break } }
    }

    deinit { unlink(keys) }

    private static func freePort() -> UInt16? {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(descriptor) }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var size = socklen_t(MemoryLayout<sockaddr_in>.size)
        return withUnsafeMutablePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { socketAddress in
                guard bind(descriptor, socketAddress, size) == 0, getsockname(descriptor, socketAddress, &size) == 0
                else { return nil }
                return UInt16(bigEndian: pointer.pointee.sin_port)
            }
        }
    }
}
