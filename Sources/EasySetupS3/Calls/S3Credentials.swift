public import EasySetupChain

/// The rights of a device in a bucket, for a time: keys for listing and deleting, and forms for creating objects.
public struct S3Credentials: Sendable {
    /// A form, and the text with which the names of its objects begin.
    public struct PrefixedForm: Sendable {
        /// The beginning of the names, which ends with a slash.
        public let prefix: String
        /// The form.
        public let form: S3Form

        /// Makes a form for a prefix.
        public init(prefix: String, form: S3Form) {
            self.prefix = prefix
            self.form = form
        }
    }

    /// The keys of the session.
    public let keys: S3Keys
    /// The forms by which objects are created, each below its prefix; nil where the keys may create objects themselves.
    /// A name below none of the prefixes may not be written.
    public let forms: [PrefixedForm]?
    /// The end of the keys and the form in seconds since 1970, by the store's clock; nil for keys that do not end.
    public let ends: Int?
    /// The bucket in which these credentials count; nil where that is known without them.
    public let address: S3Address?
    /// Whether the chain has more objects than it may. Then there is no form, and objects can only be listed and deleted.
    public let isFull: Bool

    /// Makes credentials from their parts.
    public init(
        keys: S3Keys,
        forms: [PrefixedForm]?,
        ends: Int?,
        address: S3Address? = nil,
        isFull: Bool = false
    ) {
        self.keys = keys
        self.forms = forms
        self.ends = ends
        self.address = address
        self.isFull = isFull
    }
}

/// A source of credentials, such as a ``CredentialsClient``.
public protocol S3CredentialsSource: Sendable {
    /// New credentials. ``S3Store`` asks when it has none, when they are about to end, and once for a call that the
    /// store has refused. It makes one call at a time.
    func credentials() async throws(ObjectStoreError) -> S3Credentials
}
