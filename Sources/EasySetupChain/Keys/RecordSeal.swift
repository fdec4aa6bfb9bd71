import CSodium
import EasySetupSeed

/// Seals and opens records with XChaCha20-Poly1305 (`Protocol/chain.md`, "The seal").
package enum RecordSeal {
    static let generationBytes = 4
    package static let nonceBytes = 24
    static let tagBytes = 16
    /// The number of bytes by which a sealed record is longer than its plaintext.
    package static let overhead = generationBytes + nonceBytes + tagBytes

    /// Seals a plaintext: the generation, the nonce, the ciphertext with its tag.
    /// - Parameters:
    ///   - key: the key of the stamp's generation.
    ///   - nonce: 24 random bytes that were never used before.
    package static func seal(
        _ plaintext: [UInt8],
        stamp: Stamp,
        place: RecordPlace,
        key: CollectionKey,
        nonce: [UInt8]
    ) -> [UInt8] {
        precondition(nonce.count == nonceBytes)
        let parts = ObjectName.parts(of: plaintext.count + overhead)
        let associated = associatedData(stamp: stamp, parts: parts, place: place)
        var ciphertext = [UInt8](repeating: 0, count: plaintext.count + tagBytes)
        unsafe key.secret.withPointer { key in
            // The call can't fail, because all lengths fit.
            _ = unsafe crypto_aead_xchacha20poly1305_ietf_encrypt(
                &ciphertext,
                nil,
                plaintext,
                UInt64(plaintext.count),
                associated,
                UInt64(associated.count),
                nil,
                nonce,
                key
            )
        }
        return [UInt8](bigEndian: stamp.generation) + nonce + ciphertext
    }

    /// The generation that a sealed record names; nil if the bytes are too few for a record, or name generation 0.
    package static func generation(of sealed: [UInt8]) -> UInt32? {
        guard sealed.count >= overhead else { return nil }
        let generation = sealed[..<generationBytes].reduce(0) { $0 << 8 | UInt32($1) }
        return generation == 0 ? nil : generation
    }

    /// Opens a sealed record that was found under a name in a place.
    /// - Parameter key: the key of the generation that the record names.
    /// - Throws: ``RecordFault/seal`` unless a holder of the key sealed exactly this for exactly this name and place.
    package static func open(
        _ sealed: [UInt8],
        name: RecordName,
        place: RecordPlace,
        key: CollectionKey
    ) throws(RecordFault) -> [UInt8] {
        guard let generation = generation(of: sealed) else { throw .seal }
        let stamp = Stamp(generation: generation, time: name.time, writer: name.writer)
        let associated = associatedData(stamp: stamp, parts: name.parts, place: place)
        let nonce = Array(sealed[generationBytes..<generationBytes + nonceBytes])
        let ciphertext = Array(sealed[(generationBytes + nonceBytes)...])
        var plaintext = [UInt8](repeating: 0, count: ciphertext.count - tagBytes)
        let status = unsafe key.secret.withPointer { key in
            unsafe crypto_aead_xchacha20poly1305_ietf_decrypt(
                &plaintext,
                nil,
                nil,
                ciphertext,
                UInt64(ciphertext.count),
                associated,
                UInt64(associated.count),
                nonce,
                key
            )
        }
        guard status == 0 else { throw .seal }
        return plaintext
    }

    /// The bytes that a seal binds beside the plaintext: where the record belongs, its stamp and its number of parts.
    package static func associatedData(stamp: Stamp, parts: Int, place: RecordPlace) -> [UInt8] {
        var data = lv(Array(ChainLabel.record.utf8)) + lv(place.userID.bytes) + lv(place.collection.bytes)
        data += [UInt8](bigEndian: stamp.time) + stamp.writer.bytes
        data.append(UInt8(parts))
        return data + [UInt8](bigEndian: stamp.generation)
    }
}
