import Crypto
import EasySetup
import EasySetupChain
import Foundation
import SeededRandom
import TestSupport
import Testing

@testable import EasySetupS3

/// The client against SeaweedFS, or against the store that `scripts/stores` has started.
@Suite("A real store", .enabled(if: StoreTools.hasStore, StoreTools.hint))
struct LiveStoreTests {
    private let time = 1_764_453_600_000

    @Test("A device creates, lists and deletes objects of its user, one request for each call")
    func roundTrip() async throws {
        let user = try await StoreUser()
        let carrier = CountingCarrier(user.address)
        let store = user.store(ListedCredentials([try await user.credentials()]), carrier: carrier)
        let begin = UInt64(user.now)
        let names = (0..<3).map { user.name(time: time + $0) }
        for name in names.reversed() {
            let time = try await store.put(name)
            #expect((begin - 1...begin + 600).contains(time.milliseconds / 1_000))
        }
        #expect(carrier.count == 3)
        let page = try await store.list(prefix: user.prefix, after: nil, limit: 1_000)
        #expect(carrier.count == 4)
        #expect(page.entries.map(\.name) == names)
        #expect(!page.isTruncated)
        for entry in page.entries { #expect((begin - 1...begin + 600).contains(entry.lastModified / 1_000)) }
        // The same again changes nothing.
        _ = try await store.put(names[0])
        #expect(try await user.names(store) == names)
        let before = carrier.count
        _ = try await store.delete([names[0], names[2], user.name(time: time + 9)])
        // Ceph 16 refuses DeleteObjects to a session, with old and with new credentials; then each goes alone.
        #expect(carrier.count == before + (user.live.kind == .ceph ? 5 : 1))
        #expect(try await user.names(store) == [names[1]])
        _ = try await store.delete([names[1]])
        #expect(try await user.names(store).isEmpty)
    }

    @Test("A name of 1,024 bytes comes back as it was, without a setting of the store")
    func longNames() async throws {
        let user = try await StoreUser()
        let store = user.store(try await user.credentials())
        var random = SplitMix(state: 5)
        let head = user.name(time: time, data: "")
        var data = ""
        while head.utf8.count + data.utf8.count < 1_024 {
            let count = min(250, 1_024 - head.utf8.count - data.utf8.count)
            data += String(StoreUser.base64URL(random.bytes(200)).prefix(count))
            if head.utf8.count + data.utf8.count < 1_023 { data += "/" }
        }
        let name = head + data
        #expect(name.utf8.count == 1_024)
        _ = try await store.put(name)
        #expect(try await user.names(store) == [name])
        _ = try await store.delete([name])
        #expect(try await user.names(store).isEmpty)
        await #expect(throws: ObjectStoreError(.nameRefused)) { _ = try await store.put(name + "A") }
    }

    @Test("Names that a store would fold or refuse are not sent")
    func foldedNames() async throws {
        let user = try await StoreUser()
        let carrier = CountingCarrier(user.address)
        let store = user.store(ListedCredentials([try await user.credentials()]), carrier: carrier)
        for end in [
            "a//b", "/a", "a/", "a/../b", "./a", "a\\b", "${filename}", "a\u{1}b", "",
            String(repeating: "a", count: 251),
        ] {
            await #expect(throws: ObjectStoreError(.nameRefused), "\(end)") {
                _ = try await store.put(user.prefix + end)
            }
        }
        #expect(carrier.count == 0)
    }

    @Test("Names of other programs are read and deleted as they are")
    func oddNames() async throws {
        let user = try await StoreUser()
        let store = user.store(try await user.credentials())
        let admin = user.admin()
        let odd = ["a b", "a+b", "a%20b", "<&\">'", "é日𝄞", "a;b:c,d=e?f#g", "]]>"].map { user.prefix + $0 }
        for name in odd { _ = try await admin.put(name) }
        #expect(Set(try await user.names(store)) == Set(odd))
        // By the form, whose fields are in no encoding, they are the same.
        for name in odd { _ = try await store.put(name) }
        #expect(Set(try await user.names(store)) == Set(odd))
        _ = try await store.delete(odd)
        #expect(try await user.names(store).isEmpty)
    }

    @Test("A listing after a time has every object of that time and of later ones, and none before")
    func startAfter() async throws {
        let user = try await StoreUser()
        let store = user.store(try await user.credentials())
        let writers = ["-----------", "AAAAAAAAAAA", "___________"]
        var names: [String] = []
        for offset in 0..<4 {
            for writer in writers { names.append(user.name(time: time + offset, writer: writer)) }
        }
        for name in names { _ = try await store.put(name) }
        #expect(try await user.names(store) == names, "the order of the names is that of their bytes")
        for offset in 0..<4 {
            // Between the times, so that it is the name of no folder.
            let after = "\(user.prefix)\(user.collection)/\(time + offset - 1)-~"
            #expect(try await user.names(store, after: after) == Array(names.dropFirst(3 * offset)))
            #expect(try await user.names(store, after: after, limit: 2) == Array(names.dropFirst(3 * offset)))
        }
        // A text before the prefix skips nothing.
        #expect(try await user.names(store, after: "0/") == names)
        for limit in [1, 2, 5, 11, 12] {
            let pages = try await user.all(store, limit: limit)
            #expect(pages.flatMap(\.entries).map(\.name) == names)
            #expect(pages.allSatisfy { $0.entries.count <= limit })
        }
    }

    @Test("10,000 objects are listed in order, in ten requests, and deleted in as many")
    func manyObjects() async throws {
        let user = try await StoreUser()
        let carrier = CountingCarrier(user.address)
        let store = user.store(ListedCredentials([try await user.credentials()]), carrier: carrier)
        let data = String(repeating: "b", count: 100)
        let names = (0..<10_000).map { user.name(time: time + $0, data: data) }
        try await withThrowingTaskGroup(of: Void.self) { group in
            for lane in 0..<16 {
                group.addTask {
                    for index in stride(from: lane, to: names.count, by: 16) { _ = try await store.put(names[index]) }
                }
            }
            try await group.waitForAll()
        }
        #expect(carrier.count == 10_000)
        let pages = try await user.all(store)
        #expect(pages.flatMap(\.entries).map(\.name) == names)
        #expect((10...11).contains(carrier.count - 10_000))
        let before = carrier.count
        // Ceph 16 deletes one by one for a session.
        let delete = user.live.kind == .ceph ? user.admin() : store
        _ = try await delete.delete(names)
        if user.live.kind == .seaweedfs { #expect(carrier.count == before + 10) }
        #expect(try await user.names(store).isEmpty)
    }

    @Test("Another user's objects are out of reach, also those of a user whose prefix begins alike")
    func otherPrefix() async throws {
        let user = try await StoreUser()
        let store = user.store(try await user.credentials())
        let admin = user.admin()
        let other = try await StoreUser()
        for prefix in [other.prefix, String(user.prefix.dropLast()) + "x/", "2" + user.prefix.dropFirst()] {
            let name = prefix + "collection/record"
            _ = try await admin.put(name)
            await #expect(throws: ObjectStoreError.self) { _ = try await store.put(name) }
            for call in [
                { _ = try await store.list(prefix: prefix, after: nil, limit: 10) },
                { _ = try await store.delete([name]) },
                { _ = try await store.delete([name, name + "2"]) },
                { _ = try await store.put(prefix + "collection/mine") },
            ] as [() async throws -> Void] {
                let error = await #expect(throws: ObjectStoreError.self) { try await call() }
                #expect(error?.code == .denied)
                #expect(error?.detail == "AccessDenied")
            }
            let page = try await admin.list(prefix: prefix, after: nil, limit: 10)
            #expect(page.entries.map(\.name) == [name])
            _ = try await admin.delete([name])
        }
        let error = await #expect(throws: ObjectStoreError.self) {
            _ = try await store.list(prefix: "", after: nil, limit: 10)
        }
        #expect(error?.code == .denied)
    }

    @Test("A form creates empty objects alone, and a session's keys none")
    func emptyBodies() async throws {
        let user = try await StoreUser()
        let credentials = try await user.credentials()
        let requests = S3Requests(address: user.address)
        let carrier = CountingCarrier(user.address)
        let name = user.name(time: time)
        let form = try #require(requests.put(name, credentials, at: user.now))
        let text = String(decoding: form.body, as: UTF8.self).replacing(
            "filename=\"0\"\r\n\r\n",
            with: "filename=\"0\"\r\n\r\n12345"
        )
        #expect(text.utf8.count == form.body.count + 5)
        let headers = form.headers.map { ($0.name, $0.name == "Content-Length" ? "\(text.utf8.count)" : $0.value) }
        let full = S3Request(method: "POST", target: form.target, headers: headers, body: Array(text.utf8))
        let answer = try await carrier.carry(full, timeout: .seconds(30))
        #expect(answer.status == 400)
        #expect(ErrorAnswer(answer.body)?.code == "EntityTooLarge")
        let bare = user.store(S3Credentials(keys: credentials.keys, forms: nil, ends: nil))
        let error = await #expect(throws: ObjectStoreError.self) { _ = try await bare.put(name) }
        #expect(error?.code == .denied)
        #expect(try await user.names(user.store(credentials)).isEmpty)
        // The same form without the five bytes is good.
        #expect(try await carrier.carry(form, timeout: .seconds(30)).status == 204)
        #expect(try await user.names(user.store(credentials)) == [name])
    }

    @Test("A form that has ended, and one with another signature, are refused")
    func brokenForms() async throws {
        let user = try await StoreUser()
        let session = try await user.credentials()
        let ended = PostPolicy(bucket: user.live.bucket, prefix: user.prefix, ends: user.now - 1)
        let stranger = S3Keys(accessKey: user.live.poster.accessKey, secret: S3Secret("not the secret"))
        let good = PostPolicy(bucket: user.live.bucket, prefix: user.prefix, ends: user.now + 600)
        for form in [
            ended.form(user.keys(user.live.poster), region: user.live.region, at: user.now),
            good.form(stranger, region: user.live.region, at: user.now),
        ] {
            let store = user.store(S3Credentials(keys: session.keys, forms: [user.form(form)], ends: nil))
            let error = await #expect(throws: ObjectStoreError.self) { _ = try await store.put(user.name(time: time)) }
            #expect(error?.code == .denied)
        }
        #expect(try await user.names(user.store(session)).isEmpty)
    }

    @Test("Without a form objects are created by PUT")
    func put() async throws {
        let user = try await StoreUser()
        let store = user.admin()
        _ = try await store.put(user.name(time: time))
        #expect(try await user.names(store) == [user.name(time: time)])
        _ = try await store.delete([user.name(time: time)])
    }

    @Test("Credentials that the store refuses are renewed once, whatever is wrong with them")
    func renewal() async throws {
        let user = try await StoreUser()
        let good = try await user.credentials()
        let token = try #require(good.keys.sessionToken).revealed()
        let keys = good.keys
        let broken = [
            S3Keys(accessKey: keys.accessKey, secret: S3Secret("another"), sessionToken: keys.sessionToken),
            S3Keys(accessKey: keys.accessKey, secret: keys.secret, sessionToken: S3Secret(token.dropLast(3) + "AAA")),
            S3Keys(accessKey: keys.accessKey, secret: keys.secret),
            S3Keys(accessKey: "NOBODY", secret: keys.secret, sessionToken: keys.sessionToken),
        ]
        for keys in broken {
            let bad = S3Credentials(keys: keys, forms: good.forms, ends: nil)
            let source = ListedCredentials([bad, good])
            #expect(try await user.names(user.store(source)).isEmpty)
            #expect(source.count == 2)
            let never = ListedCredentials([bad])
            let error = await #expect(throws: ObjectStoreError.self) { _ = try await user.names(user.store(never)) }
            #expect(error?.code == .denied)
            #expect(never.count == 2)
        }
    }

    @Test("A session that has ended is refused, and the call goes on with the next one")
    func expiry() async throws {
        let user = try await StoreUser()
        guard user.live.kind == .seaweedfs else { return }
        let good = try await user.credentials()
        let token = try #require(good.keys.sessionToken).revealed()
        // The token is signed anew with an end in the past, so that nobody has to wait for one.
        func ending(_ change: Int) throws -> S3Credentials {
            let parts = token.split(separator: ".").map(String.init)
            try #require(parts.count == 3)
            let text = try #require(Self.decode(parts[1]))
            var claims = try #require(try JSONSerialization.jsonObject(with: text) as? [String: Any])
            let end = try #require(claims["exp"] as? Int)
            claims["exp"] = end + change
            let body = StoreUser.base64URL(Array(try JSONSerialization.data(withJSONObject: claims)))
            let mac = HMAC<SHA256>.authenticationCode(
                for: Data("\(parts[0]).\(body)".utf8),
                using: SymmetricKey(data: LiveStore.tokenKey)
            )
            let signed = "\(parts[0]).\(body).\(StoreUser.base64URL(Array(mac)))"
            let keys = S3Keys(accessKey: good.keys.accessKey, secret: good.keys.secret, sessionToken: S3Secret(signed))
            return S3Credentials(keys: keys, forms: good.forms, ends: nil)
        }
        // Signed anew alone, it is good.
        #expect(try await user.names(user.store(try ending(0))).isEmpty)
        let source = ListedCredentials([try ending(-7_200), good])
        #expect(try await user.names(user.store(source)).isEmpty)
        #expect(source.count == 2)
        let error = await #expect(throws: ObjectStoreError.self) {
            _ = try await user.names(user.store(try ending(-7_200)))
        }
        #expect(error?.code == .denied)
    }

    private static func decode(_ text: String) -> Data? {
        let base64 = text.replacing("-", with: "+").replacing("_", with: "/")
        return Data(base64Encoded: base64 + String(repeating: "=", count: (4 - base64.count % 4) % 4))
    }

    @Test("A session gets no second session from STS")
    func secondSession() async throws {
        let user = try await StoreUser()
        let session = try await user.credentials()
        let answer = try await user.call(sts: 3_600, by: session.keys)
        #expect(answer.status == 403)
        #expect(SessionAnswer(answer.body) == nil)
    }

    @Test("STS gives 36 hours to a call for federation, and no second more")
    func longSession() async throws {
        let user = try await StoreUser()
        guard user.live.kind == .seaweedfs else { return }
        let session = try await user.session(by: user.keys(user.live.broker), seconds: 129_600)
        #expect((user.now + 129_000...user.now + 129_600).contains(session.ends))
        let answer = try await user.call(sts: 129_601, by: user.keys(user.live.broker))
        #expect(answer.status == 400)
        #expect(ErrorAnswer(answer.body) != nil)
    }

    @Test("A device whose clock is wrong by years signs by the store's clock", arguments: [-400_000_000, 400_000_000])
    func wrongClock(_ error: Int) async throws {
        let user = try await StoreUser()
        let carrier = CountingCarrier(user.address)
        let store = S3Store(
            user.address,
            credentials: ListedCredentials([try await user.credentials()]),
            carrier: carrier,
            times: S3Times(
                seconds: { Int(Date().timeIntervalSince1970) + error },
                sleep: { _ in },
                draw: { 0 }
            )
        )
        #expect(try await user.names(store).isEmpty)
        #expect(carrier.count == 2)
        #expect(try await user.names(store).isEmpty)
        #expect(carrier.count == 3)
    }

    @Test("A bucket that is not there has an error of its own")
    func missingBucket() async throws {
        let user = try await StoreUser()
        let address = try #require(
            S3Address(endpoint: user.live.endpoint, region: user.live.region, bucket: "not-there")
        )
        let keys = user.keys(user.live.admin)
        let store = S3Store(
            address,
            credentials: ListedCredentials([S3Credentials(keys: keys, forms: nil, ends: nil)]),
            proxies: .none
        )
        // SeaweedFS makes the bucket when an administrator puts an object into it, so this one lists.
        let error = await #expect(throws: ObjectStoreError.self) {
            _ = try await store.list(prefix: "1/", after: nil, limit: 10)
        }
        #expect(error?.code == .bucketMissing)
    }
}
