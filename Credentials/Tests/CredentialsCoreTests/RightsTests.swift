import CredentialsCore
import EasySetupS3
import EasySetupSeed
import Foundation
import Testing

private func rights(_ collections: [DeviceRights.Collection]) -> DeviceRights {
    DeviceRights(device: Array(0..<8), signingKey: user, collections: collections, notAfter: 0)
}

private func collections(_ count: Int) -> [DeviceRights.Collection] {
    (0..<count).map { index in
        DeviceRights.Collection(id: "collection" + String(100_000 + index), mayWrite: index.isMultiple(of: 2))
    }
}

@Suite("Rights of a session")
struct RightsTests {
    private let prefix = "1/\(UserIDText.write(user))/"

    private func actions(_ policy: SessionPolicy) throws -> Set<String> {
        let json = try #require(JSONSerialization.jsonObject(with: Data(policy.text.utf8)) as? [String: Any])
        let statements = try #require(json["Statement"] as? [[String: Any]])
        return Set(
            statements.flatMap { statement in
                statement["Action"] as? [String] ?? [statement["Action"] as? String ?? ""]
            }
        )
    }

    @Test("A device with the seed lists, gets and deletes in its prefix, and writes by one form")
    func member() throws {
        let rights = try Rights(.seed, of: user, bucket: "chains", hasForms: true)
        #expect(
            rights.policy.text
                == #"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"s3:ListBucket","Resource":"arn:aws:s3:::chains","#
                + #""Condition":{"StringLike":{"s3:prefix":["\#(prefix)*"]}}},{"Effect":"Allow","Action":["s3:GetObject","#
                + #""s3:DeleteObject"],"Resource":"arn:aws:s3:::chains/\#(prefix)*"}]}"#
        )
        #expect(rights.formPrefixes == [prefix])
        #expect(try actions(rights.policy) == ["s3:ListBucket", "s3:GetObject", "s3:DeleteObject"])
    }

    @Test("A device with a certificate lists its collections, and has a form for each that it may write")
    func device() throws {
        let rights = try Rights(.device(rights(collections(3))), of: user, bucket: "chains", hasForms: true)
        #expect(try actions(rights.policy) == ["s3:ListBucket"])
        #expect(rights.policy.text.contains("\"\(prefix)collection100001/*\""))
        #expect(rights.formPrefixes == [prefix + "collection100000/", prefix + "collection100002/"])
    }

    @Test("No policy gives a right to write an object, or to all of the bucket")
    func never() throws {
        for asker in [Asker.seed, .device(rights(collections(5)))] {
            let policy = try Rights(asker, of: user, bucket: "chains", hasForms: true).policy
            #expect(!policy.text.contains("Put"))
            #expect(!policy.text.contains("s3:*"))
            #expect(!policy.text.contains("chains/*"))
            #expect(!policy.text.contains(" "))
        }
    }

    @Test("Every prefix ends with a slash")
    func slashes() throws {
        for asker in [Asker.seed, .device(rights(collections(5)))] {
            let rights = try Rights(asker, of: user, bucket: "chains", hasForms: true)
            #expect(rights.formPrefixes.allSatisfy { $0.hasSuffix("/") })
            #expect(rights.policy.text.matches(of: /[^\/]\*/).isEmpty)
        }
    }

    @Test("A device without forms can still delete, if it has the seed")
    func full() throws {
        let members = rights(collections(3))
        let rights = try Rights(.seed, of: user, bucket: "chains", hasForms: false)
        #expect(try Rights(.device(members), of: user, bucket: "chains", hasForms: false).formPrefixes.isEmpty)
        #expect(rights.formPrefixes.isEmpty)
        #expect(try actions(rights.policy).contains("s3:DeleteObject"))
    }

    @Test("In a full chain a device without the seed gets no form, and one with the seed those of the reserve")
    func quota() {
        let members = Asker.device(rights(collections(1)))
        var asked = 0
        func hasForms(_ objects: Int, _ asker: Asker, cleans: Bool = false) -> Bool {
            Quota(objects: objects, most: 1_000).givesForms(to: asker) {
                asked += 1
                return cleans
            }
        }
        for objects in [0, 1_000] { #expect(hasForms(objects, .seed) && hasForms(objects, members)) }
        for objects in [1_001, 1_100] { #expect(hasForms(objects, .seed) && !hasForms(objects, members)) }
        #expect(asked == 0)
        #expect(!hasForms(1_101, .seed) && hasForms(1_101, .seed, cleans: true))
        #expect(!hasForms(1_101, members, cleans: true))
        #expect(asked == 2)
    }

    @Test(
        "As many collections fit as the limit says, with any name of a bucket, and one more is refused",
        arguments: [3, 30, 63]
    )
    func fit(length: Int) throws {
        let bucket = String(repeating: "b", count: length)
        let most = SessionPolicy.collections(bucket: bucket)
        #expect(most >= CredentialsLimits.serviceRights)
        let largest = try SessionPolicy(device: rights(collections(most)), of: user, bucket: bucket)
        #expect(largest.text.count <= SessionPolicy.maximumCharacters)
        #expect(largest.text.count > SessionPolicy.maximumCharacters - 68)
        #expect(throws: Refusal(.tooManyCollections, most: most)) {
            try SessionPolicy(device: rights(collections(most + 1)), of: user, bucket: bucket)
        }
    }
}
