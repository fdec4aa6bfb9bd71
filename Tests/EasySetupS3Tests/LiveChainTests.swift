import EasySetupChain
import EasySetupSeed
import TestSupport
import Testing

@testable import EasySetupS3

/// Chains whose devices meet in SeaweedFS, or in the store that `scripts/stores` has started.
@Suite("Chains in a real store", .enabled(if: StoreTools.hasStore, StoreTools.hint))
struct LiveChainTests {
    private let seed = SyncSeed.random()

    private func device(_ number: UInt64, of user: StoreUser) async throws -> (chain: Chain, carrier: CountingCarrier) {
        let carrier = CountingCarrier(user.address)
        let store = user.store(ListedCredentials([try await user.credentials()]), carrier: carrier)
        return (Chain(seed: seed, device: DeviceID(value: number), store: store), carrier)
    }

    @Test("What one device writes another reads: a write is one request, and so is a look")
    func twoDevices() async throws {
        let user = try await StoreUser(userID: seed.userID.bytes)
        let (laptop, sent) = try await device(1, of: user)
        let (phone, asked) = try await device(2, of: user)
        #expect(try await phone.list("notes").isEmpty)
        try await laptop.put("1", in: "notes", ["title": Array("Bread".utf8), "text": Array("flour, water".utf8)])
        var before = sent.count
        try await laptop.put("2", in: "notes", ["title": Array("Milk".utf8)])
        #expect(sent.count == before + 1)
        before = asked.count
        #expect(try await phone.get("1", in: "notes")?["text"] == Array("flour, water".utf8))
        #expect(asked.count == before + 1)

        // Both change the same object without having read the other's change.
        try await phone.update("1", in: "notes", ["text": Array("flour, water, salt".utf8)])
        try await laptop.update("1", in: "notes", ["title": Array("Rye bread".utf8)])
        for chain in [laptop, phone] {
            let note = try #require(try await chain.get("1", in: "notes"))
            #expect(note == ["title": Array("Rye bread".utf8), "text": Array("flour, water, salt".utf8)])
        }

        try await phone.delete("1", in: "notes")
        #expect(try await laptop.get("1", in: "notes") == nil)
        #expect(try await device(3, of: user).chain.list("notes").map(\.object) == ["2"])
        // The store has learnt no word of it.
        let names = try await user.admin().list(prefix: user.prefix, after: nil, limit: 1_000).entries.map(\.name)
        // Five writes, and before the first of them the note of the collection.
        #expect(names.count == 6)
        #expect(names.allSatisfy { !$0.contains("notes") && !$0.contains("Bread") })
    }

    @Test("A record of many parts, and a compaction, come back whole")
    func compaction() async throws {
        let user = try await StoreUser(userID: seed.userID.bytes)
        let (laptop, _) = try await device(1, of: user)
        let long = (0..<5_000).map { UInt8(truncatingIfNeeded: $0 &* 7) }
        try await laptop.put((0..<20).map { ("object \($0)", ["value": long]) }, in: "long")
        let report = try await laptop.compact("long", minimum: 1)
        #expect(report.pieces > 0)
        let read = try await device(2, of: user).chain.list("long")
        #expect(read.count == 20)
        #expect(read.allSatisfy { $0.attributes == ["value": long] })
    }
}
