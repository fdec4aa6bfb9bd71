/// Why the service does not do what a request asks (`Protocol/credentials.md`, "Problems").
package struct Refusal: Error, Hashable, Sendable {
    /// The kinds of refusals. The raw value is the last part of the `type` of the problem details (RFC 9457).
    package enum Code: String, Hashable, Sendable, CaseIterable {
        case badRequest = "bad-request"
        case badBody = "bad-body"
        case badUserID = "bad-user-id"
        case notFound = "not-found"
        case methodNotAllowed = "method-not-allowed"
        case bodyTooLarge = "body-too-large"
        case wrongContent = "wrong-content"
        case wrongHost = "wrong-host"
        case wrongTarget = "wrong-target"
        case wrongClock = "wrong-clock"
        case badSignature = "bad-signature"
        case badCertificate = "bad-certificate"
        case certificateEnded = "certificate-ended"
        case deviceRevoked = "device-revoked"
        case seedNeeded = "seed-needed"
        case nonceUsed = "nonce-used"
        case unknownChain = "unknown-chain"
        case registrationClosed = "registration-closed"
        case invitationNeeded = "invitation-needed"
        case accountDeleted = "account-deleted"
        case tooManyCollections = "too-many-collections"
        case tooManyRevocations = "too-many-revocations"
        case tooMany = "too-many"
        case noNode = "no-node"
        case storeFailed = "store-failed"
        case busy
    }

    /// The kind of the refusal.
    package let code: Code
    /// The time in seconds after which a retry may help; nil when it does not help, or at once.
    package let retryAfter: Int?
    /// The service's time in seconds since 1970, told with ``Code/wrongClock``.
    package let time: Int?
    /// How many there may be at most, told with ``Code/tooManyCollections`` and ``Code/tooManyRevocations``.
    package let most: Int?
    /// The methods that there are, told with ``Code/methodNotAllowed``.
    package let allow: String?

    /// Makes a refusal.
    package init(_ code: Code, retryAfter: Int? = nil, time: Int? = nil, most: Int? = nil, allow: String? = nil) {
        self.code = code
        self.retryAfter = retryAfter
        self.time = time
        self.most = most
        self.allow = allow
    }

    /// The beginning of the `type` of the problem details.
    package static let typePrefix = "urn:easysetup:problem:"

    /// The body of the answer: problem details (RFC 9457). Nothing in it comes from a stranger, so nothing is escaped.
    package var problem: String {
        let more = [("time", time), ("most", most)].compactMap { name, value in value.map { ",\"\(name)\":\($0)" } }
        return
            #"{"type":"\#(Self.typePrefix)\#(code.rawValue)","title":"\#(code.title)","status":\#(code.status)\#(more.joined())}"#
    }
}

extension Refusal.Code {
    /// The HTTP status.
    package var status: Int {
        switch self {
        case .badRequest, .badBody, .badUserID, .wrongTarget: 400
        case .wrongClock, .badSignature, .nonceUsed: 401
        case .badCertificate, .certificateEnded, .deviceRevoked, .seedNeeded, .registrationClosed, .invitationNeeded,
            .tooManyCollections, .tooManyRevocations:
            403
        case .notFound, .unknownChain: 404
        case .methodNotAllowed: 405
        case .accountDeleted: 410
        case .bodyTooLarge: 413
        case .wrongContent: 415
        case .wrongHost: 421
        case .tooMany: 429
        case .storeFailed: 502
        case .noNode, .busy: 503
        }
    }

    /// One sentence for people.
    package var title: String {
        switch self {
        case .badRequest: "The request does not parse."
        case .badBody: "The signed request does not parse."
        case .badUserID: "The user id in the path is not 32 bytes in base64url without padding."
        case .notFound: "There is nothing here."
        case .methodNotAllowed: "Use a method that Allow names."
        case .bodyTooLarge: "The body is too large."
        case .wrongContent: "Send application/octet-stream, as it is."
        case .wrongHost: "The request is signed for another host."
        case .wrongTarget: "The request is signed for another method or path."
        case .wrongClock: "The device's clock differs too much from the service's. Sign again with the service's time."
        case .badSignature: "The signature is not that of the user id or of the device."
        case .badCertificate: "The certificate is not one of this chain."
        case .certificateEnded: "The certificate has ended. A device with the seed can make a new one."
        case .deviceRevoked: "This device was removed from its chain."
        case .seedNeeded: "Only a device with the seed may do this."
        case .nonceUsed: "This request was here before. Sign a new one."
        case .unknownChain: "This service does not know the chain. A device with the seed registers it."
        case .registrationClosed: "This service takes no new chains."
        case .invitationNeeded: "This service takes a new chain only with an invitation that nobody has used."
        case .accountDeleted: "The account of this chain was deleted."
        case .tooManyCollections: "The certificate names more collections than fit into one session."
        case .tooManyRevocations: "This chain has revoked too many devices. A new seed begins anew."
        case .tooMany: "There were too many requests."
        case .noNode: "No store has a place for another chain."
        case .storeFailed: "The store gave no credentials."
        case .busy: "The service has too much to do."
        }
    }
}
