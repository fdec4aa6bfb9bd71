/// The encoding of a person's text (`Protocol/text.md`, "Encoding"). The readers of texts accept only UTF-8, and report
/// an error for another encoding.
package enum TextEncoding {
    case utf8
    case utf16
    /// Another encoding, such as UTF-32 or an old code page, or bytes that are no text.
    case other

    package init(of text: Span<UInt8>) {
        if Self.looksLikeUTF16(text) {
            self = .utf16
            return
        }
        var place = 0
        while place < text.count {
            guard let (scalar, length) = text.scalar(at: place), scalar != 0xFFFD else {
                self = .other
                return
            }
            place += length
        }
        self = .utf8
    }

    /// Whether the text seems to be UTF-16: it begins with UTF-16's byte order mark, or more than half of its 16-bit
    /// units have one zero byte, always the first or always the second, as ASCII characters have.
    private static func looksLikeUTF16(_ text: Span<UInt8>) -> Bool {
        guard text.count >= 2 else { return false }
        switch (text[0], text[1]) {
        case (0xFF, 0xFE), (0xFE, 0xFF):
            // Little-endian UTF-32 begins with FF FE, as little-endian UTF-16 does, but two zero bytes follow.
            return text.count < 4 || text[0] == 0xFE || text[2] != 0 || text[3] != 0
        default: break
        }
        var zeros = [0, 0]
        for index in text.indices where text[index] == 0 { zeros[index & 1] += 1 }
        let units = text.count / 2
        return (zeros[0] == 0) != (zeros[1] == 0) && max(zeros[0], zeros[1]) * 2 > units
    }
}

extension Span<UInt8> {
    /// The Unicode scalar at an offset and its length in bytes; nil if the bytes there are not valid UTF-8.
    package func scalar(at offset: Int) -> (scalar: UInt32, length: Int)? {
        let first = UInt32(self[offset])
        if first < 0x80 { return (first, 1) }
        let (length, least): (Int, UInt32)
        switch first {
        case 0xC2...0xDF: (length, least) = (2, 0x80)
        case 0xE0...0xEF: (length, least) = (3, 0x800)
        case 0xF0...0xF4: (length, least) = (4, 0x10000)
        default: return nil
        }
        guard offset + length <= count else { return nil }
        var scalar = first & (0x7F >> UInt32(length))
        for index in offset + 1..<offset + length {
            guard self[index] & 0xC0 == 0x80 else { return nil }
            scalar = scalar << 6 | UInt32(self[index] & 0x3F)
        }
        guard scalar >= least, Unicode.Scalar(scalar) != nil else { return nil }
        return (scalar, length)
    }
}
