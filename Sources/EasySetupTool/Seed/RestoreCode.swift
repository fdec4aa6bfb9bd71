import EasySetupHandshake
import EasySetupSeed

/// A random passphrase that seals the copy of a seed which was stored without a passphrase. It is shown once, when the
/// seed is removed or replaced, so that the device alone can't open the copy.
///
/// It has 100 random bits: 20 symbols in groups of four, such as `K7Q2-9MXA-…`.
final class RestoreCode: Sendable {
    static let symbolCount = 20
    private static let groupLength = 4

    private let text: SecretBytes

    static func random() -> RestoreCode {
        let random = SecretBytes.random(count: symbolCount)
        return RestoreCode(values: random.withUnsafeBytes { $0.map { $0 & 31 } })
    }

    /// Reads a code as a person types it: small letters, spaces and other dashes do not matter. Nil if the text is no
    /// such code, but perhaps a passphrase.
    convenience init?(typed text: UserText) {
        guard text.byteCount <= 256 else { return nil }
        var values: [UInt8] = []
        for scalar in text.revealed().unicodeScalars {
            if let value = Symbols.value(typed: scalar) {
                values.append(value)
            } else if !scalar.properties.isWhitespace, scalar.properties.generalCategory != .dashPunctuation {
                return nil
            }
        }
        guard values.count == Self.symbolCount else { return nil }
        self.init(values: values)
    }

    private init(values: [UInt8]) {
        let groups = Self.symbolCount / Self.groupLength
        text = SecretBytes(zeros: Self.symbolCount + groups - 1)
        text.withUnsafeMutableBytes { out in
            for index in out.indices {
                let place = index % (Self.groupLength + 1)
                out[index] =
                    place == Self.groupLength
                    ? UInt8(ascii: "-")
                    : Symbols.alphabet[Int(values[index / (Self.groupLength + 1) * Self.groupLength + place])]
            }
        }
    }

    /// The code for the screen of its owner.
    func revealed() -> String {
        text.withUnsafeBytes { String(decoding: $0, as: UTF8.self) }
    }

    /// The passphrase that the code is.
    func passphrase() throws(SeedError) -> Passphrase {
        try Passphrase(text.clone())
    }
}
