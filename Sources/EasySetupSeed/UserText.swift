/// A text that a person typed, pasted, or wrote into an argument or a file. People also paste a secret where no program
/// asked for one, so the text stays in locked memory, and errors, logs and output can't show it by accident.
///
/// The type has no description, no encoding and no `==`. Mirrors and `dump` show nothing of a text, and the compiler
/// warns where code puts one into a string. Only ``revealed()`` makes a `String`.
///
/// The type is a class, so that enums and tasks can share a text while its bytes stay in one place. The bytes are wiped
/// when the last reference goes.
public final class UserText: Sendable {
    private let secret: SecretBytes

    /// Makes a text from bytes in locked memory. The bytes should be UTF-8; the readers of texts report an error if
    /// they are not.
    public init(_ bytes: consuming SecretBytes) {
        secret = bytes
    }

    /// Makes a locked copy of a string, such as that of a text field. The string itself can't be wiped.
    public convenience init(copying text: String) {
        self.init(unsafe SecretBytes(copying: text.utf8Span.span.bytes))
    }

    /// The number of bytes in this text.
    public var byteCount: Int { secret.count }

    /// Passes the text's bytes to a closure, which should keep no copy.
    public func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try secret.withBytes(body)
    }

    /// Passes the bytes, as a span of `UInt8`, to a closure that reads the text.
    package func withText<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try secret.withBytes { (bytes) throws(Failure) in try body(bytes.asBytes) }
    }

    /// The text as an ordinary string, for a comparison or for the screen of the person who typed it. Strings can't be
    /// wiped.
    public func revealed() -> String {
        unsafe secret.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }
}

extension UserText: CustomReflectable {
    /// An empty mirror, so that `dump` and `Mirror` show nothing of the text.
    public var customMirror: Mirror {
        Mirror(self, children: [:])
    }
}

extension DefaultStringInterpolation {
    /// Adds nothing, because a person's text does not belong in another text. The function is deprecated and not
    /// unavailable, because in place of an unavailable function the compiler would choose the generic one.
    @available(*, deprecated, message: "A person's text may be a secret. Where it must be shown, say so: revealed().")
    public mutating func appendInterpolation(_ text: UserText) {}
}
