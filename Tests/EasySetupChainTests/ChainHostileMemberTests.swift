import EasySetupTesting
import Testing

@testable import EasySetupChain

/// A device without the seed can write whatever it likes among the devices and the requests.
@Suite("Devices that write what is not theirs to write")
struct ChainHostileMemberTests {
    private let party = ChainParty()
    private let notes = try! CollectionName("notes")

    private func join(_ one: Chain, _ name: String) async throws -> Membership {
        let membership = try await one.membership(for: ["notes": true])
        try await party.member(membership).join(name: name, platform: "Linux")
        return membership
    }

    /// A device with the seed that holds twenty objects of a collection.
    private func small(_ number: UInt64) async -> Chain {
        let chain = party.chain(number)
        await chain.limit(ChainLimits(objects: 20))
        return chain
    }

    /// Stores changes in the name and at the time that a hostile device likes.
    private func forge(
        _ changes: [Change],
        in name: CollectionName,
        time: UInt64? = nil,
        under generation: UInt32 = 1
    ) async throws {
        let made = try RecordWriter.names(
            of: .changes(changes),
            previous: 0,
            time: time ?? party.store.milliseconds,
            writer: DeviceID(value: .max),
            keys: KeyRing(name: name, seed: party.fixture.seed, current: generation),
            entropy: .counted(77)
        )
        for name in made.names { _ = try await party.store.put(name) }
    }

    /// The devices that have a box in the newest generation.
    private func boxes(_ chain: Chain) async -> Set<DeviceID> {
        guard let reader = await chain.reader(notes) else { return [] }
        return reader.keyChanges.filter { $0.generation == reader.newestGeneration }.reduce(into: []) {
            $0.formUnion($1.devices)
        }
    }

    @Test("A device that deletes the records of all others, for ever, leaves nobody out of a new key")
    func deletes() async throws {
        let one = party.chain(1)
        try await one.put("1", in: "notes", ["a": [1]])
        let (stays, hostile) = (try await join(one, "Stays"), try await join(one, "Hostile"))
        let absent = try await one.membership(for: ["notes": true])
        let all = [stays, hostile, absent].map {
            Change(object: $0.device.text, operation: .delete, knownDeletion: nil)
        }
        try await forge(all, in: .devices, time: RecordTime.greatest)
        let other = party.chain(2)
        #expect(try await other.devices().isEmpty)
        try await other.remove(hostile.device)
        #expect(await boxes(other) == [stays.device, absent.device])
        try await other.put("2", in: "notes", ["a": [2]])
        for membership in [stays, absent] {
            #expect(try await party.member(membership).list("notes").map(\.object) == ["1", "2"])
        }
        #expect(try await party.member(hostile).list("notes").map(\.object) == ["1"])
        // Its record is gone, and it can write it again, under the new key.
        let device = party.member(stays)
        #expect(try await !device.touch())
        try await device.join(name: "Stays", platform: "Linux")
        #expect(try await device.touch())
        #expect(try await party.chain(3).devices().map(\.name) == ["Stays"])
    }

    @Test("Collections that a device has filled stop neither writes nor its removal, and are of use afterwards")
    func fills() async throws {
        let one = await small(1)
        try await one.join(name: "One", platform: "Linux")
        try await one.put("1", in: "notes", ["a": [1]])
        let (stays, hostile, before) = (
            try await join(one, "Stays"), try await join(one, "Hostile"), try await join(one, "Before")
        )
        try await one.remove(before.device)
        let newest = try #require(await one.reader(.devices)?.newestGeneration)
        let requests = try #require(await one.reader(.requests)?.newestGeneration)
        let ids = (0..<60).map { DeviceID(value: 1_000 + $0) }
        let set = Change.Operation.set(["name": [65]])
        try await forge(
            ids.map { Change(object: $0.text, operation: set, knownDeletion: nil) },
            in: .devices,
            under: newest
        )
        try await forge(
            ids.map { Change(object: Grant.object($0), operation: set, knownDeletion: nil) },
            in: .requests,
            under: requests
        )
        let other = await small(2)
        await #expect(throws: ChainError.collectionTooLarge(limit: 20)) { try await other.refresh(.devices) }
        await #expect(throws: ChainError.collectionTooLarge(limit: 20)) { _ = try await other.requests() }
        try await other.join(name: "Other", platform: "Linux")
        #expect(try await other.touch())
        #expect(try await other.devices().isEmpty)
        #expect(try await other.absentDevices().map(\.id) == [stays.device, hostile.device].sorted())
        try await other.put("2", in: "notes", ["a": [2]])
        let late = try await other.membership(for: ["notes": true])
        let joining = party.member(late)
        await joining.limit(ChainLimits(objects: 20))
        try await joining.join(name: "Late", platform: "Linux")
        #expect(try await joining.touch())
        #expect(try await joining.get("2", in: "notes") == ["a": [2]])
        #expect(try await other.remove(hostile.device) == 0)
        #expect(await boxes(other) == [stays.device, late.device])
        try await other.put("3", in: "notes", ["a": [3]])
        #expect(try await party.member(hostile).list("notes").map(\.object) == ["1", "2"])
        #expect(try await party.member(stays).list("notes").map(\.object) == ["1", "2", "3"])
        // Those who stay write their records anew.
        for (membership, name) in [(stays, "Stays"), (late, "Late")] {
            let device = party.member(membership)
            #expect(try await !device.touch())
            try await device.join(name: name, platform: "Linux")
        }
        for (number, name) in [(1, "One"), (2, "Other")] as [(UInt64, String)] {
            let chain = await small(number)
            #expect(try await !chain.touch())
            try await chain.join(name: name, platform: "Linux")
        }
        let last = await small(3)
        #expect(try await last.devices().map(\.name) == ["Late", "One", "Other", "Stays"])
        #expect(try await last.requests().isEmpty)
        #expect(try await last.absentDevices().isEmpty)
    }

    @Test("Objects that are none of a reserved collection are not read there, and count for nothing")
    func others() async throws {
        let one = await small(1)
        try await one.join(name: "One", platform: "Linux")
        let id = DeviceID(value: 9).text
        let names =
            (0..<30).map { "no device \($0)" } + [id + "=", "request:\(id)", "grant:\(id):notes", "decline:x:notes"]
        for (name, kept) in [(CollectionName.devices, id), (.requests, "request:\(id):notes")] {
            let changes = (names + [kept]).map {
                Change(object: $0, operation: .set(["name": [65]]), knownDeletion: nil)
            }
            try await forge(changes, in: name)
        }
        let other = await small(2)
        #expect(try await other.devices().map(\.name) == ["One"])
        #expect(try await other.requests().isEmpty)
        #expect(await other.reader(.devices)?.state.count == 2)
        #expect(await other.reader(.requests)?.state.sorted.map(\.object) == ["request:\(id):notes"])
        #expect(!CollectionName.requests.takes("request:\(id):easysetup/devices"))
        #expect(CollectionName.collections.takes("anything") && notes.takes("anything"))
    }

    @Test("No device without the seed makes itself one with it, nor another one that has it one without, nor a new one")
    func seed() async throws {
        let one = party.chain(1)
        try await one.join(name: "One", platform: "Linux")
        let hostile = try await join(one, "Hostile")
        let device = party.member(hostile)
        _ = try await device.devices()
        var records = [hostile.device, DeviceID(value: 1), DeviceID(value: 4_711)].map {
            ChainDevice(id: $0, name: "Boss", platform: "", hasSeed: true, lastSeen: 0, certificate: [])
        }
        for record in records { try await device.writeForTest(record) }
        let other = party.chain(2)
        let found = try await other.devices()
        #expect(found.map(\.id) == [DeviceID(value: 1), hostile.device].sorted())
        #expect(found.filter(\.hasSeed).map(\.id) == [DeviceID(value: 1)])
        records = records.map {
            ChainDevice(
                id: $0.id,
                name: "Boss",
                platform: "",
                hasSeed: false,
                lastSeen: 0,
                certificate: hostile.certificate.bytes
            )
        }
        for record in records { try await device.writeForTest(record) }
        #expect(try await other.devices().filter(\.hasSeed).map(\.id) == [DeviceID(value: 1)])
        #expect(try await other.devices().count == 2)
        await #expect(throws: ChainError.notHeld) { try await other.remove(DeviceID(value: 1)) }
        await #expect(throws: ChainError.objectMissing) { try await other.remove(DeviceID(value: 4_711)) }
        try await other.remove(hostile.device)
        // A device without the seed has the records' word alone.
        #expect(try await device.devices().count == 3)
        // One that leaves takes its note with it.
        try await party.chain(1).leave()
        #expect(try await party.chain(3).devices().isEmpty)
        let third = party.chain(3)
        _ = try await third.collections()
        #expect(await third.notedHolders == [DeviceID(value: 2)])
    }
}
