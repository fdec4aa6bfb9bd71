import CSodium

/// The first 16 bytes of a SHA-256, by which a record's name and each of its parts say which part follows
/// (`Protocol/chain.md`, "Parts"). Nobody finds other bytes with the same one.
package struct PartDigest: Hashable, Comparable, Sendable {
    // A device may have given a hundred thousand records, so a digest is two numbers and no array.
    private let high: UInt64
    private let low: UInt64

    /// The number of bytes in a digest.
    package static let byteCount = 16

    /// The digest of bytes.
    package init(of bytes: [UInt8]) {
        var digest = [UInt8](repeating: 0, count: Int(crypto_hash_sha256_BYTES))
        _ = unsafe crypto_hash_sha256(&digest, bytes, UInt64(bytes.count))
        self.init(prefix: digest)
    }

    /// Makes a digest from its 16 bytes; nil for another length.
    init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.init(prefix: bytes)
    }

    private init(prefix bytes: some Collection<UInt8>) {
        high = bytes.prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
        low = bytes.dropFirst(8).prefix(8).reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// The 16 bytes.
    package var bytes: [UInt8] { [UInt8](bigEndian: high) + [UInt8](bigEndian: low) }

    /// Orders by the bytes.
    package static func < (left: PartDigest, right: PartDigest) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}
