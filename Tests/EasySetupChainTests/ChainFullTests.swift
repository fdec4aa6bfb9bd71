import EasySetupTesting
import Testing

@testable import EasySetupChain

@Suite("Chains with more objects than they may have") struct ChainFullTests {
    private let party = ChainParty()
    private let notes = try! CollectionName("notes")

    /// A device without the seed can fill a chain. What room is left then is for those that have the seed.
    @Test("A full chain takes no values, and all that shuts a device out or makes it smaller")
    func full() async throws {
        let one = party.chain(1)
        let hostile = try await one.membership(for: ["notes": true])
        let device = party.member(hostile)
        try await device.join(name: "Hostile", platform: "Linux")
        for index in 0..<40 { try await device.put("\(index % 4)", in: "notes", ["a": [UInt8(index)]]) }
        _ = try await one.list("notes")
        party.store.change { $0.isFull = true }
        let before = party.store.names
        let refused = ChainError.store(ObjectStoreError(.full))
        await #expect(throws: refused) { try await one.put("x", in: "notes", ["a": [1]]) }
        await #expect(throws: refused) { try await one.update("1", in: "notes", ["a": [1]]) }
        await #expect(throws: refused) { try await one.put("x", in: "history", ["a": [1]]) }
        #expect(party.store.names == before)
        try await one.remove(hostile.device)
        try await one.delete("0", in: "notes")
        #expect(try await one.compact("notes", minimum: 1).pieces == 1)
        party.store.advance(by: .seconds(601))
        #expect(try await one.compact("notes", minimum: 1).deleted == 41)
        #expect(party.store.names.count < before.count)
        party.store.change { $0.isFull = false }
        try await one.put("x", in: "notes", ["a": [1]])
        #expect(try await party.chain(2).list("notes").map(\.object) == ["1", "2", "3", "x"])
        #expect(try await device.get("x", in: "notes") == nil)
    }

    @Test("A collection is deleted from a full chain")
    func delete() async throws {
        let one = party.chain(1)
        for index in 0..<5 { try await one.put("\(index)", in: "notes", ["a": [1]]) }
        party.store.change { $0.isFull = true }
        #expect(try await one.deleteCollection("notes") == 5)
        #expect(try await party.chain(2).list("notes").isEmpty)
    }
}
