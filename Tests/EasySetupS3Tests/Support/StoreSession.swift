import Crypto
import EasySetup
import EasySetupChain
import Foundation
import Synchronization
import TestSupport
import Testing

@testable import EasySetupS3

/// Counts the requests of a store's client, and may change them or lose their answers.
final class CountingCarrier: S3Carrier {
    private let network: S3Network
    private let counted = Mutex(0)

    init(_ address: S3Address) {
        network = S3Network(address, trusting: .system, by: .none, limits: S3Limits())
    }

    var count: Int { counted.withLock { $0 } }

    func carry(_ request: S3Request, timeout: Duration) async throws(S3Silence) -> S3Response {
        counted.withLock { $0 += 1 }
        return try await network.carry(request, timeout: timeout)
    }
}

/// Gives out credentials one after the other, the last of them again and again.
final class ListedCredentials: S3CredentialsSource {
    private let rest: Mutex<[S3Credentials]>
    private let counted = Mutex(0)

    init(_ list: [S3Credentials]) {
        rest = Mutex(list)
    }

    var count: Int { counted.withLock { $0 } }

    func credentials() async throws(ObjectStoreError) -> S3Credentials {
        counted.withLock { $0 += 1 }
        return rest.withLock { $0.count > 1 ? $0.removeFirst() : $0[0] }
    }
}

/// A user of a live store: a prefix of its own, and what the credentials service gives out for it.
struct StoreUser {
    let live: LiveStore
    let address: S3Address
    /// The prefix of the user's names, with the slash at its end.
    let prefix: String
    let collection = "AAAAAAAAAAAAAAAA"
    /// How far the store's clock is ahead of this machine's, in seconds.
    var lead = 0

    /// - Parameter userID: the 32 bytes of the user id; random ones if it is nil.
    init(userID: [UInt8]? = nil) async throws {
        live = try await LiveStore.shared()
        address = try #require(S3Address(endpoint: live.endpoint, region: live.region, bucket: live.bucket))
        var random = SystemRandomNumberGenerator()
        let bytes = userID ?? (0..<32).map { _ in UInt8.random(in: 0...255, using: &random) }
        prefix = "1/\(Self.base64URL(bytes))/"
    }

    static func base64URL(_ bytes: [UInt8]) -> String {
        Data(bytes).base64EncodedString().replacing("+", with: "-").replacing("/", with: "_").replacing("=", with: "")
    }

    /// The store's time in seconds.
    var now: Int { Int(Date().timeIntervalSince1970) + lead }

    func keys(_ identity: LiveStore.Identity) -> S3Keys {
        S3Keys(accessKey: identity.accessKey, secret: S3Secret(identity.secret))
    }

    /// Everything in the bucket, without a form.
    func admin() -> S3Store {
        store(S3Credentials(keys: keys(live.admin), forms: nil, ends: nil))
    }

    func store(_ credentials: S3Credentials...) -> S3Store { store(ListedCredentials(credentials)) }

    func store(_ source: any S3CredentialsSource, carrier: (any S3Carrier)? = nil) -> S3Store {
        S3Store(
            address,
            credentials: source,
            carrier: carrier ?? CountingCarrier(address),
            times: .system
        )
    }

    /// The credentials of a device of this user: a session for its prefix and a form, as the credentials service makes them.
    func credentials(seconds: Int = 3_600) async throws -> S3Credentials {
        let session = try await session(by: keys(live.broker), seconds: seconds)
        let policy = PostPolicy(bucket: live.bucket, prefix: prefix, ends: session.ends)
        return S3Credentials(
            keys: session.keys,
            forms: [form(policy.form(keys(live.poster), region: live.region, at: now))],
            ends: session.ends
        )
    }

    func form(_ form: S3Form) -> S3Credentials.PrefixedForm { S3Credentials.PrefixedForm(prefix: "", form: form) }

    /// The policy of a session: it may list and delete, and creates objects by its form alone.
    var policy: String {
        """
        {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":["s3:ListBucket"],\
        "Resource":["arn:aws:s3:::\(live.bucket)"],"Condition":{"StringLike":{"s3:prefix":["\(prefix)*"]}}},\
        {"Effect":"Allow","Action":["s3:DeleteObject"],"Resource":["arn:aws:s3:::\(live.bucket)/\(prefix)*"]}]}
        """
    }

    func session(by keys: S3Keys, seconds: Int) async throws -> SessionAnswer {
        let answer = try await call(sts: seconds, by: keys)
        return try #require(SessionAnswer(answer.body), "\(String(decoding: answer.body, as: UTF8.self))")
    }

    /// The store's answer to the call of STS that it knows.
    func call(sts seconds: Int, by keys: S3Keys) async throws -> S3Response {
        var fields = [("Version", "2011-06-15"), ("DurationSeconds", "\(seconds)"), ("Policy", policy)]
        switch live.kind {
        case .seaweedfs: fields += [("Action", "GetFederationToken"), ("Name", "sync-0a1b2c3d")]
        case .ceph: fields += [("Action", "AssumeRole"), ("RoleArn", live.role), ("RoleSessionName", "sync-0a1b2c3d")]
        }
        let body = Array(
            fields.map { "\(PercentEncoding.component($0.0))=\(PercentEncoding.component($0.1))" }
                .joined(separator: "&").utf8
        )
        let request = SigV4.Request(
            method: "POST",
            host: address.authority,
            path: "/",
            headers: [("Content-Type", "application/x-www-form-urlencoded; charset=utf-8")],
            body: body
        )
        let signed = SigV4(keys, region: live.region, service: "sts").sign(request, at: now)
        return try await CountingCarrier(address).carry(
            S3Request(
                method: "POST",
                target: signed.target,
                headers: [("Host", address.authority)] + signed.headers + [("Content-Length", "\(body.count)")],
                body: body
            ),
            timeout: .seconds(30)
        )
    }

    /// A name as a chain makes it, which is as long as names may be.
    func name(time: Int, writer: String = "AAAAAAAAAAA", data: String = "AAAA") -> String {
        "\(prefix)\(collection)/\(time)-\(writer)/AAAAAA/00-01/\(data)"
    }

    /// All objects below a prefix, page by page.
    func all(_ store: S3Store, after: String? = nil, limit: Int = 1_000) async throws -> [ObjectPage] {
        var pages: [ObjectPage] = []
        var after = after
        while true {
            let page = try await store.list(prefix: prefix, after: after, limit: limit)
            pages.append(page)
            guard page.isTruncated else { return pages }
            after = page.entries.last?.name
        }
    }

    func names(_ store: S3Store, after: String? = nil, limit: Int = 1_000) async throws -> [String] {
        try await all(store, after: after, limit: limit).flatMap(\.entries).map(\.name)
    }
}
