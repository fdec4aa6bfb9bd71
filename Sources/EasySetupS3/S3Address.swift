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
        guard let host = RelayAddress(web: endpoint, allowsPlain: allowsPlain),
            (1...64).contains(region.utf8.count), region.utf8.allSatisfy({ Self.isOfName($0) && $0 != 0x2E }),
            (3...63).contains(bucket.utf8.count), bucket.utf8.allSatisfy(Self.isOfName),
            !bucket.hasPrefix("."), !bucket.contains("..")
        else { return nil }
        self.endpoint = endpoint
        self.region = region
        self.bucket = bucket
        self.host = host
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

    /// The value of the header `Host`.
    package var authority: String { host.webAuthority }
}
