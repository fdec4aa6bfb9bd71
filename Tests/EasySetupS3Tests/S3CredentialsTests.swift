import Testing

@testable import EasySetupS3

@Suite("Credentials of a service's answer")
struct S3CredentialsTests {
    private func answer(_ fields: [(name: String, value: String)]) -> CredentialsAnswer {
        CredentialsAnswer(
            endpoint: "https://s3.example.org",
            region: "us-east-1",
            bucket: "records",
            prefix: "1/u/",
            accessKey: "KEY",
            secretKey: "secret",
            sessionToken: "token",
            forms: [.init(prefix: "1/u/c/", fields: fields.map { .init(name: $0.name, value: $0.value) })],
            isFull: false,
            ends: 5,
            time: 1
        )
    }

    private let form = PostPolicy(bucket: "records", prefix: "1/u/c/", ends: 5)
        .form(S3Keys(accessKey: "POSTER", secret: S3Secret("another")), region: "us-east-1", at: 1)

    @Test("Keys, forms and the end are those of the answer")
    func parts() throws {
        let credentials = try #require(S3Credentials(answer(form.fields)))
        #expect(credentials.keys.accessKey == "KEY" && credentials.keys.secret.revealed() == "secret")
        #expect(credentials.keys.sessionToken?.revealed() == "token" && credentials.ends == 5)
        let read = try #require(credentials.forms?.first)
        #expect(read.prefix == "1/u/c/" && credentials.forms?.count == 1)
        #expect(read.form.fields.elementsEqual(form.fields, by: ==))
    }

    @Test("A form that lacks a field, has another one or is signed in another way is refused")
    func broken() {
        for index in form.fields.indices {
            var fields = form.fields
            fields.remove(at: index)
            #expect(S3Credentials(answer(fields)) == nil)
        }
        #expect(S3Credentials(answer(form.fields + [("acl", "private")])) == nil)
        let other = form.fields.map { ($0.name, $0.name == "x-amz-algorithm" ? "AWS2" : $0.value) }
        #expect(S3Credentials(answer(other)) == nil)
    }
}
