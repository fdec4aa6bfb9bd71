import CSodium

/// The public identity of a sync chain (the devices that share a seed): the Ed25519 public key derived from its seed
/// (`Protocol/seed.md`, "User id").
public struct UserID: Hashable, Sendable {
    /// The public key, 32 bytes.
    public let bytes: [UInt8]

    /// Makes a user ID from its 32 bytes; nil for another length.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = Array(bytes)
    }

    init(validated bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The number of bytes in a user ID.
    public static let byteCount = 32

    /// The number of bytes in a signature.
    static let signatureByteCount = 64

    /// The user ID in lower-case hex, 64 digits, for people to compare.
    public var fingerprint: String {
        unsafe Encoding.hex(bytes.span.bytes).revealed()
    }

    /// The user ID in standard base64 with padding, 44 characters, for a sync server.
    public var base64: String {
        unsafe Encoding.base64(bytes.span.bytes).revealed()
    }

    /// Whether a 64-byte signature for a message was made with the seed of this user.
    public func isValid(signature: [UInt8], for message: [UInt8]) -> Bool {
        guard signature.count == Self.signatureByteCount else { return false }
        Sodium.start()
        return unsafe crypto_sign_verify_detached(signature, message, UInt64(message.count), bytes) == 0
    }
}

extension UserID: CustomStringConvertible {
    /// The same text as ``fingerprint``.
    public var description: String { fingerprint }
}
