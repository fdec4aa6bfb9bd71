import EasySetupTesting
import Testing

@testable import EasySetupChain

@Suite("Devices that were left out of a new key")
struct ChainLeftOutTests {
    private let party = ChainParty()

    private func join(_ one: Chain, _ name: String) async throws -> Membership {
        let membership = try await one.membership(for: ["notes": true])
        try await party.member(membership).join(name: name, platform: "Linux")
        return membership
    }

    /// A chain in which a device was removed while the store withheld the note of another one's certificate.
    private func leaveOut() async throws -> (
        one: Chain, out: Membership, stays: Membership, removed: Membership, hidden: Set<String>
    ) {
        let one = party.chain(1)
        try await one.put("1", in: "notes", ["a": [1]])
        let (stays, removed) = (try await join(one, "Stays"), try await join(one, "Removed"))
        let before = Set(party.names(.collections) + party.names(.devices))
        let out = try await join(one, "Out")
        let hidden = Set(party.names(.collections) + party.names(.devices)).subtracting(before)
        party.store.change { $0.withholds = { hidden.contains($0) } }
        // A device that has never seen them.
        try await party.chain(2).remove(removed.device)
        party.store.change { $0.withholds = { _ in false } }
        return (party.chain(3), out, stays, removed, hidden)
    }

    @Test("A device whose certificate the store withheld gets the key with the next write of a device with the seed")
    func write() async throws {
        let (one, out, stays, removed, _) = try await leaveOut()
        let device = party.member(out)
        #expect(try await device.status(of: "notes").isLeftOut)
        await #expect(throws: ChainError.notHeld) { try await device.put("2", in: "notes", ["a": [2]]) }
        try await one.put("3", in: "notes", ["a": [3]])
        #expect(try await device.get("3", in: "notes") == ["a": [3]])
        #expect(try await !device.status(of: "notes").isLeftOut)
        try await device.put("2", in: "notes", ["a": [2]])
        #expect(try await party.member(stays).list("notes").count == 3)
        #expect(try await party.member(removed).list("notes").map(\.object) == ["1"])
        // It was once.
        let before = party.store.names.count
        try await one.put("4", in: "notes", ["a": [3]])
        try await party.chain(5).put("5", in: "notes", ["a": [3]])
        #expect(party.store.names.count == before + 2)
    }

    @Test("A device with the seed that only looks gives the keys, too, those of the devices' own collection included")
    func touch() async throws {
        let (one, out, _, removed, _) = try await leaveOut()
        try await one.join(name: "One", platform: "Linux")
        _ = try await one.list("notes")
        try await one.touch()
        let device = party.member(out)
        #expect(try await !device.status(of: "notes").isLeftOut)
        #expect(try await device.devices().map(\.name) == ["One", "Out", "Stays"])
        #expect(try await party.member(removed).status(of: "notes").isLeftOut)
    }

    @Test("A device that joins after a change of the key, and was made before it, gets the key")
    func late() async throws {
        let one = party.chain(1)
        let removed = try await join(one, "Removed")
        let late = try await one.membership(for: ["notes": true])
        try await one.remove(removed.device)
        let device = party.member(late)
        try await device.join(name: "Late", platform: "Linux")
        try await one.touch()
        _ = try await one.devices()
        try await one.put("1", in: "notes", ["a": [1]])
        #expect(try await device.get("1", in: "notes") == ["a": [1]])
    }

    @Test("A device that missed two changes of the key gets the newest one")
    func twice() async throws {
        let (one, out, stays, _, hidden) = try await leaveOut()
        // The note is withheld again, from a device that does not know it.
        party.store.change { $0.withholds = { hidden.contains($0) } }
        try await party.chain(6).remove(stays.device)
        party.store.change { $0.withholds = { _ in false } }
        try await one.put("2", in: "notes", ["a": [2]])
        #expect(try await party.member(out).get("2", in: "notes") == ["a": [2]])
        #expect(try await party.member(stays).get("2", in: "notes") == nil)
    }

    @Test("A device that was left out once reads the next new key at once, under the one that it has")
    func next() async throws {
        let (_, out, stays, _, _) = try await leaveOut()
        try await party.chain(6).remove(stays.device)
        let one = party.chain(7)
        _ = try await one.list("notes")
        let changes = try #require(await one.reader(try CollectionName("notes"))?.keyChanges)
        #expect(changes.filter { $0.devices.contains(out.device) }.map(\.stamp.generation) == [1])
        try await one.put("2", in: "notes", ["a": [2]])
        #expect(try await party.member(out).list("notes").map(\.object) == ["1", "2"])
        #expect(try await party.member(stays).list("notes").map(\.object) == ["1"])
    }

    @Test("A removed device gets no key, whatever it writes and the store withholds")
    func removed() async throws {
        let (_, out, _, removed, _) = try await leaveOut()
        // It writes its record again, and one in another's name.
        try await party.member(removed).join(name: "Removed", platform: "Linux")
        try await party.member(removed).writeForTest(
            ChainDevice(
                id: out.device,
                name: "Out",
                platform: "",
                hasSeed: false,
                lastSeen: 0,
                certificate: removed.certificate.bytes
            )
        )
        // The store withholds the note of the removal from a device that starts anew.
        let notes = party.names(.collections)
        party.store.change { $0.withholds = { notes.contains($0) } }
        let one = party.chain(4)
        _ = try await one.list("notes")
        _ = try? await one.put("2", in: "notes", ["a": [2]])
        _ = try? await one.touch()
        party.store.change { $0.withholds = { _ in false } }
        try await one.put("3", in: "notes", ["a": [3]])
        #expect(try await party.member(removed).list("notes").map(\.object) == ["1"])
    }

    @Test("A device whose certificate has ended gets no new key")
    func ended() async throws {
        let one = party.chain(1)
        let removed = try await join(one, "Removed")
        let ending = try await one.membership(
            for: ["notes": true],
            until: party.store.milliseconds / 1_000 + 1_000
        )
        try await party.member(ending).join(name: "Ending", platform: "Linux")
        party.store.advance(by: .seconds(2_000))
        try await one.remove(removed.device)
        try await one.put("1", in: "notes", ["a": [1]])
        #expect(try await party.member(ending).get("1", in: "notes") == nil)
    }
}
