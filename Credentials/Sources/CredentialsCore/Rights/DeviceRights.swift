package import EasySetupSeed

/// The rights of a device without the seed, as its certificate says them.
package struct DeviceRights: Hashable, Sendable {
    /// A collection that the device may read.
    package struct Collection: Hashable, Sendable {
        /// The collection's id as it is in names: 16 characters of base64url.
        package let id: String
        /// Whether the device may write there.
        package let mayWrite: Bool

        /// Makes a collection from its parts.
        package init(id: String, mayWrite: Bool) {
            self.id = id
            self.mayWrite = mayWrite
        }
    }

    /// The device's id, 8 bytes.
    package let device: [UInt8]
    /// The Ed25519 key with which the device signs. A user id is such a key too, so it has that type.
    package let signingKey: UserID
    /// The collections, in the order of their ids.
    package let collections: [Collection]
    /// The last second of the certificate, since 1970; 0: it does not end.
    package let notAfter: UInt64

    /// Makes rights from their parts.
    package init(device: [UInt8], signingKey: UserID, collections: [Collection], notAfter: UInt64) {
        self.device = device
        self.signingKey = signingKey
        self.collections = collections
        self.notAfter = notAfter
    }

    /// Whether the certificate holds at this time, in seconds since 1970.
    package func isValid(at now: Int) -> Bool { notAfter == 0 || UInt64(clamping: now) <= notAfter }
}
