/// The keys with which a caller signs requests to a store: those of an identity, or those of a session.
public struct S3Keys: Sendable {
    /// The public name of the secret.
    public let accessKey: String
    /// The secret of the signatures.
    public let secret: S3Secret
    /// The token that a session's requests carry; nil for the keys of an identity.
    public let sessionToken: S3Secret?

    /// Makes keys from their parts.
    public init(accessKey: String, secret: S3Secret, sessionToken: S3Secret? = nil) {
        self.accessKey = accessKey
        self.secret = secret
        self.sessionToken = sessionToken
    }
}
