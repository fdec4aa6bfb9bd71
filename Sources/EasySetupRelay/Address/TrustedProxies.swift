/// Which proxies are believed about a device's address, and by which of their words (`Protocol/operating.md`, "Behind a
/// proxy"). By default none is, and the socket's own address counts.
public struct TrustedProxies: Hashable, Sendable {
    /// The proxies' own addresses, as the relay sees them.
    public var blocks: [AddressBlock]
    /// The one header that these proxies write. The other one they pass on as a client made it up, so it is never read.
    public var header: ForwardedHeader?
    /// Whether their connections begin with a header of the PROXY protocol, version 2. Then every connection has to come
    /// from one of them and begin so.
    public var usesProxyProtocol: Bool

    /// Proxies at addresses, and how they tell whom they speak for: by a header, by the PROXY protocol, or by one after the
    /// other.
    public init(at blocks: [AddressBlock], header: ForwardedHeader? = nil, usesProxyProtocol: Bool = false) {
        self.blocks = blocks
        self.header = header
        self.usesProxyProtocol = usesProxyProtocol
    }

    /// Nobody is believed.
    public static let none = TrustedProxies(at: [])

    func contains(_ address: PeerAddress) -> Bool {
        blocks.contains { $0.contains(address) }
    }
}

/// A header in which proxies say whom they speak for.
public enum ForwardedHeader: String, Hashable, Sendable, CaseIterable {
    /// `X-Forwarded-For: 192.0.2.1, 198.51.100.2`
    case xForwardedFor = "x-forwarded-for"
    /// `Forwarded: for=192.0.2.1, for="[2001:db8::1]:4711"` (RFC 7239)
    case forwarded = "forwarded"
}
