/// A passphrase that seals seed files. Its bytes are in locked memory, and printing a passphrase shows none of them.
public final class Passphrase: Sendable {
    /// The length of the longest passphrase, in bytes. It is far more than anybody types, and bounds what a program
    /// reads.
    public static let maximumBytes = 1024

    let secret: SecretBytes

    /// Makes a passphrase of 1 to 1,024 bytes, which are used unchanged. Systems encode accents differently, so a
    /// program should first convert what a user types to Unicode's normal form NFC.
    /// - Throws: ``SeedError/Code/passphraseUnfit`` for another length.
    public init(_ utf8: consuming SecretBytes) throws(SeedError) {
        guard 1...Self.maximumBytes ~= utf8.count else { throw .passphraseUnfit }
        self.secret = utf8
    }

    /// Makes a passphrase from the text that a person typed or that a file contains.
    /// - Throws: ``SeedError/Code/passphraseUnfit`` unless the text has 1 to 1,024 bytes.
    public convenience init(_ text: UserText) throws(SeedError) {
        try self.init(text.withBytes { SecretBytes(copying: $0) })
    }

    /// Whether both passphrases have the same bytes. The time of the comparison depends only on their lengths.
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
