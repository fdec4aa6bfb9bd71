import CSodium
package import EasySetupSeed

/// Seals and opens messages 3 to 6 (the proofs, the package and the receipt) with XChaCha20-Poly1305
/// (`Protocol/handshake.md`, "Sealed messages").
///
/// The plaintexts of one type of message all have one size (``MessageType/plaintextByteCount``): a length of two bytes, a
/// protocol buffer, zeros. The nonce is the message's number in its direction, so the caller must never use a number
/// twice with different bytes.
package struct SealedChannel: ~Copyable {
    private let sendKey: SecretBytes
    private let receiveKey: SecretBytes
    private let transcript: Transcript

    package init(send: consuming SecretBytes, receive: consuming SecretBytes, transcript: Transcript) {
        sendKey = send
        receiveKey = receive
        self.transcript = transcript
    }

    /// Seals a protocol buffer of at most ``MessageType/contentByteLimit`` bytes, and wipes `content`.
    func seal(_ content: inout [UInt8], type: MessageType, number: UInt32) -> [UInt8] {
        precondition(content.count <= type.contentByteLimit, "our own messages fit")
        let plaintext = SecretBytes(zeros: type.plaintextByteCount)
        unsafe plaintext.withUnsafeMutableBytes { target in
            unsafe target[0] = UInt8(content.count >> 8)
            unsafe target[1] = UInt8(content.count & 0xFF)
            for (index, byte) in content.enumerated() { unsafe target[index + 2] = byte }
        }
        Sodium.wipe(&content)
        return seal(plaintext: plaintext, type: type, number: number)
    }

    /// Seals a plaintext that has its length and padding already. Tests and vectors pass wrong padding here.
    package func seal(plaintext: borrowing SecretBytes, type: MessageType, number: UInt32) -> [UInt8] {
        var sealed = [UInt8](repeating: 0, count: type.sealedByteCount)
        let data = associatedData(type)
        unsafe sendKey.withUnsafeBytes { key in
            unsafe plaintext.withUnsafeBytes { plaintext in
                // The call can't fail, because all lengths are fixed.
                _ = unsafe crypto_aead_xchacha20poly1305_ietf_encrypt(
                    &sealed,
                    nil,
                    plaintext.assumingMemoryBound(to: UInt8.self).baseAddress!,
                    UInt64(plaintext.count),
                    data,
                    UInt64(data.count),
                    nil,
                    Self.nonce(number),
                    key.assumingMemoryBound(to: UInt8.self).baseAddress!
                )
            }
        }
        return sealed
    }

    /// Decrypts a message of the other device, and passes the protocol buffer to `read`. The plaintext is wiped
    /// afterwards.
    ///
    /// - Throws: ``HandshakeError/malformed`` if the message does not verify or has wrong padding, and the errors of
    ///   `read`.
    func open<Content: ~Copyable>(
        _ sealed: ArraySlice<UInt8>,
        type: MessageType,
        number: UInt32,
        read: (UnsafeRawBufferPointer) throws(HandshakeError) -> Content
    ) throws(HandshakeError) -> Content {
        guard sealed.count == type.sealedByteCount else { throw .malformed }
        let plaintext = SecretBytes(zeros: type.plaintextByteCount)
        let data = associatedData(type)
        let sealed = Array(sealed)
        let status = unsafe receiveKey.withUnsafeBytes { key in
            unsafe plaintext.withUnsafeMutableBytes { plaintext in
                unsafe crypto_aead_xchacha20poly1305_ietf_decrypt(
                    plaintext.assumingMemoryBound(to: UInt8.self).baseAddress!,
                    nil,
                    nil,
                    sealed,
                    UInt64(sealed.count),
                    data,
                    UInt64(data.count),
                    Self.nonce(number),
                    key.assumingMemoryBound(to: UInt8.self).baseAddress!
                )
            }
        }
        guard status == 0 else { throw .malformed }
        return try unsafe plaintext.withUnsafeBytes { (bytes) throws(HandshakeError) in
            let count = unsafe Int(bytes[0]) << 8 | Int(bytes[1])
            guard count <= type.contentByteLimit else { throw .malformed }
            guard unsafe bytes[(2 + count)...].allSatisfy({ $0 == 0 }) else { throw .malformed }
            return try unsafe read(UnsafeRawBufferPointer(rebasing: bytes[2..<2 + count]))
        }
    }

    private func associatedData(_ type: MessageType) -> [UInt8] {
        transcript.hash + [type.rawValue]
    }

    private static func nonce(_ number: UInt32) -> [UInt8] {
        [UInt8](repeating: 0, count: 20) + (0..<4).reversed().map { UInt8(truncatingIfNeeded: number >> (8 * $0)) }
    }
}
