import Foundation
import Testing

@testable import EasySetupS3

@Suite("Signatures of S3")
struct SigV4Tests {
    private let keys = S3Keys(
        accessKey: "AKIDEXAMPLE",
        secret: S3Secret("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
        sessionToken: S3Secret("the-session-token")
    )

    @Test("A time is written without separators, in every part with its full width")
    func time() {
        #expect(SigV4.time(0) == "19700101T000000Z")
        #expect(SigV4.time(1_440_938_160) == "20150830T123600Z")
        #expect(SigV4.time(951_782_399) == "20000228T235959Z")
        #expect(SigV4.time(-1) == "19691231T235959Z")
    }

    @Test("A request to S3 is sent with the digest of its body and the session's token")
    func headers() throws {
        let request = SigV4.Request(method: "GET", host: "s3.example.org", path: "/a b", query: [("x", "")])
        let signed = SigV4(keys, region: "us-east-1").sign(request, at: 1_440_938_160)
        #expect(signed.target == "/a%20b?x=")
        #expect(
            signed.headers.map(\.name) == [
                "x-amz-date", "x-amz-content-sha256", "x-amz-security-token", "Authorization",
            ]
        )
        #expect(signed.headers[1].value == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855")
        #expect(
            signed.headers[3].value.contains(
                "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,"
            )
        )
    }

    @Test("A policy names the bucket, the prefix, an empty body and each field of the form")
    func policy() throws {
        let policy = PostPolicy(bucket: "records", prefix: "1/\"us\\er/", ends: 1_441_000_000)
        let form = policy.form(keys, region: "us-east-1", at: 1_440_938_160)
        let text = try #require(Data(base64Encoded: form.policy))
        let json = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
        #expect(json["expiration"] as? String == "2015-08-31T05:46:40.000Z")
        let conditions = try #require(json["conditions"] as? [Any])
        let lists = conditions.compactMap { $0 as? [Any] }
        #expect(lists[0] as? [String] == ["starts-with", "$key", "1/\"us\\er/"])
        #expect(lists[1][0] as? String == "content-length-range")
        #expect(lists[1].dropFirst().compactMap { $0 as? Int } == [0, 0])
        let equal = conditions.compactMap { $0 as? [String: String] }.flatMap { $0 }
        var fields = Dictionary(uniqueKeysWithValues: form.fields.map { ($0.name, $0.value) })
        #expect(fields.removeValue(forKey: "x-amz-signature")?.count == 64)
        #expect(fields.removeValue(forKey: "policy") == form.policy)
        fields["bucket"] = "records"
        #expect(Dictionary(uniqueKeysWithValues: equal.map { ($0.key, $0.value) }) == fields)
        #expect(!text.contains(UInt8(ascii: " ")), "Ceph 16 reads a plus sign for a space in some places")
    }

    @Test("No text of keys or of a form contains a secret")
    func secrets() {
        let form = PostPolicy(bucket: "records", prefix: "1/", ends: 1).form(keys, region: "us-east-1", at: 0)
        let signature = form.signature.revealed()
        var dumped = ""
        dump(keys, to: &dumped)
        dump(form, to: &dumped)
        for text in [
            "\(keys)", "\(form)", "\(keys.secret)", String(reflecting: keys), String(reflecting: form), dumped,
        ] {
            #expect(!text.contains("wJalrXUtnFEMI") && !text.contains("the-session-token"))
            #expect(!text.contains(signature))
        }
    }
}
