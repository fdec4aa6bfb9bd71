/// Parses the header of the PROXY protocol, version 2, which a proxy sends first on a connection (HAProxy's "The PROXY
/// protocol", 2.2; `Protocol/operating.md`, "Behind a proxy"). The parser skips everything in the header after the
/// addresses.
struct ProxyHeader: Equatable {
    /// The address of the device for which the proxy forwards. Nil when the connection is the proxy's own, as for a
    /// health check, or when the device's connection to the proxy is not over IP.
    let source: PeerAddress?
    /// The length of the header in bytes. The bytes after it come from the device.
    let byteCount: Int

    enum Parsed: Equatable {
        case header(ProxyHeader)
        /// The bytes may be the beginning of a valid header, and more bytes are needed.
        case incomplete
        /// The bytes are not a header, or a header that a receiver must refuse.
        case malformed
    }

    /// Parses the first bytes of a connection; any number of bytes may be passed. An invalid header is refused at its
    /// first wrong byte. A header that is too long is refused before its content has arrived.
    static func parse(_ bytes: some RandomAccessCollection<UInt8>, limits: ConnectionLimits) -> Parsed {
        guard bytes.starts(with: signature.prefix(bytes.count)) else { return .malformed }
        var rest = bytes.dropFirst(signature.count)
        guard let versionAndCommand = rest.popFirst() else { return .incomplete }
        guard let command = Command(versionAndCommand) else { return .malformed }
        guard let familyAndTransport = rest.popFirst() else { return .incomplete }
        // On a proxy's own connection, the address family and the addresses mean nothing and are ignored.
        guard let family = command == .local ? .unspecified : Family(familyAndTransport) else { return .malformed }
        guard rest.count >= 2, let high = rest.popFirst(), let low = rest.popFirst() else { return .incomplete }

        let length = Int(high) << 8 | Int(low)
        let byteCount = signature.count + 4 + length
        guard byteCount <= limits.proxyHeaderBytes else { return .malformed }
        guard length >= family.byteCount else { return .malformed }
        guard rest.count >= length else { return .incomplete }
        // The source address comes first. Families other than IP have no source of 4 or 16 bytes, so `source` is nil
        // for them.
        let source = PeerAddress(bytes: rest.prefix(family.sourceByteCount))
        return .header(ProxyHeader(source: source, byteCount: byteCount))
    }

    private static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]

    private enum Command {
        /// The connection is the proxy's own. Any addresses that follow are ignored.
        case local
        case proxy

        /// Reads the byte whose high half is the version, 2, and whose low half is the command; nil for any other byte.
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

        /// Reads the byte whose high half is the address family, and whose low half is the transport: unspecified,
        /// stream or datagram; nil for any other byte.
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

        /// The length in bytes of two addresses and, except for Unix sockets, two ports.
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
