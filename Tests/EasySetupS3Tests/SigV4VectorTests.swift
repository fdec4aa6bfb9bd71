import Crypto
import Foundation
import Testing

@testable import EasySetupS3

/// AWS's published test suite.
@Suite("Vectors of signature version 4")
struct SigV4VectorTests {
    struct Vectors: Decodable {
        let cases: [Case]
    }

    struct Case: Decodable, CustomTestStringConvertible {
        let name: String
        let context: Context
        let request: String
        let canonical: String
        let stringToSign: String
        let signature: String

        var testDescription: String { name }
    }

    struct Context: Decodable {
        let credentials: Credentials
        let region: String
        let service: String
        let timestamp: Date
        let sign_body: Bool
        let omit_session_token: Bool?
    }

    struct Credentials: Decodable {
        let access_key_id: String
        let secret_access_key: String
        let token: String?
    }

    static let cases: [Case] = {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Vectors/aws-sigv4.json")
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        return try! decoder.decode(Vectors.self, from: try! Data(contentsOf: file)).cases
    }()

    @Test("The suite has the 32 cases that no path is normalised in")
    func count() {
        #expect(Self.cases.count == 32)
    }

    @Test("Canonical request and signature are those of AWS", arguments: cases)
    func signature(_ vector: Case) throws {
        let context = vector.context
        let token = context.omit_session_token == true ? nil : context.credentials.token
        let keys = S3Keys(
            accessKey: context.credentials.access_key_id,
            secret: S3Secret(context.credentials.secret_access_key),
            sessionToken: token.map { S3Secret($0) }
        )
        let signer = SigV4(keys, region: context.region, service: context.service)
        let request = try self.request(vector.request, signsBody: context.sign_body)
        let signed = signer.sign(request, at: Int(context.timestamp.timeIntervalSince1970))
        #expect(signed.canonical == vector.canonical)
        #expect(signed.signature == vector.signature)
        let time = SigV4.time(Int(context.timestamp.timeIntervalSince1970))
        #expect(signer.signature(of: vector.stringToSign, time: time) == vector.signature)
        let header = try #require(signed.headers.first { $0.name == "Authorization" }).value
        #expect(header.hasSuffix("Signature=\(vector.signature)"))
    }

    /// Reads the text of a request, whose header values may go on in the next line.
    private func request(_ text: String, signsBody: Bool) throws -> SigV4.Request {
        let parts = text.split(separator: "\n\n", maxSplits: 1, omittingEmptySubsequences: false)
        var lines = parts[0].split(separator: "\n").map(String.init)
        let first = lines.removeFirst()
        let method = String(first.prefix { $0 != " " })
        let target = String(first.dropFirst(method.count + 1).dropLast(" HTTP/1.1".count))
        let question = target.firstIndex(of: "?")
        let query = question.map { target[target.index(after: $0)...].split(separator: "&") } ?? []
        var headers: [(name: String, value: String)] = []
        for line in lines {
            if line.hasPrefix(" "), let last = headers.popLast() {
                headers.append((last.name, last.value + "\n" + line))
            } else {
                let colon = try #require(line.firstIndex(of: ":"))
                headers.append((String(line[..<colon]), String(line[line.index(after: colon)...])))
            }
        }
        let host = try #require(headers.firstIndex { $0.name == "Host" })
        let body = Array((parts.count > 1 ? String(parts[1]) : "").utf8)
        let name = headers.remove(at: host).value
        if signsBody { headers.append(("x-amz-content-sha256", SigV4.hex(SHA256.hash(data: body)))) }
        return SigV4.Request(
            method: method,
            host: name,
            path: question.map { String(target[..<$0]) } ?? target,
            query: query.map { pair in
                let sides = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                    .map { $0.removingPercentEncoding ?? String($0) }
                return (sides[0], sides.count > 1 ? sides[1] : "")
            },
            headers: headers,
            body: body
        )
    }
}
