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

    /// Makes credentials from their parts.
    public init(keys: S3Keys, forms: [PrefixedForm]?, ends: Int?) {
        self.keys = keys
        self.forms = forms
        self.ends = ends
    }
}

/// A source of credentials, such as a credentials service.
public protocol S3CredentialsSource: Sendable {
    /// New credentials. ``S3Store`` asks when it has none, when they are about to end, and once for a call that the
    /// store has refused. It makes one call at a time.
    func credentials() async throws(ObjectStoreError) -> S3Credentials
}

extension S3Credentials {
    /// The credentials in a service's answer (`Protocol/credentials.md`, "The answer"). Nil if a form lacks a field, or is
    /// signed in another way than signature version 4.
    package init?(_ answer: CredentialsAnswer) {
        var forms: [PrefixedForm] = []
        for form in answer.forms {
            let values = Dictionary(form.fields.map { ($0.name, $0.value) }) { first, _ in first }
            guard values["x-amz-algorithm"] == SigV4.algorithm, values.count == 5, let policy = values["policy"],
                let credential = values["x-amz-credential"], let date = values["x-amz-date"],
                let signature = values["x-amz-signature"]
            else { return nil }
            let signed = S3Form(policy: policy, credential: credential, date: date, signature: S3Secret(signature))
            forms.append(PrefixedForm(prefix: form.prefix, form: signed))
        }
        let keys = S3Keys(
            accessKey: answer.accessKey,
            secret: S3Secret(answer.secretKey),
            sessionToken: S3Secret(answer.sessionToken)
        )
        self.init(keys: keys, forms: forms, ends: answer.ends)
    }
}
