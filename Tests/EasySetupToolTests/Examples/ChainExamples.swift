import EasySetup
import EasySetupChain
import EasySetupS3

// The examples of the documentation, between BEGIN and END, as an app would have them. ``ExampleTests`` checks that the
// pages have the same text.

/// The example of the chain's first page.
struct ChainExamples {
    let bucket: S3Address
    let credentials: any S3CredentialsSource
    let seed: SyncSeed
    let device: DeviceID

    func notes() async throws {
        // BEGIN
        let store = S3Store(bucket, credentials: credentials)
        let chain = Chain(seed: seed, device: device, store: store)

        try await chain.put("1", in: "notes", ["title": Array("Bread".utf8)])
        for try await note in await chain.changes(in: "notes") {
            show(note.object, title: note.attributes?["title"].map { String(decoding: $0, as: UTF8.self) })
        }
        // END
    }

    func service() async throws {
        // BEGIN
        let service = try CredentialsClient("https://keys.example.org", for: .seed(seed))
        let chain = Chain(seed: seed, device: device, store: S3Store(service: service))

        try await chain.put("1", in: "notes", ["title": Array("Bread".utf8)])
        // END
    }

    func command(kept: borrowing SecretBytes) throws -> CredentialsClient {
        // BEGIN
        let service = try CredentialsClient(
            "https://keys.example.org",
            for: .seed(seed),
            session: CredentialsSession(kept),
            renewed: { session in keep(session.encoded()) }
        )
        // END
        return service
    }

    private func keep(_ session: consuming SecretBytes) {}

    private func show(_ note: String, title: String?) {}
}
