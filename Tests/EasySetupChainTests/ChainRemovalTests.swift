import EasySetupTesting
import Synchronization
import Testing

@testable import EasySetupChain

@Suite("Removals that are hindered") struct ChainRemovalTests {
    private let party = ChainParty()

    private func join(_ one: Chain, _ name: String) async throws -> Membership {
        let membership = try await one.membership(for: ["notes": true])
        try await party.member(membership).join(name: name, platform: "Linux")
        return membership
    }

    /// The remover dies after each of its requests in turn. Another device with the seed then writes, or removes the device
    /// again, or looks at the chain, and the removed one reads nothing of what is written afterwards.
    @Test("A removal that a device did not end is ended by the next device", arguments: 0..<30)
    func halfDone(requests: Int) async throws {
        let one = party.chain(1)
        try await one.put("1", in: "notes", ["a": [1]])
        let (stays, removed) = (try await join(one, "Stays"), try await join(one, "Removed"))
        _ = try await one.list("notes")
        let left = Countdown(requests)
        party.store.change { $0.fault = { _, _ in left.isOver() ? .refused(ObjectStoreError(.denied)) : nil } }
        let isDone = (try? await party.chain(2).remove(removed.device)) != nil
        party.store.change { $0.fault = { _, _ in nil } }
        let other = party.chain(3)
        _ = try await other.collections()
        let isNoted = await other.removedDevices.contains(removed.device)
        // Before the note nothing has happened.
        guard isNoted || isDone else {
            #expect(try await other.devices().map(\.name) == ["Removed", "Stays"])
            return
        }
        #expect(isDone == (requests == 29))
        switch requests % 3 {
        case 0: try await other.remove(removed.device)
        case 1:
            _ = try await other.list("notes")
            try await other.join(name: "Other", platform: "Linux")
            try await other.touch()
        default: break
        }
        let given = try await other.membership(for: ["notes": true])
        try await other.put("2", in: "notes", ["a": [2]])
        #expect(try await party.member(removed).list("notes").map(\.object) == ["1"])
        #expect(try await party.member(stays).list("notes").map(\.object) == ["1", "2"])
        #expect(try await party.member(given).list("notes").map(\.object) == ["1", "2"])
        // Once more does no harm, and writes nothing.
        try await other.remove(removed.device)
        let names = party.store.names
        try await other.remove(removed.device)
        #expect(party.store.names == names)
    }

    /// A device may write any time in its collections. The last one that a name has room for leaves none for others.
    @Test("A device that has used up the times of its collections is removed all the same, and the others go on")
    func time() async throws {
        let one = party.chain(1)
        try await one.put("1", in: "notes", ["a": [1]])
        let (stays, removed) = (try await join(one, "Stays"), try await join(one, "Removed"))
        let notes = try CollectionName("notes")
        for name in [notes, .devices, .requests] {
            try await forge(name, by: removed.device, under: 1)
        }
        let member = party.member(stays)
        await #expect(throws: ChainError.time) { try await member.put("2", in: "notes", ["a": [2]]) }
        // A device with the seed that has seen it takes a new key.
        _ = try await one.list("notes")
        try await one.put("2", in: "notes", ["a": [2]])
        try await member.put("3", in: "notes", ["a": [3]])
        // The hostile device does the same under the new key.
        let current = try #require(await one.reader(notes)?.keys.current)
        #expect(current > 1)
        try await forge(notes, by: removed.device, under: current)
        _ = try await member.list("notes")
        await #expect(throws: ChainError.time) { try await member.put("4", in: "notes", ["a": [4]]) }
        try await party.chain(2).remove(removed.device)
        _ = try await one.list("notes")
        try await one.put("4", in: "notes", ["a": [4]])
        try await member.put("5", in: "notes", ["a": [5]])
        let objects = ["1", "2", "3", "4", "5", "forged"]
        #expect(try await member.list("notes").map(\.object) == objects)
        #expect(try await party.chain(4).list("notes").map(\.object) == objects)
        #expect(try await party.member(removed).list("notes").map(\.object) == ["1", "2", "3", "forged"])
    }

    private func forge(_ name: CollectionName, by writer: DeviceID, under generation: UInt32) async throws {
        let change = Change(object: "forged", operation: .set(["a": [9]]), knownDeletion: nil)
        let made = try RecordWriter.names(
            of: .changes([change]),
            previous: 0,
            time: RecordTime.greatest,
            writer: writer,
            keys: KeyRing(name: name, seed: party.fixture.seed, current: generation),
            entropy: .counted(77)
        )
        for name in made.names { _ = try await party.store.put(name) }
    }
}

/// Counts requests down.
private final class Countdown: Sendable {
    private let left: Mutex<Int>

    init(_ count: Int) { left = Mutex(count) }

    /// Whether this is a request after the last one.
    func isOver() -> Bool {
        left.withLock { count in
            count -= 1
            return count < 0
        }
    }
}
