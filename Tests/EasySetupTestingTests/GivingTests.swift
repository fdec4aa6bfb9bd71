import EasySetup
import EasySetupChain
import EasySetupHandshake
import EasySetupTesting
import Testing

@Suite("An app under test that gives a membership") struct GivingTests {
    static func gift(_ names: [String] = ["notes"], notAfter: UInt64 = 0, of seed: SyncSeed) throws -> Gift {
        var rights: [CollectionName: Bool] = [:]
        for name in names { rights[try CollectionName(name)] = false }
        return .membership(try GivenMembership(collections: rights, notAfter: notAfter, of: seed))
    }

    @Test("The app that shows the code gives a membership") func offers() async throws {
        let seed = SyncSeed.random()
        let app = TestedApp(seed)
        let gift = try Self.gift(of: seed)
        let screen = await app.recorded(
            app.client.offer(at: app.relay.address, giving: gift, approve: { _ in .approve })
        )
        let phone = TestedApp(at: app.relay)
        let there = await phone.join(try #require(screen.offer).code)
        #expect(screen.paired?.scope == gift.scope)
        #expect(there.paired?.scope == gift.scope && there.paired?.userID == seed.userID)
        #expect(try await phone.store.load() == nil)
        #expect(try await phone.store.loadMembership()?.userID == seed.userID)
    }

    @Test("The app that types the code gives a membership, and both users are asked") func visits() async throws {
        let seed = SyncSeed.random()
        let tv = TestedApp()
        let screen = await tv.offer(accept: { $0.scope == .everything ? .decline : .accept })
        let app = TestedApp(seed, at: tv.relay)
        let gift = try Self.gift(["notes", "bookmarks"], of: seed)
        let there = await app.recorded(
            app.client.join(
                try #require(screen.offer).code,
                at: tv.relay.address,
                giving: gift,
                approve: { $0.scope == .everything ? .decline : .word($0.peer.words.first) }
            )
        )
        #expect(screen.paired?.scope == gift.scope && there.paired?.scope == gift.scope)
    }

    @Test("A device without a seed gives nothing, and sends nothing") func noSeed() async throws {
        let seed = SyncSeed.random()
        let gift = try Self.gift(of: seed)
        let member = MemorySeedStore(
            try GivenMembership(collections: [CollectionName("notes"): true], of: seed).membership
        )
        for store in [MemorySeedStore(), member] {
            let app = TestedApp(store: store)
            let offer = await app.recorded(
                app.client.offer(at: app.relay.address, giving: gift, approve: { _ in .approve })
            )
            #expect(offer.codes == [.failed] && offer.error?.code == .noSeedToGive)
        }
    }

    @Test("A membership of another chain than the seed's is not given") func otherChain() async throws {
        let (seed, other) = (SyncSeed.random(), SyncSeed.random())
        let app = TestedApp(seed)
        let gift = try Self.gift(of: other)
        let offer = await app.recorded(
            app.client.offer(at: app.relay.address, giving: gift, approve: { _ in .approve })
        )
        #expect(offer.codes == [.failed])
        #expect(offer.error?.storeError == .otherSeedStored(stored: seed.userID, new: other.userID))
    }

    @Test("A membership whose time is over by the receiver's clock is not stored") func ended() async throws {
        let seed = SyncSeed.random()
        let app = TestedApp(seed)
        let gift = try Self.gift(notAfter: 1_000_000_000, of: seed)
        let screen = await app.recorded(
            app.client.offer(at: app.relay.address, giving: gift, approve: { _ in .approve })
        )
        let phone = TestedApp(at: app.relay)
        let there = await phone.join(try #require(screen.offer).code)
        #expect(there.error?.storeError == .membershipEnded)
        #expect(screen.error?.code == .peerNotStored)
        #expect(try await phone.store.loadMembership() == nil)
    }

    @Test("A device with a membership gets the seed later, and then gives it") func upgrade() async throws {
        let seed = SyncSeed.random()
        let member = MemorySeedStore(
            try GivenMembership(collections: [CollectionName("notes"): true], of: seed).membership
        )
        let app = TestedApp(seed)
        let screen = await app.offer()
        let phone = TestedApp(store: member, at: app.relay)
        let there = await phone.join(try #require(screen.offer).code)
        #expect(there.paired?.scope == .everything)
        #expect(await member.load()?.isSame(as: seed) == true)
        #expect(try await member.loadMembership() == nil)
    }

    @Test("A device with a membership of another chain stores nothing") func wrongChain() async throws {
        let (seed, other) = (SyncSeed.random(), SyncSeed.random())
        let member = MemorySeedStore(
            try GivenMembership(collections: [CollectionName("notes"): true], of: other).membership
        )
        let app = TestedApp(seed)
        let screen = await app.offer()
        let phone = TestedApp(store: member, at: app.relay)
        let there = await phone.join(try #require(screen.offer).code)
        #expect(there.error?.storeError == .otherSeedStored(stored: other.userID, new: seed.userID))
        #expect(screen.error?.code == .otherSeed)
        #expect(try await member.loadMembership()?.userID == other.userID)
    }
}
