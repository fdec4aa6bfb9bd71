import EasySetupChain
import Testing

@testable import EasySetupS3

@Suite("Answers of stores")
struct AnswerTests {
    private func list(_ text: String, most: Int = 1_000) throws -> ListAnswer {
        try ListAnswer(Array(text.utf8), most: most)
    }

    /// As SeaweedFS 4.48 and AWS write it: the encoding may stand behind the objects.
    static let seaweed = """
        <?xml version="1.0" encoding="UTF-8"?>
        <ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>b</Name><Prefix>1/u/c/</Prefix>\
        <MaxKeys>2</MaxKeys><IsTruncated>true</IsTruncated><Contents><Key>1/u/c/1764453600000-A/AAAAAA/00-01/abc</Key>\
        <ETag>&#34;d41d8cd98f00b204e9800998ecf8427e&#34;</ETag><Size>0</Size><StorageClass>STANDARD</StorageClass>\
        <LastModified>2026-11-29T22:05:24Z</LastModified></Contents><Contents><Key>odd/%C3%A9+%2B%26%3C%27%22%25</Key>\
        <ETag>&#34;d41d8cd98f00b204e9800998ecf8427e&#34;</ETag><Size>0</Size><StorageClass>STANDARD</StorageClass>\
        <LastModified>2026-11-29T22:05:25.123456Z</LastModified></Contents><NextContinuationToken>x</NextContinuationToken>\
        <EncodingType>url</EncodingType><KeyCount>2</KeyCount></ListBucketResult>
        """

    /// As Ceph 16 writes it.
    static let ceph = """
        <?xml version="1.0" encoding="UTF-8"?><ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/">\
        <Name>b</Name><Prefix/><MaxKeys>1000</MaxKeys><EncodingType>url</EncodingType><IsTruncated>false</IsTruncated>\
        <Contents><Key>odd%2F%C3%A9%20%2B%26%3C&apos;%22%25</Key><LastModified>2026-11-29T22:05:24.955Z</LastModified>\
        <ETag>&quot;d41d8cd98f00b204e9800998ecf8427e&quot;</ETag><Size>0</Size><StorageClass>STANDARD</StorageClass>\
        <Owner><ID>admin</ID><DisplayName>admin</DisplayName></Owner><Type>Normal</Type></Contents>\
        <KeyCount>1</KeyCount></ListBucketResult>
        """

    @Test("Each store's listing is read in the encoding that it says")
    func lists() throws {
        let seaweed = try list(Self.seaweed)
        #expect(seaweed.isTruncated)
        #expect(seaweed.entries.map(\.name) == ["1/u/c/1764453600000-A/AAAAAA/00-01/abc", "odd/é +&<'\"%"])
        #expect(seaweed.entries.map(\.lastModified) == [1_795_989_924_000, 1_795_989_925_123])
        let ceph = try list(Self.ceph)
        #expect(!ceph.isTruncated)
        #expect(ceph.entries == [ObjectPage.Entry(name: "odd/é +&<'\"%", lastModified: 1_795_989_924_955)])
        let plain = Self.seaweed.replacing("<EncodingType>url</EncodingType>", with: "")
        #expect(try list(plain).entries[1].name == "odd/%C3%A9+%2B%26%3C%27%22%25")
    }

    @Test("An empty listing has no objects and is whole")
    func empty() throws {
        let answer = try list("<ListBucketResult><IsTruncated>false</IsTruncated></ListBucketResult>")
        #expect(answer.entries.isEmpty && !answer.isTruncated)
    }

    @Test(
        "A listing that lacks something is no listing",
        arguments: [
            "", "<ListBucketResult/>", "<Error><Code>X</Code></Error>",
            "<ListBucketResult><IsTruncated>true</IsTruncated></ListBucketResult>",
            "<ListBucketResult><IsTruncated>maybe</IsTruncated></ListBucketResult>",
            seaweed.replacing("<Key>odd", with: "<key>odd").replacing("%25</Key>", with: "%25</key>"),
            seaweed.replacing("2026-11-29T22:05:24Z", with: "yesterday"), seaweed.replacing("%25<", with: "%2<"),
            seaweed.replacing("%C3%A9", with: "%C3"), seaweed.replacing(">url<", with: ">base64<"),
            String(seaweed.dropLast()), seaweed + "<a/>", seaweed.replacing("&#34;", with: "&copy;"),
            seaweed.replacing("&#34;", with: "&#xD800;"),
            "<!DOCTYPE a [<!ENTITY b 'c'>]>" + ceph, ceph.replacing("</Owner>", with: "</Other>"),
        ]
    )
    func broken(_ text: String) {
        #expect(throws: XMLFault.self) { try list(text) }
    }

    @Test("A listing with more objects than were asked for is no listing")
    func most() throws {
        #expect(try list(Self.seaweed, most: 2).entries.count == 2)
        #expect(throws: XMLFault.self) { try list(Self.seaweed, most: 1) }
    }

    @Test("XML is read up to its limits")
    func limits() throws {
        func read(_ text: String) throws { try XMLScanner.read(Array(text.utf8)) { _, _ in } }
        func nested(_ depth: Int) -> String {
            String(repeating: "<a>", count: depth) + String(repeating: "</a>", count: depth)
        }
        try read(nested(XMLLimits.depth))
        #expect(throws: XMLFault.self) { try read(nested(XMLLimits.depth + 1)) }
        func named(_ count: Int) -> String { "<\(String(repeating: "a", count: count))/>" }
        try read(named(XMLLimits.nameBytes))
        #expect(throws: XMLFault.self) { try read(named(XMLLimits.nameBytes + 1)) }
        func text(_ count: Int) -> String { "<a>\(String(repeating: "b", count: count))</a>" }
        try read(text(XMLLimits.textBytes))
        #expect(throws: XMLFault.self) { try read(text(XMLLimits.textBytes + 1)) }
        func spaces(_ count: Int) -> String { "<a/>" + String(repeating: " ", count: count - 4) }
        try read(spaces(XMLLimits.answerBytes))
        #expect(throws: XMLFault.self) { try read(spaces(XMLLimits.answerBytes + 1)) }
    }

    @Test("Entities, attributes and prefixes of namespaces are read")
    func forms() throws {
        var read: [String] = []
        let text =
            "\u{FEFF}<?xml version='1.0'?>\n<s:a x=\"/>\" y='<'><b >&amp;&lt;&gt;&quot;&apos;&#65;&#x1F600;</b ><c/></s:a>\n"
        try XMLScanner.read(Array(text.utf8)) { path, text in read.append("\(path.joined(separator: "/")): \(text)") }
        #expect(read == ["a/b: &<>\"'A😀", "a/c: ", "a: "])
    }

    @Test("The code of an error is found in the shape of each store")
    func errors() {
        func code(_ text: String) -> String? { ErrorAnswer(Array(text.utf8))?.code }
        #expect(code("<Error><Code>NoSuchBucket</Code><Message>It is not there</Message></Error>") == "NoSuchBucket")
        #expect(code("<?xml version=\"1.0\"?><Error><Code>AccessDenied</Code><Message/></Error>") == "AccessDenied")
        let sts = "<ErrorResponse xmlns=\"x\"><Error><Type>Sender</Type><Code>Sts.Denied</Code></Error></ErrorResponse>"
        #expect(code(sts) == "Sts.Denied")
        #expect(code("<html><body>Sign in</body></html>") == nil)
        #expect(code("<Error><Code>\u{1B}[2J</Code></Error>") == nil)
        #expect(code("<Error><Code>\(String(repeating: "A", count: 65))</Code></Error>") == nil)
        #expect(code("<Error><Message>x</Message></Error>") == nil)
        #expect(code(AnswerTests.ceph) == nil)
        #expect(code("not XML") == nil)
    }

    @Test("An answer to a deletion names the objects that are still there")
    func deletions() throws {
        func refusals(_ text: String) throws -> [String] { try DeleteAnswer(Array(text.utf8)).refusals }
        #expect(try refusals("<DeleteResult xmlns=\"x\"></DeleteResult>").isEmpty)
        #expect(try refusals("<DeleteResult><Deleted><Key>a</Key></Deleted></DeleteResult>").isEmpty)
        let denied = "<DeleteResult><Error><Key>a</Key><Code>AccessDenied</Code><Message/></Error></DeleteResult>"
        #expect(try refusals(denied) == ["AccessDenied"])
        #expect(try refusals(denied.replacing("AccessDenied", with: "NoSuchKey")).isEmpty)
        #expect(throws: XMLFault.self) { try refusals(denied.replacing("AccessDenied", with: "\u{7}")) }
        #expect(throws: XMLFault.self) { try refusals("<Error><Code>AccessDenied</Code></Error>") }
    }

    @Test("The keys of a session are read whole or not at all")
    func sessions() throws {
        let text = """
            <GetFederationTokenResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetFederationTokenResult>\
            <Credentials><AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s+/=</SecretAccessKey>\
            <SessionToken>eyJ</SessionToken><Expiration>2026-11-30T05:49:59.123456789Z</Expiration></Credentials>\
            </GetFederationTokenResult></GetFederationTokenResponse>
            """
        let session = try #require(SessionAnswer(Array(text.utf8)))
        #expect(session.keys.accessKey == "ASIA1")
        #expect(session.keys.secret.revealed() == "s+/=")
        #expect(session.keys.sessionToken?.revealed() == "eyJ")
        #expect(session.ends == 1_796_017_799)
        for part in ["AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"] {
            #expect(SessionAnswer(Array(text.replacing(part, with: "Other").utf8)) == nil)
        }
        #expect(SessionAnswer(Array(text.replacing("eyJ", with: "").utf8)) == nil)
        // As Ceph answers to AssumeRole.
        let role = text.replacing("GetFederationToken", with: "AssumeRole").replacing(
            "s+/=",
            with: "a&#x2F;b&amp;&quot;"
        )
        .replacing("59.123456789Z", with: "59Z")
        let assumed = try #require(SessionAnswer(Array(role.utf8)))
        #expect(assumed.keys.secret.revealed() == "a/b&\"")
        #expect(assumed.ends == 1_796_017_799)
        let end = try #require(role.firstRange(of: "</AssumeRoleResponse>")).upperBound
        for index in role[..<end].indices where index < end {
            #expect(SessionAnswer(Array(role[..<index].utf8)) == nil)
        }
    }

    @Test(
        "Times have up to nine digits of a fraction",
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-11-29T22:05:24Z", 1_795_989_924_000),
            ("2026-11-29T22:05:24.9Z", 1_795_989_924_900), ("2026-11-29T22:05:24.123456789Z", 1_795_989_924_123),
            ("1969-12-31T23:59:59Z", nil), ("2026-13-29T22:05:24Z", nil), ("2026-11-29T24:05:24Z", nil),
            ("2026-11-29T22:05:24.Z", nil), ("2026-11-29T22:05:24", nil), ("2026-11-29 22:05:24Z", nil),
            ("2026-11-29T22:05:24.1234567890Z", nil), ("+026-11-29T22:05:24Z", nil), ("", nil),
        ] as [(String, UInt64?)]
    )
    func times(_ text: String, _ time: UInt64?) {
        #expect(StoreTimestamp.milliseconds(text) == time)
    }
}
