/// The code of a store's or of STS's answer that reports an error.
///
/// AWS writes `<Error>` for S3 and `<ErrorResponse><Error>` for STS, SeaweedFS both for STS, Ceph `<Error>` for all. The
/// message is not kept: it may say anything.
package struct ErrorAnswer: Equatable, Sendable {
    /// The code, such as `AccessDenied`.
    package let code: String

    /// Finds the code; nil if the answer reports no error, or is no XML.
    package init?(_ bytes: [UInt8]) {
        var code: String?
        do throws(XMLFault) {
            try XMLScanner.read(bytes) { (path, text) throws(XMLFault) in
                if path == ["Error", "Code"] || path == ["ErrorResponse", "Error", "Code"] { code = text }
            }
        } catch {
            return nil
        }
        guard let code, Self.isCode(code) else { return nil }
        self.code = code
    }

    /// Whether a text can be a code, so that it may be shown: 1 to 64 letters, digits and dots.
    static func isCode(_ text: String) -> Bool {
        (1...64).contains(text.utf8.count)
            && text.utf8.allSatisfy { byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."):
                    true
                default: false
                }
            }
    }
}
