import EasySetupSeed

/// The word of a device without the seed that it leaves the chain, signed by its own key (`Protocol/chain.md`, "Leaving and
/// deleting"). Without it nobody could tell a device that leaves from one whose record another device has deleted.
package enum LeaveStatement {
    /// The attribute of a device's record that has it.
    package static let attribute = "leave"

    /// The statement of a device.
    package static func bytes(by membership: Membership) -> [UInt8] {
        membership.deviceKeys.signature(ChainLabel.leave, content(membership.certificate))
    }

    /// The attributes of the record of a device that has left.
    package static func attributes(by membership: Membership) -> [String: [UInt8]] {
        ["certificate": membership.certificate.bytes, attribute: bytes(by: membership)]
    }

    /// Whether bytes are the statement of a certificate's device.
    package static func isSigned(_ bytes: [UInt8], by certificate: Certificate) -> Bool {
        certificate.isValid(signature: bytes, ChainLabel.leave, content(certificate))
    }

    private static func content(_ certificate: Certificate) -> [UInt8] {
        certificate.userID.bytes + certificate.device.bytes
    }
}
