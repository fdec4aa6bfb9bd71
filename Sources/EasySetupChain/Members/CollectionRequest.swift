package import EasySetupSeed
import SwiftProtobuf

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The wish of a device without the seed for a collection (`Protocol/chain.md`, "Requests").
public struct CollectionRequest: Hashable, Sendable {
    /// The device that asks.
    public let device: DeviceID
    /// The name in the device's record, which the device chose; empty if the record is not there.
    public internal(set) var deviceName = ""
    /// The collection.
    public let collection: CollectionName
    /// Whether the device wants to write there.
    public let mayWrite: Bool
    /// The device's reason for the person who decides; empty for none. It is the device's word and nobody else's.
    public let reason: String
    /// The store's time of the request, in milliseconds since 1970.
    public let time: UInt64
    /// Whether a device with the seed has declined it.
    public internal(set) var isDeclined = false
    /// The certificate with which the device asked.
    package let certificate: Certificate

    /// The greatest number of bytes in a reason.
    public static let reasonBytes = 200

    /// The id of the request's object.
    package static func object(_ device: DeviceID, _ collection: CollectionName) -> String {
        "request:\(device.text):\(collection.text)"
    }

    /// The id of the object of the answer no.
    static func declineObject(_ device: DeviceID, _ collection: CollectionName) -> String {
        "decline:\(device.text):\(collection.text)"
    }

    /// Reads a request, and checks that its device signed it; nil unless it is one that stands where it belongs.
    package init?(object: String, _ bytes: [UInt8], of userID: UserID) {
        guard let message = Easysetup_Chain_V1_SignedRequest(inOneForm: bytes),
            let certificate = try? Certificate(bytes: message.certificate.plainBytes(), of: userID),
            certificate.isValid(signature: Array(message.signature), ChainLabel.request, Array(message.content)),
            let content = Easysetup_Chain_V1_RequestContent(inOneForm: Array(message.content)),
            let collection = try? CollectionName(content.collection), content.reason.utf8.count <= Self.reasonBytes,
            1...RecordTime.greatest ~= content.time,
            object.isSameText(Self.object(certificate.device, collection))
        else { return nil }
        self.certificate = certificate
        device = certificate.device
        self.collection = collection
        mayWrite = content.mayWrite
        reason = content.reason
        time = content.time
    }

    /// Makes the bytes of a request.
    package static func bytes(
        _ collection: CollectionName,
        mayWrite: Bool,
        reason: String,
        time: UInt64,
        by membership: Membership
    ) -> [UInt8] {
        let content = Easysetup_Chain_V1_RequestContent.with {
            $0.collection = collection.text
            $0.mayWrite = mayWrite
            $0.reason = reason
            $0.time = time
        }.plainBytes()
        return Easysetup_Chain_V1_SignedRequest.with {
            $0.content = Data(content)
            $0.signature = Data(membership.deviceKeys.signature(ChainLabel.request, content))
            $0.certificate = membership.certificate.message
        }.plainBytes()
    }

    // MARK: The answer no

    /// The bytes of the answer no to this request.
    package func decline(_ seed: SyncSeed) -> [UInt8] {
        let content = Easysetup_Chain_V1_DeclineContent.with {
            $0.device = Data(device.bytes)
            $0.collection = collection.text
            $0.time = time
        }.plainBytes()
        return Easysetup_Chain_V1_Decline.with {
            $0.content = Data(content)
            $0.signature = Data(seed.chainSignature(for: ChainLabel.signed(ChainLabel.decline, content)))
        }.plainBytes()
    }

    /// Whether an answer no is signed by the seed's key and for this request or a later one.
    package func isDeclined(by bytes: [UInt8]) -> Bool {
        guard let message = Easysetup_Chain_V1_Decline(inOneForm: bytes),
            certificate.userID.isValid(
                signature: Array(message.signature),
                for: ChainLabel.signed(ChainLabel.decline, Array(message.content))
            ), let content = Easysetup_Chain_V1_DeclineContent(inOneForm: Array(message.content))
        else { return false }
        return Array(content.device) == device.bytes && content.collection.isSameText(collection.text)
            && content.time >= time
    }
}
