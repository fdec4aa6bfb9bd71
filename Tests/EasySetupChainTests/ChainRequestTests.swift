import EasySetupSeed
import EasySetupTesting
import SwiftProtobuf
import Testing

@testable import EasySetupChain

@Suite("Requests of devices without the seed")
struct ChainRequestTests {
    private let party = ChainParty()
    private let notes = try! CollectionName("notes")
    private let history = try! CollectionName("history")

    /// A device with the seed that has written to both collections, and the membership of one that reads the notes.
    private func pair() async throws -> (chain: Chain, membership: Membership) {
        let one = party.chain(1)
        let value: [String: [UInt8]] = ["a": [1]]
        for name in ["notes", "history"] { try await one.put("1", in: name, value) }
        let membership = try await one.membership(for: ["notes": false])
        try await party.member(membership).join(name: "TV", platform: "Linux")
        return (one, membership)
    }

    @Test("A device asks for a collection, is granted it, and reads what was written before")
    func grant() async throws {
        let (one, membership) = try await pair()
        let tv = party.member(membership)
        #expect(try await tv.newMembership() == nil)
        try await tv.request("history", mayWrite: true, reason: "to go on reading")
        #expect(try await tv.requests().map(\.collection) == [history])
        let request = try #require(try await one.requests().first)
        #expect(request.device == membership.device)
        #expect(request.deviceName == "TV")
        #expect(request.mayWrite)
        #expect(request.reason == "to go on reading")
        try await one.grant(request)
        #expect(try await one.requests().isEmpty)
        let granted = try #require(try await tv.newMembership())
        #expect(granted.rights == [notes: false, history: true])
        #expect(granted.device == membership.device)
        #expect(granted.certificate.serial > membership.certificate.serial)
        // It is one that can be stored and read again.
        let stored = try Membership(granted.encoded())
        let new = party.member(stored)
        try await new.touch()
        #expect(try await new.get("1", in: "history") == ["a": [1]])
        try await new.put("2", in: "history", ["a": [2]])
        #expect(try await one.get("2", in: "history") == ["a": [2]])
        #expect(try await new.requests().isEmpty)
        #expect(try await new.newMembership() == nil)
        // Nothing of it is left among the requests, and the record has the new certificate.
        _ = try await one.requests()
        #expect(await one.reader(.requests)?.state.living.isEmpty == true)
        #expect(try await one.devices().first?.certificate == granted.certificate.bytes)
        // The device is removed from both collections.
        try await one.remove(membership.device)
        try await one.put("3", in: "history", ["a": [3]])
        #expect(try await new.get("3", in: "history") == nil)
    }

    @Test("A request can be made for writing where a device reads; for what it has, nothing is asked")
    func more() async throws {
        let (one, membership) = try await pair()
        let tv = party.member(membership)
        let before = party.store.names
        try await tv.request("notes", mayWrite: false)
        #expect(party.store.names == before)
        try await tv.request("notes", mayWrite: true)
        try await tv.request("notes", mayWrite: true)
        #expect(party.store.names.count == before.count + 1)
        try await one.grant(try #require(try await one.requests().first))
        let granted = try #require(try await tv.newMembership())
        #expect(granted.rights == [notes: true])
        await #expect(throws: ChainError.notHeld) { try await one.request("notes", mayWrite: true) }
        await #expect(throws: ChainError.notHeld) { _ = try await one.newMembership() }
        await #expect(throws: ChainError.collectionName) {
            try await tv.request("easysetup/collections", mayWrite: true)
        }
        await #expect(throws: ChainError.reasonTooLong(limit: 200)) {
            try await tv.request("x", mayWrite: true, reason: String(repeating: "a", count: 201))
        }
    }

    @Test("Nobody is granted more collections than the service can give, and a device takes no such grant")
    func serviceLimit() async throws {
        let (one, membership) = try await pair()
        try await one.put("1", in: "tasks", ["a": [1]])
        let strict = NarrowStore(store: party.store, collectionsPerDevice: 4)
        func seed(_ number: UInt64) -> Chain {
            Chain(
                seed: party.fixture.seed,
                device: DeviceID(value: number),
                store: strict,
                clock: StoreTimeClock(party.store),
                entropy: .counted(number)
            )
        }
        func member(_ membership: Membership) -> Chain {
            Chain(membership: membership, store: strict, clock: StoreTimeClock(party.store), entropy: .counted(99))
        }
        let full = ChainError.service(.problem(.tooManyCollections, most: 4))
        // The notes, the history, and the two that each device has.
        try await member(membership).request("history", mayWrite: false)
        await #expect(throws: full) { try await member(membership).request("tasks", mayWrite: false) }
        try await seed(2).grant(try #require(try await one.requests().first))
        let granted = try #require(try await member(membership).newMembership())
        try await member(granted).touch()
        // A program that looks at no limit asks for more. It is not granted, and nothing is written.
        try await party.member(granted).request("tasks", mayWrite: false)
        let request = try #require(try await seed(2).requests().first)
        let names = party.store.names
        await #expect(throws: full) { try await seed(2).grant(request) }
        await #expect(throws: full) {
            _ = try await seed(2).membership(for: ["notes": true, "history": true, "tasks": true])
        }
        #expect(party.store.names == names)
        // Nor is it taken where another program has granted it.
        try await one.grant(try #require(try await one.requests().first))
        await #expect(throws: full) { _ = try await member(granted).newMembership() }
        #expect(try await member(granted).get("1", in: "history") == ["a": [1]])
    }

    @Test("A declined request is open no more, for a repetition of the old one neither, and for a new one again")
    func decline() async throws {
        let (one, membership) = try await pair()
        let tv = party.member(membership)
        try await tv.request("history", mayWrite: false)
        let request = try #require(try await one.requests().first)
        try await one.decline(request)
        #expect(try await one.requests().isEmpty)
        #expect(try await party.chain(2).requests().isEmpty)
        #expect(try await tv.requests().map(\.isDeclined) == [true])
        await #expect(throws: ChainError.objectMissing) { try await one.grant(request) }
        // A device puts the old request in place again, as each one without the seed can.
        let bytes = try #require(await tv.reader(.requests)?.state.object(CollectionRequest.object(tv.device, history)))
        try await tv.write([(CollectionRequest.object(tv.device, history), .delete)], in: .requests)
        try await tv.write([(CollectionRequest.object(tv.device, history), .put(bytes))], in: .requests)
        #expect(try await one.requests().isEmpty)
        try await tv.request("history", mayWrite: false)
        #expect(try await one.requests().count == 1)
        #expect(try await tv.requests().map(\.isDeclined) == [false])
    }

    @Test("What a person has not seen is not granted")
    func changed() async throws {
        let (one, membership) = try await pair()
        let tv = party.member(membership)
        try await tv.request("history", mayWrite: false)
        let request = try #require(try await one.requests().first)
        try await tv.request("history", mayWrite: true)
        await #expect(throws: ChainError.objectMissing) { try await one.grant(request) }
        await #expect(throws: ChainError.objectMissing) { try await one.decline(request) }
        #expect(try await tv.newMembership() == nil)
        await #expect(throws: ChainError.notHeld) { try await tv.grant(request) }
        await #expect(throws: ChainError.notHeld) { try await tv.decline(request) }
    }

    @Test("An older grant never takes the place of a newer membership")
    func replay() async throws {
        let (one, membership) = try await pair()
        let tv = party.member(membership)
        try await tv.request("history", mayWrite: false)
        try await one.grant(try #require(try await one.requests().first))
        let first = try #require(try await tv.newMembership())
        let old = try #require(await tv.reader(.requests)?.state.object(Grant.object(tv.device)))
        let later = party.member(first)
        try await later.request("notes", mayWrite: true)
        try await one.grant(try #require(try await one.requests().first))
        let second = try #require(try await later.newMembership())
        #expect(second.rights == [notes: true, history: false])
        let last = party.member(second)
        try await last.write([(Grant.object(tv.device), .put(old))], in: .requests)
        #expect(try await last.newMembership() == nil)
        #expect(try await later.newMembership() == nil)
        #expect(try await tv.newMembership()?.certificate == first.certificate)
    }

    @Test("A removal changes the keys of what was granted, whatever the device has written or deleted")
    func removedAfterGrant() async throws {
        let (one, membership) = try await pair()
        let tv = party.member(membership)
        try await tv.request("history", mayWrite: true)
        try await one.grant(try #require(try await one.requests().first))
        let granted = try #require(try await tv.newMembership())
        // The device keeps the old certificate in its record and deletes the grant.
        try await tv.write([(Grant.object(tv.device), .delete)], in: .requests)
        let other = party.chain(2)
        try await other.remove(tv.device)
        try await other.put("2", in: "history", ["a": [2]])
        #expect(try await party.member(granted).list("history").map(\.object) == ["1"])
    }

    @Test("Another device can neither ask in this one's name, nor grant, decline, or open what was granted")
    func forged() async throws {
        let (one, membership) = try await pair()
        let tv = party.member(membership)
        let others = try await one.membership(for: ["notes": true])
        let other = party.member(others)
        try await other.join(name: "Other", platform: "Linux")
        // A request in the other's name, signed by this device or with its certificate.
        let bytes = CollectionRequest.bytes(history, mayWrite: true, reason: "", time: 5, by: others)
        try await other.write(
            [(CollectionRequest.object(membership.device, history), .put(["request": bytes]))],
            in: .requests
        )
        var message = try Easysetup_Chain_V1_SignedRequest(serializedBytes: bytes)
        message.certificate = membership.certificate.message
        let mixed: [UInt8] = try message.serializedBytes()
        #expect(
            CollectionRequest(
                object: CollectionRequest.object(membership.device, history),
                mixed,
                of: membership.userID
            )
                == nil
        )
        #expect(try await one.requests().isEmpty)
        // A grant of the one device under the other's name, and one that a device signed.
        try await tv.request("history", mayWrite: true)
        let request = try #require(try await one.requests().first)
        try await one.grant(request)
        _ = try await other.requests()
        let grant = try #require(await other.reader(.requests)?.state.object(Grant.object(membership.device)))
        try await other.write([(Grant.object(others.device), .put(grant))], in: .requests)
        #expect(try await other.newMembership() == nil)
        let real = try #require(Grant(grant["grant"] ?? [], of: membership.userID))
        #expect(throws: ChainError.certificateNotSigned) { try real.membership(after: others) }
        var wire = try Easysetup_Chain_V1_Grant(serializedBytes: grant["grant"] ?? [])
        wire.signature = .init(others.deviceKeys.signature(ChainLabel.grant, Array(wire.content)))
        #expect(Grant(try wire.serializedBytes(), of: membership.userID) == nil)
        let decline = request.decline(try SyncSeed(bytes: secret([UInt8](repeating: 8, count: 32))))
        #expect(!request.isDeclined(by: decline))
        #expect(request.isDeclined(by: request.decline(party.fixture.seed)))
    }

    @Test("Requests and grants that are cut or changed are none") func damaged() async throws {
        let (one, membership) = try await pair()
        try await party.member(membership).request("history", mayWrite: true, reason: "r")
        let request = try #require(try await one.requests().first)
        try await one.grant(request)
        let state = try #require(await one.reader(.requests)?.state)
        let object = CollectionRequest.object(membership.device, history)
        let asked = try #require(state.object(object)?["request"])
        let grant = try #require(state.object(Grant.object(membership.device))?["grant"])
        for count in stride(from: 0, to: asked.count, by: 7) {
            #expect(CollectionRequest(object: object, Array(asked[..<count]), of: membership.userID) == nil)
        }
        for index in stride(from: 0, to: grant.count, by: 11) {
            var changed = grant
            changed[index] ^= 1
            #expect(Grant(changed, of: membership.userID) == nil, "byte \(index)")
        }
    }

    @Test("A removed device's request, and one with a certificate that has ended, are not shown")
    func gone() async throws {
        let one = party.chain(1)
        try await one.note("history")
        let now = party.store.milliseconds / 1_000
        let ending = try await one.membership(for: ["notes": true], until: now + 1_000)
        let gone = try await one.membership(for: ["notes": true])
        for membership in [ending, gone] {
            let device = party.member(membership)
            try await device.join(name: "TV", platform: "Linux")
            try await device.request("history", mayWrite: false)
        }
        #expect(try await one.requests().count == 2)
        try await one.remove(gone.device)
        #expect(try await one.requests().map(\.device) == [ending.device])
        party.store.advance(by: .seconds(2_000))
        #expect(try await one.requests().isEmpty)
    }
}
