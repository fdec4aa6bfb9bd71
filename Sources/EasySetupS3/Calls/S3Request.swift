import Crypto
import EasySetupChain

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// An HTTP request to a store.
struct S3Request: Sendable {
    let method: String
    /// Path and query, percent-encoded.
    let target: String
    /// All headers, `Host` among them.
    let headers: [(name: String, value: String)]
    let body: [UInt8]
}

/// The requests to one bucket, with the bucket's name in their path: not every store has a host name for each bucket.
struct S3Requests: Sendable {
    let address: S3Address

    /// Creates an empty object: by a form where there are some, or else by PUT. Nil if no form is for this name.
    func put(_ name: String, _ credentials: S3Credentials, at seconds: Int) -> S3Request? {
        guard let forms = credentials.forms else { return signed("PUT", name, credentials, at: seconds) }
        // By bytes: strings compare as equal what a store tells apart.
        guard let form = forms.first(where: { name.utf8.starts(with: $0.prefix.utf8) })?.form else { return nil }
        let fields = [("key", name)] + form.fields
        let boundary = Self.boundary(for: fields.map(\.1))
        var text = ""
        for (name, value) in fields {
            text += "--\(boundary)\r\nContent-Disposition: form-data; name=\"\(name)\"\r\n\r\n\(value)\r\n"
        }
        // Every field behind the file is ignored, so it is the last.
        text +=
            "--\(boundary)\r\nContent-Disposition: form-data; name=\"file\"; filename=\"0\"\r\n\r\n\r\n--\(boundary)--\r\n"
        let body = Array(text.utf8)
        return S3Request(
            method: "POST",
            target: PercentEncoding.path("/\(address.bucket)"),
            headers: [
                ("Host", address.authority), ("Content-Type", "multipart/form-data; boundary=\(boundary)"),
                ("Content-Length", "\(body.count)"),
            ],
            body: body
        )
    }

    /// Lists objects (ListObjectsV2). Names come percent-encoded, because XML can't have every character.
    func list(
        prefix: String,
        after: String?,
        limit: Int,
        _ credentials: S3Credentials,
        at seconds: Int
    ) -> S3Request {
        var query = [("list-type", "2"), ("encoding-type", "url"), ("max-keys", "\(limit)"), ("prefix", prefix)]
        if let after { query.append(("start-after", after)) }
        return signed("GET", nil, query: query, credentials, at: seconds)
    }

    /// Deletes objects (DeleteObjects). The answer names those alone that are not deleted.
    func delete(_ names: [String], _ credentials: S3Credentials, at seconds: Int) -> S3Request {
        var text = "<?xml version=\"1.0\" encoding=\"UTF-8\"?>"
        text += "<Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\"><Quiet>true</Quiet>"
        for name in names { text += "<Object><Key>\(Self.escaped(name))</Key></Object>" }
        text += "</Delete>"
        let body = Array(text.utf8)
        let digest = Data(Insecure.MD5.hash(data: body)).base64EncodedString()
        return signed(
            "POST",
            nil,
            query: [("delete", "")],
            headers: [("Content-MD5", digest), ("Content-Type", "application/xml")],
            body: body,
            credentials,
            at: seconds
        )
    }

    /// Deletes one object (DeleteObject).
    func delete(_ name: String, _ credentials: S3Credentials, at seconds: Int) -> S3Request {
        signed("DELETE", name, credentials, at: seconds)
    }

    private func signed(
        _ method: String,
        _ name: String?,
        query: [(name: String, value: String)] = [],
        headers: [(name: String, value: String)] = [],
        body: [UInt8] = [],
        _ credentials: S3Credentials,
        at seconds: Int
    ) -> S3Request {
        let request = SigV4.Request(
            method: method,
            host: address.authority,
            path: "/\(address.bucket)" + (name.map { "/\($0)" } ?? ""),
            query: query,
            headers: headers,
            body: body
        )
        let signed = SigV4(credentials.keys, region: address.region).sign(request, at: seconds)
        let length = method == "GET" || method == "DELETE" ? [] : [("Content-Length", "\(body.count)")]
        return S3Request(
            method: method,
            target: signed.target,
            headers: [("Host", address.authority)] + signed.headers + length,
            body: body
        )
    }

    /// A text that is in none of the values (RFC 2046, section 5.1.1).
    private static func boundary(for values: [String]) -> String {
        var boundary = "easysetup-form"
        while values.contains(where: { $0.contains(boundary) }) { boundary += "-" }
        return boundary
    }

    private static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
    }

    /// Whether every store that is known takes a name, and keeps it as it is: SeaweedFS and MinIO fold `//`, SeaweedFS
    /// makes a slash of a backslash, both refuse dots for a part of a name, and forms replace `${filename}`.
    static func takes(_ name: String, limits: ObjectStoreLimits) -> Bool {
        guard (1...limits.nameBytes).contains(name.utf8.count), !name.contains("${filename}"), isPrintable(name),
            !name.utf8.contains(UInt8(ascii: "\\"))
        else { return false }
        return name.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).allSatisfy { part in
            (1...limits.segmentBytes).contains(part.count) && !part.elementsEqual(".".utf8)
                && !part.elementsEqual("..".utf8)
        }
    }

    /// Whether XML can have all characters of a name (XML 1.0, section 2.2, without the controls that readers change).
    static func isPrintable(_ name: String) -> Bool {
        name.unicodeScalars.allSatisfy { $0.value >= 0x20 && $0.value != 0x7F && $0.value & 0xFFFE != 0xFFFE }
    }
}
