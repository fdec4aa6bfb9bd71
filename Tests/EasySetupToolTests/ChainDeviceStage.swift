import EasySetup
import EasySetupChain
import EasySetupS3
import EasySetupSeed
import Foundation
import TestSupport
import Testing

/// Devices of one chain as folders, with the built program and a real store.
struct ChainDeviceStage {
    let store: LiveStore
    let seed = SyncSeed.random()
    let scratch = ScratchFolder()

    init() async throws {
        store = try await LiveStore.shared()
    }

    /// The folder of a device's seed.
    func folder(_ name: String) -> String { "\(scratch.path)/\(name)" }

    /// The bucket as a person writes it.
    var bucket: String { "\(store.endpoint)/\(store.bucket)" }

    /// The variables of a person with a bucket of his own.
    var variables: [String: String] {
        [
            "EASYSETUP_BUCKET": bucket, "AWS_ACCESS_KEY_ID": store.admin.accessKey,
            "AWS_SECRET_ACCESS_KEY": store.admin.secret, "AWS_REGION": store.region,
        ]
    }

    /// Gives a device the seed.
    func addDevice(_ name: String) async throws {
        let result = try await Program.run(["seed", "import", "--store", folder(name)], input: seed.base64.revealed())
        #expect(result.code == 0)
    }

    /// Gives a device a membership, as a device with the seed makes it.
    @discardableResult func addMember(_ name: String, of collections: [String: Bool]) async throws -> Membership {
        let giver = Chain(seed: seed, device: .random(), store: try s3())
        let membership = try await giver.membership(for: collections)
        try await FileSeedStore(folder: folder(name)).save(membership, replacing: false)
        return membership
    }

    /// The arguments of a command on a device.
    private func arguments(_ device: String, _ words: [String]) -> [String] {
        ["chain"] + words + ["--store", folder(device), "--name", device]
    }

    /// Runs a command of the chain on a device.
    func run(
        _ device: String,
        _ words: [String],
        input: String = "",
        variables more: [String: String] = [:]
    ) async throws -> Program.Result {
        try await Program.run(
            arguments(device, words),
            input: input,
            variables: variables.merging(more) { $1 }
        )
    }

    /// Starts a command of the chain on a device.
    func start(_ device: String, _ words: [String]) throws -> Running {
        try Running(arguments(device, words), variables: variables)
    }

    /// The store as the library has it, with the rights of an identity that may do everything.
    func s3() throws -> S3Store {
        let address = try #require(S3Address(endpoint: store.endpoint, region: store.region, bucket: store.bucket))
        return S3Store(address, credentials: AdminKeys(store))
    }

    /// The events of a result.
    static func events(_ result: Program.Result) throws -> [[String: Any]] {
        try result.lines.map { line in
            try JSONSchema.check(line: line)
            return try #require(try JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any])
        }
    }

    /// The text of an attribute in an event `object` or `change`.
    static func text(_ name: String, _ event: [String: Any]) -> String? {
        let attributes = event["attributes"] as? [[String: Any]]
        return attributes?.first { $0["name"] as? String == name }?["text"] as? String
    }
}

/// The keys of an identity that may do everything.
private struct AdminKeys: S3CredentialsSource {
    let store: LiveStore

    init(_ store: LiveStore) { self.store = store }

    func credentials() async throws(ObjectStoreError) -> S3Credentials {
        let keys = S3Keys(accessKey: store.admin.accessKey, secret: S3Secret(store.admin.secret))
        return S3Credentials(keys: keys, forms: nil, ends: nil)
    }
}
