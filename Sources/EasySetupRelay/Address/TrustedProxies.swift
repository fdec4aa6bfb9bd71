/// The proxies that are trusted to tell a device's address, and how they tell it (`Protocol/operating.md`, "Behind a
/// proxy"). By default there are none, and the socket's address counts.
public struct TrustedProxies: Hashable, Sendable {
    /// The addresses from which the proxies connect to the relay.
    public var blocks: [AddressBlock]
    /// The one header that these proxies write. The other one is never read, because proxies pass it on as the client
    /// sent it.
    public var header: ForwardedHeader?
    /// Whether the proxies' connections begin with a header of the PROXY protocol, version 2. If so, every connection
    /// must come from one of the proxies and begin with that header.
    public var usesProxyProtocol: Bool

    /// Proxies at these addresses. They tell the device's address by a header, by the PROXY protocol, or by both: the
    /// PROXY header first.
    public init(at blocks: [AddressBlock], header: ForwardedHeader? = nil, usesProxyProtocol: Bool = false) {
        self.blocks = blocks
        self.header = header
        self.usesProxyProtocol = usesProxyProtocol
    }

    /// No trusted proxy.
    public static let none = TrustedProxies(at: [])

    func contains(_ address: PeerAddress) -> Bool {
        blocks.contains { $0.contains(address) }
    }
}

/// A request header in which proxies tell the client's address.
public enum ForwardedHeader: String, Hashable, Sendable, CaseIterable {
    /// `X-Forwarded-For: 192.0.2.1, 198.51.100.2`
    case xForwardedFor = "x-forwarded-for"
    /// `Forwarded: for=192.0.2.1, for="[2001:db8::1]:4711"` (RFC 7239)
    case forwarded = "forwarded"
}
