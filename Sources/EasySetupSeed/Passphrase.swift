/// A passphrase that seals seed files. It is a class with locked memory and without a description.
public final class Passphrase: Sendable {
    /// The longest passphrase, in bytes: far more than anybody types, and a bound on the input.
    public static let maximumBytes = 1024

    let secret: SecretBytes

    /// Makes a passphrase of 1 to 1,024 bytes, which are used unchanged. If it is typed on several systems, normalise
    /// it (NFC) first.
    /// - Throws: ``SeedError/passphraseUnfit``.
    public init(_ utf8: consuming SecretBytes) throws(SeedError) {
        guard 1...Self.maximumBytes ~= utf8.count else { throw .passphraseUnfit }
        self.secret = utf8
    }

    /// Makes a passphrase from a person's input or a file.
    /// - Throws: ``SeedError/passphraseUnfit``.
    public convenience init(_ text: UserText) throws(SeedError) {
        try self.init(text.withBytes { SecretBytes(copying: $0) })
    }

    /// Whether both have the same bytes, compared in constant time for passphrases of one length.
    public func isSame(as other: Passphrase) -> Bool {
        secret.isEqual(to: other.secret)
    }
}

extension Passphrase: CustomReflectable {
    /// An empty mirror, so that `dump` and `Mirror` show nothing of a passphrase.
    public var customMirror: Mirror {
        Mirror(self, children: [:])
    }
}
