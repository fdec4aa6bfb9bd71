/// Writes a secret byte by byte into locked memory, so that no part of it is ever in ordinary memory.
struct SecretWriter: ~Copyable {
    private let secret: SecretBytes
    private var written = 0

    init(count: Int) {
        self.secret = SecretBytes(zeros: count)
    }

    mutating func append(_ byte: UInt8) {
        let place = written
        unsafe secret.withUnsafeMutableBytes { unsafe $0[place] = byte }
        written += 1
    }

    mutating func append(_ bytes: some Sequence<UInt8>) {
        for byte in bytes { append(byte) }
    }

    mutating func append(_ bytes: RawSpan) {
        for index in 0..<bytes.byteCount { append(bytes[byte: index]) }
    }

    /// Returns a secret of the bytes that were written, without the rest of the reserved memory.
    consuming func finish() -> SecretBytes {
        if written == secret.count { return secret }
        return SecretBytes(copying: secret.bytes.extracting(first: written))
    }
}

extension RawSpan {
    /// The byte at an offset.
    subscript(byte offset: Int) -> UInt8 {
        unsafe unsafeLoad(fromByteOffset: offset, as: UInt8.self)
    }

    /// The bytes as a span of UInt8.
    package var asBytes: Span<UInt8> {
        @_lifetime(copy self) get { Span(_bytes: self) }
    }
}
