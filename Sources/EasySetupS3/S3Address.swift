import EasySetupChain

/// Where a bucket is: the address of the store, the region of its signatures, and the bucket's name.
public struct S3Address: Hashable, Sendable {
    /// The address of the store, such as `https://s3.example.org`, without a path.
    public let endpoint: String
    /// The region that signatures name; `us-east-1` where a store has none.
    public let region: String
    /// The bucket's name.
    public let bucket: String

    /// Makes an address from its parts.
    public init(endpoint: String, region: String, bucket: String) {
        self.endpoint = endpoint
        self.region = region
        self.bucket = bucket
    }
}
