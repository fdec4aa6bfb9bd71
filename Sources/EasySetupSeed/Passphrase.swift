/// What a person seals a seed file with. Held by reference, in locked memory, without a description.
public final class Passphrase: Sendable {
    /// The longest passphrase, in bytes: far beyond what anyone types, and a bound on what is read.
    public static let maximumBytes = 1024

    let secret: SecretBytes

    /// A passphrase of 1 to 1,024 bytes, which count as they are: to type it on two systems, normalise it (NFC) first.
    /// - Throws: ``SeedError/passphraseUnfit``.
    public init(_ utf8: consuming SecretBytes) throws(SeedError) {
        guard 1...Self.maximumBytes ~= utf8.count else { throw .passphraseUnfit }
        self.secret = utf8
    }

    /// A passphrase as a person typed it or wrote it into a file.
    /// - Throws: ``SeedError/passphraseUnfit``.
    public convenience init(_ text: UserText) throws(SeedError) {
        try self.init(text.withBytes { SecretBytes(copying: $0) })
    }

    /// Whether both are the same bytes, in constant time for passphrases of one length.
    public func isSame(as other: Passphrase) -> Bool {
        secret.isEqual(to: other.secret)
    }
}

extension Passphrase: CustomReflectable {
    /// No children: `dump` and `Mirror` see nothing of a passphrase.
    public var customMirror: Mirror {
        Mirror(self, children: [:])
    }
}
