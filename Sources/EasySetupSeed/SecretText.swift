/// A secret text, such as a recovery phrase: in locked memory, without a description, wiped when released.
///
/// No program prints such a text by accident, because only ``revealed()`` makes a `String`. ``utf8`` gives the bytes.
public struct SecretText: ~Copyable, Sendable {
    private let secret: SecretBytes

    /// Makes a text from UTF-8 bytes in locked memory.
    package init(utf8 secret: consuming SecretBytes) {
        self.secret = secret
    }

    /// The text in UTF-8.
    public var utf8: RawSpan {
        @_lifetime(borrow self) get { secret.bytes }
    }

    /// The text as an ordinary string, for a screen or a QR code. A string can't be wiped, so make one only to show it,
    /// and release it soon.
    public borrowing func revealed() -> String {
        unsafe secret.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }
}
