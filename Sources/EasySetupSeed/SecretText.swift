/// Text that is a secret, such as a recovery phrase: in locked memory, without a description, wiped when it goes.
///
/// Nothing prints it by accident; ``revealed()`` is the one way to a `String`, and ``utf8`` the way without one.
public struct SecretText: ~Copyable, Sendable {
    private let secret: SecretBytes

    /// Text whose UTF-8 bytes are in locked memory already.
    package init(utf8 secret: consuming SecretBytes) {
        self.secret = secret
    }

    /// The text in UTF-8.
    public var utf8: RawSpan {
        @_lifetime(borrow self) get { secret.bytes }
    }

    /// An ordinary string, for a screen or a QR code. Strings can't be wiped: make one only to show it, and let it go.
    public borrowing func revealed() -> String {
        unsafe secret.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }
}
