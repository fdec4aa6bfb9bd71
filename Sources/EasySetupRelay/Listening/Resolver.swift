import NIOCore

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// From what an operator wrote to the addresses that sockets are bound to.
enum Resolver {
    /// The addresses of one ``ListenAddress``, which all get the same port.
    struct ResolvedAddress: Equatable {
        let wanted: ListenAddress
        /// At least one, none twice.
        var addresses: [SocketAddress]
        /// Whether IPv6 may be left out where the machine has none: nobody asked for it by an address.
        let mayLackIPv6: Bool
    }

    /// Looks the hosts up; it may take as long as the machine's resolver takes, and holds its thread meanwhile.
    static func places(_ wanted: [ListenAddress]) throws(RelayError) -> [ResolvedAddress] {
        var places: [ResolvedAddress] = []
        for address in wanted { places.append(try place(address)) }
        return withoutRepeats(places)
    }

    private static func place(_ wanted: ListenAddress) throws(RelayError) -> ResolvedAddress {
        guard let host = wanted.host else {
            // Two sockets rather than one for both: which addresses it takes is then no matter of the system's settings.
            var every = try lookUp("0.0.0.0", wanted, isNumeric: true)
            every += try lookUp("::", wanted, isNumeric: true)
            return ResolvedAddress(wanted: wanted, addresses: every, mayLackIPv6: true)
        }
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
            let cause: RelayError.Cause = status == EAI_AGAIN ? .lookUpFailed : .unknownHost
            throw .cannotListen(host: host, port: wanted.port, cause)
        }
        var addresses: [SocketAddress] = []
        var next = first
        while let info = next {
            if let address = socketAddress(info.pointee, host), !addresses.contains(address) {
                addresses.append(address)
            }
            next = info.pointee.ai_next
        }
        guard !addresses.isEmpty else { throw .cannotListen(host: host, port: wanted.port, .unknownHost) }
        return addresses
    }

    private static func socketAddress(_ info: addrinfo, _ host: String) -> SocketAddress? {
        guard let raw = UnsafeRawPointer(info.ai_addr) else { return nil }
        switch info.ai_family {
        case AF_INET: return SocketAddress(raw.loadUnaligned(as: sockaddr_in.self), host: host)
        case AF_INET6: return SocketAddress(raw.loadUnaligned(as: sockaddr_in6.self), host: host)
        default: return nil
        }
    }

    /// An address that is there before, or that a socket for every address serves, isn't bound again: it is listened at as it is
    /// said, and a second socket would find the port taken. Those of port 0 get ports of their own.
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
    /// Whether it stands for every address of its family.
    var isEvery: Bool { ipAddress == "0.0.0.0" || ipAddress == "::" }

    /// In numbers, with the zone of a link-local address. Nil for what is no IP address.
    var bound: BoundAddress? {
        guard let port, let ipAddress else { return nil }
        guard case .v6(let address) = self else { return BoundAddress(host: ipAddress, port: port) }
        // By offset, for the fields by name belong to a module of NIO's own: the zone is the last of them (RFC 3493, 3.3).
        let zone = withUnsafeBytes(of: address.address) { $0.loadUnaligned(fromByteOffset: 24, as: UInt32.self) }
        guard zone != 0 else { return BoundAddress(host: ipAddress, port: port) }
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        let isNamed = if_indextoname(zone, &name) != nil
        let text =
            isNamed ? String(decoding: name.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self) : "\(zone)"
        return BoundAddress(host: "\(ipAddress)%\(text)", port: port)
    }
}
