import CSodium
package import EasySetupSeed

/// CPace (draft-irtf-cfrg-cpace), a key exchange that a password authenticates, over ristretto255 with SHA-512 in
/// initiator/responder mode (`Protocol/handshake.md`, "CPace").
package enum CPace {
    package static let scalarByteCount = 32
    package static let pointByteCount = 32
    package static let hashByteCount = 64

    /// The inputs from which CPace computes the generator: the password, and the values to which it binds the key
    /// exchange.
    package struct Inputs: ~Copyable {
        /// PRS: the password-related string.
        let password: SecretBytes
        /// CI: the channel identifier (``Labels/channel(slot:)``).
        let channel: [UInt8]
        /// sid: the session id, which is the id that the relay gave this meeting of the two devices.
        let session: [UInt8]

        package init(password: consuming SecretBytes, channel: [UInt8], session: [UInt8]) {
            self.password = password
            self.channel = channel
            self.session = session
        }
    }

    /// One side's point and associated data, as that side sent them.
    package struct Share {
        let point: [UInt8]
        let associatedData: [UInt8]

        package init(point: [UInt8], associatedData: [UInt8]) {
            self.point = point
            self.associatedData = associatedData
        }
    }

    /// The `generator_string` of draft-irtf-cfrg-cpace, padded for SHA-512's block of 128 bytes. It is secret, because
    /// it contains the password.
    package static func generatorString(_ inputs: borrowing Inputs) -> SecretBytes {
        let password = inputs.password.count
        let before = lengthPrefix(password).count + password + lv(name).count
        let padding = max(0, 128 - 1 - before)
        var text: [UInt8] = []
        // The full capacity is reserved at once, because a growing array leaves copies of the password in freed memory.
        text.reserveCapacity(512 + password + inputs.channel.count + inputs.session.count)
        text += lv(name)
        text += lengthPrefix(password)
        unsafe inputs.password.withUnsafeBytes { unsafe text.append(contentsOf: $0) }
        text += lv([UInt8](repeating: 0, count: padding))
        text += lv(inputs.channel)
        text += lv(inputs.session)
        return SecretBytes(wiping: &text)
    }

    /// The group generator for one key exchange: `calculate_generator` of draft-irtf-cfrg-cpace.
    package static func generator(_ inputs: borrowing Inputs) -> SecretBytes {
        let string = generatorString(inputs)
        let hash = SecretBytes(zeros: hashByteCount)
        let generator = SecretBytes(zeros: pointByteCount)
        unsafe string.withUnsafeBytes { string in
            unsafe hash.withUnsafeMutableBytes { hash in
                unsafe generator.withUnsafeMutableBytes { generator in
                    let bytes = unsafe string.assumingMemoryBound(to: UInt8.self)
                    let digest = unsafe hash.assumingMemoryBound(to: UInt8.self)
                    let point = unsafe generator.assumingMemoryBound(to: UInt8.self)
                    // Neither of the two calls can fail: the hash takes any bytes, and the map to the group takes any
                    // 64 bytes.
                    _ = unsafe crypto_hash_sha512(digest.baseAddress!, bytes.baseAddress!, UInt64(bytes.count))
                    _ = unsafe crypto_core_ristretto255_from_hash(point.baseAddress!, digest.baseAddress!)
                }
            }
        }
        return generator
    }

    /// This side's public point: the scalar times the generator.
    ///
    /// - Throws: ``HandshakeError/malformed`` if the product is the neutral element, or an input has not 32 bytes.
    package static func publicPoint(
        scalar: borrowing SecretBytes,
        generator: borrowing SecretBytes
    ) throws(HandshakeError) -> [UInt8] {
        guard scalar.count == scalarByteCount, generator.count == pointByteCount else { throw .malformed }
        let point = SecretBytes(zeros: pointByteCount)
        let status = unsafe generator.withUnsafeBytes { unsafe multiply(scalar, $0, into: point) }
        guard status else { throw .malformed }
        return unsafe point.withUnsafeBytes { unsafe Array($0) }
    }

    /// K, which both sides share: this side's scalar times the other side's point (`scalar_mult_vfy` of
    /// draft-irtf-cfrg-cpace).
    ///
    /// - Throws: ``HandshakeError/malformed`` if `point` is no valid encoding, or if it or the product is the neutral
    ///   element.
    package static func multiply(
        scalar: borrowing SecretBytes,
        point: [UInt8]
    ) throws(HandshakeError) -> SecretBytes {
        guard scalar.count == scalarByteCount, isPoint(point) else { throw .malformed }
        let result = SecretBytes(zeros: pointByteCount)
        let status = unsafe point.withUnsafeBytes { unsafe multiply(scalar, $0, into: result) }
        guard status else { throw .malformed }
        return result
    }

    // Writes the product of scalar and point into `result`. The caller has checked that all three have 32 bytes.
    // Returns false if the product is the neutral element.
    private static func multiply(
        _ scalar: borrowing SecretBytes,
        _ point: UnsafeRawBufferPointer,
        into result: borrowing SecretBytes
    ) -> Bool {
        unsafe result.withUnsafeMutableBytes { result in
            unsafe scalar.withUnsafeBytes { scalar in
                unsafe crypto_scalarmult_ristretto255(
                    result.assumingMemoryBound(to: UInt8.self).baseAddress!,
                    scalar.assumingMemoryBound(to: UInt8.self).baseAddress!,
                    point.assumingMemoryBound(to: UInt8.self).baseAddress!
                ) == 0
            }
        }
    }

    /// Whether the bytes are the canonical encoding of a point other than the neutral element, which is all zeros.
    package static func isPoint(_ bytes: [UInt8]) -> Bool {
        Sodium.start()
        guard bytes.count == pointByteCount, bytes.contains(where: { $0 != 0 }) else { return false }
        // libsodium 1.0.18 ignores the highest bit, but a canonical encoding never has it set.
        guard bytes[pointByteCount - 1] & 0x80 == 0 else { return false }
        return unsafe crypto_core_ristretto255_is_valid_point(bytes) == 1
    }

    /// ISK, CPace's intermediate session key: a hash over `session`, `shared`, the initiator's share and then the
    /// responder's.
    package static func sessionKey(
        session: [UInt8],
        shared: borrowing SecretBytes,
        initiator: Share,
        responder: Share
    ) -> SecretBytes {
        var text = lv(name + Array("_ISK".utf8)) + lv(session)
        text.reserveCapacity(text.count + 64 + initiator.associatedData.count + responder.associatedData.count + 128)
        text += lengthPrefix(shared.count)
        unsafe shared.withUnsafeBytes { unsafe text.append(contentsOf: $0) }
        text += lv(initiator.point) + lv(initiator.associatedData)
        text += lv(responder.point) + lv(responder.associatedData)
        defer { Sodium.wipe(&text) }
        let key = SecretBytes(zeros: hashByteCount)
        unsafe key.withUnsafeMutableBytes {
            _ = unsafe crypto_hash_sha512($0.assumingMemoryBound(to: UInt8.self).baseAddress!, text, UInt64(text.count))
        }
        return key
    }

    /// The domain separation string (DSI) that draft-irtf-cfrg-cpace gives for ristretto255.
    private static let name = Array("CPaceRistretto255".utf8)
}
