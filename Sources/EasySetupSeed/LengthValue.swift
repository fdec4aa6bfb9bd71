/// The function `lv` of draft-irtf-cfrg-cpace: the length of the bytes in LEB128, then the bytes. The lengths make sure
/// that joined values can be split in only one way.
package func lv(_ bytes: [UInt8]) -> [UInt8] {
    lengthPrefix(bytes.count) + bytes
}

/// A length in LEB128: seven bits per byte, the lowest first, and the high bit set in all bytes but the last.
package func lengthPrefix(_ count: Int) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = count
    repeat {
        let low = UInt8(rest & 0x7F)
        rest >>= 7
        bytes.append(rest == 0 ? low : low | 0x80)
    } while rest > 0
    return bytes
}
