import Glibc
import Loopback

/// A Redis server for two relays, and the file of their keys. Both end with this value.
final class CountedRedis {
    let port: UInt16
    let keys: String
    private let process: Child

    init() throws(CountError) {
        guard let port = Loopback.freePort() else { throw .cannotStart("redis-server") }
        self.port = port
        keys = "/tmp/easysetup-counted-\(getpid())-\(port).key"
        process = try Child([
            "redis-server", "--port", "\(port)", "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
        ])
        while true { if try process.line().contains("Ready to accept connections") { break } }
    }

    deinit { unlink(keys) }
}
