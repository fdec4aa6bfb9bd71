import CSodium

/// The work for each try of a passphrase on a seed file: Argon2id's passes and memory (`Protocol/seed.md`, "Cost").
public struct SealingCost: Equatable, Sendable {
    /// The number of passes that Argon2id makes over its memory.
    public let passes: UInt32
    /// The memory that Argon2id uses for each try of a passphrase, in KiB (1,024 bytes).
    public let kibibytes: UInt32

    /// The lowest allowed cost: libsodium's interactive limits, two passes over 64 MiB. A phone takes some tenths of a
    /// second.
    public static let interactive = SealingCost(validPasses: 2, kibibytes: 65_536)

    /// A cost for a passphrase that is rarely typed: libsodium's moderate limits, three passes over 256 MiB. A phone
    /// takes about a second.
    public static let moderate = SealingCost(validPasses: 3, kibibytes: 262_144)

    /// The most passes of Argon2id that a sealed seed file may ask for, because a malicious file could otherwise keep
    /// the device busy for minutes.
    public static let maximumPasses: UInt32 = 8

    /// The most memory for Argon2id that a sealed seed file may ask for, in KiB: 256 MiB, which a phone can spare for a
    /// moment.
    public static let maximumKibibytes: UInt32 = 262_144

    /// Makes a cost within the limits.
    /// - Throws: ``SeedError/Code/fileTooCostly`` if a number is above its maximum. ``SeedError/Code/fileDamaged`` if a
    ///   number is below that of ``interactive``, because no conforming program writes such a file.
    public init(passes: UInt32, kibibytes: UInt32) throws(SeedError) {
        guard passes <= Self.maximumPasses, kibibytes <= Self.maximumKibibytes else { throw .fileTooCostly }
        guard passes >= Self.interactive.passes, kibibytes >= Self.interactive.kibibytes else { throw .fileDamaged }
        self.init(validPasses: passes, kibibytes: kibibytes)
    }

    private init(validPasses: UInt32, kibibytes: UInt32) {
        self.passes = validPasses
        self.kibibytes = kibibytes
    }
}

/// The XChaCha20-Poly1305 key derived from a passphrase.
struct SealingKey: ~Copyable {
    static let tagBytes = 16

    private let key: SecretBytes

    /// Computes the key by Argon2id, with the passes and memory of `cost`.
    /// - Throws: ``SeedError/Code/memoryShort`` if the system does not give that much memory.
    init(_ passphrase: Passphrase, cost: SealingCost, salt: RawSpan) throws(SeedError) {
        let key = SecretBytes(zeros: 32)
        let count = passphrase.secret.count
        let status = unsafe passphrase.secret.withPointer { passphrase in
            unsafe key.withMutablePointer { key in
                unsafe salt.withUnsafeBytes { salt in
                    unsafe crypto_pwhash(
                        key,
                        32,
                        UnsafeRawPointer(passphrase).assumingMemoryBound(to: CChar.self),
                        UInt64(count),
                        salt.bindMemory(to: UInt8.self).baseAddress!,  // 16 bytes, never empty
                        UInt64(cost.passes),
                        Int(cost.kibibytes) * 1024,
                        crypto_pwhash_ALG_ARGON2ID13
                    )
                }
            }
        }
        guard status == 0 else { throw .memoryShort }
        self.key = key
    }

    borrowing func seal(
        _ plaintext: borrowing SecretBytes,
        nonce: borrowing SecretBytes,
        associated: borrowing SecretBytes
    ) -> SecretBytes {
        let box = SecretBytes(zeros: plaintext.count + Self.tagBytes)
        let counts = (plaintext: UInt64(plaintext.count), associated: UInt64(associated.count))
        unsafe box.withMutablePointer { box in
            unsafe plaintext.withPointer { plaintext in
                unsafe associated.withPointer { associated in
                    unsafe nonce.withPointer { nonce in
                        _ = unsafe key.withPointer {
                            unsafe crypto_aead_xchacha20poly1305_ietf_encrypt(
                                box,
                                nil,
                                plaintext,
                                counts.plaintext,
                                associated,
                                counts.associated,
                                nil,
                                nonce,
                                $0
                            )
                        }
                    }
                }
            }
        }
        return box
    }

    /// Decrypts a ciphertext; nil if it was not made with this key, nonce and associated data.
    borrowing func open(
        _ box: borrowing SecretBytes,
        nonce: borrowing SecretBytes,
        associated: borrowing SecretBytes
    ) -> SecretBytes? {
        guard box.count >= Self.tagBytes else { return nil }
        let plaintext = SecretBytes(zeros: box.count - Self.tagBytes)
        let counts = (box: UInt64(box.count), associated: UInt64(associated.count))
        let status = unsafe plaintext.withMutablePointer { plaintext in
            unsafe box.withPointer { box in
                unsafe associated.withPointer { associated in
                    unsafe nonce.withPointer { nonce in
                        unsafe key.withPointer {
                            unsafe crypto_aead_xchacha20poly1305_ietf_decrypt(
                                plaintext,
                                nil,
                                nil,
                                box,
                                counts.box,
                                associated,
                                counts.associated,
                                nonce,
                                $0
                            )
                        }
                    }
                }
            }
        }
        guard status == 0 else { return nil }
        return plaintext
    }
}
