import CSodium

/// The 32 random bytes that all devices of one person share. Everything else is derived from them, so whoever holds
/// them is a member of the chain (`Protocol/seed.md`).
///
/// A seed is held by reference, so that it can travel through tasks and closures while its bytes stay in one place of
/// locked memory, wiped when the last reference goes. It has no encoding and no `==`, and nothing that prints or
/// mirrors it shows a byte.
public final class SyncSeed: Sendable {
    /// How many bytes a seed has.
    public static let byteCount = 32

    /// How many bytes a signature has.
    public static let signatureByteCount = 64

    /// Who the chain is to others.
    public let userID: UserID

    /// When the seed was made, in seconds since 1970 (UTC); 0 when nobody knows.
    public let createdAt: UInt64

    let secret: SecretBytes

    /// A seed of 32 bytes that exist already.
    /// - Parameter createdAt: when it was made, in seconds since 1970 (UTC); 0 when nobody knows.
    /// - Throws: ``SeedError/wrongLength``.
    public convenience init(bytes: consuming SecretBytes, createdAt: UInt64 = 0) throws(SeedError) {
        guard bytes.count == Self.byteCount else { throw .wrongLength }
        self.init(checked: bytes, createdAt: createdAt)
    }

    /// A new seed from the operating system's randomness.
    /// - Parameter createdAt: now, in seconds since 1970 (UTC); 0 when the clock can't be trusted.
    public static func random(createdAt: UInt64 = 0) -> SyncSeed {
        SyncSeed(checked: .random(count: byteCount), createdAt: createdAt)
    }

    private init(checked secret: consuming SecretBytes, createdAt: UInt64) {
        self.userID = Derivation.userID(of: secret)
        self.secret = secret
        self.createdAt = createdAt
    }

    /// Hands the 32 bytes to a closure; nothing should keep a copy.
    public func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try secret.withBytes(body)
    }

    /// Whether both are the same 32 bytes, in constant time; when they were made does not matter.
    public func isSame(as other: SyncSeed) -> Bool {
        secret.isEqual(to: other.secret)
    }

    /// The Ed25519 signature of a message, 64 bytes, which ``UserID/isValid(signature:for:)`` accepts.
    public func signature(for message: [UInt8]) -> [UInt8] {
        Derivation.signature(for: message, by: secret)
    }

    /// The key of the chain's records, 32 bytes, for NaCl's secretbox.
    public func secretboxKey() -> SecretBytes {
        Derivation.key(from: secret, info: Derivation.secretboxInfo, count: Self.byteCount)
    }

    /// SHA-256 of ``secretboxKey()`` as lower-case hex: tells whether two devices have the same key without showing it.
    public var secretboxKeyFingerprint: String {
        let key = secretboxKey()
        let digest = Digest.sha256([]) { $0(key.bytes) }
        return unsafe Encoding.hex(digest.span.bytes).revealed()
    }

    /// A key for a purpose of the app's own.
    /// - Parameters:
    ///   - info: what the key is for; begins with `easysetup/` and goes on, so that it can't be one of the keys above.
    ///   - count: how many bytes, 1 to 16,320.
    /// - Throws: ``SeedError/derivedKeyRefused``.
    public func derivedKey(info: String, count: Int) throws(SeedError) -> SecretBytes {
        guard info.utf8.starts(with: Derivation.ownPrefix.utf8), info.utf8.count > Derivation.ownPrefix.utf8.count,
            Derivation.ownKeyBytes.contains(count)
        else { throw .derivedKeyRefused }
        return Derivation.key(from: secret, info: Array(info.utf8), count: count)
    }
}

extension SyncSeed: CustomReflectable {
    /// No children: `dump` and `Mirror` see nothing of a seed.
    public var customMirror: Mirror {
        Mirror(self, children: [:])
    }
}
