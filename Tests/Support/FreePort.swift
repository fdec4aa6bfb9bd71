import Foundation
import Synchronization
import Testing

/// Finds a port for a program to which a test must give one. No port is given twice in a run of the tests, and all of them
/// are below those that the system gives to outgoing connections and to servers that ask for any port: a program that was
/// killed finds its port free when it starts again.
package enum FreePort {
    private static let given = Mutex<Set<Int>>([])

    /// A port on which nothing listens.
    package static func below30000() throws -> Int {
        try draw(from: 20_000..<30_000, with: [0])
    }

    /// A port of which the one 10,000 above is free too, as SeaweedFS takes them.
    package static func pair() throws -> Int {
        try draw(from: 12_000..<20_000, with: [0, 10_000])
    }

    private static func draw(from range: Range<Int>, with offsets: [Int]) throws -> Int {
        try given.withLock { given in
            for _ in 0..<100 {
                let port = Int.random(in: range)
                let ports = offsets.map { port + $0 }
                guard given.isDisjoint(with: ports), ports.allSatisfy(isFree) else { continue }
                given.formUnion(ports)
                return port
            }
            throw NoneFree()
        }
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
