/// The signed fields of a form with which a browser or a device creates objects without keys of its own (S3's POST
/// Object). Whoever has them can write what the policy allows, so the signature is a secret.
public struct S3Form: Sendable {
    /// The policy in base64: where objects may be created, how long, and how large they may be.
    public let policy: String
    /// The access key and scope of the signature.
    public let credential: String
    /// The time of the signature, such as `20150830T123600Z`.
    public let date: String
    /// The signature of the policy, in hex.
    public let signature: S3Secret

    /// Makes a form from its parts.
    public init(policy: String, credential: String, date: String, signature: S3Secret) {
        self.policy = policy
        self.credential = credential
        self.date = date
        self.signature = signature
    }

    /// The names and values of the form's fields, without the object's name and body.
    package var fields: [(name: String, value: String)] {
        [
            ("policy", policy), ("x-amz-algorithm", SigV4.algorithm), ("x-amz-credential", credential),
            ("x-amz-date", date), ("x-amz-signature", signature.revealed()),
        ]
    }
}
