import EasySetupChain
package import EasySetupSeed

/// The written form of a user id in paths and in the names of objects: base64url without padding, 43 characters.
///
/// A user id of a stranger reaches a policy, a name, a form or a log only through this type. In a policy `*`, `?` and
/// `$` would mean something, and two texts for one id would be two chains.
package enum UserIDText {
    /// The number of characters.
    package static let length = 43

    /// Reads the text strictly: it is decoded, and must be what its 32 bytes are written as. Nil otherwise.
    package static func read(_ text: some StringProtocol) -> UserID? {
        Base64URL.bytes(text, count: UserID.byteCount).flatMap { UserID(bytes: $0) }
    }

    /// Writes a user id.
    package static func write(_ id: UserID) -> String { Base64URL.text(id.bytes) }
}
