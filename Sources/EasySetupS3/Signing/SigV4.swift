import Crypto
import EasySetupPairingSession

/// AWS's signature, version 4: in the headers of requests to S3 and STS, and in POST policies.
///
/// `docs/decisions/sigv4.md` says why it is written here. The rules are those of AWS's "Signature Version 4 signing
/// process", with S3's own: the path is encoded once, and nothing in it is normalised.
package struct SigV4: Sendable {
    /// The name of the algorithm in headers and forms.
    package static let algorithm = "AWS4-HMAC-SHA256"

    private let keys: S3Keys
    private let region: String
    private let service: String

    /// - Parameter service: `s3` or `sts`.
    package init(_ keys: S3Keys, region: String, service: String = "s3") {
        self.keys = keys
        self.region = region
        self.service = service
    }

    /// A request that is to be signed. All texts in it are plain, without percent-encoding.
    package struct Request: Sendable {
        /// The method, such as `GET`.
        package var method: String
        /// The value of the header `Host`.
        package var host: String
        /// The path, which begins with a slash. Of a service other than S3 it must be `/`: their paths would be encoded
        /// twice.
        package var path: String
        /// The names and values of the query.
        package var query: [(name: String, value: String)]
        /// The headers that are signed, besides `Host` and those that the signature adds.
        package var headers: [(name: String, value: String)]
        /// The body.
        package var body: [UInt8]

        /// Makes a request from its parts.
        package init(
            method: String,
            host: String,
            path: String,
            query: [(name: String, value: String)] = [],
            headers: [(name: String, value: String)] = [],
            body: [UInt8] = []
        ) {
            self.method = method
            self.host = host
            self.path = path
            self.query = query
            self.headers = headers
            self.body = body
        }
    }

    /// A signed request, as it is sent.
    package struct Signed: Sendable {
        /// The target of the request line: path and query, percent-encoded.
        package let target: String
        /// The headers besides `Host`: those of the request and those of the signature.
        package let headers: [(name: String, value: String)]
        /// The canonical request, whose digest is signed. It contains the session token.
        let canonical: String
        /// The signature, in hex.
        let signature: String
    }

    /// Signs a request.
    ///
    /// - Parameter seconds: the time of the signature in seconds since 1970, by the store's clock. Stores refuse one
    ///   that is 15 minutes away from theirs.
    package func sign(_ request: Request, at seconds: Int) -> Signed {
        let time = Self.time(seconds)
        let digest = Self.hex(SHA256.hash(data: request.body))
        var headers = request.headers
        headers.append(("x-amz-date", time))
        if service == "s3" { headers.append(("x-amz-content-sha256", digest)) }
        if let token = keys.sessionToken { headers.append(("x-amz-security-token", token.revealed())) }
        let (canonicalHeaders, names) = Self.canonical(headers + [("host", request.host)])
        let path = PercentEncoding.path(request.path)
        let query = Self.canonical(query: request.query)
        let canonical = [request.method, path, query, canonicalHeaders, names, digest].joined(separator: "\n")
        let toSign = [Self.algorithm, time, scope(time), Self.hex(SHA256.hash(data: Array(canonical.utf8)))]
        let signature = signature(of: toSign.joined(separator: "\n"), time: time)
        headers.append(
            (
                "Authorization",
                "\(Self.algorithm) Credential=\(credential(time)), SignedHeaders=\(names), Signature=\(signature)"
            )
        )
        return Signed(
            target: query.isEmpty ? path : "\(path)?\(query)",
            headers: headers,
            canonical: canonical,
            signature: signature
        )
    }

    /// The access key and the scope of signatures of this day, as headers and forms name them.
    package func credential(_ time: String) -> String { "\(keys.accessKey)/\(scope(time))" }

    /// The signature of a text, in hex: of the text to sign of a request, or of a POST policy in base64.
    ///
    /// - Parameter time: the time in the form of ``time(_:)``, whose day is in the key.
    package func signature(of text: String, time: String) -> String {
        var key = keys.secret.signingRoot
        for part in [String(time.prefix(8)), region, service, "aws4_request"] {
            key = SymmetricKey(data: HMAC<SHA256>.authenticationCode(for: Array(part.utf8), using: key))
        }
        return Self.hex(HMAC<SHA256>.authenticationCode(for: Array(text.utf8), using: key))
    }

    /// A time in seconds since 1970 as signatures write it: `20150830T123600Z`.
    package static func time(_ seconds: Int) -> String {
        let day = (seconds >= 0 ? seconds : seconds - 86_399) / 86_400
        let ofDay = seconds - day * 86_400
        let date = Calendar.date(day)
        return padded(date.year, 4) + padded(date.month, 2) + padded(date.day, 2) + "T" + padded(ofDay / 3_600, 2)
            + padded(ofDay / 60 % 60, 2) + padded(ofDay % 60, 2) + "Z"
    }

    static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }

    private func scope(_ time: String) -> String { "\(time.prefix(8))/\(region)/\(service)/aws4_request" }

    /// The headers in the order of their names, each with its values trimmed, and the list of their names.
    private static func canonical(_ headers: [(name: String, value: String)]) -> (headers: String, names: String) {
        let groups = Dictionary(grouping: headers) { $0.name.lowercased() }.sorted { $0.key < $1.key }
        let lines = groups.map { name, headers in
            let values = headers.map { $0.value.split { $0.isWhitespace }.joined(separator: " ") }
            return "\(name):\(values.joined(separator: ","))\n"
        }
        return (lines.joined(), groups.map(\.key).joined(separator: ";"))
    }

    /// The query with all names and values encoded, in the order of the encoded bytes.
    private static func canonical(query: [(name: String, value: String)]) -> String {
        query.map { (PercentEncoding.component($0.name), PercentEncoding.component($0.value)) }
            .sorted { ($0.0, $0.1) < ($1.0, $1.1) }
            .map { "\($0.0)=\($0.1)" }
            .joined(separator: "&")
    }

    static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }
}
