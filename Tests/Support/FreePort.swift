import Foundation
import Testing

/// A port for a program that must be told one.
package enum FreePort {
    /// A port at which nothing listens, and which the system gives neither to outgoing connections nor to servers that
    /// ask for any port, so that no other test gets it while the program is down.
    package static func below30000() throws -> Int {
        for _ in 0..<100 {
            let port = Int.random(in: 20_000..<30_000)
            if isFree(port) { return port }
        }
        throw NoneFree()
    }

    private struct NoneFree: Error {}

    private static func isFree(_ port: Int) -> Bool {
        let listener = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        defer { close(listener) }
        // A port with old connections in TIME_WAIT can be used by a server all the same.
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
