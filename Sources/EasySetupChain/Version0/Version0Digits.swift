/// The digits in which version 0 writes the number of a part and a checksum: a positional system of base 64 with an
/// alphabet of its own, which is not base64 (`Protocol/version-0.md`, "Names").
enum Version0Digits {
    static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+-".utf8)

    /// The value of a digit; nil for other characters.
    static func value(of digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): digit - UInt8(ascii: "A") + 10
        case UInt8(ascii: "a")...UInt8(ascii: "z"): digit - UInt8(ascii: "a") + 36
        case UInt8(ascii: "+"): 62
        case UInt8(ascii: "-"): 63
        default: nil
        }
    }

    /// A number of 32 bits that is written without leading zeros, the highest digit first; nil for other texts.
    static func number(_ digits: Span<UInt8>) -> UInt32? {
        guard 1...6 ~= digits.count, digits.count == 1 || digits[0] != UInt8(ascii: "0") else { return nil }
        var number: UInt64 = 0
        for index in digits.indices {
            guard let value = value(of: digits[index]) else { return nil }
            number = number << 6 | UInt64(value)
        }
        return UInt32(exactly: number)
    }
}
