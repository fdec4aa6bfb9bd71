import EasySetupSeed
import EasySetupTesting
import Testing

@testable import EasySetupChain

@Suite("Devices that leave, and certificates that end")
struct ChainEndingTests {
    private let party = ChainParty()
    private let notes = try! CollectionName("notes")

    private func join(_ one: Chain, _ name: String, until notAfter: UInt64 = 0) async throws -> Membership {
        let membership = try await one.membership(for: ["notes": true], until: notAfter)
        try await party.member(membership).join(name: name, platform: "Linux")
        return membership
    }

    /// Whether a device reads what a device with the seed writes now.
    private func reads(_ membership: Membership) async throws -> Bool {
        let object = "at \(party.store.milliseconds), after \(party.store.names.count)"
        try await party.chain(98).put(object, in: "notes", ["a": [9]])
        return try await party.member(membership).get(object, in: "notes") != nil
    }

    @Test("A device that leaves is shut out by the next device with the seed that looks, and its id is used up")
    func leaves() async throws {
        let one = party.chain(1)
        try await one.put("1", in: "notes", ["a": [1]])
        let (stays, leaves) = (try await join(one, "Stays"), try await join(one, "Leaves"))
        try await party.member(leaves).leave()
        let names = party.store.names
        try await party.member(leaves).leave()
        #expect(party.store.names == names)
        #expect(try await one.devices().map(\.name) == ["Stays"])
        #expect(try await reads(leaves))
        let other = party.chain(2)
        _ = try await other.list("notes")
        try await other.touch()
        #expect(await other.removedDevices == [leaves.device])
        #expect(await other.departed == [leaves.device])
        #expect(try await !reads(leaves))
        #expect(try await reads(stays))
        let generation = await other.reader(notes)?.newestGeneration
        for number in 3...4 as ClosedRange<UInt64> { try await party.chain(number).touch() }
        _ = try await other.list("notes")
        #expect(await other.reader(notes)?.newestGeneration == generation)
        try await party.member(leaves).join(name: "Again", platform: "Linux")
        #expect(try await party.chain(5).devices().map(\.name) == ["Stays"])
        #expect(try await party.chain(5).absentDevices().isEmpty)
    }

    @Test("A statement of another device, or a record that is gone, shuts nobody out")
    func forged() async throws {
        let one = party.chain(1)
        let (stays, hostile) = (try await join(one, "Stays"), try await join(one, "Hostile"))
        let device = party.member(hostile)
        _ = try await device.devices()
        let forged: [[String: [UInt8]]] = [
            ["leave": LeaveStatement.bytes(by: hostile), "certificate": stays.certificate.bytes],
            ["leave": LeaveStatement.bytes(by: hostile), "certificate": hostile.certificate.bytes],
            ["leave": hostile.deviceKeys.signature(ChainLabel.leave, stays.userID.bytes + stays.device.bytes)],
            ["leave": stays.deviceKeys.signature(ChainLabel.request, stays.userID.bytes + stays.device.bytes)],
            ["leave": []],
        ]
        for attributes in forged {
            try await device.write([(stays.device.text, .put(attributes))], in: .devices)
            try await one.touch()
            #expect(await one.removedDevices.isEmpty)
        }
        #expect(await one.departed.isEmpty)
        try await device.write([(stays.device.text, .delete)], in: .devices)
        try await one.touch()
        #expect(await one.removedDevices.isEmpty)
        #expect(try await reads(stays))
        // Its own word counts, with a name that another has written beside it.
        try await party.member(stays).leave()
        _ = try await device.devices()
        try await device.write([(stays.device.text, .update(["name": [65]]))], in: .devices)
        try await one.touch()
        #expect(await one.removedDevices == [stays.device])
        #expect(try await !reads(stays))
    }

    @Test(
        "The word of a device that leaves counts although another one writes over it, or it joins again, before anybody looks"
    )
    func writtenOver() async throws {
        let one = party.chain(1)
        let (first, second) = (try await join(one, "First"), try await join(one, "Second"))
        let hostile = try await join(one, "Hostile")
        try await party.member(first).leave()
        try await party.member(second).leave()
        let device = party.member(hostile)
        _ = try await device.devices()
        try await device.write([(first.device.text, .put(["name": [65], "tier": [50]]))], in: .devices)
        try await party.member(second).join(name: "Again", platform: "Linux")
        let other = party.chain(2)
        try await other.touch()
        #expect(await other.removedDevices == [first.device, second.device])
        #expect(await other.departed == [first.device, second.device])
        for membership in [first, second] { #expect(try await !reads(membership)) }
        #expect(try await reads(hostile))
        // It counts as well for a device that only compacts, which would delete it later.
        let third = try await join(one, "Third")
        try await party.member(third).leave()
        _ = try await device.devices()
        try await device.write([(third.device.text, .put(["name": [66]]))], in: .devices)
        let compacting = party.chain(3)
        try await compacting.compact(.devices, minimum: 1)
        #expect(await compacting.departed == [third.device])
        // A device that has run on has read it, too.
        try await one.touch()
        #expect(try await one.devices().map(\.name) == ["Hostile"])
    }

    @Test("A device whose certificate has ended a day ago by both clocks is shut out, and the keys change once")
    func ends() async throws {
        let one = party.chain(1)
        try await one.put("1", in: "notes", ["a": [1]])
        let now = party.store.milliseconds / 1_000
        let stays = try await join(one, "Stays")
        var ending: [Membership] = []
        for name in ["Ending", "Absent"] { ending.append(try await join(one, name, until: now + 1_000)) }
        party.store.advance(by: .seconds(2_000))
        try await one.touch()
        #expect(await one.removedDevices.isEmpty)
        #expect(try await reads(ending[0]))
        party.store.advance(by: .seconds(90_000))
        // No device has noted anything for another membership.
        _ = try await party.chain(2).membership(for: ["notes": true])
        #expect(try await reads(ending[0]))
        try await party.chain(3).touch()
        for membership in ending { #expect(try await !reads(membership)) }
        #expect(try await reads(stays))
        let other = party.chain(4)
        _ = try await other.list("notes")
        try await other.touch()
        #expect(await other.removedDevices == Set(ending.map(\.device)))
        #expect(await other.reader(notes)?.generations.count == 2)
    }

    @Test(
        "Where half of a key's generations are used up, an ended certificate stays noted, and a person can remove its device"
    )
    func usedUp() async throws {
        let one = party.chain(1)
        try await one.put("1", in: "notes", ["a": [1]])
        let ending = try await join(one, "Ending", until: party.store.milliseconds / 1_000 + 1_000)
        for generation in 2...UInt32(GenerationLimits.spared) {
            let change = try KeyChange(
                of: notes,
                generation: generation,
                devices: [ending.device: ending.certificate.boxKey],
                seed: party.fixture.seed,
                entropy: .counted(7)
            )
            try await one.send(.keyChange(change), to: notes, under: generation - 1)
        }
        party.store.advance(by: .seconds(90_000))
        let other = party.chain(2)
        try await other.touch()
        #expect(await other.removedDevices.isEmpty)
        #expect(await other.notedCertificates.map(\.certificate.device) == [ending.device])
        try await other.remove(ending.device)
        #expect(try await !reads(ending))
    }

    @Test(
        "A device that gets another membership ends the old one, by its word; one that gets the seed removes its former self"
    )
    func formerSelf() async throws {
        let one = party.chain(1)
        let (old, other) = (try await join(one, "Phone"), try await join(one, "Tablet"))
        let new = try await join(one, "Phone")
        for _ in 0..<2 { try await party.member(new).end(old) }
        #expect(try await one.devices().map(\.name) == ["Phone", "Tablet"])
        #expect(try await one.absentDevices().map(\.hasLeft) == [true])
        #expect(try await reads(old))
        try await one.touch()
        #expect(await one.removedDevices == [old.device])
        #expect(try await !reads(old))
        #expect(try await reads(new))
        let tablet = party.chain(2)
        try await tablet.join(name: "Tablet", platform: "Linux")
        for _ in 0..<2 { try await tablet.end(other) }
        #expect(try await tablet.devices().map(\.id) == [new.device, DeviceID(value: 2)])
        #expect(try await !reads(other))
        #expect(try await reads(new))
        // The membership that the device has is not a former one, and one of which nothing was noted is none of the chain's.
        try await party.member(new).end(new)
        try await tablet.end(try party.fixture.member(77))
        #expect(await tablet.removedDevices == [old.device, other.device])
        #expect(try await reads(new))
    }

    @Test(
        "A device with the seed that is gone is taken off the list by another one, and is there again when it is used"
    )
    func unlisted() async throws {
        let (one, other) = (party.chain(1), party.chain(2))
        try await one.join(name: "One", platform: "Linux")
        try await other.join(name: "Other", platform: "Linux")
        let member = try await join(one, "Phone")
        try await other.unlist(DeviceID(value: 1))
        #expect(try await other.devices().map(\.name) == ["Other", "Phone"])
        for id in [DeviceID(value: 1), member.device] {
            await #expect(throws: ChainError.objectMissing) { try await other.unlist(id) }
        }
        await #expect(throws: ChainError.notHeld) { try await party.member(member).unlist(DeviceID(value: 2)) }
        #expect(try await !one.touch())
        try await one.join(name: "One", platform: "Linux")
        #expect(try await other.devices().map(\.name) == ["One", "Other", "Phone"])
    }

    @Test("A device of which nothing is there is removed where that is asked for, and every collection gets a new key")
    func unknown() async throws {
        let one = party.chain(1)
        for name in ["notes", "history"] { try await one.put("1", in: name, ["a": [1]] as [String: [UInt8]]) }
        // Its membership was made without the store, and it has not joined.
        let hidden = try party.fixture.member(77)
        #expect(try await reads(hidden))
        await #expect(throws: ChainError.objectMissing) { try await one.remove(hidden.device) }
        #expect(try await one.remove(hidden.device, unlisted: true) == 0)
        #expect(try await !reads(hidden))
        _ = try await one.list("history")
        for name in [notes, try CollectionName("history"), .devices, .requests] {
            #expect(await one.reader(name)?.generations.count == 2, "\(name.text)")
        }
    }
}
