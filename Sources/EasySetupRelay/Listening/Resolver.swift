import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Resolves the operator's listen addresses to the addresses that sockets are bound to.
enum Resolver {
    /// The resolved addresses of one ``ListenAddress``; all get the same port.
    struct ResolvedAddress: Equatable {
        let wanted: ListenAddress
        /// At least one address, without repeats.
        var addresses: [SocketAddress]
        /// Whether a machine without IPv6 may leave out the IPv6 addresses, because the operator did not name one.
        let mayLackIPv6: Bool
    }

    /// Resolves the host names. The call blocks its thread for as long as the machine's resolver takes.
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

    /// glibc's `EAI_NODATA`, which its headers show only to programs in C: the host is known and has no address.
    private static let noAddress: Int32 = -5

    /// The cause of a failed lookup. Only `EAI_NONAME` and ``noAddress`` say that there is no such host; the
    /// others, such as a name server's failure, may pass.
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

    /// Removes addresses that occur twice or that a wildcard address covers, because binding them again would fail.
    /// Addresses with port 0 stay, because each gets a port of its own.
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
    /// Whether this is the wildcard address of its family.
    var isEvery: Bool { ipAddress == "0.0.0.0" || ipAddress == "::" }

    /// Whether it is a multicast, broadcast or reserved address (RFC 5771; RFC 4291, 2.7). A TCP socket can be bound to
    /// one, and nobody can connect to it.
    var isForMany: Bool {
        guard let ipAddress else { return false }
        switch self {
        case .v4: return ipAddress.prefix { $0 != "." }.count == 3 && ipAddress >= "224"
        case .v6: return ipAddress.hasPrefix("ff") && ipAddress.prefix { $0 != ":" }.count == 4
        case .unixDomainSocket: return false
        }
    }

    /// The numeric address and port, with the zone of a link-local address. Nil for an address that is not IP.
    var bound: BoundAddress? {
        guard let port, let ipAddress else { return nil }
        guard case .v6(let address) = self else { return BoundAddress(host: ipAddress, port: port) }
        // The zone is read at a fixed offset, because the names of the fields belong to a module internal to SwiftNIO.
        // It is the last field (RFC 3493, 3.3).
        let zone = withUnsafeBytes(of: address.address) { $0.loadUnaligned(fromByteOffset: 24, as: UInt32.self) }
        guard zone != 0 else { return BoundAddress(host: ipAddress, port: port) }
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        let isNamed = if_indextoname(zone, &name) != nil
        let text =
            isNamed ? String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) : "\(zone)"
        return BoundAddress(host: "\(ipAddress)%\(text)", port: port)
    }
}
