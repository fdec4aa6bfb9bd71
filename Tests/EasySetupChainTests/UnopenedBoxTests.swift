import EasySetupTesting
import Testing

@testable import EasySetupChain

@Suite("Boxes that do not open") struct UnopenedBoxTests {
    private let party = ChainParty()
    private let notes = try! CollectionName("notes")

    /// A chain in which a device with a fault has announced a generation with a box for a member that another key opens.
    private func locked(mayWrite: Bool) async throws -> (one: Chain, membership: Membership) {
        let one = party.chain(1)
        try await one.put("1", in: "notes", ["a": [1]])
        try await one.join(name: "One", platform: "Linux")
        let membership = try await one.membership(for: ["notes": mayWrite])
        try await party.member(membership).join(name: "TV", platform: "Linux")
        let change = try KeyChange(
            of: notes,
            generation: 5,
            devices: [membership.device: deviceKeys(77).boxKey],
            seed: party.fixture.seed,
            entropy: .counted(7)
        )
        try await one.send(.keyChange(change), to: notes)
        try await one.put("2", in: "notes", ["a": [2]])
        return (party.chain(2), membership)
    }

    @Test("A device that can't open its box says so when it is to write, and gets another one")
    func write() async throws {
        let (one, membership) = try await locked(mayWrite: true)
        let device = party.member(membership)
        #expect(try await device.status(of: "notes").isLeftOut)
        #expect(try await device.get("2", in: "notes") == nil)
        await #expect(throws: ChainError.notHeld) { try await device.put("3", in: "notes", ["a": [3]]) }
        let names = party.store.names
        await #expect(throws: ChainError.notHeld) { try await device.put("3", in: "notes", ["a": [3]]) }
        #expect(party.store.names == names)
        try await one.put("4", in: "notes", ["a": [4]])
        #expect(try await device.list("notes").map(\.object) == ["1", "2", "4"])
        try await device.put("3", in: "notes", ["a": [3]])
        #expect(try await one.get("3", in: "notes") == ["a": [3]])
        // The word is taken back, and no other box is made.
        try await device.touch()
        let state = try await one.devices().count
        #expect(state == 2)
        let attributes = await one.reader(.devices)?.state.object(membership.device.text)
        #expect(attributes?[UnopenedBox.attribute] == nil)
        try await one.put("5", in: "notes", ["a": [5]])
        #expect(await one.reader(notes)?.keyChanges.count == 2)
    }

    @Test("A device that only reads says so once a day, and a device with the seed that looks gives it a box")
    func touch() async throws {
        let (_, membership) = try await locked(mayWrite: false)
        let one = party.chain(1)
        _ = try await one.list("notes")
        try await one.touch()
        #expect(try await party.member(membership).get("2", in: "notes") == nil)
        try await party.member(membership).touch()
        try await one.touch()
        #expect(try await party.member(membership).get("2", in: "notes") == ["a": [2]])
    }

    @Test(
        "A device that says so of another, again and again, gets no more boxes made than three, and no removed one a key"
    )
    func hostile() async throws {
        let one = party.chain(1)
        try await one.put("1", in: "notes", ["a": [1]])
        let (stays, hostile, gone) = (
            try await one.membership(for: ["notes": true]), try await one.membership(for: ["notes": true]),
            try await one.membership(for: ["notes": true])
        )
        for (membership, name) in [(stays, "Stays"), (hostile, "Hostile"), (gone, "Gone")] {
            try await party.member(membership).join(name: name, platform: "Linux")
        }
        try await one.remove(gone.device)
        let device = party.member(hostile)
        _ = try await device.devices()
        let newest = try #require(await one.reader(notes)?.newestGeneration)
        for round in 0..<6 {
            for victim in [stays.device, gone.device] {
                let claim = UnopenedBox(
                    collection: CollectionID(of: notes, seed: party.fixture.seed),
                    generation: newest,
                    held: 1
                )
                var record = await device.reader(.devices)?.state.object(victim.text) ?? ["name": [65]]
                record[UnopenedBox.attribute] = UnopenedBox.written([claim])! + [UInt8](repeating: 0, count: round)
                if victim == gone.device { record["certificate"] = gone.certificate.bytes }
                try await device.write([(victim.text, .put(record))], in: .devices)
            }
            _ = try await one.devices()
            try await one.put("\(round)", in: "notes", ["a": [1]])
        }
        let changes = try #require(await one.reader(notes)?.keyChanges)
        #expect(changes.count { $0.devices.contains(stays.device) } == UnopenedBox.boxesPerGeneration)
        #expect(!changes.contains { $0.devices.contains(gone.device) })
        #expect(try await party.member(stays).list("notes").count == 6)
        #expect(try await party.member(gone).list("notes").map(\.object) == ["1"])
    }

    @Test("What a device says is read as it was written, and a rest counts for nothing") func bytes() throws {
        let boxes = [UInt32(5), 4_000_000_000].map {
            UnopenedBox(collection: CollectionID(of: notes, seed: party.fixture.seed), generation: $0, held: $0 - 1)
        }
        let bytes = try #require(UnopenedBox.written(boxes))
        #expect(bytes.count == 40 && UnopenedBox.read(bytes) == boxes)
        #expect(UnopenedBox.read(bytes + [1, 2, 3]) == boxes)
        #expect(UnopenedBox.read(Array(bytes.dropLast())) == [boxes[0]])
        #expect(UnopenedBox.written([]) == nil && UnopenedBox.read([]).isEmpty)
    }
}
