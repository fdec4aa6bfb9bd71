import CSodium

/// SHA-256 of bytes that may be secret. The state of the hash contains some of these bytes, so it is wiped.
enum Digest {
    /// The SHA-256 of `label`, followed by each span that `parts` passes to its argument.
    static func sha256(_ label: [UInt8], _ parts: ((RawSpan) -> Void) -> Void) -> [UInt8] {
        var state = crypto_hash_sha256_state()
        var digest = [UInt8](repeating: 0, count: 32)
        unsafe withUnsafeMutablePointer(to: &state) { state in
            unsafe crypto_hash_sha256_init(state)
            unsafe crypto_hash_sha256_update(state, label, UInt64(label.count))
            parts { part in
                unsafe part.withUnsafeBytes { bytes in
                    _ = unsafe crypto_hash_sha256_update(
                        state,
                        bytes.bindMemory(to: UInt8.self).baseAddress,
                        UInt64(bytes.count)
                    )
                }
            }
            unsafe crypto_hash_sha256_final(state, &digest)
            unsafe sodium_memzero(state, MemoryLayout<crypto_hash_sha256_state>.size)
        }
        return digest
    }
}
