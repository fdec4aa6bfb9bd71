import CSodium
import Crypto

/// The derivation of keys from a seed (`Protocol/seed.md`, "Derivation"), and from the secret of a device without one
/// (`Protocol/chain.md`, "Device keys").
package enum Derivation {
    static let signingInfo: [UInt8] = [0]
    static let secretboxInfo: [UInt8] = [1]
    static let sameSeedInfo = Array("EasySetup same seed".utf8)
    /// The first bytes of the `info` from which HKDF makes an app's own key. The infos of EasySetup's own keys begin with
    /// other bytes, so an app's key never equals one of those keys.
    static let ownPrefix = "easysetup/"
    /// The first bytes of the infos of a chain's keys, which are no app's.
    static let chainPrefix = "easysetup/chain/"
    /// The allowed lengths of an app's own key, in bytes. HKDF-SHA-512 makes at most 255 times 64 bytes.
    static let ownKeyBytes = 1...255 * 64

    /// Derives a key of `count` bytes by HKDF-SHA-512 with the protocol's fixed salt.
    package static func key(from seed: borrowing SecretBytes, info: [UInt8], count: Int) -> SecretBytes {
        let input = unsafe seed.withUnsafeBytes { unsafe SymmetricKey(data: $0) }
        let output = HKDF<SHA512>.deriveKey(inputKeyMaterial: input, salt: salt, info: info, outputByteCount: count)
        let key = SecretBytes(zeros: count)
        unsafe output.withUnsafeBytes { source in
            unsafe key.withUnsafeMutableBytes { unsafe $0.copyMemory(from: source) }
        }
        return key
    }

    static func userID(of seed: borrowing SecretBytes) -> UserID {
        let pair = KeyPair(of: seed)
        return UserID(validated: pair.publicKey)
    }

    /// Whether a message begins like those that the seed's key signs for the chain: with the length of a label, one byte,
    /// and the first bytes of all labels.
    static func isLabelled(_ message: [UInt8]) -> Bool {
        message.dropFirst().starts(with: ownPrefix.utf8)
    }

    static func signature(for message: [UInt8], by seed: borrowing SecretBytes) -> [UInt8] {
        let pair = KeyPair(of: seed)
        var signature = [UInt8](repeating: 0, count: UserID.signatureByteCount)
        unsafe pair.secretKey.withPointer { secret in
            _ = unsafe crypto_sign_detached(&signature, nil, message, UInt64(message.count), secret)
        }
        return signature
    }

    private static let salt: [UInt8] = [
        0x48, 0xcb, 0x9c, 0x2b, 0x40, 0xe5, 0xe1, 0x7f, 0xd6, 0x9e, 0x32, 0x1d, 0x82, 0xba, 0xb6, 0xcf,
        0x06, 0x6c, 0x2f, 0xfe, 0xf5, 0x47, 0xc6, 0x6d, 0x2c, 0x6c, 0x20, 0xc1, 0xdd, 0x7e, 0x77, 0x8f,
        0x70, 0x71, 0x57, 0xb8, 0xef, 0xe7, 0xe6, 0xea, 0x1c, 0x87, 0x36, 0x2a, 0x09, 0xf3, 0x27, 0x1e,
        0xb3, 0x93, 0xc2, 0xd3, 0xd4, 0xef, 0xe1, 0x34, 0xc0, 0xdb, 0x91, 0x28, 0x5f, 0x13, 0x8e, 0x62,
    ]
}

/// The Ed25519 key pair of a seed. It is computed for each use, and `SecretBytes` wipes its secret key after the use.
private struct KeyPair: ~Copyable {
    let publicKey: [UInt8]
    let secretKey: SecretBytes

    init(of seed: borrowing SecretBytes) {
        let signingSeed = Derivation.key(from: seed, info: Derivation.signingInfo, count: 32)
        let secretKey = SecretBytes(zeros: 64)
        var publicKey = [UInt8](repeating: 0, count: UserID.byteCount)
        unsafe secretKey.withMutablePointer { secret in
            unsafe signingSeed.withPointer { _ = unsafe crypto_sign_seed_keypair(&publicKey, secret, $0) }
        }
        self.publicKey = publicKey
        self.secretKey = secretKey
    }
}
