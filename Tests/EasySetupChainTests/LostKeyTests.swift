import EasySetupSeed
import EasySetupTesting
import Testing

@testable import EasySetupChain

/// A store that loses or withholds changes of the key that a device has read and that runs on.
@Suite("Changes of the key that a store loses")
struct LostKeyTests {
    private let party = ChainParty()
    private let notes = try! CollectionName("notes")
    private let day: Duration = .seconds(86_400)

    /// Two members of which one is removed. Returns the names that came with the removal.
    private func scene(_ one: Chain) async throws -> (tv: Chain, gone: Membership, names: Set<String>) {
        let (stays, gone) = (
            try await one.membership(for: ["notes": true]), try await one.membership(for: ["notes": true])
        )
        let tv = party.member(stays)
        try await tv.join(name: "TV", platform: "Linux")
        try await party.member(gone).join(name: "Old TV", platform: "Linux")
        try await one.put("1", in: "notes", ["a": [1]])
        let before = Set(party.names(notes))
        try await one.remove(gone.device)
        #expect(try await tv.list("notes").count == 1)
        return (tv, gone, Set(party.names(notes)).subtracting(before))
    }

    @Test("A device with the seed begins a new generation where the store has lost the newest one's change")
    func lost() async throws {
        let one = party.chain(1)
        let (tv, gone, names) = try await scene(one)
        let old = await one.reader(notes)?.newestGeneration ?? 1
        for name in names { party.store.remove(name) }
        party.store.advance(by: day)
        try await one.put("2", in: "notes", ["a": [2]])
        let newcomer = party.chain(3)
        #expect(try await newcomer.list("notes").map(\.object) == ["1", "2"])
        #expect(await newcomer.reader(notes)?.newestGeneration ?? 1 > old)
        #expect(try await tv.list("notes").map(\.object) == ["1", "2"])
        #expect(try await party.member(gone).list("notes").map(\.object) == ["1"])
        // Once is enough.
        let count = party.names(notes).count
        for _ in 0..<3 {
            party.store.advance(by: day)
            _ = try await one.list("notes")
            try await one.touch()
        }
        #expect(party.names(notes).count == count)
    }

    @Test("A change of the key that is listed late is not taken for lost")
    func late() throws {
        let fixture = party.fixture
        let change = try KeyChange(
            of: notes,
            generation: 5,
            devices: [:],
            seed: fixture.seed,
            entropy: fixture.entropy
        )
        let came: UInt64 = 5_000_000
        let names = try fixture.names(.keyChange(change))
        for (later, isLost) in [(Compaction.settling - 1, false), (Compaction.settling, true)] {
            var reader = CollectionReader(keys: fixture.ring, device: fixture.writer)
            _ = reader.read(entries(names, lastModified: came))
            #expect(reader.newestGeneration == 5)
            // A listing that shows the rest of the collection, as the change was not in it yet.
            reader.beginsAll()
            _ = reader.read(entries(try fixture.names(time: 900)))
            reader.finished(.all(.daily), time: came + later, at: .zero)
            #expect(reader.lostGenerations == (isLost ? [5] : []))
            #expect(reader.newestGeneration == (isLost ? 1 : 5))
        }
    }

    @Test("A change that the store shows again is lost no more")
    func again() async throws {
        let one = party.chain(1)
        let (_, _, names) = try await scene(one)
        party.store.change { $0.withholds = { names.contains($0) } }
        party.store.advance(by: day)
        _ = try await one.list("notes")
        #expect(await one.reader(notes)?.lostGenerations.count == 1)
        #expect(await one.reader(notes)?.newestGeneration == 1)
        party.store.change { $0.withholds = { _ in false } }
        party.store.advance(by: day)
        _ = try await one.list("notes")
        #expect(await one.reader(notes)?.lostGenerations.isEmpty == true)
        #expect(await one.reader(notes)?.newestGeneration ?? 1 > 1)
    }
}
