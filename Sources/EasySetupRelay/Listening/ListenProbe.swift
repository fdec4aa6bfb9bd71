import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Asks the system whether a relay could listen at an address, for `relay --check`. It binds a socket and closes it, and
/// listens on none, so a relay that starts at the same moment can bind the address all the same.
enum ListenProbe {
    /// The reason why a relay could not listen at the address; nil if it could.
    static func problem(_ address: SocketAddress) -> RelayError.ListenProblem? {
        let isIPv6 = address.protocol == .inet6
        #if canImport(Glibc)
        let stream = CInt(SOCK_STREAM.rawValue)
        #else
        let stream = SOCK_STREAM
        #endif
        let descriptor = socket(isIPv6 ? AF_INET6 : AF_INET, stream, 0)
        guard descriptor >= 0 else { return RelayError.ListenProblem(number: errno) }
        defer { close(descriptor) }
        var yes: CInt = 1
        let size = socklen_t(MemoryLayout<CInt>.size)
        _ = setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &yes, size)
        if isIPv6 { _ = setsockopt(descriptor, CInt(IPPROTO_IPV6), IPV6_V6ONLY, &yes, size) }
        let result = address.withSockAddr { bind(descriptor, $0, socklen_t($1)) }
        return result == 0 ? nil : RelayError.ListenProblem(number: errno)
    }
}
