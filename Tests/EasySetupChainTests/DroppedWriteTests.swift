import EasySetupSeed
import EasySetupTesting
import Testing

@testable import EasySetupChain

/// Writes that die although they were acknowledged, because they were made under a key that others had replaced long before.
@Suite("Writes that a floor drops")
struct DroppedWriteTests {
    private let party = ChainParty()
    private let notes = try! CollectionName("notes")
    private let days: @Sendable (Int64) -> Duration = { .seconds(86_400 * $0) }

    /// A member writes, deletes and changes objects when the store has withheld a change of the key for 100 days, and all
    /// that was written since.
    private func scene() async throws -> (one: Chain, tv: Chain, membership: Membership) {
        let one = party.chain(1)
        let membership = try await one.membership(for: ["notes": true])
        let gone = try await one.membership(for: ["notes": true])
        let tv = party.member(membership)
        try await tv.join(name: "TV", platform: "Linux")
        for object in ["changed", "deleted", "kept", "forgotten"] {
            try await one.put(object, in: "notes", ["a": [1]])
        }
        try await one.delete("forgotten", in: "notes")
        #expect(try await tv.list("notes").count == 3)
        let before = Set(party.store.names)
        try await one.remove(gone.device)
        try await one.compact("notes", minimum: 1)
        party.store.advance(by: days(100))
        try await one.compact("notes", minimum: 1)
        #expect(await one.reader(notes)?.state.floor?.generation ?? 1 > 1)
        let since = Set(party.store.names).subtracting(before)
        party.store.change { $0.withholds = { since.contains($0) } }
        try await tv.put("new", in: "notes", ["a": [2]])
        try await tv.update("changed", in: "notes", ["a": [2]])
        try await tv.delete("deleted", in: "notes")
        #expect(try await tv.status(of: "notes").dropped.isEmpty)
        party.store.change { $0.withholds = { _ in false } }
        return (one, tv, membership)
    }

    @Test("A device sees which of its changes count for nobody, in the same run and in the next one")
    func told() async throws {
        let (one, tv, membership) = try await scene()
        #expect(try await one.list("notes").map(\.object) == ["changed", "deleted", "kept"])
        for device in [tv, party.member(membership)] {
            party.store.advance(by: days(1))
            #expect(try await device.list("notes").map(\.object) == ["changed", "deleted", "kept"])
            #expect(try await device.status(of: "notes").dropped == ["changed", "deleted", "new"])
        }
        // Another device's changes are not its own.
        #expect(try await one.status(of: "notes").dropped.isEmpty)
        #expect(try await party.chain(3).status(of: "notes").dropped.isEmpty)
    }

    @Test("What is written or deleted later is not told any more")
    func later() async throws {
        let (one, tv, membership) = try await scene()
        party.store.advance(by: days(1))
        try await tv.put("new", in: "notes", ["a": [2]])
        #expect(try await tv.status(of: "notes").dropped == ["changed", "deleted"])
        try await one.update("changed", in: "notes", ["a": [3]])
        try await one.delete("deleted", in: "notes")
        for device in [tv, party.member(membership)] {
            #expect(try await device.status(of: "notes").dropped.isEmpty)
        }
        #expect(try await one.get("new", in: "notes") == ["a": [2]])
    }

    @Test("A floor that removes what is as old as itself is no reason to tell anything")
    func old() async throws {
        let one = party.chain(1)
        try await one.put("1", in: "notes", ["a": [1]])
        try await one.delete("1", in: "notes")
        let membership = try await one.membership(for: ["notes": true])
        let tv = party.member(membership)
        try await tv.put("2", in: "notes", ["a": [1]])
        try await one.delete("2", in: "notes")
        try await one.compact("notes", minimum: 1)
        party.store.advance(by: days(100))
        try await one.compact("notes", minimum: 1)
        party.store.advance(by: days(1))
        try await one.compact("notes", minimum: 1)
        #expect(await one.reader(notes)?.state.floor != nil)
        for device in [one, tv, party.member(membership), party.chain(1)] {
            #expect(try await device.status(of: "notes").dropped.isEmpty)
        }
    }
}
