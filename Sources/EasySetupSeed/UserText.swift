/// Text that a person typed, pasted, or wrote into an argument or a file. It may be a secret even where none was asked for, so it
/// stays in locked memory, and no error, log or output can show it by accident.
///
/// It has no description, no encoding and no `==`. A mirror and `dump` show nothing of it, and to put one into a string is a warning of
/// the compiler's. ``revealed()`` is the one way to a `String`.
///
/// It is held by reference, so that it can travel through enums and tasks while its bytes stay in one place. They are wiped when the
/// last reference goes.
public final class UserText: Sendable {
    private let secret: SecretBytes

    /// Text whose bytes are in locked memory already. They are mostly UTF-8, and readers say so where they are not.
    public init(_ bytes: consuming SecretBytes) {
        secret = bytes
    }

    /// A locked copy of a string, such as that of a text field. The string itself can't be wiped.
    public convenience init(copying text: String) {
        self.init(unsafe SecretBytes(copying: text.utf8Span.span.bytes))
    }

    /// How many bytes there are.
    public var byteCount: Int { secret.count }

    /// Hands the bytes to a closure, which should keep no copy.
    public func withBytes<Result: ~Copyable, Failure: Error>(
        _ body: (RawSpan) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try secret.withBytes(body)
    }

    /// The same bytes for a reader of text.
    package func withText<Result, Failure: Error>(
        _ body: (Span<UInt8>) throws(Failure) -> Result
    ) throws(Failure) -> Result {
        try secret.withBytes { (bytes) throws(Failure) in try body(bytes.asBytes) }
    }

    /// An ordinary string, for a comparison or for the screen of the person who gave it. Strings can't be wiped.
    public func revealed() -> String {
        unsafe secret.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }
}

extension UserText: CustomReflectable {
    /// No children: `dump` and `Mirror` see nothing of the text.
    public var customMirror: Mirror {
        Mirror(self, children: [:])
    }
}

extension DefaultStringInterpolation {
    /// Adds nothing: a person's text does not belong into another text. This is deprecated, and not unavailable, because the
    /// compiler would pass over an unavailable function and take the one for all types.
    @available(*, deprecated, message: "A person's text may be a secret. Where it must be shown, say so: revealed().")
    public mutating func appendInterpolation(_ text: UserText) {}
}
