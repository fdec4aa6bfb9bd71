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
}
