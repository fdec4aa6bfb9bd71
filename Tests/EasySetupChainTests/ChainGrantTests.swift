import EasySetupTesting
import Testing

@testable import EasySetupChain

@Suite("Grants that meet, or do not arrive")
struct ChainGrantTests {
    private let party = ChainParty()
    private let notes = try! CollectionName("notes")
    private let history = try! CollectionName("history")

    /// A device with the seed that has written to both collections, and one without it that reads the notes, and asks to write
    /// there and to read the history.
    private func asked() async throws -> (one: Chain, tv: Chain) {
        let one = party.chain(1)
        for name in ["notes", "history"] { try await one.put("1", in: name, ["a": [1]] as [String: [UInt8]]) }
        let tv = party.member(try await one.membership(for: ["notes": false]))
        try await tv.join(name: "TV", platform: "Linux")
        try await tv.request("history", mayWrite: false)
        try await tv.request("notes", mayWrite: true)
        return (one, tv)
    }

    /// Has the store show none of the names that a call writes.
    private func hiding(_ call: () async throws -> Void) async throws {
        let seen = Set(party.store.names)
        try await call()
        let hidden = Set(party.store.names).subtracting(seen)
        party.store.change { $0.withholds = { hidden.contains($0) } }
    }

    private func showAll() { party.store.change { $0.withholds = { _ in false } } }

    /// The serials of the certificates that are noted.
    private func serials(_ chain: Chain) async throws -> [UInt64] {
        _ = try await chain.collections()
        return await chain.notedCertificates.map(\.certificate.serial)
    }

    @Test("Of two grants at once the device gets both rights, by the next device with the seed that looks")
    func twoGrants() async throws {
        let (one, tv) = try await asked()
        let other = party.chain(2)
        let requests = try await one.requests()
        #expect(try await other.requests().map(\.collection) == [history, notes])
        try await hiding { try await one.grant(requests[0]) }
        try await other.grant(requests[1])
        showAll()
        #expect(try await tv.newMembership()?.rights == [notes: true])
        // Both have been answered, so nobody is asked again.
        #expect(try await party.chain(3).requests().isEmpty)
        #expect(try await serials(party.chain(3)).count == 2)
        try await party.chain(3).touch()
        let granted = try #require(try await tv.newMembership())
        #expect(granted.rights == [notes: true, history: false])
        #expect(try await serials(party.chain(3)) == [granted.certificate.serial])
        try await party.chain(4).touch()
        try await party.member(granted).touch()
        #expect(try await party.member(granted).get("1", in: "history") == ["a": [1]])
        try await party.chain(4).touch()
        #expect(try await serials(party.chain(4)) == [granted.certificate.serial])
    }

    @Test("A device that grants sees the grant that another one has written meanwhile, and grants both")
    func looksAgain() async throws {
        let (one, tv) = try await asked()
        let requests = try await one.requests()
        try await hiding { try await one.grant(requests[0]) }
        // The store shows the first grant when the second one is there.
        let other = Chain(
            seed: party.fixture.seed,
            device: DeviceID(value: 2),
            store: ShowingStore(store: party.store, prefix: party.prefix(.requests)),
            clock: StoreTimeClock(party.store),
            entropy: .counted(2)
        )
        try await other.grant(requests[1])
        #expect(try await tv.newMembership()?.rights == [notes: true, history: false])
        #expect(try await party.chain(3).requests().isEmpty)
    }

    @Test(
        "A grant that another device has deleted is made again, and nothing else is"
    )
    func deleted() async throws {
        let (one, tv) = try await asked()
        let hostile = party.member(try await one.membership(for: ["notes": true]))
        try await hostile.join(name: "Hostile", platform: "Linux")
        let before = try await serials(one)
        try await party.chain(2).touch()
        #expect(try await serials(one) == before)
        try await one.grant(try await one.requests()[0])
        _ = try await hostile.requests()
        try await hostile.write([(Grant.object(tv.device), .delete)], in: .requests)
        #expect(try await tv.newMembership() == nil)
        #expect(try await one.requests().map(\.collection) == [notes])
        try await party.chain(2).touch()
        #expect(try await tv.newMembership()?.rights == [notes: false, history: false])
        #expect(try await one.requests().map(\.collection) == [notes])
        // A removed device is granted nothing.
        _ = try await hostile.requests()
        try await hostile.write([(Grant.object(tv.device), .delete)], in: .requests)
        try await one.remove(tv.device)
        try await party.chain(3).touch()
        #expect(await one.notedCertificates.map(\.certificate.device) == [hostile.device])
    }

    @Test(
        "A device that is granted more while another one removes it reads nothing of that which is written afterwards"
    )
    func removedMeanwhile() async throws {
        let (one, tv) = try await asked()
        let request = try #require(try await one.requests().first)
        try await hiding { try await party.chain(2).remove(tv.device) }
        try await one.grant(request)
        showAll()
        let granted = try #require(try await tv.newMembership())
        #expect(granted.rights == [notes: false, history: false])
        #expect(try await party.member(granted).get("1", in: "history") == ["a": [1]])
        try await party.chain(3).put("2", in: "history", ["a": [2]])
        #expect(try await party.member(granted).get("2", in: "history") == nil)
        #expect(try await party.chain(3).get("2", in: "history") == ["a": [2]])
        let other = party.chain(4)
        try await other.touch()
        #expect(await other.notedCertificates.isEmpty)
        let collection = CollectionID(of: history, seed: party.fixture.seed)
        #expect(await other.notedRemovals[tv.device]?.contains(collection) == true)
        let generations = await other.reader(history)?.generations
        try await party.chain(5).touch()
        _ = try await other.list("history")
        #expect(await other.reader(history)?.generations == generations)
    }

    @Test("The note of a right to write stays beside a certificate that only reads there")
    func notes() async throws {
        let one = party.chain(1)
        let writes = try await one.membership(for: ["notes": true])
        func certificate(_ rights: [CollectionName: Bool], _ serial: UInt64) throws -> Certificate {
            try Certificate(
                device: writes.device,
                signingKey: writes.deviceKeys.signingKey,
                boxKey: writes.deviceKeys.boxKey,
                collections: rights,
                serial: writes.certificate.serial + serial,
                seed: party.fixture.seed
            )
        }
        try await one.note(try certificate([notes: false, history: true], 1), [notes, history])
        #expect(try await serials(one).count == 2)
        try await one.note(try certificate([notes: true, history: true], 2), [notes, history])
        #expect(try await serials(one) == [writes.certificate.serial + 2])
    }
}

/// A store that shows everything from the first name with a prefix on that is written through it.
private struct ShowingStore: ObjectStore {
    let store: MemoryObjectStore
    let prefix: String

    func put(_ name: String) async throws(ObjectStoreError) -> StoreTime {
        let time = try await store.put(name)
        if name.hasPrefix(prefix) { store.change { $0.withholds = { _ in false } } }
        return time
    }

    func list(prefix: String, after: String?, limit: Int) async throws(ObjectStoreError) -> ObjectPage {
        try await store.list(prefix: prefix, after: after, limit: limit)
    }

    func delete(_ names: [String]) async throws(ObjectStoreError) -> StoreTime { try await store.delete(names) }

    var limits: ObjectStoreLimits { store.limits }
}
