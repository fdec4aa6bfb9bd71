package import EasySetupSeed

/// The rights that one answer gives: the policy of the session, and the prefixes below which forms may create objects.
package struct Rights: Hashable, Sendable {
    /// The policy of the session.
    package let policy: SessionPolicy
    /// The prefixes of the forms, each of which ends with a slash.
    package let formPrefixes: [String]

    /// The rights of a device at a bucket.
    /// - Parameter hasForms: whether the chain's quota lets the device write. A device with the seed can delete in
    ///   any case.
    package init(_ asker: Asker, of user: UserID, bucket: String, hasForms: Bool) throws(Refusal) {
        let prefix = SessionPolicy.prefix(of: user)
        switch asker {
        case .seed:
            policy = SessionPolicy(member: user, bucket: bucket)
            formPrefixes = hasForms ? [prefix] : []
        case .device(let rights):
            policy = try SessionPolicy(device: rights, of: user, bucket: bucket)
            formPrefixes = hasForms ? rights.collections.filter(\.mayWrite).map { prefix + $0.id + "/" } : []
        }
    }
}
