package import EasySetupSeed
import SwiftProtobuf

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// A new certificate of a device without the seed, and the keys that it needs for it in a box that only this device opens
/// (`Protocol/chain.md`, "Requests").
package struct Grant: Sendable {
    /// The new certificate.
    package let certificate: Certificate
    private let box: [UInt8]

    /// The id of the object of a device's grant. A later grant takes the place of an earlier one.
    package static func object(_ device: DeviceID) -> String { "grant:\(device.text)" }

    /// Reads a grant, and checks that a holder of the seed signed it; nil unless it is one.
    package init?(_ bytes: [UInt8], of userID: UserID) {
        guard let message = Easysetup_Chain_V1_Grant(inOneForm: bytes),
            userID.isValid(
                signature: Array(message.signature),
                for: ChainLabel.signed(ChainLabel.grant, Array(message.content))
            ), let content = Easysetup_Chain_V1_GrantContent(inOneForm: Array(message.content)),
            let certificate = try? Certificate(bytes: content.certificate.plainBytes(), of: userID)
        else { return nil }
        self.certificate = certificate
        box = Array(content.box)
    }

    /// Makes the bytes of a grant.
    /// - Throws: ``ChainError/Code/certificateUnreadable`` if the certificate's box key is none.
    package static func bytes(
        _ certificate: Certificate,
        _ held: [Membership.Collection],
        seed: SyncSeed,
        entropy: ChainEntropy
    ) throws(ChainError) -> [UInt8] {
        let secret = Membership.Collection.encoded(held)
        guard let box = SealedBox.seal(secret, to: certificate.boxKey, ephemeral: entropy.bytes(32)) else {
            throw .certificateUnreadable
        }
        let content = Easysetup_Chain_V1_GrantContent.with {
            $0.certificate = certificate.message
            $0.box = Data(box)
        }.plainBytes()
        return Easysetup_Chain_V1_Grant.with {
            $0.content = Data(content)
            $0.signature = Data(seed.chainSignature(for: ChainLabel.signed(ChainLabel.grant, content)))
        }.plainBytes()
    }

    /// The membership that a device has by this grant. The certificate's time is checked by who uses it.
    /// - Throws: ``ChainError/Code/certificateNotSigned`` or ``ChainError/Code/membershipUnreadable``.
    package func membership(after old: Membership) throws(ChainError) -> Membership {
        guard certificate.device == old.device, let secret = old.deviceKeys.open(box) else {
            throw .certificateNotSigned
        }
        return try old.extended(by: certificate, Membership.Collection.decoded(secret, certificate))
    }
}
