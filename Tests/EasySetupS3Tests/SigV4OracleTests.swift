import EasySetupS3
import Foundation
import SeededRandom
import TestSupport
import Testing

@testable import EasySetupS3

/// The same requests, signed by botocore.
@Suite("Signatures against botocore")
struct SigV4OracleTests {
    struct Question: Encodable {
        let service: String
        let region: String
        let accessKey: String
        let secret: String
        let token: String?
        let time: Int
        let method: String
        let host: String
        let path: String
        let query: [[String]]
        let headers: [[String]]
        let body: String
        let policy: String

        init(_ random: inout SplitMix) {
            func text(_ count: ClosedRange<Int>, of pool: String = Self.awkward) -> String {
                String((0..<Int.random(in: count, using: &random)).map { _ in random.pick(Array(pool))! })
            }
            service = random.once(in: 4) ? "sts" : "s3"
            region = random.pick(["us-east-1", "eu-central-2", "here"])!
            accessKey = text(16...20, of: Self.plain)
            secret = text(20...60, of: Self.plain + "/+")
            token = random.once(in: 2) ? text(1...400, of: Self.plain + "/+=.") : nil
            time = Int.random(in: 0..<4_102_444_800, using: &random)
            method = random.pick(["GET", "PUT", "POST", "DELETE", "HEAD"])!
            host = random.pick(["s3.example.org", "127.0.0.1:8333", "[::1]:8333"])!
            // Each other service encodes its path twice, and STS has no other path.
            path = service == "sts" ? "/" : "/bucket/" + text(1...200)
            query = (0..<Int.random(in: 0...5, using: &random)).map { _ in [text(1...12), text(0...40)] }
            headers =
                (random.once(in: 2) ? [["x-amz-acl", text(1...10, of: Self.plain + "  ") + "e"]] : [])
                + (random.once(in: 2) ? [["Content-Type", "application/\(text(1...10, of: Self.plain))"]] : [])
            body = random.once(in: 2) ? "" : text(1...100)
            policy = Data(text(1...300).utf8).base64EncodedString()
        }

        static let plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
        static let awkward = plain + "/+=%?#&'\"<>;:,!*()[]{}|^`~-._ \\@$éüß日本𝄞"
    }

    struct Answer: Decodable {
        let signature: String
        let credential: String
        let formSignature: String
    }

    @Test(
        "2,000 random requests and policies have the signatures that botocore gives them",
        .enabled(if: StoreTools.python != nil, StoreTools.hint)
    )
    func requests() async throws {
        let script = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Oracle/sign.py").path
        var random = SplitMix(state: 14)
        let questions = (0..<2_000).map { _ in Question(&random) }
        let oracle = try Running([script], of: try #require(StoreTools.python))
        // The answers are read while the questions are written, so that neither pipe fills up.
        let encoder = JSONEncoder()
        for question in questions {
            oracle.type(String(decoding: try encoder.encode(question), as: UTF8.self) + "\n")
        }
        oracle.endInput()
        let lines = await oracle.output().split(separator: "\n")
        let errors = await oracle.errors()
        #expect(await oracle.end() == 0, "\(errors)")
        try #require(lines.count == questions.count)
        for (question, line) in zip(questions, lines) {
            let answer = try JSONDecoder().decode(Answer.self, from: Data(line.utf8))
            let keys = S3Keys(
                accessKey: question.accessKey,
                secret: S3Secret(question.secret),
                sessionToken: question.token.map { S3Secret($0) }
            )
            let request = SigV4.Request(
                method: question.method,
                host: question.host,
                path: question.path,
                query: question.query.map { ($0[0], $0[1]) },
                headers: question.headers.map { ($0[0], $0[1]) },
                body: Array(question.body.utf8)
            )
            let signed = SigV4(keys, region: question.region, service: question.service)
                .sign(request, at: question.time)
            #expect(signed.signature == answer.signature, "\(signed.canonical)")
            let form = SigV4(keys, region: question.region)
            let time = SigV4.time(question.time)
            #expect(form.credential(time) == answer.credential)
            #expect(form.signature(of: question.policy, time: time) == answer.formSignature)
        }
    }
}
