package import CredentialsCore

/// How many of each thing the file of accounts has.
package struct AccountSummary: Sendable {
    /// The nodes, in the order of their names.
    package let nodes: [Node]
    /// Chains that are not deleted.
    package let accounts: Int
    /// Marks of deleted accounts.
    package let deleted: Int
    /// Chains that have asked for nothing for a year.
    package let silent: Int
    /// Chains with more objects than they may have.
    package let full: Int
    /// Chains whose objects were counted.
    package let counted: Int
    /// All their objects.
    package let objects: Int
    /// Revoked devices.
    package let revocations: Int
    /// Invitations that nobody has used.
    package let invitations: Int
    /// Nonces that still count.
    package let nonces: Int
}
