import NIOCore

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
        return address(of: descriptor) != nil
    }

    /// The address to which a socket is bound; nil if it is no IP address.
    static func address(of descriptor: CInt) -> SocketAddress? {
        withUnsafeTemporaryAllocation(of: sockaddr_storage.self, capacity: 1) { storage in
            var count = socklen_t(MemoryLayout<sockaddr_storage>.size)
            let status = storage.baseAddress!.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                getsockname(descriptor, $0, &count)
            }
            guard status == 0 else { return nil }
            let raw = UnsafeRawPointer(storage.baseAddress!)
            return switch CInt(storage[0].ss_family) {
            case AF_INET: SocketAddress(raw.loadUnaligned(as: sockaddr_in.self))
            case AF_INET6: SocketAddress(raw.loadUnaligned(as: sockaddr_in6.self))
            default: nil
            }
        }
    }

    private static func option(_ name: CInt, of descriptor: CInt) -> CInt? {
        var value: CInt = 0
        var count = socklen_t(MemoryLayout<CInt>.size)
        return getsockopt(descriptor, SOL_SOCKET, name, &value, &count) == 0 ? value : nil
    }
}
