import CSodium
import EasySetupSeed

/// Base64url without padding (RFC 4648, section 5), which writes all bytes in the names of objects and in certificates'
/// texts. Nothing secret is written in it.
package enum Base64URL {
    /// The text of bytes.
    package static func text(_ bytes: [UInt8]) -> String {
        var characters = [CChar](repeating: 0, count: characterCount(bytes.count) + 1)
        _ = unsafe sodium_bin2base64(
            &characters,
            characters.count,
            bytes,
            bytes.count,
            sodium_base64_VARIANT_URLSAFE_NO_PADDING
        )
        return String(decoding: characters.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }

    /// The bytes of a text; nil unless writing them gives exactly this text. So there is one text for all bytes, and a
    /// text with padding, with other characters or with unused bits set is none.
    package static func bytes(_ text: some StringProtocol) -> [UInt8]? {
        let characters = text.utf8.map { CChar(truncatingIfNeeded: $0) }
        var bytes = [UInt8](repeating: 0, count: characters.count / 4 * 3 + 3)
        var count = 0
        let status = unsafe sodium_base642bin(
            &bytes,
            bytes.count,
            characters,
            characters.count,
            nil,
            &count,
            nil,
            sodium_base64_VARIANT_URLSAFE_NO_PADDING
        )
        guard status == 0 else { return nil }
        bytes.removeLast(bytes.count - count)
        return self.text(bytes).utf8.elementsEqual(text.utf8) ? bytes : nil
    }

    /// The bytes of a text that stands for a known number of bytes; nil for any other text.
    package static func bytes(_ text: some StringProtocol, count: Int) -> [UInt8]? {
        guard text.utf8.count == characterCount(count) else { return nil }
        return bytes(text)
    }

    /// The number of characters that stand for a number of bytes.
    package static func characterCount(_ bytes: Int) -> Int {
        (bytes * 4 + 2) / 3
    }
}
