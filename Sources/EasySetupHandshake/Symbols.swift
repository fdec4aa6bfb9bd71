/// Crockford's base32, in which codes and links are written (`Protocol/code.md`, "Symbols"). A symbol stands for five
/// bits; the letters I, L, O and U are no symbols.
package enum Symbols {
    package static let alphabet = Array("0123456789ABCDEFGHJKMNPQRSTVWXYZ".utf8)

    /// The value of a canonical symbol (0 to 31); nil for everything else.
    package static func value(canonical symbol: UInt8) -> UInt8? {
        alphabet.firstIndex(of: symbol).map(UInt8.init)
    }

    /// The value of a symbol as people type it: lower case is accepted, O is 0, I and L are 1. Nil for everything else.
    package static func value(typed symbol: Unicode.Scalar) -> UInt8? {
        guard symbol.isASCII else { return nil }
        let ascii = UInt8(symbol.value)
        switch ascii {
        case UInt8(ascii: "o"), UInt8(ascii: "O"): return 0
        case UInt8(ascii: "i"), UInt8(ascii: "I"), UInt8(ascii: "l"), UInt8(ascii: "L"): return 1
        case UInt8(ascii: "a")...UInt8(ascii: "z"): return value(canonical: ascii - 32)
        default: return value(canonical: ascii)
        }
    }

    /// Encodes bytes as symbols, most significant bit first; zero bits fill the last symbol.
    package static func encode(_ bytes: some Collection<UInt8>) -> [UInt8] {
        var symbols: [UInt8] = []
        symbols.reserveCapacity((bytes.count * 8 + 4) / 5)
        var held: UInt32 = 0
        var bits = 0
        for byte in bytes {
            held = (held << 8 | UInt32(byte)) & 0x1FFF
            bits += 8
            while bits >= 5 {
                bits -= 5
                symbols.append(alphabet[Int(held >> UInt32(bits) & 31)])
            }
        }
        if bits > 0 { symbols.append(alphabet[Int(held << UInt32(5 - bits) & 31)]) }
        return symbols
    }

    /// Decodes canonical symbols. Nil if a symbol is not canonical, if the number of symbols encodes no whole number of
    /// bytes, or if the bits after the last byte are not zero, because every value has only one encoding.
    package static func decode(canonical symbols: some Sequence<UInt8>) -> [UInt8]? {
        var bytes: [UInt8] = []
        var held: UInt32 = 0
        var bits = 0
        for symbol in symbols {
            guard let value = value(canonical: symbol) else { return nil }
            held = (held << 5 | UInt32(value)) & 0xFFF
            bits += 5
            if bits >= 8 {
                bits -= 8
                bytes.append(UInt8(held >> UInt32(bits) & 0xFF))
            }
        }
        guard bits < 5, held & (1 << UInt32(bits) - 1) == 0 else { return nil }
        return bytes
    }
}

/// Arithmetic in the field with 32 elements: polynomials over bits modulo x⁵ + x² + 1, of which α is a root
/// (`Protocol/code.md`, "Check").
enum Field32 {
    /// Multiplies an element of the field by α, a root of x⁵ + x² + 1.
    static func timesAlpha(_ value: UInt8) -> UInt8 {
        let shifted = value << 1
        return shifted & 32 == 0 ? shifted : (shifted ^ 0b100101)
    }

    /// Computes the check sum Σ αⁱ·cᵢ of a code: cᵢ is the value of symbol i, counted from the left from 0, and α is a
    /// root of x⁵ + x² + 1.
    static func sum(_ values: some BidirectionalCollection<UInt8>) -> UInt8 {
        values.reversed().reduce(0) { timesAlpha($0) ^ $1 }
    }

    /// The value of the check symbol, a code's last symbol, which makes the sum over the code (``sum(_:)``) equal to
    /// the number of its symbols.
    /// - Parameter values: the values of the other symbols.
    static func check(for values: [UInt8]) -> UInt8 {
        // The check symbol comes after n symbols, so its value c adds αⁿ·c to the sum, which must become n + 1.
        // `lacking` is what the sum lacks, so it is αⁿ·c. In this field α³¹ is 1, so c is `lacking` times α³¹⁻ⁿ.
        let lacking = sum(values) ^ UInt8(values.count + 1)
        return (values.count..<31).reduce(lacking) { value, _ in timesAlpha(value) }
    }
}
