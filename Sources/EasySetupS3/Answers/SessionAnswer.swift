/// The keys in an answer of STS to GetFederationToken or AssumeRole.
package struct SessionAnswer: Sendable {
    /// The keys of the session.
    package let keys: S3Keys
    /// The end of the session in seconds since 1970.
    package let ends: Int

    /// Reads an answer; nil if it is none with whole credentials.
    package init?(_ bytes: [UInt8]) {
        var values: [String: String] = [:]
        do throws(XMLFault) {
            try XMLScanner.read(bytes) { (path, text) throws(XMLFault) in
                if path.count == 4, path[2] == "Credentials", path[1].hasSuffix("Result") { values[path[3]] = text }
            }
        } catch {
            return nil
        }
        guard let accessKey = values["AccessKeyId"], let secret = values["SecretAccessKey"],
            let token = values["SessionToken"], !accessKey.isEmpty, !secret.isEmpty, !token.isEmpty,
            let ends = values["Expiration"].flatMap(StoreTimestamp.milliseconds)
        else { return nil }
        keys = S3Keys(accessKey: accessKey, secret: S3Secret(secret), sessionToken: S3Secret(token))
        self.ends = Int(ends / 1_000)
    }
}
