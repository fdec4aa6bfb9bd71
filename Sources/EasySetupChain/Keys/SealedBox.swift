import CSodium
package import EasySetupSeed

/// libsodium's sealed box: bytes for the holder of one X25519 key, by nobody in particular (`Protocol/chain.md`,
/// "Sealed boxes"). So it says nothing of who made it; the signature around it does.
package enum SealedBox {
    static let publicKeyBytes = 32
    static let tagBytes = 16
    static let overhead = publicKeyBytes + tagBytes

    /// Seals bytes to a public key; nil if the key is none that a device has (a point of low order).
    /// - Parameter ephemeral: 32 random bytes that were never used before, the private key of this box alone.
    package static func seal(
        _ plaintext: borrowing SecretBytes,
        to publicKey: [UInt8],
        ephemeral: borrowing SecretBytes
    ) -> [UInt8]? {
        precondition(ephemeral.count == 32)
        guard publicKey.count == publicKeyBytes else { return nil }
        Sodium.start()
        let count = plaintext.count
        var ephemeralPublic = [UInt8](repeating: 0, count: publicKeyBytes)
        var ciphertext = [UInt8](repeating: 0, count: count + tagBytes)
        let status = unsafe ephemeral.withPointer { ephemeral in
            unsafe crypto_scalarmult_base(&ephemeralPublic, ephemeral)
            let nonce = nonce(ephemeralPublic, publicKey)
            return unsafe plaintext.withPointer { plaintext in
                unsafe crypto_box_easy(&ciphertext, plaintext, UInt64(count), nonce, publicKey, ephemeral)
            }
        }
        return status == 0 ? ephemeralPublic + ciphertext : nil
    }

    /// Opens a box; nil if it was not sealed to this key pair.
    static func open(
        _ box: [UInt8],
        publicKey: [UInt8],
        privateKey: borrowing SecretBytes
    ) -> SecretBytes? {
        guard box.count >= overhead, publicKey.count == publicKeyBytes else { return nil }
        let plaintext = SecretBytes(zeros: box.count - overhead)
        let status = unsafe plaintext.withMutablePointer { plaintext in
            unsafe privateKey.withPointer {
                unsafe crypto_box_seal_open(plaintext, box, UInt64(box.count), publicKey, $0)
            }
        }
        guard status == 0 else { return nil }
        return plaintext
    }

    /// The first 24 bytes of BLAKE2b over both public keys, as in libsodium's `crypto_box_seal`.
    private static func nonce(_ ephemeral: [UInt8], _ publicKey: [UInt8]) -> [UInt8] {
        var nonce = [UInt8](repeating: 0, count: 24)
        let input = ephemeral + publicKey
        unsafe crypto_generichash(&nonce, nonce.count, input, UInt64(input.count), nil, 0)
        return nonce
    }
}
