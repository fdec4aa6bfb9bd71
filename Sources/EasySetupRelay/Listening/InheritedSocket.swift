#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A listening socket that another program opened for the relay, such as systemd (socket activation).
enum InheritedSocket {
    /// Whether this descriptor is a TCP socket that listens on an IP address. The relay can serve no other kind.
    static func isListening(_ descriptor: CInt) -> Bool {
        #if canImport(Glibc)
        let stream = CInt(SOCK_STREAM.rawValue)
        #else
        let stream = SOCK_STREAM
        #endif
        guard option(SO_TYPE, of: descriptor) == stream, option(SO_ACCEPTCONN, of: descriptor) == 1 else {
            return false
        }
        let family = withUnsafeTemporaryAllocation(of: sockaddr_storage.self, capacity: 1) { storage -> CInt? in
            var count = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let status = storage.baseAddress!.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &count)
            }
            return status == 0 ? CInt(storage[0].ss_family) : nil
        }
        return family == AF_INET || family == AF_INET6
    }

    private static func option(_ name: CInt, of descriptor: CInt) -> CInt? {
        var value: CInt = 0
        var count = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &count) == 0 ? value : nil
    }
}
