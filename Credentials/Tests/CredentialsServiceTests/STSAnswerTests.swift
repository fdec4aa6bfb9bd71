import EasySetupS3
import Foundation
import Testing

@testable import CredentialsService

@Suite("Answers of STS")
struct STSAnswerTests {
    /// The forms in which AWS and SeaweedFS, and Ceph, answer.
    private static let answers = [
        """
        <GetFederationTokenResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetFederationTokenResult><Credentials>\
        <AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>a&#x2F;b&amp;&#34;</SecretAccessKey><SessionToken>to+/=</SessionToken>\
        <Expiration>2026-11-30T05:49:59Z</Expiration></Credentials></GetFederationTokenResult></GetFederationTokenResponse>
        """,
        """
        <AssumeRoleResponse><AssumeRoleResult><Credentials><AccessKeyId>ASIA1</AccessKeyId>
        <SecretAccessKey>a/b&amp;&quot;</SecretAccessKey><SessionToken>to+/=</SessionToken>
        <Expiration>2026-11-30T05:49:59.123456789Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>
        """,
    ]

    @Test("A session is read from each store's form", arguments: answers)
    func session(text: String) throws {
        let session = try #require(STSAnswer.session(text))
        #expect(session.keys.accessKey == "ASIA1")
        #expect(session.keys.secret.revealed() == "a/b&\"")
        #expect(session.keys.sessionToken?.revealed() == "to+/=")
        #expect(session.ends == 1_796_017_799)
    }

    @Test("An answer without one of its parts, or cut off anywhere before their end, is none", arguments: answers)
    func cut(text: String) {
        let end = text.range(of: "</Expiration>")!.upperBound
        for index in text[..<end].indices { #expect(STSAnswer.session(String(text[..<index])) == nil) }
        for name in ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"] {
            #expect(STSAnswer.session(text.replacing("<\(name)>", with: "<Other>")) == nil)
        }
    }

    @Test("An error's code is read wherever it stands, and only a word is taken for one")
    func code() {
        #expect(
            STSAnswer.code("<ErrorResponse><Error><Code>AccessDenied</Code></Error></ErrorResponse>") == "AccessDenied"
        )
        #expect(STSAnswer.code("<Error><Code>PackedPolicyTooLarge</Code><Message/></Error>") == "PackedPolicyTooLarge")
        for wrong in ["", "<Code></Code>", "<Code>a b</Code>", "<Code><b>x</b></Code>", "<Code>&#10;</Code>", "<Code>"]
        {
            #expect(STSAnswer.code(wrong) == "no code")
        }
    }

    @Test("Times are read to the second, and nothing else is a time")
    func times() {
        #expect(STSAnswer.seconds("1970-01-01T00:00:00Z") == 0)
        #expect(STSAnswer.seconds("2000-02-29T12:00:01.5Z") == 951_825_601)
        #expect(STSAnswer.seconds("2100-03-01T00:00:00Z") == 4_107_542_400)
        for wrong in [
            "", "Z", "2026-11-30", "2026-11-30T05:49:59", "2026-11-30 05:49:59Z", "2026-13-30T05:49:59Z",
            "2026-11-30T24:49:59Z", "2026-11-30T05:49:59+01:00Z", "2026-1a-30T05:49:59Z", "0026-11-30T05:49:59Z",
        ] {
            #expect(STSAnswer.seconds(wrong) == nil, "\(wrong)")
        }
    }
}
