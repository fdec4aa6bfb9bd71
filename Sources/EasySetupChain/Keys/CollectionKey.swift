public import EasySetupSeed

/// The key of one generation of a collection: 32 bytes in locked memory, which are wiped with the last reference. It has
/// no encoding and no `==`, and neither printing nor mirrors show a byte.
package final class CollectionKey: Sendable {
    /// The number of bytes in a key.
    package static let byteCount = 32

    let secret: SecretBytes

    /// Makes a key from its 32 bytes; nil for another length.
    package init?(bytes: consuming SecretBytes) {
        guard bytes.count == Self.byteCount else { return nil }
        secret = bytes
    }

    /// Derives the key of a generation from the seed (`Protocol/chain.md`, "Keys").
    package init(of name: CollectionName, generation: UInt32, seed: SyncSeed) {
        let info = "\(ChainLabel.key)\(generation)/\(name.text)"
        secret = seed.chainKey(info: info, count: Self.byteCount)
    }

    /// Passes the 32 bytes to a closure, which should keep no copy.
    package func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try secret.withBytes(body)
    }

    /// Whether both keys have the same bytes. The comparison takes constant time.
    package func isSame(as other: CollectionKey) -> Bool {
        secret.isEqual(to: other.secret)
    }
}

extension CollectionKey: CustomReflectable {
    /// An empty mirror, so that `dump` and `Mirror` show nothing of a key.
    package var customMirror: Mirror {
        Mirror(self, children: [:])
    }
}

extension CollectionID {
    /// Derives the id of a collection from the seed and the collection's name (`Protocol/chain.md`, "Collections").
    public init(of name: CollectionName, seed: SyncSeed) {
        let derived = seed.chainKey(info: ChainLabel.collection + name.text, count: Self.byteCount)
        self.init(validated: unsafe derived.withUnsafeBytes { unsafe Array($0) })
    }
}
