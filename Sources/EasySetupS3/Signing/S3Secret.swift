import Crypto
import EasySetupSeed

/// A secret text of an S3 store, such as a secret access key: in locked memory, without a description, wiped when
/// released.
public final class S3Secret: Sendable {
    private let bytes: SecretBytes

    /// Makes a secret from a text. The text itself can't be wiped, so the caller releases it soon.
    public init(_ text: String) {
        var bytes = Array(text.utf8)
        self.bytes = SecretBytes(wiping: &bytes)
    }

    /// The text as an ordinary string, for a request that must contain it. A string can't be wiped.
    package func revealed() -> String {
        unsafe bytes.withUnsafeBytes { unsafe String(decoding: $0, as: UTF8.self) }
    }

    /// The key from which signatures version 4 derive theirs: `AWS4` followed by the secret.
    var signingRoot: SymmetricKey {
        var root = Array("AWS4".utf8)
        unsafe bytes.withUnsafeBytes { unsafe root.append(contentsOf: $0) }
        defer { Sodium.wipe(&root) }
        return SymmetricKey(data: root)
    }
}
