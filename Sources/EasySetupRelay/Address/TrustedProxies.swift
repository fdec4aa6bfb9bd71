/// The proxies that the relay trusts to report a device's address, and the way in which they report it
/// (`Protocol/operating.md`, "Behind a proxy"). By default the relay trusts none, and takes the address of the socket's
/// peer.
public struct TrustedProxies: Hashable, Sendable {
    /// The addresses from which the proxies connect to the relay.
    public var blocks: [AddressBlock]
    /// The one request header in which these trusted proxies report addresses; nil if they write none. If it is
    /// `Forwarded`, the relay never reads `X-Forwarded-For`, and vice versa, because such proxies pass on that header
    /// as the client sent it.
    public var header: ForwardedHeader?
    /// Whether the proxies' connections begin with a header of the PROXY protocol, version 2. If so, every connection
    /// must come from one of the proxies and begin with that header.
    public var usesProxyProtocol: Bool

    /// Trusts the proxies at these addresses. They report the device's address by a header, by the PROXY protocol, or
    /// by both. If by both, the source in the PROXY header takes the place of the socket's peer when the relay reads
    /// the other header.
    public init(at blocks: [AddressBlock], header: ForwardedHeader? = nil, usesProxyProtocol: Bool = false) {
        self.blocks = blocks
        self.header = header
        self.usesProxyProtocol = usesProxyProtocol
    }

    /// The default: no proxy is trusted.
    public static let none = TrustedProxies(at: [])

    func contains(_ address: PeerAddress) -> Bool {
        blocks.contains { $0.contains(address) }
    }
}

/// A request header in which proxies report the client's address.
@nonexhaustive public enum ForwardedHeader: String, Hashable, Sendable, CaseIterable {
    /// The header `X-Forwarded-For`, such as `X-Forwarded-For: 192.0.2.1, 198.51.100.2`.
    case xForwardedFor = "x-forwarded-for"
    /// The header `Forwarded`, such as `Forwarded: for=192.0.2.1, for="[2001:db8::1]:4711"` (RFC 7239).
    case forwarded = "forwarded"
}
