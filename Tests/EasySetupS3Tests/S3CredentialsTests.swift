import EasySetupChain
import EasySetupSeed
import Testing

@testable import EasySetupS3

@Suite("Credentials of a service's answer")
struct S3CredentialsTests {
    private let user = SyncSeed.random().userID

    private var prefix: String { CredentialsAnswer.prefix(of: user) }

    private func answer(_ fields: [(name: String, value: String)]) -> CredentialsAnswer {
        CredentialsAnswer(
            endpoint: "https://s3.example.org",
            region: "us-east-1",
            bucket: "records",
            prefix: prefix,
            accessKey: "KEY",
            secretKey: "secret",
            sessionToken: "token",
            forms: [.init(prefix: prefix + "c/", fields: fields.map { .init(name: $0.name, value: $0.value) })],
            isFull: false,
            ends: 5,
            time: 1
        )
    }

    private func read(_ fields: [(name: String, value: String)]) throws(ServiceFault.Answer) -> S3Credentials {
        try answer(fields).credentials(of: user, allowsPlain: false, longest: 3_600)
    }

    private let form = PostPolicy(bucket: "records", prefix: "1/u/c/", ends: 5)
        .form(S3Keys(accessKey: "POSTER", secret: S3Secret("another")), region: "us-east-1", at: 1)

    @Test("Keys, forms and the end are those of the answer")
    func parts() throws {
        let credentials = try read(form.fields)
        #expect(credentials.keys.accessKey == "KEY" && credentials.keys.secret.revealed() == "secret")
        #expect(credentials.keys.sessionToken?.revealed() == "token" && credentials.ends == 5)
        let given = try #require(credentials.forms?.first)
        #expect(given.prefix == prefix + "c/" && credentials.forms?.count == 1)
        #expect(given.form.fields.elementsEqual(form.fields, by: ==))
    }

    @Test("A form that lacks a field, has another one or is signed in another way is refused")
    func broken() {
        for index in form.fields.indices {
            var fields = form.fields
            fields.remove(at: index)
            #expect(throws: ServiceFault.Answer.keys) { try read(fields) }
        }
        #expect(throws: ServiceFault.Answer.keys) { try read(form.fields + [("acl", "private")]) }
        #expect(throws: ServiceFault.Answer.keys) { try read(form.fields + [form.fields[0]]) }
        let other = form.fields.map { ($0.name, $0.name == "x-amz-algorithm" ? "AWS2" : $0.value) }
        #expect(throws: ServiceFault.Answer.keys) { try read(other) }
        let broken = form.fields.map { ($0.name, $0.name == "policy" ? "a\r\n--b" : $0.value) }
        #expect(throws: ServiceFault.Answer.keys) { try read(broken) }
    }
}
