import ArgumentParser
import EasySetup
import EasySetupChain
import EasySetupHandshake
import EasySetupPairingSession
import EasySetupS3
import EasySetupSeed
import Glibc

/// The store, and the chain in it. The keys of the store's three identities are in the environment, as
/// `ADMIN`, `BROKER` and `POSTER`, each an access key, a colon and a secret.
struct StoreOptions: ParsableArguments {
    @Option(help: "The store's address.")
    var endpoint: String

    @Option(help: "The bucket.")
    var bucket: String

    @Option(help: "The number of the chain: its seed is made of it.")
    var chain: UInt8 = 1

    @Option(help: "By how many seconds the store's clock is said to be ahead.")
    var ahead = 0

    static let region = "us-east-1"

    func address() throws -> S3Address {
        guard let address = S3Address(endpoint: endpoint, region: Self.region, bucket: bucket) else {
            throw ValidationError("--endpoint or --bucket is none.")
        }
        return address
    }

    /// The seed of the chain with a number.
    static func seed(_ numbers: [UInt8]) throws -> SyncSeed {
        var bytes = numbers + [UInt8](repeating: 7, count: 32 - numbers.count)
        return try SyncSeed(bytes: SecretBytes(wiping: &bytes))
    }

    func seed() throws -> SyncSeed { try Self.seed([chain]) }

    /// The prefix of the chain's names.
    func prefix() throws -> String { RecordPlace.chainPrefix(of: try seed().userID) }

    /// The keys of an identity.
    static func keys(_ name: String) throws -> S3Keys {
        guard let text = getenv(name).map({ String(cString: $0) }), let colon = text.firstIndex(of: ":") else {
            throw ValidationError("There is no \(name) in the environment.")
        }
        return S3Keys(accessKey: String(text[..<colon]), secret: S3Secret(String(text[text.index(after: colon)...])))
    }

    /// The store as a device has it: with a session of the chain's prefix, and a form.
    func device() async throws -> CountedStore {
        let address = try address()
        let call = SessionCall(address, by: try Self.keys("BROKER"))
        let session = try await call.session(for: try prefix())
        let policy = PostPolicy(bucket: bucket, prefix: try prefix(), ends: session.ends)
        let form = policy.form(try Self.keys("POSTER"), region: Self.region, at: Int(time(nil)))
        let credentials = S3Credentials(
            keys: session.keys,
            forms: [S3Credentials.PrefixedForm(prefix: try prefix(), form: form)],
            ends: session.ends
        )
        return CountedStore(
            S3Store(address, credentials: FixedCredentials(value: credentials), proxies: .none),
            ahead: ahead
        )
    }

    /// The store with keys that may do everything, and no form.
    func admin() throws -> CountedStore {
        let credentials = S3Credentials(keys: try Self.keys("ADMIN"), forms: nil, ends: nil)
        return CountedStore(S3Store(try address(), credentials: FixedCredentials(value: credentials), proxies: .none))
    }

    /// The chain of a device with a number.
    func chain(_ device: UInt64, _ store: CountedStore) throws -> Chain {
        Chain(seed: try seed(), device: DeviceID(value: device), store: store)
    }
}

/// Credentials that are there already.
private struct FixedCredentials: S3CredentialsSource {
    let value: S3Credentials

    func credentials() async throws(ObjectStoreError) -> S3Credentials { value }
}
