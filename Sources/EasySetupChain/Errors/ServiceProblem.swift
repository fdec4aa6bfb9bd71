/// The problems that a service for credentials tells (`Protocol/credentials.md`, "Problems"). The raw value is the last part
/// of the `type` of the problem details (RFC 9457).
package enum ServiceProblem: String, Hashable, Sendable, CaseIterable {
    case badRequest = "bad-request"
    case badBody = "bad-body"
    case badUserID = "bad-user-id"
    case wrongTarget = "wrong-target"
    case wrongClock = "wrong-clock"
    case badSignature = "bad-signature"
    case nonceUsed = "nonce-used"
    case badCertificate = "bad-certificate"
    case certificateEnded = "certificate-ended"
    case deviceRevoked = "device-revoked"
    case seedNeeded = "seed-needed"
    case registrationClosed = "registration-closed"
    case invitationNeeded = "invitation-needed"
    case tooManyCollections = "too-many-collections"
    case tooManyRevocations = "too-many-revocations"
    case notFound = "not-found"
    case unknownChain = "unknown-chain"
    case methodNotAllowed = "method-not-allowed"
    case accountDeleted = "account-deleted"
    case bodyTooLarge = "body-too-large"
    case wrongContent = "wrong-content"
    case wrongHost = "wrong-host"
    case tooMany = "too-many"
    case storeFailed = "store-failed"
    case noNode = "no-node"
    case busy

    /// The beginning of the `type` of the problem details.
    package static let typePrefix = "urn:easysetup:problem:"

    /// Whether the same request, signed anew, may succeed later without any change on this device.
    package var retryHelps: Bool {
        switch self {
        case .tooMany, .storeFailed, .noNode, .busy, .unknownChain: true
        default: false
        }
    }
}
