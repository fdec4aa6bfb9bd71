import CSodium
import Crypto
package import EasySetupSeed

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The source of the handshake's random values. The caller passes it, so that test vectors and simulations can fix
/// every byte; programs use ``system``.
public struct Entropy: Sendable {
    /// Makes a random scalar of the group ristretto255 other than zero: 32 bytes, little-endian.
    package var scalar: @Sendable () -> SecretBytes
    /// Makes the given number of random bytes.
    package var bytes: @Sendable (Int) -> SecretBytes
    /// X-Wing's encapsulation to a public key of 1,216 bytes. The caller supplies this whole function and not random
    /// bytes, because swift-crypto takes no random bytes. Throws ``HandshakeError/malformed`` for an invalid key.
    package var encapsulate: @Sendable ([UInt8]) throws(HandshakeError) -> Encapsulation

    package init(
        scalar: @escaping @Sendable () -> SecretBytes,
        bytes: @escaping @Sendable (Int) -> SecretBytes,
        encapsulate: @escaping @Sendable ([UInt8]) throws(HandshakeError) -> Encapsulation
    ) {
        self.scalar = scalar
        self.bytes = bytes
        self.encapsulate = encapsulate
    }

    /// The operating system's source of randomness.
    public static let system = Entropy(
        scalar: {
            Sodium.start()
            let scalar = SecretBytes(zeros: CPace.scalarByteCount)
            unsafe scalar.withUnsafeMutableBytes {
                unsafe crypto_core_ristretto255_scalar_random($0.baseAddress!.assumingMemoryBound(to: UInt8.self))
            }
            return scalar
        },
        bytes: { SecretBytes.random(count: $0) },
        encapsulate: { (publicKey) throws(HandshakeError) in try XWing.encapsulate(to: publicKey) }
    )
}

/// The result of an encapsulation: a ciphertext of 1,120 bytes for the peer, and a shared secret of 32 bytes.
package struct Encapsulation: ~Copyable, Sendable {
    package let ciphertext: [UInt8]
    package let sharedSecret: SecretBytes

    package init(ciphertext: [UInt8], sharedSecret: consuming SecretBytes) {
        self.ciphertext = ciphertext
        self.sharedSecret = sharedSecret
    }

    /// Returns the shared secret and consumes the value, so the caller reads the ciphertext before.
    consuming func takeSecret() -> SecretBytes { sharedSecret }
}

/// X-Wing, the KEM of ML-KEM-768 and X25519 (draft-connolly-cfrg-xwing-kem-06), from swift-crypto.
package enum XWing {
    package static let seedByteCount = 32
    package static let publicKeyByteCount = 1216
    package static let ciphertextByteCount = 1120

    /// The public key of the key pair that X-Wing derives from a 32-byte seed.
    package static func publicKey(seed: borrowing SecretBytes) throws(HandshakeError) -> [UInt8] {
        try [UInt8](privateKey(seed: seed).publicKey.rawRepresentation)
    }

    package static func encapsulate(to publicKey: [UInt8]) throws(HandshakeError) -> Encapsulation {
        guard publicKey.count == publicKeyByteCount else { throw .malformed }
        do throws(any Error) {
            let result = try XWingMLKEM768X25519.PublicKey(rawRepresentation: publicKey).encapsulate()
            return Encapsulation(
                ciphertext: [UInt8](result.encapsulated),
                sharedSecret: SecretBytes(result.sharedSecret)
            )
        } catch {
            throw .malformed
        }
    }

    package static func decapsulate(
        _ ciphertext: [UInt8],
        seed: borrowing SecretBytes
    ) throws(HandshakeError) -> SecretBytes {
        guard ciphertext.count == ciphertextByteCount else { throw .malformed }
        let key = try privateKey(seed: seed)
        do throws(any Error) {
            return SecretBytes(try key.decapsulate(Data(ciphertext)))
        } catch {
            throw .malformed
        }
    }

    // A handshake keeps only the seed of the private key, in locked memory. swift-crypto's form of the key exists only
    // while it is used.
    private static func privateKey(
        seed: borrowing SecretBytes
    ) throws(HandshakeError) -> XWingMLKEM768X25519.PrivateKey {
        var data = unsafe seed.withUnsafeBytes { unsafe Data($0) }
        defer { data.resetBytes(in: 0..<data.count) }
        do throws(any Error) {
            return try XWingMLKEM768X25519.PrivateKey(seedRepresentation: data, publicKey: nil)
        } catch {
            throw .malformed
        }
    }
}

extension SecretBytes {
    init(_ key: SymmetricKey) {
        self.init(zeros: key.bitCount / 8)
        unsafe key.withUnsafeBytes { source in
            unsafe withUnsafeMutableBytes { unsafe $0.copyMemory(from: source) }
        }
    }

    /// A copy of the bytes in swift-crypto's own memory, which swift-crypto wipes.
    borrowing func symmetricKey() -> SymmetricKey {
        unsafe withUnsafeBytes { unsafe SymmetricKey(data: $0) }
    }
}
