import Dispatch
import NIOCore
import NIOPosix

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Looks up a host's IPv4 and IPv6 addresses by two calls of `getaddrinfo`, side by side.
///
/// SwiftNIO's own resolver asks for both by one call, which returns when both are answered. Some name servers never
/// answer a question for IPv6 addresses (RFC 4074, 4.1), and behind them no relay would be reached. With two calls,
/// SwiftNIO can already connect to the addresses of one family while the other call still runs (RFC 8305, 3).
struct HostResolver: NIOPosix.Resolver, Sendable {
    let loop: any EventLoop

    /// The lookup of one address family failed, with this error number of `getaddrinfo`.
    struct LookupError: Error, Equatable {
        let number: CInt
    }

    func initiateAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> { lookUp(host, port, AF_INET) }

    func initiateAAAAQuery(host: String, port: Int) -> EventLoopFuture<[SocketAddress]> {
        lookUp(host, port, AF_INET6)
    }

    /// Does nothing, because `getaddrinfo` can't be cancelled. Each call ends by itself, and nobody waits for it.
    func cancelQueries() {}

    private func lookUp(_ host: String, _ port: Int, _ family: CInt) -> EventLoopFuture<[SocketAddress]> {
        let promise = loop.makePromise(of: [SocketAddress].self)
        // Each call has a queue of its own, because a call may block its thread for longer than a whole attempt to
        // connect.
        DispatchQueue(label: "easysetup.lookup").async {
            promise.completeWith(Result { try Self.addresses(of: host, port, family) })
        }
        return promise.futureResult
    }

    /// Looks up a host's addresses of one family, in the order in which the caller should try them (RFC 6724, 6). The
    /// call blocks its thread for as long as the system's resolver takes.
    private static func addresses(of host: String, _ port: Int, _ family: CInt) throws(LookupError) -> [SocketAddress] {
        var hints = addrinfo()
        #if canImport(Glibc)
        hints.ai_socktype = CInt(SOCK_STREAM.rawValue)
        #else
        hints.ai_socktype = SOCK_STREAM
        #endif
        hints.ai_protocol = CInt(IPPROTO_TCP)
        hints.ai_family = family
        var first: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(port), &hints, &first)
        defer { if let first { freeaddrinfo(first) } }
        guard status == 0 else { throw LookupError(number: status) }
        var addresses: [SocketAddress] = []
        var next = first
        while let info = next {
            let raw = UnsafeRawPointer(info.pointee.ai_addr)
            switch info.pointee.ai_family {
            case AF_INET: if let raw { addresses.append(.init(raw.loadUnaligned(as: sockaddr_in.self), host: host)) }
            case AF_INET6: if let raw { addresses.append(.init(raw.loadUnaligned(as: sockaddr_in6.self), host: host)) }
            default: break
            }
            next = info.pointee.ai_next
        }
        return addresses
    }
}
