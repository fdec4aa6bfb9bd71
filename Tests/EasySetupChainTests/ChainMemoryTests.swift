import EasySetupTesting
import Foundation
import Synchronization
import Testing

@testable import EasySetupChain

@Suite("The memory of earlier runs") struct ChainMemoryTests {
    private let party = ChainParty()
    private let kept = Kept()

    /// A run of a device that has the seed and keeps its memory.
    private func chain(_ number: UInt64) -> Chain {
        let device = DeviceID(value: number)
        return Chain(
            seed: party.fixture.seed,
            device: device,
            store: party.store,
            memory: memory(device),
            keep: { [kept] in kept.keep($0, device) },
            clock: StoreTimeClock(party.store),
            entropy: .counted(number)
        )
    }

    /// A run of a device without the seed that keeps its memory.
    private func member(_ membership: Membership) -> Chain {
        let device = membership.device
        return Chain(
            membership: membership,
            store: party.store,
            memory: memory(device),
            keep: { [kept] in kept.keep($0, device) },
            clock: StoreTimeClock(party.store),
            entropy: .counted(device.value)
        )
    }

    private func memory(_ device: DeviceID) -> ChainMemory { kept.memory(of: device) ?? ChainMemory() }

    /// A chain from which a device was removed, and from then on a store that shows what was there before.
    private func removed() async throws -> (stays: Membership, removed: Membership) {
        let one = chain(1)
        try await one.put("1", in: "notes", ["a": [1]])
        var memberships: [Membership] = []
        for name in ["Stays", "Removed"] {
            let membership = try await one.membership(for: ["notes": true])
            try await member(membership).join(name: name, platform: "Linux")
            memberships.append(membership)
        }
        let before = Set(party.store.names)
        try await one.remove(memberships[1].device)
        _ = try await member(memberships[0]).list("notes")
        let after = Set(party.store.names).subtracting(before)
        party.store.change { $0.withholds = { after.contains($0) } }
        return (memberships[0], memberships[1])
    }

    @Test("A device that starts writes nothing that a removed one reads, if the store shows the time before")
    func seed() async throws {
        let (stays, removed) = try await removed()
        let forgetful = party.chain(1)
        _ = try await forgetful.list("notes")
        #expect(await forgetful.removedDevices.isEmpty)
        let one = chain(1)
        try await one.put("2", in: "notes", ["a": [2]])
        party.store.change { $0.withholds = { _ in false } }
        #expect(try await party.member(removed).list("notes").map(\.object) == ["1"])
        #expect(try await member(stays).list("notes").map(\.object) == ["1", "2"])
        #expect(try await chain(2).list("notes").map(\.object) == ["1", "2"])
    }

    @Test("A device without the seed that lacks a key which it once had writes nothing until it gets one")
    func membership() async throws {
        let (stays, removed) = try await removed()
        let device = member(stays)
        await #expect(throws: ChainError.notHeld) { try await device.put("2", in: "notes", ["a": [2]]) }
        #expect(try await device.list("notes").map(\.object) == ["1"])
        // The new key comes under the one that the device has for sure, whatever the store shows of those in between.
        try await chain(1).put("3", in: "notes", ["a": [3]])
        try await member(stays).put("2", in: "notes", ["a": [2]])
        #expect(try await party.member(stays).list("notes").map(\.object) == ["1", "2", "3"])
        party.store.change { $0.withholds = { _ in false } }
        #expect(try await party.member(removed).list("notes").map(\.object) == ["1"])
        #expect(try await chain(2).list("notes").map(\.object) == ["1", "2", "3"])
    }

    @Test("A chain that was deleted is not brought back by a device that was off, unless its person says so")
    func deleted() async throws {
        try await chain(1).put("1", in: "notes", ["a": [1]])
        _ = try await chain(2).list("notes")
        _ = try await chain(2).collections()
        try await chain(1).deleteEverything()
        let late = chain(2)
        await #expect(throws: ChainError.chainMissing) { try await late.put("2", in: "notes", ["a": [2]]) }
        await #expect(throws: ChainError.chainMissing) { try await late.join(name: "Late", platform: "Linux") }
        await #expect(throws: ChainError.chainMissing) { _ = try await late.collections() }
        #expect(party.store.names.isEmpty)
        // One that has no memory can't know.
        try await party.chain(3).put("3", in: "notes", ["a": [3]])
        try await late.put("2", in: "notes", ["a": [2]])
        #expect(try await late.list("notes").map(\.object) == ["2", "3"])
        try await chain(1).deleteEverything()
        let anew = chain(2)
        await anew.allowEmptyStore()
        try await anew.put("4", in: "notes", ["a": [4]])
        #expect(try await chain(1).list("notes").map(\.object) == ["4"])
    }

    @Test("A memory has no more than was learnt, and a run that learns nothing keeps nothing")
    func content() async throws {
        let one = chain(1)
        try await one.put("1", in: "notes", ["a": [1]])
        #expect(memory(DeviceID(value: 1)) == ChainMemory().joined(with: .ofNotes))
        _ = try await removed()
        let memory = memory(DeviceID(value: 1))
        #expect(memory.removed.count == 1 && memory.hasNotes)
        #expect(memory.generations.count == 3)
        let text = String(decoding: try JSONEncoder().encode(memory), as: UTF8.self)
        #expect(!text.contains("notes"))
        for broken in [
            #"{"generations":{"notes":2},"removed":[],"seen":true}"#,
            #"{"generations":{},"removed":["x"],"seen":true}"#, "{}",
        ] {
            #expect(throws: DecodingError.self) { try JSONDecoder().decode(ChainMemory.self, from: Data(broken.utf8)) }
        }
    }
}

extension ChainMemory {
    /// The memory of a device that has seen notes and nothing else.
    fileprivate static var ofNotes: ChainMemory {
        var memory = ChainMemory()
        memory.learnOfNotes()
        return memory
    }
}

/// The memories on the devices' disks.
private final class Kept: Sendable {
    private let memories = Mutex<[DeviceID: Data]>([:])

    func keep(_ memory: ChainMemory, _ device: DeviceID) {
        let data = try! JSONEncoder().encode(memory)
        memories.withLock { $0[device] = data }
    }

    func memory(of device: DeviceID) -> ChainMemory? {
        memories.withLock { $0[device] }.map { try! JSONDecoder().decode(ChainMemory.self, from: $0) }
    }
}
