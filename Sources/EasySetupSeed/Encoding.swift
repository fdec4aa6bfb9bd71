import CSodium

/// Converts bytes to text and back. Every copy is in memory that is wiped. libsodium's functions take the same time for
/// all inputs of one length.
enum Encoding {
    static func hex(_ bytes: RawSpan) -> SecretText {
        unsafe text(of: bytes, count: bytes.byteCount * 2) { out, outCount, input, count in
            unsafe sodium_bin2hex(out, outCount, input, count)
        }
    }

    static func base64(_ bytes: RawSpan) -> SecretText {
        unsafe text(of: bytes, count: (bytes.byteCount + 2) / 3 * 4) { out, outCount, input, count in
            unsafe sodium_bin2base64(out, outCount, input, count, sodium_base64_VARIANT_ORIGINAL)
        }
    }

    /// Decodes hex digits in upper or lower case; nil if the result is not exactly `count` bytes.
    static func bytes(hex text: Span<UInt8>, count: Int) -> SecretBytes? {
        unsafe decoded(text, count: count) { out, input, inputCount, length, end in
            unsafe sodium_hex2bin(out, count, input, inputCount, nil, length, end)
        }
    }

    /// Decodes base64, standard or URL-safe, with or without padding. Nil if unused bits are not zero, or if the result
    /// is not exactly `count` bytes.
    static func bytes(base64 text: Span<UInt8>, count: Int) -> SecretBytes? {
        let isPadded = text.count.isMultiple(of: 4)
        let isURLSafe = text.indices.contains { text[$0] == UInt8(ascii: "-") || text[$0] == UInt8(ascii: "_") }
        let variant =
            switch (isPadded, isURLSafe) {
            case (true, true): sodium_base64_VARIANT_URLSAFE
            case (true, false): sodium_base64_VARIANT_ORIGINAL
            case (false, true): sodium_base64_VARIANT_URLSAFE_NO_PADDING
            case (false, false): sodium_base64_VARIANT_ORIGINAL_NO_PADDING
            }
        return unsafe decoded(text, count: count) { out, input, inputCount, length, end in
            unsafe sodium_base642bin(out, count, input, inputCount, nil, length, end, variant)
        }
    }

    private typealias Encoder = (
        _ out: UnsafeMutablePointer<CChar>, _ outCount: Int, _ input: UnsafePointer<UInt8>, _ count: Int
    ) -> UnsafeMutablePointer<CChar>?

    /// Runs one of libsodium's encoders, and removes the zero byte with which libsodium ends a text.
    private static func text(of bytes: RawSpan, count: Int, _ encode: Encoder) -> SecretText {
        let withZero = SecretBytes(zeros: count + 1)
        unsafe withZero.withUnsafeMutableBytes { out in
            unsafe bytes.withUnsafeBytes { input in
                guard let out = unsafe out.bindMemory(to: CChar.self).baseAddress,
                    let input = unsafe input.bindMemory(to: UInt8.self).baseAddress
                else { return }
                _ = unsafe encode(out, count + 1, input, bytes.byteCount)
            }
        }
        return SecretText(utf8: SecretBytes(copying: withZero.bytes.extracting(first: count)))
    }

    private typealias Decoder = (
        _ out: UnsafeMutablePointer<UInt8>, _ text: UnsafePointer<CChar>, _ textCount: Int,
        _ length: UnsafeMutablePointer<Int>, _ end: UnsafeMutablePointer<UnsafePointer<CChar>?>
    ) -> CInt

    /// Runs one of libsodium's decoders. Nil unless the decoder reads the whole text and gives exactly `count` bytes.
    private static func decoded(_ text: Span<UInt8>, count: Int, _ decode: Decoder) -> SecretBytes? {
        let bytes = SecretBytes(zeros: count)
        let isWhole = unsafe bytes.withMutablePointer { out in
            unsafe text.withUnsafeBufferPointer { buffer in
                guard let input = unsafe UnsafeRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: CChar.self)
                else { return false }
                var length = 0
                var end: UnsafePointer<CChar>?
                let status = unsafe decode(out, input, buffer.count, &length, &end)
                return unsafe status == 0 && length == count && end == input + buffer.count
            }
        }
        guard isWhole else { return nil }
        return bytes
    }
}

/// Crockford's base32 in upper case, for byte counts that are multiples of five. Five bytes make eight symbols, so the
/// encoding needs no padding.
enum Base32 {
    static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// Appends the symbols of `bytes`, whose count is a multiple of five.
    static func encode(_ bytes: RawSpan, append: (UInt8) -> Void) {
        var group: UInt64 = 0
        for index in 0..<bytes.byteCount {
            group = group << 8 | UInt64(bytes[byte: index])
            if index % 5 == 4 {
                for symbol in stride(from: 35, through: 0, by: -5) { append(alphabet[Int(group >> symbol & 31)]) }
                group = 0
            }
        }
    }

    /// Decodes upper-case symbols whose count is a multiple of eight; nil if one of them is invalid.
    static func decode(_ symbols: Span<UInt8>) -> SecretBytes? {
        var writer = SecretWriter(count: symbols.count / 8 * 5)
        var group: UInt64 = 0
        for index in symbols.indices {
            guard let value = alphabet.firstIndex(of: symbols[index]) else { return nil }
            group = group << 5 | UInt64(value)
            if index % 8 == 7 {
                for byte in stride(from: 32, through: 0, by: -8) {
                    writer.append(UInt8(truncatingIfNeeded: group >> byte))
                }
                group = 0
            }
        }
        return writer.finish()
    }
}
