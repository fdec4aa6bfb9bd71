package import EasySetupS3

/// Where a node is, and the keys of the two identities that the service has there.
package struct NodeAccess: Sendable {
    /// The call by which STS gives sessions.
    package enum Call: Hashable, Sendable {
        /// GetFederationToken: to 36 h. AWS and SeaweedFS have it.
        case federation
        /// AssumeRole, with the role's ARN: to 12 h.
        case role(String)

        /// The longest session in seconds.
        package var longest: Int {
            switch self {
            case .federation: 129_600
            case .role: 43_200
            }
        }
    }

    /// The name that the operator gave the node.
    package let name: String
    /// The bucket.
    package let address: S3Address
    /// The address of STS, without a path; mostly the store's own.
    package let sts: String
    /// The call by which STS gives sessions.
    package let call: Call
    /// The identity that may ask for sessions, and bounds what they can do.
    package let broker: S3Keys
    /// The identity that signs forms, and may write objects alone.
    package let poster: S3Keys

    /// Makes an access from its parts.
    package init(name: String, address: S3Address, sts: String, call: Call, broker: S3Keys, poster: S3Keys) {
        self.name = name
        self.address = address
        self.sts = sts
        self.call = call
        self.broker = broker
        self.poster = poster
    }

    /// The shortest session in seconds, at every store.
    package static let shortest = 900

    /// Host and port of STS, as the header `Host` has them.
    var stsAuthority: String { String(sts.drop { $0 != "/" }.drop { $0 == "/" }) }
}
