/// The public id of a collection in a store: 12 bytes that are derived from the seed and the collection's name, so that
/// the store does not learn the name (`Protocol/chain.md`, "Collections").
public struct CollectionID: Hashable, Sendable {
    /// The 12 bytes.
    public let bytes: [UInt8]

    /// Makes a collection id from its 12 bytes; nil for another length.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = Array(bytes)
    }

    /// Makes a collection id from its text; nil for any other text.
    public init?(text: some StringProtocol) {
        guard let bytes = Base64URL.bytes(text, count: Self.byteCount) else { return nil }
        self.bytes = bytes
    }

    init(validated bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The number of bytes in a collection id.
    public static let byteCount = 12

    /// The id in base64url, 16 characters.
    public var text: String { Base64URL.text(bytes) }
}

extension CollectionID: CustomStringConvertible {
    /// The same as ``text``.
    public var description: String { text }
}
