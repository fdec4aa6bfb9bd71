import EasySetup
import EasySetupChain
import EasySetupS3
import Foundation

// BEGIN
/// Opens the chain of this device in a bucket; nil as long as the device is not paired.
func openChain(folder: String, at bucket: S3Address, by keys: S3Keys) async throws -> Chain? {
    let store = S3Store(bucket, credentials: OwnKeys(keys: keys))
    switch try await FileSeedStore(folder: folder).access() {
    case .seed(let seed): return try Chain(seed: seed, device: deviceID(folder), store: store)
    // A device that was given some collections has its id in its membership.
    case .membership(let membership): return Chain(membership: membership, store: store)
    case nil: return nil
    }
}

/// Enters this device among those of the chain, where the others see it, and can shut it out if it is lost. Later it only
/// notes that the device was seen.
func enter(_ chain: Chain, as name: String) async throws {
    if try await !chain.touch() { try await chain.join(name: name, platform: "linux") }
}

/// The id of this device in its chain: drawn once, and the same in every run.
func deviceID(_ folder: String) throws -> DeviceID {
    let file = URL(filePath: folder).appending(path: "notes.device")
    if let text = try? String(contentsOf: file, encoding: .utf8), let kept = DeviceID(text: text) { return kept }
    let drawn = DeviceID.random()
    try drawn.text.write(to: file, atomically: true, encoding: .utf8)
    return drawn
}

/// The keys of a bucket that belongs to the user. An app with a service for its users has a `CredentialsClient` in place of this.
struct OwnKeys: S3CredentialsSource {
    let keys: S3Keys

    func credentials() async throws(ObjectStoreError) -> S3Credentials {
        S3Credentials(keys: keys, forms: nil, ends: nil)
    }
}
// END
