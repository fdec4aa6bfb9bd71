/// The header of the PROXY protocol, version 2, that a proxy sends before all else on a connection: bytes in, a value out
/// (HAProxy's "The PROXY protocol", 2.2; `Protocol/operating.md`, "Behind a proxy"). What follows the addresses in it is skipped.
struct ProxyHeader: Equatable {
    /// Whom the proxy speaks for; nil when it speaks for itself, as in a check of health, or for no IP address.
    let source: PeerAddress?
    /// How many bytes the header has. What a device sent follows them.
    let byteCount: Int

    enum Parsed: Equatable {
        case header(ProxyHeader)
        /// It may become one with more bytes.
        case incomplete
        /// It is none, or one with a value that a receiver has to refuse.
        case malformed
    }

    /// Reads a header from the first bytes of a connection, of which there may be any number. What deviates is refused at the
    /// first byte that does, and one that is too long before it is waited for.
    static func parse(_ bytes: some RandomAccessCollection<UInt8>, limits: ConnectionLimits) -> Parsed {
        guard bytes.starts(with: signature.prefix(bytes.count)) else { return .malformed }
        var rest = bytes.dropFirst(signature.count)
        guard let versionAndCommand = rest.popFirst() else { return .incomplete }
        guard let command = Command(versionAndCommand) else { return .malformed }
        guard let familyAndTransport = rest.popFirst() else { return .incomplete }
        // Of a proxy's own connection, the family is ignored like the rest.
        guard let family = command == .local ? .unspecified : Family(familyAndTransport) else { return .malformed }
        guard rest.count >= 2, let high = rest.popFirst(), let low = rest.popFirst() else { return .incomplete }

        let length = Int(high) << 8 | Int(low)
        let byteCount = signature.count + 4 + length
        guard byteCount <= limits.proxyHeaderBytes else { return .malformed }
        guard length >= family.byteCount else { return .malformed }
        guard rest.count >= length else { return .incomplete }
        // The source's address is first; those that are none, or of no IP, give nil.
        let source = PeerAddress(bytes: rest.prefix(family.sourceByteCount))
        return .header(ProxyHeader(source: source, byteCount: byteCount))
    }

    private static let signature: [UInt8] = [
        0x0D, 0x0A, 0x0D, 0x0A, 0x00, 0x0D, 0x0A, 0x51, 0x55, 0x49, 0x54, 0x0A,
    ]

    private enum Command {
        /// The proxy's own connection; whatever addresses follow don't count.
        case local
        case proxy

        /// The version, 2, in the high half of the byte.
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

        /// The family in the high half of the byte, the transport in the low one: none, stream or datagram.
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

        /// Two addresses, and two ports but for sockets of the file system.
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
