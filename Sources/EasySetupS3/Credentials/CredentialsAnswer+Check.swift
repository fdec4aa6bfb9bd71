import EasySetupChain
import EasySetupSeed

extension CredentialsAnswer {
    /// The beginning of the names of a chain's objects.
    static func prefix(of user: UserID) -> String { "1/\(Base64URL.text(user.bytes))/" }

    /// The credentials of an answer, if a device may use them (`Protocol/credentials.md`, "The answer").
    ///
    /// - Parameters:
    ///   - user: the chain.
    ///   - allowsPlain: whether a store on another machine may be reached without TLS.
    ///   - longest: the longest time in seconds for which credentials may count.
    func credentials(
        of user: UserID,
        allowsPlain: Bool,
        longest: Int
    ) throws(ServiceFault.Answer) -> S3Credentials {
        guard prefix == Self.prefix(of: user), forms.allSatisfy({ Self.isBelow(prefix, $0.prefix) }) else {
            throw .prefix
        }
        guard (0...Self.lastSecond).contains(time), (0...Self.lastSecond).contains(ends),
            (1...longest).contains(ends - time)
        else { throw .times }
        guard let address = S3Address(endpoint: endpoint, region: region, bucket: bucket, allowsPlain: allowsPlain)
        else { throw .endpoint }
        guard Self.isText(accessKey, 128), Self.isText(secretKey, 256), Self.isText(sessionToken, 16_384)
        else { throw .keys }
        var signed: [S3Credentials.PrefixedForm] = []
        for form in forms {
            guard let fields = form.signed else { throw .keys }
            signed.append(S3Credentials.PrefixedForm(prefix: form.prefix, form: fields))
        }
        let keys = S3Keys(
            accessKey: accessKey,
            secret: S3Secret(secretKey),
            sessionToken: S3Secret(sessionToken)
        )
        return S3Credentials(keys: keys, forms: signed, ends: ends, address: address, isFull: isFull)
    }

    /// The last second of the year 9999.
    static let lastSecond = 253_402_300_799

    /// Whether a form's prefix is that of the chain or of a part of it. By bytes: strings compare as equal what a store
    /// tells apart.
    private static func isBelow(_ prefix: String, _ form: String) -> Bool {
        form.utf8.starts(with: prefix.utf8) && form.utf8.last == UInt8(ascii: "/") && isText(form, 1_024)
    }

    /// Whether a text can stand in a header and in a form: 1 to `most` printable characters of ASCII.
    fileprivate static func isText(_ text: String, _ most: Int) -> Bool {
        (1...most).contains(text.utf8.count) && text.utf8.allSatisfy { (0x21...0x7E).contains($0) }
    }
}

extension CredentialsAnswer.Form {
    /// The fields; nil if one lacks, is twice there or can't be sent, or if the form is signed in another way than signature
    /// version 4.
    fileprivate var signed: S3Form? {
        let values = Dictionary(fields.map { ($0.name, $0.value) }) { first, _ in first }
        guard fields.count == 5, values.count == 5, values["x-amz-algorithm"] == SigV4.algorithm,
            let policy = values["policy"], let credential = values["x-amz-credential"],
            let date = values["x-amz-date"], let signature = values["x-amz-signature"],
            [policy, credential, date, signature].allSatisfy({ CredentialsAnswer.isText($0, 16_384) })
        else { return nil }
        return S3Form(policy: policy, credential: credential, date: date, signature: S3Secret(signature))
    }
}
