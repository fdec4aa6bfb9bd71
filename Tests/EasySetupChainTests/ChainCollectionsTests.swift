import EasySetupSeed
import EasySetupTesting
import Synchronization
import Testing

@testable import EasySetupChain

@Suite("Collections of a chain")
struct ChainCollectionsTests {
    private let party = ChainParty()
    private let notes = try! CollectionName("notes")

    @Test("The first write to a collection notes it, once and before the write")
    func noting() async throws {
        let one = party.chain(1)
        let calls = Mutex<[String]>([])
        party.store.change {
            $0.fault = { call, _ in
                if case .put(let name) = call { calls.withLock { $0.append(name) } }
                return nil
            }
        }
        try await one.put("1", in: "notes", ["a": [1]])
        #expect(calls.withLock { $0.map { $0.hasPrefix(party.prefix(.collections)) } } == [true, false])
        try await one.put("2", in: "notes", ["a": [1]])
        try await party.chain(2).put("3", in: "notes", ["a": [1]])
        #expect(party.names(.collections).count == 1)
        #expect(try await party.chain(3).collections() == [notes])
        try await one.delete("x", in: "history")
        #expect(try await party.chain(3).collections() == [notes])
    }

    @Test("A device that dies after it noted a collection and before it wrote leaves nothing that is in the way")
    func noted() async throws {
        let place = party.prefix(notes)
        party.store.change {
            $0.fault = { call, _ in
                if case .put(let name) = call, name.hasPrefix(place) {
                    .refused(ObjectStoreError(.denied))
                } else {
                    nil
                }
            }
        }
        let error = await #expect(throws: ChainError.self) {
            try await party.chain(1).put("1", in: "notes", ["a": [1]])
        }
        #expect(error?.code == .storeDenied)
        party.store.change { $0.fault = { _, _ in nil } }
        #expect(try await party.chain(2).collections() == [notes])
        try await party.chain(1).put("1", in: "notes", ["a": [1]])
        #expect(try await party.chain(2).list("notes").count == 1)
        #expect(party.names(.collections).count == 1)
    }

    @Test("A chain has no more collections than it may, and nothing is written to one more")
    func collectionLimit() async throws {
        let one = party.chain(1)
        await one.limit(ChainLimits(collections: 2))
        for name in ["a", "b"] { try await one.put("1", in: name, ["a": [1]]) }
        let before = party.store.names
        await #expect(throws: ChainError.collectionLimit(limit: 2)) { try await one.put("1", in: "c", ["a": [1]]) }
        await #expect(throws: ChainError.collectionLimit(limit: 2)) { try await one.note("c") }
        await #expect(throws: ChainError.collectionLimit(limit: 2)) { _ = try await one.membership(for: ["c": true]) }
        #expect(party.store.names == before)
        try await one.put("2", in: "a", ["a": [1]])
    }

    @Test("A collection with more objects than a device holds is not shown in part, and gets no object more")
    func objectLimit() async throws {
        let (one, other) = (party.chain(1), party.chain(2))
        await other.limit(ChainLimits(objects: 3))
        for index in 0..<3 { try await one.put("\(index)", in: "notes", ["a": [1]]) }
        #expect(try await other.list("notes").count == 3)
        let before = party.store.names
        await #expect(throws: ChainError.collectionTooLarge(limit: 3)) {
            try await other.put("3", in: "notes", ["a": [1]])
        }
        #expect(party.store.names == before)
        try await other.put("2", in: "notes", ["a": [2]])
        try await one.put("3", in: "notes", ["a": [1]])
        for _ in 0..<2 {
            await #expect(throws: ChainError.collectionTooLarge(limit: 3)) { _ = try await other.list("notes") }
        }
        var changes = await other.changes(in: "notes", every: .seconds(1)).makeAsyncIterator()
        await #expect(throws: ChainError.collectionTooLarge(limit: 3)) { _ = try await changes.next() }
        #expect(try await one.list("notes").count == 4)
    }

    @Test("A device without the seed is made with the newest keys, and is nobody until it joins")
    func membership() async throws {
        let one = party.chain(1)
        try await one.put("1", in: "notes", ["a": [1]])
        let gone = try await one.membership(for: ["notes": true])
        try await party.member(gone).join(name: "Gone", platform: "Linux")
        try await one.remove(gone.device)
        try await one.put("2", in: "notes", ["a": [2]])
        let made = try await one.membership(for: ["notes": false, "history": true], until: 2_000_000_000)
        #expect(made.device != gone.device)
        #expect(made.certificate.notAfter == 2_000_000_000)
        #expect(made.rights.map { "\($0.key) \($0.value)" }.sorted() == ["history true", "notes false"])
        #expect(try await one.devices().isEmpty)
        #expect(try await one.collections().map(\.text) == ["history", "notes"])
        let member = party.member(made)
        #expect(try await member.list("notes").map(\.object) == ["1", "2"])
        try await member.put("1", in: "history", ["a": [3]])
        try await member.join(name: "TV", platform: "Linux")
        #expect(try await one.devices().map(\.name) == ["TV"])
        #expect(try await one.get("1", in: "history") == ["a": [3]])
        try await one.remove(made.device)
        await #expect(throws: ChainError.notHeld) { _ = try await member.membership(for: ["notes": true]) }
    }

    @Test("A membership with too many or wrong collections is refused before anything is written")
    func membershipRefused() async throws {
        let one = party.chain(1)
        await #expect(throws: ChainError.collectionName) { _ = try await one.membership(for: ["no/name": true]) }
        let many = Dictionary(uniqueKeysWithValues: (0..<127).map { ("c\($0)", true) })
        await #expect(throws: ChainError.tooManyCollections) { _ = try await one.membership(for: many) }
        #expect(party.store.names.isEmpty)
    }

    @Test("A removed device that writes its certificate into another one's record gets no key")
    func foreignCertificate() async throws {
        let one = party.chain(1)
        let (gone, stays) = (
            try await one.membership(for: ["notes": true]), try await one.membership(for: ["notes": true])
        )
        try await party.member(gone).join(name: "Gone", platform: "Linux")
        try await party.member(stays).join(name: "Stays", platform: "Linux")
        try await one.remove(gone.device)
        // The removed device keeps its keys of the first generation.
        let record = ChainDevice(
            id: DeviceID(value: 77),
            name: "Other",
            platform: "",
            hasSeed: false,
            lastSeen: 0,
            certificate: gone.certificate.bytes
        )
        try await party.member(gone).writeForTest(record)
        try await one.remove(stays.device)
        try await one.put("1", in: "notes", ["a": [1]])
        #expect(try await party.member(gone).list("notes").isEmpty)
    }
}

extension Chain {
    /// Writes a device's record, whoever it is of, as a device that breaks the rules can.
    func writeForTest(_ record: ChainDevice) async throws(ChainError) {
        try await write([(record.id.text, .put(record.attributes))], in: .devices)
    }
}
