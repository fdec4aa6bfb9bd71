/// A password for Redis. It has no description, and neither `dump` nor `Mirror` shows it.
package final class RedisPassword: Sendable, CustomReflectable, CustomStringConvertible {
    let bytes: [UInt8]

    /// A password of these bytes; nil if there are none.
    package init?(_ bytes: [UInt8]) {
        guard !bytes.isEmpty else { return nil }
        self.bytes = bytes
    }

    package var customMirror: Mirror { Mirror(self, children: [:]) }
    package var description: String { "a password" }
}
