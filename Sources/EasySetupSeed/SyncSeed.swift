import CSodium
import Crypto

/// The 32 random bytes that all devices of one person share. All keys are derived from these bytes, so anybody who has
/// them is a member of the sync chain, the set of those devices (`Protocol/seed.md`).
///
/// A seed is a class, so that tasks and closures can share it while its bytes stay in one place of locked memory, which
/// is wiped with the last reference. It has no encoding and no `==`, and neither printing nor mirrors show a byte.
public final class SyncSeed: Sendable {
    /// The number of bytes in a seed.
    public static let byteCount = 32

    /// The number of bytes in a signature.
    public static let signatureByteCount = UserID.signatureByteCount

    /// The length of the longest text that is read as a seed, in bytes. A program's whole output about a seed, with a
    /// coloured QR code, has some 6,000 bytes.
    public static let maximumWrittenBytes = 16_384

    /// The public identity of the sync chain, which is the set of this person's devices.
    public let userID: UserID

    /// The time when the seed was created, in seconds since 1970 (UTC); 0 when it is not known.
    public let createdAt: UInt64

    let secret: SecretBytes

    /// Makes a seed from 32 existing bytes.
    /// - Parameter createdAt: the time when the seed was created, in seconds since 1970 (UTC); 0 when it is not known.
    /// - Throws: ``SeedError/Code/wrongLength`` for another number of bytes.
    public convenience init(bytes: consuming SecretBytes, createdAt: UInt64 = 0) throws(SeedError) {
        guard bytes.count == Self.byteCount else { throw .wrongLength }
        self.init(checked: bytes, createdAt: createdAt)
    }

    /// Makes a new seed from the operating system's randomness.
    /// - Parameter createdAt: the current time in seconds since 1970 (UTC); 0 when the clock can't be trusted.
    public static func random(createdAt: UInt64 = 0) -> SyncSeed {
        SyncSeed(checked: .random(count: byteCount), createdAt: createdAt)
    }

    private init(checked secret: consuming SecretBytes, createdAt: UInt64) {
        self.userID = Derivation.userID(of: secret)
        self.secret = secret
        self.createdAt = createdAt
    }

    /// Passes the seed's 32 secret bytes to a closure, which should keep no copy.
    public func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try secret.withBytes(body)
    }

    /// Whether both seeds have the same 32 bytes. The comparison takes constant time, and ignores the creation times.
    public func isSame(as other: SyncSeed) -> Bool {
        secret.isEqual(to: other.secret)
    }

    /// Signs a message with Ed25519. Returns 64 bytes, which ``UserID/isValid(signature:for:)`` accepts.
    ///
    /// The app puts a text of its own before what others have chosen, such as a server's challenge. The same key signs the
    /// certificates of the chain, and all that it signs for the chain begins with one byte, a label's length, and then
    /// `easysetup/`. A message that begins so is refused, whatever the byte is: a server that chooses all of it would have
    /// a certificate signed.
    /// - Throws: ``SeedError/Code/signatureRefused`` for such a message.
    public func signature(for message: [UInt8]) throws(SeedError) -> [UInt8] {
        guard !Derivation.isLabelled(message) else { throw .signatureRefused }
        return Derivation.signature(for: message, by: secret)
    }

    /// Signs a message of the chain (`Protocol/chain.md`, "Labels").
    /// - Parameter message: a message that ``signature(for:)`` refuses, because it begins with a label and its length.
    package func chainSignature(for message: [UInt8]) -> [UInt8] {
        precondition(Derivation.isLabelled(message), "a message of the chain begins with a label")
        return Derivation.signature(for: message, by: secret)
    }

    /// The key of 32 bytes with which this person's devices encrypt the records that they sync, by NaCl's secretbox.
    public func secretboxKey() -> SecretBytes {
        Derivation.key(from: secret, info: Derivation.secretboxInfo, count: Self.byteCount)
    }

    /// The SHA-256 of ``secretboxKey()`` in lower-case hex. People compare it to see whether two devices have the same
    /// key, because it does not reveal the key.
    public var secretboxKeyFingerprint: String {
        let key = secretboxKey()
        let digest = Digest.sha256([]) { $0(key.bytes) }
        return unsafe Encoding.hex(digest.span.bytes).revealed()
    }

    /// The number of bytes in a tag of ``sameSeedTag(for:)``.
    package static let sameSeedTagBytes = 32

    /// The key of ``sameSeedTag(for:)``, 64 bytes.
    package func sameSeedKey() -> SecretBytes {
        Derivation.key(from: secret, info: Derivation.sameSeedInfo, count: 64)
    }

    /// A tag of a message that only devices with this seed can make and check (`Protocol/handshake.md`, "Same seed"). The
    /// key is derived from the seed and not from the public user ID, so that somebody who knows a user ID can't test it.
    package func sameSeedTag(for message: [UInt8]) -> [UInt8] {
        let key = sameSeedKey()
        let code = unsafe key.withUnsafeBytes {
            unsafe HMAC<SHA512>.authenticationCode(for: message, using: SymmetricKey(data: $0))
        }
        return Array(code.prefix(Self.sameSeedTagBytes))
    }

    /// Derives a key for the app's own purpose.
    /// - Parameters:
    ///   - info: the key's purpose. It begins with `easysetup/` and continues after it, so that the key differs from
    ///     the signing key and from ``secretboxKey()``. It does not begin with `easysetup/chain/`: the keys of the chain's
    ///     collections are none of an app's.
    ///   - count: the number of bytes, 1 to 16,320.
    /// - Throws: ``SeedError/Code/derivedKeyRefused`` for another info or count.
    public func derivedKey(info: String, count: Int) throws(SeedError) -> SecretBytes {
        guard info.utf8.starts(with: Derivation.ownPrefix.utf8), info.utf8.count > Derivation.ownPrefix.utf8.count,
            !info.utf8.starts(with: Derivation.chainPrefix.utf8), Derivation.ownKeyBytes.contains(count)
        else { throw .derivedKeyRefused }
        return Derivation.key(from: secret, info: Array(info.utf8), count: count)
    }

    /// Derives a key for the chain's own use (`Protocol/chain.md`, "Collections" and "Keys").
    /// - Parameters:
    ///   - info: an info that ``derivedKey(info:count:)`` refuses, because it begins with `easysetup/chain/`.
    ///   - count: the number of bytes, 1 to 16,320.
    package func chainKey(info: String, count: Int) -> SecretBytes {
        precondition(info.utf8.starts(with: Derivation.chainPrefix.utf8), "an info of a chain's key")
        return Derivation.key(from: secret, info: Array(info.utf8), count: count)
    }
}

extension SyncSeed: CustomReflectable {
    /// An empty mirror, so that `dump` and `Mirror` show nothing of a seed.
    public var customMirror: Mirror {
        Mirror(self, children: [:])
    }
}
