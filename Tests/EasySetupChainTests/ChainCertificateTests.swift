import EasySetupSeed
import EasySetupTesting
import Synchronization
import Testing

@testable import EasySetupChain

@Suite("Certificates that were noted") struct ChainCertificateTests {
    private let party = ChainParty()
    private let notes = try! CollectionName("notes")

    /// Whether a device reads nothing of what a device with the seed writes that has heard of the removal.
    private func isOut(_ membership: Membership) async throws -> Bool {
        try await party.chain(98).put("later", in: "notes", ["a": [9]])
        return try await party.member(membership).get("later", in: "notes") == nil
    }

    /// The certificates that are noted, as a device that starts anew reads them.
    private func noted() async throws -> [NotedCertificate] {
        let chain = party.chain(99)
        _ = try await chain.collections()
        return await chain.notedCertificates
    }

    @Test("A membership that nobody got is taken back, and others stay")
    func takenBack() async throws {
        let one = party.chain(1)
        let mine = try await one.membership(for: ["notes": true])
        let other = try await one.membership(for: ["notes": true])
        try await one.takeBack(mine)
        try await one.takeBack(mine)
        #expect(try await one.absentDevices().map(\.id) == [other.device])
        #expect(try await party.chain(2).absentDevices().map(\.id) == [other.device])
        await #expect(throws: ChainError.notHeld) { try await party.member(other).takeBack(other) }
    }

    @Test("A device that has a membership and has not joined is in a list of its own, and can be removed")
    func neverJoined() async throws {
        let one = party.chain(1)
        let membership = try await one.membership(for: ["notes": false, "history": true], until: 2_000_000_000)
        let other = party.chain(2)
        #expect(try await other.devices().isEmpty)
        #expect(try await other.absentDevices().map(\.id) == [membership.device])
        #expect(try await other.absentDevices().map(\.scope) == [membership.scope])
        #expect(try await other.remove(membership.device) == 0)
        #expect(try await other.absentDevices().isEmpty)
        #expect(try await isOut(membership))
        #expect(try await noted().isEmpty)
        // It can't come back by joining late.
        try await party.member(membership).join(name: "Late", platform: "Linux")
        #expect(try await party.chain(3).devices().isEmpty)
        #expect(try await party.chain(3).absentDevices().isEmpty)
        await #expect(throws: ChainError.notHeld) { _ = try await party.member(membership).absentDevices() }
    }

    @Test("A device that has joined is absent again when its record is gone, by its own hand or another's")
    func recordGone() async throws {
        let one = party.chain(1)
        let (own, hostile) = (
            try await one.membership(for: ["notes": true]), try await one.membership(for: ["notes": true])
        )
        for (membership, name) in [(own, "Own"), (hostile, "Hostile")] {
            try await party.member(membership).join(name: name, platform: "Linux")
        }
        #expect(try await one.absentDevices().isEmpty)
        let device = party.member(hostile)
        _ = try await device.devices()
        try await device.write([(own.device.text, .delete), (hostile.device.text, .delete)], in: .devices)
        #expect(try await one.devices().isEmpty)
        #expect(try await one.absentDevices().map(\.id) == [own.device, hostile.device].sorted())
        try await party.chain(2).remove(hostile.device)
        #expect(try await isOut(hostile))
        // The other one writes its record again, and is no worse off.
        try await party.member(own).join(name: "Own", platform: "Linux")
        try await party.chain(3).put("2", in: "notes", ["a": [2]])
        #expect(try await party.member(own).get("2", in: "notes") == ["a": [2]])
        #expect(try await one.devices().map(\.name) == ["Own"])
        await #expect(throws: ChainError.objectMissing) { try await one.remove(DeviceID(value: 12_345)) }
    }

    @Test("A device that calls itself one with the seed, or writes another certificate, is removed all the same")
    func pretends() async throws {
        let one = party.chain(1)
        let membership = try await one.membership(for: ["notes": true])
        let device = party.member(membership)
        let record = ChainDevice(
            id: membership.device,
            name: "Boss",
            platform: "",
            hasSeed: true,
            lastSeen: 0,
            certificate: [1, 2, 3]
        )
        try await device.writeForTest(record)
        #expect(try await one.devices().map(\.hasSeed) == [false])
        try await one.remove(membership.device)
        #expect(try await isOut(membership))
    }

    @Test("Two grants at once are both noted, and a removal changes the keys of both")
    func twoGrants() async throws {
        let one = party.chain(1)
        for name in ["notes", "history", "tasks"] { try await one.put("1", in: name, ["a": [1]]) }
        let membership = try await one.membership(for: ["tasks": true])
        let tv = party.member(membership)
        try await tv.join(name: "TV", platform: "Linux")
        for name in ["history", "notes"] { try await tv.request(name, mayWrite: false) }
        let requests = try await one.requests()
        let other = party.chain(2)
        #expect(try await other.requests() == requests)
        // The other device does not see the first grant, and the device takes both.
        let seen = Set(party.store.names)
        try await one.grant(requests[0])
        let first = try #require(try await tv.newMembership())
        let hidden = Set(party.store.names).subtracting(seen)
        party.store.change { $0.withholds = { hidden.contains($0) } }
        try await other.grant(requests[1])
        party.store.change { $0.withholds = { _ in false } }
        let second = try #require(try await party.member(membership).newMembership())
        #expect(Set(first.rights.keys).union(second.rights.keys).count == 3)
        #expect(first.rights != second.rights)
        #expect(try await noted().count == 2)
        // The device keeps its first certificate in its record.
        try await party.chain(3).remove(membership.device)
        let last = party.chain(4)
        for name in ["notes", "history", "tasks"] { try await last.put("2", in: name, ["a": [2]]) }
        for membership in [first, second] {
            for name in membership.rights.keys {
                #expect(try await party.member(membership).list(name.text).map(\.object) == ["1"])
            }
        }
    }

    @Test("A note goes when a later one has its collections")
    func unneeded() async throws {
        let one = party.chain(1)
        for name in ["notes", "history"] { try await one.note(name) }
        let membership = try await one.membership(for: ["notes": true])
        let tv = party.member(membership)
        try await tv.join(name: "TV", platform: "Linux")
        try await tv.request("history", mayWrite: false)
        try await one.grant(try #require(try await one.requests().first))
        let granted = try #require(try await tv.newMembership())
        #expect(try await noted().map(\.certificate) == [granted.certificate])
        #expect(
            try await noted().first?.names.map(\.text) == [
                "easysetup/devices", "easysetup/requests", "history", "notes",
            ]
        )
    }

    @Test("A certificate that was made without the store is noted when a device with the seed finds it in a record")
    func foundInRecord() async throws {
        let one = party.chain(1)
        try await one.note("notes")
        let membership = try party.fixture.member(9)
        let device = party.member(membership)
        try await device.join(name: "TV", platform: "Linux")
        try await one.join(name: "One", platform: "Linux")
        #expect(try await noted().isEmpty)
        try await one.touch()
        #expect(try await noted().map(\.certificate) == [membership.certificate])
        let names = party.store.names
        try await one.touch()
        #expect(party.store.names == names)
        try await device.leave()
        #expect(try await party.chain(2).absentDevices().map(\.id) == [membership.device])
        #expect(try await party.chain(2).remove(membership.device) == 0)
        #expect(try await isOut(membership))
    }

    @Test(
        "A device is removed although nobody has noted its collection, and the key changes before the first write there"
    )
    func unnamedCollection() async throws {
        let (one, other) = (party.chain(1), party.chain(2))
        let (gone, stays) = (try party.fixture.member(9), try party.fixture.member(10))
        for membership in [gone, stays] {
            let device = party.member(membership)
            try await device.join(name: "\(membership.device.value)", platform: "Linux")
            try await device.put("\(membership.device.value)", in: "notes", ["a": [1]])
        }
        #expect(try await one.remove(gone.device) == 1)
        #expect(try await party.chain(3).devices().map(\.id) == [stays.device])
        #expect(try await one.remove(gone.device) == 1)
        // Another device uses the collection.
        try await other.put("1", in: "notes", ["a": [1]])
        #expect(try await party.member(gone).list("notes").map(\.object) == ["10", "9"])
        #expect(try await party.member(stays).list("notes").map(\.object) == ["1", "10", "9"])
        #expect(try await one.remove(gone.device) == 0)
    }

    @Test("A membership is made with an id that no device has or had, whatever is drawn")
    func freshID() async throws {
        let first = party.chain(1)
        let (gone, joined, absent) = (
            try await first.membership(for: ["notes": true]), try await first.membership(for: ["notes": true]),
            try await first.membership(for: ["notes": true])
        )
        try await party.member(joined).join(name: "TV", platform: "Linux")
        try await first.remove(gone.device)
        let fresh = DeviceID(value: 4_711)
        let own = DeviceID(value: 5)
        let drawn = Mutex([gone.device, joined.device, own, absent.device, gone.device, fresh])
        let rest = ChainEntropy.counted(8)
        let entropy = ChainEntropy { count in
            guard count == DeviceID.byteCount, let id = drawn.withLock({ $0.isEmpty ? nil : $0.removeFirst() }) else {
                return rest.bytes(count)
            }
            return secret(id.bytes)
        }
        let clock = StoreTimeClock(party.store)
        let one = Chain(seed: party.fixture.seed, device: own, store: party.store, clock: clock, entropy: entropy)
        #expect(try await one.membership(for: ["notes": true]).device == fresh)
        #expect(drawn.withLock { $0.isEmpty })
        // Nor does a device with the seed join under an id that was removed.
        let again = Chain(seed: party.fixture.seed, device: gone.device, store: party.store, clock: clock)
        let error = await #expect(throws: ChainError.self) { try await again.join(name: "Again", platform: "Linux") }
        #expect(error?.code == .deviceRemoved)
    }

    @Test("A device that can't note a certificate makes no membership")
    func notNoted() async throws {
        let one = party.chain(1)
        try await one.note("notes")
        let place = party.prefix(.collections)
        party.store.change {
            $0.fault = { call, _ in
                if case .put(let name) = call, name.hasPrefix(place) {
                    .refused(ObjectStoreError(.denied))
                } else {
                    nil
                }
            }
        }
        let error = await #expect(throws: ChainError.self) { _ = try await one.membership(for: ["notes": true]) }
        #expect(error?.code == .storeDenied)
    }
}
