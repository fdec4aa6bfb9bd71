import CSodium
package import EasySetupSeed

/// Writes records of version 0 as the programs did that used it. Nothing but tests writes them any more.
package struct Version0Writer {
    private let seed: SyncSeed
    private static let alphabet = Array("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz+-")
    /// The greatest length of a name.
    private static let nameLength = 1_024

    package init(_ seed: SyncSeed) {
        self.seed = seed
    }

    /// The names of a record's parts. The number of parts is as small as possible, or the one that is given.
    package func names(
        category: Int,
        time: UInt64,
        _ plaintext: [UInt8],
        nonce: [UInt8],
        partLength: Int? = nil
    ) -> [String] {
        let sealed = seal(plaintext, nonce: nonce)
        let prefix = "0/\(seed.userID.base64)/\(category)/\(time)/"
        let checksum = Self.digits(Self.checksum(sealed))
        let text = Array(Self.base64(sealed))
        let length = partLength ?? Self.nameLength - prefix.count - checksum.count - 3
        return stride(from: 0, to: text.count, by: length).enumerated().map { number, start in
            prefix + Self.digits(UInt32(number)) + "/" + checksum + "/"
                + String(text[start..<min(start + length, text.count)])
        }
    }

    /// A sealed record: the ciphertext in field 1, the nonce in field 3.
    package func seal(_ plaintext: [UInt8], nonce: [UInt8]) -> [UInt8] {
        var text = [UInt8](repeating: 0, count: plaintext.count + Int(crypto_secretbox_MACBYTES))
        seed.secretboxKey().withPointer { key in
            _ = crypto_secretbox_easy(&text, plaintext, UInt64(plaintext.count), nonce, key)
        }
        var length = text.count
        var prefix: [UInt8] = [0x0A]
        while length > 127 {
            prefix.append(UInt8(length & 127) | 128)
            length >>= 7
        }
        return prefix + [UInt8(length)] + text + [0x1A, 24] + nonce
    }

    /// A number in the digits of version 0.
    package static func digits(_ number: UInt32) -> String {
        var (rest, text) = (number, "")
        repeat {
            text.insert(alphabet[Int(rest % 64)], at: text.startIndex)
            rest /= 64
        } while rest > 0
        return text
    }

    /// CRC-32, computed bit by bit from its definition.
    package static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var checksum: UInt32 = ~0
        for byte in bytes {
            checksum ^= UInt32(byte)
            for _ in 0..<8 { checksum = checksum >> 1 ^ (checksum & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        return ~checksum
    }

    private static func base64(_ bytes: [UInt8]) -> String {
        var text = [CChar](repeating: 0, count: (bytes.count + 2) / 3 * 4 + 1)
        sodium_bin2base64(&text, text.count, bytes, bytes.count, sodium_base64_VARIANT_ORIGINAL)
        return String(decoding: text.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
    }
}
