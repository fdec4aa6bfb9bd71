/// Characters that a web address or a mail program has encoded (`Protocol/seed.md`, "Reading a phrase").
extension TextScanner {
    /// Skips the two digits of a percent-encoded character after its percent sign, and the other bytes of a character
    /// outside ASCII. Does nothing if the digits encode a letter or a digit, or if there are none.
    /// - Returns: the character's byte, or its first byte; nil if nothing was skipped.
    package mutating func skipPercentEncoded() -> UInt8? {
        var ahead = self
        guard let byte = ahead.percentByte() else { return nil }
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "a")...UInt8(ascii: "z"):
            return nil
        case 0x00..<0x80:
            self = ahead
            return byte
        default:
            // The percent sign of `100%able` encodes nothing: bytes outside ASCII come at least in twos.
            var length = 1
            while ahead.peek() == .mark(UInt32(UInt8(ascii: "%"))) {
                var other = ahead
                _ = other.next()
                guard let next = other.percentByte(), 0x80..<0xC0 ~= next else { break }
                ahead = other
                length += 1
            }
            guard length > 1 else { return nil }
            self = ahead
            return byte
        }
    }

    /// Reads two hex digits. An address inside another one is encoded twice, so the digits `25`, which encode the percent
    /// sign itself, are skipped before two others.
    private mutating func percentByte() -> UInt8? {
        var byte: UInt8?
        while case .symbol(let high) = peek(), let high = hexDigit(high) {
            var ahead = self
            _ = ahead.next()
            guard case .symbol(let low) = ahead.next(), let low = hexDigit(low) else { break }
            self = ahead
            byte = high << 4 | low
            guard byte == UInt8(ascii: "%") else { break }
        }
        return byte
    }

    /// Skips the line end behind an equals sign at the end of a long line, which a mail program has cut there
    /// (quoted-printable, RFC 2045, 6.7). Returns whether there was one.
    mutating func skipSoftLineEnd() -> Bool {
        var ahead = self
        guard place - lineStart >= Self.shortestCutLine, case .space(endsLine: true) = ahead.next() else {
            return false
        }
        self = ahead
        return true
    }

    /// Lines that are cut have up to 76 characters. A shorter line with an equals sign at its end assigns a value.
    private static var shortestCutLine: Int { 60 }
}
