import EasySetupPairingSession
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import NIOWebSocket

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

extension PairingError {
    /// Explains an error that ended an attempt to connect to this host.
    init(connecting error: any Error, to host: String) {
        switch error {
        case let error as PairingError: self = error
        // The connection ended in the middle of an answer. Half an answer does not show whether a relay sent it.
        case HTTPParserError.invalidEOFState, HTTPParserError.closedConnection: self = .relayUnreachable(.cut)
        case is HTTPParserError, is NIOHTTPDecoderError: self = .notARelay(.notHTTP)
        // The server answered with status 101 (Switching Protocols), but without a valid WebSocket handshake.
        case is NIOWebSocketUpgradeError, is NIOHTTPClientUpgradeError: self = .notARelay(.web(status: 101))
        // The connection ended without the TLS alert `close_notify`.
        case NIOSSLError.uncleanShutdown: self = .relayUnreachable(.cut)
        case is NIOSSLError, is BoringSSLError: self = .relayUnreachable(.tlsFailed)
        default: self = .relayUnreachable(Unreachable(error, to: host))
        }
    }
}

extension Unreachable {
    /// The cause to report for an error that SwiftNIO has thrown.
    init(_ error: any Error, to host: String) {
        switch error {
        case let error as NIOConnectionError:
            // Errors of connections come before those of lookups: if a host has only IPv4 or only IPv6 addresses, the
            // lookup of the other family fails, too.
            let causes = error.connectionErrors.map { failure in
                Unreachable(addressOf: failure.target, error: failure.error) ?? Unreachable(failure.error, to: host)
            }
            if let cause = causes.max(by: { $0.weight < $1.weight }) {
                self = cause
                return
            }
            let lookups = [error.dnsAError, error.dnsAAAAError].compactMap { $0 as? HostResolver.LookupError }
                .map { Unreachable(lookup: $0.number, of: host) }
            // If one of the two lookups (IPv4, IPv6) got no answer, its error is reported, because the host may exist.
            self = lookups.first { $0 == .nameLookup(host) } ?? lookups.first ?? .unknown
        case ChannelError.connectTimeout: self = .noAnswer
        case let error as IOError: self.init(number: error.errnoCode)
        case ChannelError.eof, ChannelError.ioOnClosedChannel, ChannelError.inputClosed, ChannelError.alreadyClosed,
            ChannelError.inappropriateOperationForState:
            self = .cut
        default: self = .unknown
        }
    }

    /// The cause to report for an error code of `getaddrinfo`.
    init(lookup code: CInt, of host: String) {
        switch code {
        // These codes mean that this system or a name server failed, and not that the name does not exist.
        case EAI_AGAIN, EAI_FAIL, EAI_SYSTEM, EAI_MEMORY: self = .nameLookup(host)
        case Self.noAddress: self = .nameWithoutAddress(host)
        default: self = .nameUnknown(host)
        }
    }

    /// The code `EAI_NODATA`: the name exists, but has no address. Not every C library's header defines this code.
    #if canImport(Darwin)
    static let noAddress: CInt = 7
    #else
    static let noAddress: CInt = -5
    #endif

    /// The fault of an address that a name server gave for a host name; nil if the address has no known fault.
    ///
    /// - Parameter error: the error of the connection to the address: EINVAL for a link-local address without a zone.
    init?(addressOf target: SocketAddress, error: any Error) {
        guard let text = target.ipAddress, let bytes = IPAddress.bytes(text) else { return nil }
        if Self.isForMany(bytes) {
            self = .manyHosts
        } else if Self.isLinkLocal(bytes), (error as? IOError)?.errnoCode == EINVAL {
            self = .zoneMissing
        } else {
            return nil
        }
    }

    private static func isLinkLocal(_ address: [UInt8]) -> Bool {
        address.count == 16 && address[0] == 0xFE && address[1] & 0xC0 == 0x80
    }

    /// Whether an address is a multicast address or the broadcast address (RFC 5771; RFC 919; RFC 4291, 2.7).
    private static func isForMany(_ address: [UInt8]) -> Bool {
        if address.count == 16 { return address[0] == 0xFF }
        return address[0] & 0xF0 == 0xE0 || address.allSatisfy { $0 == 0xFF }
    }

    /// The fault of an IP address that stands in place of a host name; nil if the address has no known fault, and for a
    /// host name. A link-local address needs a zone, because it has a meaning on one network only.
    init?(addressOf host: String) {
        guard let bytes = IPAddress.bytes(host) else { return nil }
        if Self.isForMany(bytes) {
            self = .manyHosts
            return
        }
        guard Self.isLinkLocal(bytes) else { return nil }
        guard let percent = host.firstIndex(of: "%") else {
            self = .zoneMissing
            return
        }
        let zone = String(host[percent...].dropFirst())
        var name = [CChar](repeating: 0, count: Int(IF_NAMESIZE))
        let isNumber = UInt32(zone).map { if_indextoname($0, &name) != nil } ?? false
        guard if_nametoindex(zone) == 0, !isNumber else { return nil }
        self = .zoneUnknown(zone)
    }

    private init(number: CInt) {
        switch number {
        case ECONNREFUSED: self = .refused
        case ETIMEDOUT: self = .noAnswer
        case EHOSTUNREACH, EHOSTDOWN: self = .noRoute
        case ENETUNREACH, ENETDOWN, EADDRNOTAVAIL: self = .noNetwork
        case ECONNRESET, EPIPE, ECONNABORTED: self = .cut
        case EACCES, EPERM: self = .forbiddenHere
        default: self = .system(number)
        }
    }

    /// How much an error tells about a host. A host may have several addresses that fail in different ways; the error
    /// with the greatest weight is shown. A refused connection tells the most, because it shows that the host is there.
    /// An address family that this network lacks tells the least.
    private var weight: Int {
        switch self {
        case .refused, .cut: 5
        case .forbiddenHere: 4
        case .noAnswer: 3
        case .noRoute, .zoneMissing, .manyHosts: 2
        case .noNetwork: 1
        default: 0
        }
    }
}
