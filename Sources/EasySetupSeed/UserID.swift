import CSodium

/// Who a chain of devices is to others: the Ed25519 public key derived from its seed. Public, unlike the seed
/// (`Protocol/seed.md`, "User id").
public struct UserID: Hashable, Sendable {
    /// The public key, 32 bytes.
    public let bytes: [UInt8]

    /// A user id from its 32 bytes, or nil if there are more or fewer.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        self.bytes = Array(bytes)
    }

    init(validated bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// How many bytes a user id has.
    public static let byteCount = 32

    /// Lower-case hex, 64 digits: what a person compares.
    public var fingerprint: String {
        unsafe Encoding.hex(bytes.span.bytes).revealed()
    }

    /// Standard base64 with padding, 44 characters: what goes on the wire to a sync server.
    public var base64: String {
        unsafe Encoding.base64(bytes.span.bytes).revealed()
    }

    /// Whether the 64-byte signature is this user's for that message.
    public func isValid(signature: [UInt8], for message: [UInt8]) -> Bool {
        guard signature.count == SyncSeed.signatureByteCount else { return false }
        Sodium.start()
        return unsafe crypto_sign_verify_detached(signature, message, UInt64(message.count), bytes) == 0
    }
}

extension UserID: CustomStringConvertible {
    /// The fingerprint.
    public var description: String { fingerprint }
}
