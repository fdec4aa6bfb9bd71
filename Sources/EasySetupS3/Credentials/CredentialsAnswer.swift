/// The body of the answer to a request for credentials, as JSON (`Protocol/credentials.md`, "The answer"). It holds
/// secrets, so it has no description and is not logged.
package struct CredentialsAnswer: Codable, Sendable {
    /// A form that creates empty objects below its prefix.
    package struct Form: Codable, Sendable {
        /// The text with which the names of the objects begin; it ends with a slash.
        package let prefix: String
        /// The fields of the form in their order, without the object's name and the body.
        package let fields: [Field]

        /// Makes a form from its parts.
        package init(prefix: String, fields: [Field]) {
            self.prefix = prefix
            self.fields = fields
        }
    }

    /// A field of a form.
    package struct Field: Codable, Sendable {
        /// The field's name.
        package let name: String
        /// The field's value.
        package let value: String

        /// Makes a field from its parts.
        package init(name: String, value: String) {
            self.name = name
            self.value = value
        }
    }

    /// The address of the store, without a path.
    package let endpoint: String
    /// The region of signatures.
    package let region: String
    /// The bucket.
    package let bucket: String
    /// The prefix of the chain: `1/`, its user id and a slash.
    package let prefix: String
    /// The access key of the session.
    package let accessKey: String
    /// The secret of the session.
    package let secretKey: String
    /// The token that the session's requests carry.
    package let sessionToken: String
    /// The forms for writing: one for a member with the seed, one for each collection that a device may write.
    package let forms: [Form]
    /// Whether the chain has used up its quota of objects. A form is then one to clean up.
    package let isFull: Bool
    /// When the session and the forms end, in seconds since 1970.
    package let ends: Int
    /// The service's time in seconds since 1970.
    package let time: Int

    /// Makes an answer from its parts.
    package init(
        endpoint: String,
        region: String,
        bucket: String,
        prefix: String,
        accessKey: String,
        secretKey: String,
        sessionToken: String,
        forms: [Form],
        isFull: Bool,
        ends: Int,
        time: Int
    ) {
        self.endpoint = endpoint
        self.region = region
        self.bucket = bucket
        self.prefix = prefix
        self.accessKey = accessKey
        self.secretKey = secretKey
        self.sessionToken = sessionToken
        self.forms = forms
        self.isFull = isFull
        self.ends = ends
        self.time = time
    }

    private enum CodingKeys: String, CodingKey {
        case endpoint, region, bucket, prefix, forms, ends, time
        case accessKey = "access_key"
        case secretKey = "secret_key"
        case sessionToken = "session_token"
        case isFull = "full"
    }
}

extension CredentialsAnswer: CustomStringConvertible, CustomReflectable {
    package var description: String { "CredentialsAnswer" }
    package var customMirror: Mirror { Mirror(self, children: [:]) }
}
