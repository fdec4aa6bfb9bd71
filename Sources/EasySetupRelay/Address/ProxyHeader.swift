/// Parses the header of the PROXY protocol, version 2, which a proxy sends first on a connection (HAProxy's "The PROXY
/// protocol", 2.2; `Protocol/operating.md`, "Behind a proxy"). The parser skips everything in the header after the
/// addresses.
struct ProxyHeader: Equatable {
    /// The address of the device for which the proxy forwards. Nil when the connection is the proxy's own, such as a
    /// health check, or when the device did not reach the proxy by IP.
    let source: PeerAddress?
    /// The length of the PROXY header in bytes. The bytes after the header come from the device.
    let byteCount: Int

    enum Parsed: Equatable {
        case header(ProxyHeader)
        /// The bytes may be the beginning of a valid PROXY header, and more bytes are needed.
        case incomplete
        /// The bytes are not a PROXY header, or are one that a receiver must refuse.
        case malformed
    }

    /// Parses the PROXY header in the first bytes of a connection, however many have arrived. An invalid header is
    /// refused at its first wrong byte. A header that is too long is refused before its content has arrived.
    static func parse(_ bytes: some RandomAccessCollection<UInt8>, limits: ConnectionLimits) -> Parsed {
        guard bytes.starts(with: signature.prefix(bytes.count)) else { return .malformed }
        var rest = bytes.dropFirst(signature.count)
        guard let versionAndCommand = rest.popFirst() else { return .incomplete }
        guard let command = Command(versionAndCommand) else { return .malformed }
        guard let familyAndTransport = rest.popFirst() else { return .incomplete }
        // If the connection is the proxy's own, the header's address family and addresses mean nothing, so the parser
        // ignores them.
        guard let family = command == .local ? .unspecified : Family(familyAndTransport) else { return .malformed }
        guard rest.count >= 2, let high = rest.popFirst(), let low = rest.popFirst() else { return .incomplete }

        let length = Int(high) << 8 | Int(low)
        let byteCount = signature.count + 4 + length
        guard byteCount <= limits.proxyHeaderBytes else { return .malformed }
        guard length >= family.byteCount else { return .malformed }
        guard rest.count >= length else { return .incomplete }
        // In a PROXY header for IP, the source address comes first. For other address families no bytes are read here,
        // so `source` is nil.
        let source = PeerAddress(bytes: rest.prefix(family.sourceByteCount))
        return .header(ProxyHeader(source: source, byteCount: byteCount))
    }

    private static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]

    private enum Command {
        /// The connection is the proxy's own. The parser ignores addresses in the PROXY header.
        case local
        case proxy

        /// Parses the 13th byte of a PROXY header: its upper four bits are the version, 2, and its lower four bits are
        /// the command (`local` or `proxy`). Nil for any other byte.
        init?(_ byte: UInt8) {
            switch byte {
            case 0x20: self = .local
            case 0x21: self = .proxy
            default: return nil
            }
        }
    }

    private enum Family {
        case unspecified
        case ipv4
        case ipv6
        case unix

        /// Parses the 14th byte of a PROXY header: its upper four bits are the address family, and its lower four bits
        /// are the transport protocol: unspecified, stream (TCP) or datagram (UDP). Nil for any other byte.
        init?(_ byte: UInt8) {
            guard byte & 0x0F <= 2 else { return nil }
            switch byte >> 4 {
            case 0: self = .unspecified
            case 1: self = .ipv4
            case 2: self = .ipv6
            case 3: self = .unix
            default: return nil
            }
        }

        /// The length in bytes of the addresses in a PROXY header: two addresses and, except for Unix sockets, two
        /// ports.
        var byteCount: Int {
            switch self {
            case .unspecified: 0
            case .ipv4: 2 * 4 + 4
            case .ipv6: 2 * 16 + 4
            case .unix: 2 * 108
            }
        }

        var sourceByteCount: Int {
            switch self {
            case .unspecified, .unix: 0
            case .ipv4: 4
            case .ipv6: 16
            }
        }
    }
}
