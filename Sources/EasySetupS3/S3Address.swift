package import EasySetupHandshake

/// Where a bucket is: the address of the store, the region of its signatures, and the bucket's name.
public struct S3Address: Hashable, Sendable {
    /// The address of the store, such as `https://s3.example.org`.
    public let endpoint: String
    /// The region that signatures name; `us-east-1` where a store has none.
    public let region: String
    /// The bucket's name.
    public let bucket: String
    /// The host and port of the store.
    package let host: RelayAddress

    /// Makes an address from its parts. Nil if one of them can't be right: an endpoint must be `https://HOST` or
    /// `https://HOST:PORT`, without a path.
    ///
    /// - Parameters:
    ///   - endpoint: the address of the store, without a path.
    ///   - region: the region that signatures name.
    ///   - bucket: the bucket's name.
    ///   - allowsPlain: whether `http` is allowed for a store that is not on this machine. Whoever reads such traffic may
    ///     write to the bucket until the form ends; what is in the records stays secret.
    public init?(endpoint: String, region: String, bucket: String, allowsPlain: Bool = false) {
        guard let host = Self.host(of: endpoint), !host.isPlain || host.isLoopback || allowsPlain,
            (1...64).contains(region.utf8.count), region.utf8.allSatisfy({ Self.isOfName($0) && $0 != 0x2E }),
            (3...63).contains(bucket.utf8.count), bucket.utf8.allSatisfy(Self.isOfName),
            !bucket.hasPrefix("."), !bucket.contains("..")
        else { return nil }
        self.endpoint = endpoint
        self.region = region
        self.bucket = bucket
        self.host = host
    }

    private static func host(of endpoint: String) -> RelayAddress? {
        let isPlain = endpoint.hasPrefix("http://")
        guard isPlain || endpoint.hasPrefix("https://") else { return nil }
        var authority = endpoint.dropFirst(isPlain ? 7 : 8)
        if authority.hasSuffix("/") { authority = authority.dropLast() }
        var host = authority
        var port = isPlain ? 80 : 443
        let bracket = authority.lastIndex(of: "]")
        if let colon = authority.lastIndex(of: ":"), bracket.map({ $0 < colon }) ?? true {
            let digits = authority[colon...].dropFirst()
            guard (1...5).contains(digits.utf8.count), digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
                let number = Int(digits)
            else { return nil }
            (host, port) = (authority[..<colon], number)
        }
        if host.hasPrefix("["), host.hasSuffix("]") {
            host = host.dropFirst().dropLast()
            guard host.contains(":") else { return nil }
        } else if host.contains(":") {
            return nil
        }
        return RelayAddress(host: String(host), port: port, isPlain: isPlain)
    }

    /// Whether a byte may be in a bucket's name: a small letter, a digit, a hyphen or a dot.
    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "."):
            true
        default: false
        }
    }

    /// The value of the header `Host`: without a port that the scheme has anyhow, as browsers write it, because a proxy
    /// on the way may remove it and so break a signature.
    package var authority: String {
        let authority = host.authorityWithoutZone
        let usual = host.isPlain ? ":80" : ":443"
        return authority.hasSuffix(usual) ? String(authority.dropLast(usual.count)) : authority
    }
}
