import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Finds the addresses to which sockets must be bound for the addresses that the operator gave.
enum Resolver {
    /// The addresses of one ``ListenAddress``. The relay listens on all of them, with the same port.
    struct ResolvedAddress: Equatable {
        let wanted: ListenAddress
        /// The IP addresses that `wanted` resolves to: at least one, and none twice.
        var addresses: [SocketAddress]
        /// Whether IPv6 addresses may be left out on a machine without IPv6, because the operator did not write a
        /// numeric address.
        let mayLackIPv6: Bool
    }

    /// Resolves the host names of these addresses. The call blocks its thread for as long as the machine's resolver
    /// takes.
    static func places(_ wanted: [ListenAddress]) throws(RelayError) -> [ResolvedAddress] {
        var places: [ResolvedAddress] = []
        for address in wanted { places.append(try place(address)) }
        return withoutRepeats(places)
    }

    private static func place(_ wanted: ListenAddress) throws(RelayError) -> ResolvedAddress {
        guard let host = wanted.host else {
            // To listen on all addresses, the relay needs two sockets, one for IPv4 and one for IPv6. A system setting
            // decides whether an IPv6 socket accepts IPv4 too, so one socket for both would not work everywhere.
            var every = try lookUp("0.0.0.0", wanted, isNumeric: true)
            every += try lookUp("::", wanted, isNumeric: true)
            return ResolvedAddress(wanted: wanted, addresses: every, mayLackIPv6: true)
        }
        if let problem = NumericHost.problem(host) { throw .cannotListen(host: host, port: wanted.port, problem) }
        if let addresses = try? lookUp(host, wanted, isNumeric: true) {
            return ResolvedAddress(wanted: wanted, addresses: addresses, mayLackIPv6: false)
        }
        return ResolvedAddress(wanted: wanted, addresses: try lookUp(host, wanted, isNumeric: false), mayLackIPv6: true)
    }

    private static func lookUp(
        _ host: String,
        _ wanted: ListenAddress,
        isNumeric: Bool
    ) throws(RelayError) -> [SocketAddress] {
        var hints = addrinfo()
        #if canImport(Glibc)
        hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        #else
        hints.ai_socktype = SOCK_STREAM
        #endif
        hints.ai_protocol = Int32(IPPROTO_TCP)
        hints.ai_flags = isNumeric ? AI_NUMERICHOST : 0
        var first: UnsafeMutablePointer<addrinfo>?
        let status = getaddrinfo(host, String(wanted.port), &hints, &first)
        defer { if let first { freeaddrinfo(first) } }
        guard status == 0 else {
            throw .cannotListen(host: host, port: wanted.port, cause(status))
        }
        var addresses: [SocketAddress] = []
        var next = first
        while let info = next {
            if let address = socketAddress(info.pointee, host), !addresses.contains(address) {
                addresses.append(address)
            }
            next = info.pointee.ai_next
        }
        if addresses.contains(where: \.isForMany) {
            throw .cannotListen(host: host, port: wanted.port, .addressNotAvailable)
        }
        guard !addresses.isEmpty else { throw .cannotListen(host: host, port: wanted.port, .unknownHost) }
        return addresses
    }

    /// The value of glibc's `EAI_NODATA`, which glibc's headers hide from Swift. It means that the host name is known
    /// but has no address.
    private static let noAddress: Int32 = -5

    /// The reason why a lookup failed. Only `EAI_NONAME` and ``noAddress`` mean that there is no such host. All others,
    /// such as a failure of a name server, may be temporary.
    private static func cause(_ status: Int32) -> RelayError.ListenProblem {
        switch status {
        case EAI_NONAME: .unknownHost
        case noAddress: .unknownHost
        default: .lookUpFailed
        }
    }

    private static func socketAddress(_ info: addrinfo, _ host: String) -> SocketAddress? {
        guard let raw = UnsafeRawPointer(info.ai_addr) else { return nil }
        switch info.ai_family {
        case AF_INET: return SocketAddress(raw.loadUnaligned(as: sockaddr_in.self), host: host)
        case AF_INET6: return SocketAddress(raw.loadUnaligned(as: sockaddr_in6.self), host: host)
        default: return nil
        }
    }

    /// Removes addresses that occur twice, or that a wildcard address includes, because binding another socket to them
    /// would fail. Addresses with port 0 stay, because the system gives each a port of its own.
    static func withoutRepeats(_ places: [ResolvedAddress]) -> [ResolvedAddress] {
        let all = places.flatMap(\.addresses)
        var seen: Set<SocketAddress> = []
        return places.compactMap { place in
            guard place.wanted.port != 0 else { return place }
            var place = place
            place.addresses.removeAll { address in
                let isServed =
                    !address.isEvery
                    && all.contains {
                        $0.isEvery && $0.protocol == address.protocol && $0.port == address.port
                    }
                return isServed || !seen.insert(address).inserted
            }
            return place.addresses.isEmpty ? nil : place
        }
    }
}

extension SocketAddress {
    /// Whether this is the wildcard address (all addresses of the machine) of IPv4 or IPv6.
    var isEvery: Bool { ipAddress == "0.0.0.0" || ipAddress == "::" }

    /// Whether this is a multicast, broadcast or reserved address (RFC 5771; RFC 4291, 2.7). The system can bind a TCP
    /// socket to such an address, but nobody can connect to it.
    var isForMany: Bool {
        guard let ipAddress else { return false }
        switch self {
        case .v4: return ipAddress.prefix { $0 != "." }.count == 3 && ipAddress >= "224"
        case .v6: return ipAddress.hasPrefix("ff") && ipAddress.prefix { $0 != ":" }.count == 4
        case .unixDomainSocket: return false
        }
    }

    /// The numeric address and port, with the zone if the address has one. Nil for the address of a Unix socket.
    var bound: BoundAddress? {
        guard let port, let ipAddress else { return nil }
        guard case .v6(let address) = self else { return BoundAddress(host: ipAddress, port: port) }
        // The zone is the last field (RFC 3493, 3.3). It is read at its offset, because the names of the fields belong
        // to a module internal to SwiftNIO.
        let zone = withUnsafeBytes(of: address.address) { $0.loadUnaligned(fromByteOffset: 24, as: UInt32.self) }
        guard zone != 0 else { return BoundAddress(host: ipAddress, port: port) }
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        let isNamed = if_indextoname(zone, &name) != nil
        let text =
            isNamed ? String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) : "\(zone)"
        return BoundAddress(host: "\(ipAddress)%\(text)", port: port)
    }
}
