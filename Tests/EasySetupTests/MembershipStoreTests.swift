import EasySetup
import EasySetupChain
import EasySetupHandshake
import EasySetupSeed
import Foundation
import Testing

@Suite("A store with a membership in place of the seed") struct MembershipStoreTests {
    let scratch = Scratch()
    let seed = SyncSeed.random()
    let opening = try! Passphrase(Self.secret(Array("open sesame".utf8)))

    func store(sealed: Bool = false) -> FileSeedStore {
        FileSeedStore(folder: scratch.store, passphrase: sealed ? opening : nil)
    }

    static func secret(_ bytes: some Sequence<UInt8>) -> SecretBytes {
        var bytes = Array(bytes)
        return SecretBytes(wiping: &bytes)
    }

    func membership(_ name: String = "notes", of seed: SyncSeed? = nil) throws -> Membership {
        try GivenMembership(collections: [CollectionName(name): true], of: seed ?? self.seed).membership
    }

    /// Both kinds of store, empty.
    var stores: [any SeedStore] { [store(), MemorySeedStore()] }

    static func bytes(_ membership: Membership?) -> [UInt8]? {
        membership.map { $0.encoded().withUnsafeBytes { Array($0) } }
    }

    @Test("A membership is stored and loaded, and is no seed", arguments: [false, true]) func roundTrip(sealed: Bool)
        async throws
    {
        let membership = try membership()
        let store = store(sealed: sealed)
        #expect(try await store.save(membership, replacing: false) == .stored)
        #expect(try await store.content() == .membership)
        #expect(try await store.kind() == (sealed ? .sealed : .plain))
        #expect(try await store.load() == nil)
        #expect(Self.bytes(try await store.loadMembership()) == Self.bytes(membership))
        #expect(try scratch.mode("seed") == 0o600)
        let file = try scratch.data("seed")
        #expect((file.range(of: Data(Self.bytes(membership) ?? [])) == nil) == sealed)
        let before = try scratch.contents()
        #expect(try await store.save(membership, replacing: false) == .alreadyStored)
        if !sealed { #expect(try scratch.contents() == before) }
    }

    @Test("A sealed membership needs its passphrase, and is told from a damaged one") func passphrase() async throws {
        try await store(sealed: true).save(membership(), replacing: false)
        await #expect(throws: StoreError.seed(.passphraseNeeded)) { try await store().loadMembership() }
        #expect(try await store().load() == nil, "that there is no seed needs no passphrase")
        let other = FileSeedStore(
            folder: scratch.store,
            passphrase: try Passphrase(Self.secret(Array("another".utf8)))
        )
        await #expect(throws: StoreError.seed(.wrongPassphrase)) { try await other.loadMembership() }
    }

    @Test("A file of a membership with a changed byte is damaged, at every byte") func damaged() async throws {
        try await store().save(membership(), replacing: false)
        let file = try scratch.data("seed")
        for place in stride(from: 10, to: file.count, by: 37) {
            var changed = file
            changed[place] ^= 1
            #expect(throws: SeedError.fileDamaged) { try SeedFile.content(of: Self.secret(changed)) }
        }
        #expect(throws: SeedError.fileDamaged) { try SeedFile.content(of: Self.secret(file.dropLast())) }
    }

    @Test("A whole file whose membership is none is damaged") func noMembership() async throws {
        try await store().save(membership(), replacing: false)
        let file = SeedFile.write(membership: SecretBytes(zeros: 40))
        try scratch.put(Data(file.withUnsafeBytes { Array($0) }), "seed")
        await #expect(throws: StoreError.seed(.fileDamaged)) { try await store().loadMembership() }
        #expect(throws: SeedError.fileHasMembership) {
            try SeedFile.read(SeedFile.write(membership: SecretBytes(zeros: 40)))
        }
        #expect(throws: SeedError.fileForeign) { _ = try SeedFile.readMembership(SeedFile.write(seed)) }
    }

    @Test("The seed of the chain takes the place of a membership, and no copy is kept") func exchange() async throws {
        for store in stores {
            try await store.save(membership(), replacing: false)
            #expect(try await store.save(seed, replacing: false) == .exchanged)
            #expect(try await store.load()?.userID == seed.userID)
            #expect(try await store.loadMembership() == nil)
            #expect(try await store.save(membership(), replacing: false) == .alreadyStored, "the seed stays")
            #expect(try await store.load()?.userID == seed.userID)
        }
        #expect(try await store().copies().isEmpty)
    }

    @Test("Another membership of the chain takes the place of one") func other() async throws {
        for store in stores {
            try await store.save(membership(), replacing: false)
            #expect(try await store.save(membership("bookmarks"), replacing: false) == .exchanged)
            #expect(try await store.loadMembership()?.rights.keys.map(\.text) == ["bookmarks"])
        }
        #expect(try await store().copies().isEmpty)
    }

    @Test("What is of another chain is refused without consent, in every direction") func clash() async throws {
        let stranger = SyncSeed.random()
        for store in stores {
            try await store.save(membership(), replacing: false)
            let expected = StoreError.otherSeedStored(stored: seed.userID, new: stranger.userID)
            await #expect(throws: expected) { try await store.save(stranger, replacing: false) }
            await #expect(throws: expected) { try await store.save(membership(of: stranger), replacing: false) }
            #expect(try await store.loadMembership()?.userID == seed.userID)
            #expect(try await store.save(stranger, replacing: true) == .replaced(copy: nil))
            let again = StoreError.otherSeedStored(stored: stranger.userID, new: seed.userID)
            await #expect(throws: again) { try await store.save(membership(), replacing: false) }
        }
        // The seed that a membership replaces by consent is kept as a copy.
        guard case .replaced(copy: _?) = try await store().save(membership(), replacing: true) else {
            Issue.record("no copy")
            return
        }
        #expect(try await store().copies().count == 1)
    }

    @Test("A plain membership is sealed when a passphrase is set") func sealing() async throws {
        let membership = try membership()
        try await store().save(membership, replacing: false)
        #expect(try await store(sealed: true).save(membership, replacing: false) == .alreadyStored)
        #expect(try await store().kind() == .sealed)
        #expect(Self.bytes(try await store(sealed: true).loadMembership()) == Self.bytes(membership))
    }

    @Test("A removed membership is gone, and a copy of the seed of its chain stays") func removal() async throws {
        try await store().save(seed, replacing: false)
        _ = try await store().remove(seed.userID)
        try await store().save(membership(), replacing: false)
        await #expect(throws: StoreError.self) { try await store().remove(SyncSeed.random().userID) }
        #expect(try await store().remove(seed.userID) == nil)
        #expect(try await store().content() == nil)
        #expect(try await store().copies().count == 1)
    }

    @Test("A store that keeps seeds alone says so") func seedsAlone() async throws {
        struct SeedsAlone: SeedStore {
            func load() async throws(StoreError) -> SyncSeed? { nil }
            func save(_ seed: SyncSeed, replacing: Bool) async throws(StoreError) -> SaveOutcome { .stored }
        }
        #expect(try await SeedsAlone().loadMembership() == nil)
        await #expect(throws: StoreError.membershipNotKept) {
            try await SeedsAlone().save(membership(), replacing: false)
        }
    }
}
