/// The fault of a setting. It repeats no value, because a value may be a secret.
package struct SettingsFault: Error, Hashable, Sendable, CustomStringConvertible {
    /// A sentence with the setting's name.
    package let description: String

    /// Makes a fault.
    package init(_ description: String) {
        self.description = description
    }
}
