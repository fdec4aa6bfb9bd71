package import EasySetupSeed

/// The written form of a user id in paths and in the names of objects: base64url without padding, 43 characters.
///
/// A user id of a stranger reaches a policy, a name, a form or a log only through this type. In a policy `*`, `?` and `$`
/// would mean something, and two texts for one id would be two chains.
package enum UserIDText {
    /// The number of characters.
    package static let length = 43

    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    /// Reads the text strictly: it is decoded, and must be what its 32 bytes are written as. Nil otherwise.
    package static func read(_ text: some StringProtocol) -> UserID? {
        let symbols = Array(text.utf8.prefix(length + 1))
        guard symbols.count == length else { return nil }
        var bytes: [UInt8] = []
        var bits: UInt32 = 0
        var count: UInt32 = 0
        for symbol in symbols {
            guard let value = alphabet.firstIndex(of: symbol) else { return nil }
            bits = bits << 6 | UInt32(value)
            count += 6
            if count >= 8 {
                count -= 8
                bytes.append(UInt8(truncatingIfNeeded: bits >> count))
                bits &= (1 << count) - 1
            }
        }
        guard let id = UserID(bytes: bytes), write(id).utf8.elementsEqual(symbols) else { return nil }
        return id
    }

    /// Writes a user id.
    package static func write(_ id: UserID) -> String { base64URL(id.bytes) }

    /// Bytes in base64url without padding (RFC 4648, section 5).
    package static func base64URL(_ bytes: [UInt8]) -> String {
        var symbols: [UInt8] = []
        for start in stride(from: 0, to: bytes.count, by: 3) {
            let group = bytes[start..<min(start + 3, bytes.count)]
            let bits = (0..<3).reduce(UInt32(0)) { $0 << 8 | UInt32($1 < group.count ? group[start + $1] : 0) }
            for place in 0...group.count { symbols.append(alphabet[Int(bits >> UInt32(18 - 6 * place) & 63)]) }
        }
        return String(decoding: symbols, as: UTF8.self)
    }
}
