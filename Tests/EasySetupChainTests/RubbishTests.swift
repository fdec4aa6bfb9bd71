import EasySetupSeed
import EasySetupTesting
import Testing

@testable import EasySetupChain

/// What somebody who may write puts into a chain so that it never goes (`Protocol/chain.md`, "Compaction").
@Suite("Rubbish in a chain")
struct RubbishTests {
    private let party = ChainParty()
    private let notes = try! CollectionName("notes")
    private let day: Duration = .seconds(86_400)

    /// Stores a record with any plaintext, as whoever has the key can, and returns its names.
    @discardableResult private func store(_ plaintext: [UInt8], _ stamp: Stamp, in name: CollectionName) -> [String] {
        var keys = KeyRing(name: name, seed: party.fixture.seed)
        keys.learn(stamp.generation)
        let sealed = RecordSeal.seal(
            plaintext,
            stamp: stamp,
            place: keys.place,
            key: keys.key(of: stamp.generation)!,
            nonce: ChainEntropy.system.publicBytes(24)
        )
        let names = ObjectName.names(of: sealed, time: stamp.time, writer: stamp.writer, in: keys.place)
        for name in names { party.store.insert(name) }
        return names
    }

    /// Stores a record with a field that this version does not know.
    @discardableResult private func storeNewer(in name: CollectionName, by writer: UInt64 = 9) -> [String] {
        let stamp = Stamp(generation: 1, time: party.store.milliseconds, writer: DeviceID(value: writer))
        return store([0xFA, 0x7F, 1, 0], stamp, in: name)
    }

    /// The plaintext of a record of one part.
    private func plaintext(of name: String) throws -> (bytes: [UInt8], stamp: Stamp) {
        let keys = KeyRing(name: notes, seed: party.fixture.seed)
        let part = try ObjectName(name, in: keys.place)
        let sealed = Array(part.portion)
        let generation = try #require(RecordSeal.generation(of: sealed))
        let key = try #require(keys.key(of: generation))
        let bytes = try RecordSeal.open(sealed, name: part.record, place: keys.place, key: key)
        return (bytes, Stamp(generation: generation, time: part.record.time, writer: part.record.writer))
    }

    // MARK: Names

    @Test("Names below a collection's prefix that break the grammar go after a day, and others' names stay")
    func names() async throws {
        let one = party.chain(1)
        try await one.put("1", in: "notes", ["a": [1]])
        let prefix = party.prefix(notes)
        let rubbish = ["", "x", "x/", "//", "0000000000001-", "a\u{1}b", "\u{fc}"].map { prefix + $0 }
        for name in rubbish { party.store.insert(name) }
        for name in ["2/x", "1/x"] { party.store.insert(name) }
        #expect(try await one.compact("notes", minimum: 1_000).deleted == 0)
        party.store.advance(by: day)
        #expect(try await one.compact("notes", minimum: 1_000).deleted == rubbish.count)
        #expect(party.names(notes).count == 1)
        #expect(party.store.names.contains("2/x"))
        #expect(party.store.names.contains("1/x"))
        #expect(try await party.chain(2).list("notes").count == 1)
    }

    @Test("A name that the store refuses to delete, or can't, keeps no other and ends no compaction")
    func undeletable() async throws {
        let one = party.chain(1)
        for index in 0..<4 { try await one.put("\(index)", in: "notes", ["a": [1]]) }
        let prefix = party.prefix(notes)
        for name in ["a", "b", "c", "d/"] { party.store.insert(prefix + name) }
        party.store.advance(by: day)
        party.store.change {
            $0.fault = { call, _ in
                guard case .delete(let names) = call else { return nil }
                if names.contains(where: { $0.hasSuffix("/") }) { return .refused(ObjectStoreError(.busy)) }
                return names.contains(prefix + "b") ? .refused(ObjectStoreError(.denied)) : nil
            }
        }
        let report = try await one.compact("notes", minimum: 1)
        #expect(report.deleted == 2)
        #expect(report.pieces == 1)
        #expect(party.names(notes).count { [prefix + "b", prefix + "d/"].contains($0) } == 2)
        #expect(party.names(notes).count == 7)
    }

    // MARK: Later versions

    @Test("A record of a later version that nobody has noted stops no forgetting, and goes after a day")
    func newer() async throws {
        let one = party.chain(1)
        try await one.put("1", in: "notes", ["a": [1]])
        try await one.delete("1", in: "notes")
        #expect(try await one.compact("notes", minimum: 1).pieces == 1)
        party.store.advance(by: .seconds(100 * 86_400))
        let names = storeNewer(in: notes)
        // It may be one whose note is listed late.
        #expect(try await one.compact("notes", minimum: 1).pieces == 0)
        party.store.advance(by: .seconds(600))
        #expect(try await one.compact("notes", minimum: 1).pieces == 1)
        #expect(await one.reader(notes)?.state.floor != nil)
        #expect(Set(party.names(notes)).isSuperset(of: names))
        party.store.advance(by: day)
        try await one.compact("notes", minimum: 1)
        #expect(Set(party.names(notes)).isDisjoint(with: names))
    }

    @Test("A record of a later version stays, and nothing is forgotten, where a device with the seed has noted it")
    func newerNoted() async throws {
        let one = party.chain(1)
        try await one.put("1", in: "notes", ["a": [1]])
        try await one.delete("1", in: "notes")
        #expect(try await one.compact("notes", minimum: 1).pieces == 1)
        // Its own version says nothing.
        try await one.write([("version:1", .put([:])), ("version:x", .put([:]))], in: .collections)
        #expect(try await one.hasNewerVersions(notes) == false)
        try await party.chain(3).write([("version:2", .put([:]))], in: .collections)
        let names = storeNewer(in: notes)
        let own = storeNewer(in: .collections)
        party.store.advance(by: .seconds(100 * 86_400))
        try await one.compact("notes", minimum: 1)
        try await one.deleteCollection("notes")
        try await one.compact(.collections, minimum: 1)
        #expect(Set(party.names(notes)).isSuperset(of: names))
        #expect(Set(party.names(.collections)).isSuperset(of: own))
        #expect(await one.reader(notes)?.state.floor?.time ?? 0 < party.store.milliseconds - 99 * 86_400_000)
    }

    @Test("Among the notes of collections a record of a later version stays without a note")
    func newerNotes() async throws {
        let one = party.chain(1)
        try await one.note("notes")
        let names = storeNewer(in: .collections)
        party.store.advance(by: .seconds(3 * 86_400))
        try await one.compact(.collections, minimum: 1)
        #expect(Set(party.names(.collections)).isSuperset(of: names))
    }

    // MARK: Copies

    @Test("Of equal changes of the key, earlier keys and pieces all but one go after a day, whoever compacts")
    func copies() async throws {
        let one = party.chain(1)
        let membership = try await one.membership(for: ["notes": true])
        try await party.member(membership).join(name: "TV", platform: "Linux")
        for index in 0..<3 { try await one.put("\(index)", in: "notes", ["a": [1]]) }
        try await one.remove(membership.device)
        try await one.compact("notes", minimum: 1)
        let before = party.names(notes)
        // A change of the key, earlier keys and a piece.
        var copied = 0
        for name in before {
            let (bytes, stamp) = try plaintext(of: name)
            let place = KeyRing(name: notes, seed: party.fixture.seed).place
            if case .changes = try RecordCodec.content(of: bytes, stamp: stamp, place: place).content { continue }
            for _ in 0..<5 { store(bytes, stamp, in: notes) }
            copied += 1
        }
        #expect(copied == 3)
        try await one.compact("notes", minimum: 1_000)
        #expect(party.names(notes).count == before.count + 15)
        party.store.advance(by: day)
        for number in 2...4 as ClosedRange<UInt64> {
            try await party.chain(number).compact("notes", minimum: 1_000)
            #expect(party.names(notes).count == 3)
        }
        #expect(try await party.chain(5).list("notes").count == 3)
    }

    @Test("Somebody who writes the names of a snapshot again and again holds up no device that runs")
    func touched() async throws {
        let one = party.chain(1)
        for index in 0..<20 { try await one.put("\(index)", in: "notes", ["a": [1]]) }
        let before = Set(party.names(notes))
        #expect(try await one.compact("notes", minimum: 1).pieces == 1)
        let piece = party.names(notes).filter { !before.contains($0) }
        #expect(try await one.compact("notes", minimum: 1).deleted == 0)
        for _ in 0..<3 {
            party.store.advance(by: .seconds(540))
            for name in piece { _ = try await party.store.put(name) }
        }
        #expect(try await party.chain(2).compact("notes", minimum: 1).deleted == 0)
        #expect(try await one.compact("notes", minimum: 1).deleted == 20)
    }

    // MARK: The chain's own collections

    @Test("However long devices run, the chain's own collections have a bounded number of names")
    func own() async throws {
        let one = party.chain(1)
        let membership = try await one.membership(for: ["notes": true])
        let devices = [one, party.chain(2), party.member(membership)]
        for device in devices {
            await device.limit(ChainLimits(ownNames: 20))
            try await device.join(name: "D", platform: "Linux")
        }
        var most = 0
        for _ in 0..<40 {
            party.store.advance(by: day)
            for device in devices { try await device.touch() }
            most = max(most, party.names(.devices).count)
        }
        #expect(most > 20)
        #expect(most < 30)
        let seen = try await party.chain(3).devices()
        #expect(seen.count == 3)
        #expect(Set(seen.map(\.lastSeen)) == [Int(party.store.milliseconds / 86_400_000)])
    }

    @Test("What a member puts into the chain's own collections goes when a device with the seed looks after them")
    func ownRubbish() async throws {
        let one = party.chain(1)
        try await one.join(name: "D", platform: "Linux")
        for name in [CollectionName.devices, .requests] {
            for index in 0..<400 { party.store.insert(party.prefix(name) + "\(index)") }
        }
        party.store.advance(by: .seconds(2 * 86_400))
        try await one.touch()
        #expect(party.names(.requests).isEmpty)
        #expect(party.names(.devices).count < 10)
        #expect(try await party.chain(2).devices().count == 1)
    }

    @Test("Too much among the requests does not keep a device from bringing its record up to date")
    func tooMuch() async throws {
        let one = party.chain(1)
        try await one.join(name: "D", platform: "Linux")
        let other = party.chain(2)
        try await other.write((0..<30).map { ("\($0)", .put([:])) }, in: .requests)
        await one.limit(ChainLimits(objects: 20))
        party.store.advance(by: day)
        try await one.touch()
        #expect(try await other.devices().map(\.lastSeen) == [Int(party.store.milliseconds / 86_400_000)])
    }

    // MARK: Deleting a collection

    @Test("Deleting a collection keeps what can't be read for a day: a change of the key may be among it")
    func deleted() async throws {
        let one = party.chain(1)
        let gone = try await one.membership(for: ["notes": true])
        let stays = try (20..<28 as Range<UInt64>).map { try party.fixture.member($0) }
        try await party.member(gone).join(name: "TV", platform: "Linux")
        for member in stays { try await party.member(member).join(name: "TV", platform: "Linux") }
        try await one.put("1", in: "notes", ["a": [1]])
        let before = Set(party.names(notes))
        try await one.remove(gone.device)
        // Of the change of the key one part is listed late by a device that knows nothing of it.
        let parts = party.names(notes).filter { !before.contains($0) }
        let late = try #require(parts.first { $0.contains("/01-0") })
        party.store.insert(party.prefix(notes) + "x")
        party.store.change { $0.withholds = { $0 == late } }
        try await party.chain(2).deleteCollection("notes")
        party.store.change { $0.withholds = { _ in false } }
        #expect(Set(party.names(notes)).isSuperset(of: parts))
        try await one.put("2", in: "notes", ["a": [1]])
        for member in stays {
            #expect(try await party.member(member).list("notes").map(\.object) == ["2"])
        }
        party.store.advance(by: .seconds(2 * 86_400))
        try await one.deleteCollection("notes")
        #expect(!party.names(notes).contains(party.prefix(notes) + "x"))
    }

    @Test("What comes into a collection that was deleted goes by a compaction, and the collection stays deleted")
    func deletedSince() async throws {
        let one = party.chain(1)
        try await one.put("1", in: "notes", ["a": [1]])
        try await one.deleteCollection("notes")
        let before = party.names(notes)
        storeNewer(in: notes)
        for index in 0..<10 { party.store.insert(party.prefix(notes) + "\(index)") }
        party.store.advance(by: day)
        #expect(try await one.storedCollections() == [notes] + CollectionName.reserved)
        for name in try await one.storedCollections() { try await one.compact(name, minimum: 16) }
        #expect(party.names(notes).count <= before.count)
        #expect(try await one.collections().isEmpty)
        #expect(try await party.chain(2).list("notes").isEmpty)
        let member = party.member(try party.fixture.member(9))
        await #expect(throws: ChainError.notHeld) { _ = try await member.storedCollections() }
    }
}
