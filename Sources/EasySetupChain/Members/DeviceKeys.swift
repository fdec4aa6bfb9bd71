import CSodium
public import EasySetupSeed

/// The keys of a device that does not hold the seed: an Ed25519 key, by which it signs its requests, and an X25519 key,
/// to which others seal new keys. Both are derived from its secret (`Protocol/chain.md`, "Device keys").
///
/// The secrets are in locked memory and are wiped with the last reference. Neither printing nor mirrors show a byte.
public final class DeviceKeys: Sendable {
    /// The number of bytes in a device's secret.
    public static let secretBytes = 32
    /// The number of bytes in each public key.
    public static let publicKeyBytes = 32
    /// The number of bytes in a signature.
    public static let signatureBytes = 64

    /// The Ed25519 public key, by which others check the device's signatures.
    public let signingKey: [UInt8]
    /// The X25519 public key, to which others seal.
    public let boxKey: [UInt8]

    let secret: SecretBytes
    private let signingSecret: SecretBytes
    private let boxSecret: SecretBytes

    /// Derives the keys from a device's secret of 32 bytes; nil for another length.
    public init?(secret: consuming SecretBytes) {
        guard secret.count == Self.secretBytes else { return nil }
        let signingSeed = Derivation.key(from: secret, info: Array(ChainLabel.deviceSigning.utf8), count: 32)
        let boxSecret = Derivation.key(from: secret, info: Array(ChainLabel.deviceBox.utf8), count: 32)
        let signingSecret = SecretBytes(zeros: 64)
        var signingKey = [UInt8](repeating: 0, count: Self.publicKeyBytes)
        var boxKey = [UInt8](repeating: 0, count: Self.publicKeyBytes)
        unsafe signingSecret.withMutablePointer { secret in
            unsafe signingSeed.withPointer { _ = unsafe crypto_sign_seed_keypair(&signingKey, secret, $0) }
        }
        unsafe boxSecret.withPointer { _ = unsafe crypto_scalarmult_base(&boxKey, $0) }
        self.signingKey = signingKey
        self.boxKey = boxKey
        self.signingSecret = signingSecret
        self.boxSecret = boxSecret
        self.secret = secret
    }

    /// Draws the secret of a new device.
    public static func random(_ entropy: ChainEntropy = .system) -> DeviceKeys {
        guard let keys = DeviceKeys(secret: entropy.bytes(secretBytes)) else {
            preconditionFailure("a source of randomness gives as many bytes as it is asked for")
        }
        return keys
    }

    /// Signs bytes for one use. The label of the use is signed with them, so that the signature counts for no other.
    package func signature(_ label: String, _ content: [UInt8]) -> [UInt8] {
        let message = ChainLabel.signed(label, content)
        var signature = [UInt8](repeating: 0, count: Self.signatureBytes)
        unsafe signingSecret.withPointer { secret in
            _ = unsafe crypto_sign_detached(&signature, nil, message, UInt64(message.count), secret)
        }
        return signature
    }

    /// Opens what was sealed to this device; nil if it was sealed to another.
    package func open(_ box: [UInt8]) -> SecretBytes? {
        SealedBox.open(box, publicKey: boxKey, privateKey: boxSecret)
    }
}

extension DeviceKeys: CustomReflectable {
    /// An empty mirror, so that `dump` and `Mirror` show nothing of a secret.
    public var customMirror: Mirror {
        Mirror(self, children: [:])
    }
}
