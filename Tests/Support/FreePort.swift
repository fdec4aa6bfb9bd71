import Foundation
import Testing

/// Finds a port for a program to which a test must give one.
package enum FreePort {
    /// A port on which nothing listens. It is below those that the system gives to outgoing connections and to servers
    /// that ask for any port, so no other test gets it while the program is down.
    package static func below30000() throws -> Int {
        for _ in 0..<100 {
            let port = Int.random(in: 20_000..<30_000)
            if isFree(port) { return port }
        }
        throw NoneFree()
    }

    /// A port of which the one 10,000 above is free too, as SeaweedFS takes them. Both are below those that the system
    /// gives to others.
    package static func pair() throws -> Int {
        for _ in 0..<100 {
            let port = Int.random(in: 12_000..<20_000)
            if isFree(port), isFree(port + 10_000) { return port }
        }
        throw NoneFree()
    }

    private struct NoneFree: Error {}

    private static func isFree(_ port: Int) -> Bool {
        let listener = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        // With this option the check accepts a port with old connections in TIME_WAIT, because a server can use it too.
        var one: Int32 = 1
        setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &one, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = inet_addr("127.0.0.1")
        return withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                bind(listener, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
            }
        }
    }
}
