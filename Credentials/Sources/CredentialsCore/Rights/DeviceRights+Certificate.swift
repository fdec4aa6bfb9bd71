import EasySetupChain
package import EasySetupSeed

extension DeviceRights {
    /// The rights in a certificate's bytes; nil unless it is one that the seed of this chain has signed.
    package static func read(_ bytes: [UInt8], of user: UserID) -> DeviceRights? {
        guard let certificate = try? Certificate(bytes: bytes, of: user),
            let key = UserID(bytes: certificate.signingKey)
        else { return nil }
        return DeviceRights(
            device: certificate.device.bytes,
            signingKey: key,
            collections: certificate.rights.map { Collection(id: $0.collection.text, mayWrite: $0.mayWrite) },
            notAfter: certificate.notAfter
        )
    }
}
