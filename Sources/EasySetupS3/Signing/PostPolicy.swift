import EasySetupPairingSession

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The policy of a form that creates empty objects below a prefix of a bucket.
package struct PostPolicy: Sendable {
    /// The bucket.
    package let bucket: String
    /// The text with which the names of the objects begin. It ends with a slash, so that no prefix is the beginning of
    /// another.
    package let prefix: String
    /// The end of the form in seconds since 1970.
    package let ends: Int

    /// Makes a policy from its parts.
    package init(bucket: String, prefix: String, ends: Int) {
        self.bucket = bucket
        self.prefix = prefix
        self.ends = ends
    }

    /// Signs the policy.
    ///
    /// - Parameters:
    ///   - keys: the keys of an identity. Forms of a session are refused by SeaweedFS, and lost by Ceph 16.
    ///   - seconds: the time of the signature in seconds since 1970.
    package func form(_ keys: S3Keys, region: String, at seconds: Int) -> S3Form {
        let signer = SigV4(keys, region: region)
        let time = SigV4.time(seconds)
        let credential = signer.credential(time)
        let policy = Data(text(credential: credential, time: time).utf8).base64EncodedString()
        return S3Form(
            policy: policy,
            credential: credential,
            date: time,
            signature: S3Secret(signer.signature(of: policy, time: time))
        )
    }

    /// The policy as JSON. A field of the form that no condition names is refused, so there is a condition for each.
    func text(credential: String, time: String) -> String {
        let conditions = [
            "{\"bucket\":\(Self.quoted(bucket))}", "[\"starts-with\",\"$key\",\(Self.quoted(prefix))]",
            "[\"content-length-range\",0,0]", "{\"x-amz-algorithm\":\"\(SigV4.algorithm)\"}",
            "{\"x-amz-credential\":\(Self.quoted(credential))}", "{\"x-amz-date\":\"\(time)\"}",
        ]
        return "{\"expiration\":\"\(Self.expiration(ends))\",\"conditions\":[\(conditions.joined(separator: ","))]}"
    }

    /// A time in the form of ISO 8601 that policies have: `2015-08-30T12:36:00.000Z`.
    private static func expiration(_ seconds: Int) -> String {
        let time = Array(SigV4.time(seconds))
        func part(_ range: Range<Int>) -> String { String(time[range]) }
        return "\(part(0..<4))-\(part(4..<6))-\(part(6..<11)):\(part(11..<13)):\(part(13..<15)).000Z"
    }

    /// A text as a string of JSON (RFC 8259, section 7).
    private static func quoted(_ text: String) -> String {
        var quoted = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": quoted += "\\\(scalar)"
            case "\u{0}"..."\u{1F}": quoted += "\\u00" + SigV4.hex([UInt8(scalar.value)])
            default: quoted.unicodeScalars.append(scalar)
            }
        }
        return quoted + "\""
    }
}
