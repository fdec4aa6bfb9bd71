import EasySetup
import EasySetupChain
import EasySetupHandshake
import Synchronization
import Testing

/// The store that the article "Storing seeds" gives to copy, over a keychain in memory.
@Suite("The keychain store of the documentation") struct KeychainExampleTests {
    private final class MemoryKeychain: Keychain {
        private let items = Mutex<[String: [UInt8]]>([:])

        func read(_ item: String) throws(StoreError) -> [UInt8]? { items.withLock { $0[item] } }

        func write(_ bytes: RawSpan, to item: String) throws(StoreError) {
            let bytes = bytes.withUnsafeBytes { [UInt8]($0) }
            items.withLock { $0[item] = bytes }
        }

        func copy(_ item: String, to other: MemoryKeychain) throws(StoreError) {
            guard let bytes = try read(item) else { return }
            other.items.withLock { $0["seed"] = bytes }
        }
    }

    private struct LockedKeychain: Keychain {
        func read(_ item: String) throws(StoreError) -> [UInt8]? { throw keychainError(-25308) }
        func write(_ bytes: RawSpan, to item: String) throws(StoreError) { throw keychainError(-25308) }
    }

    @Test("It keeps one seed, refuses another, and keeps a copy of a seed that it replaces") func saves() async throws {
        let keychain = MemoryKeychain()
        let store = KeychainStore(keychain: keychain)
        let (first, second) = (SyncSeed.random(), SyncSeed.random())
        #expect(try await store.load() == nil)
        #expect(try await store.save(first, replacing: false) == .stored)
        #expect(try await store.save(first, replacing: false) == .alreadyStored)
        await #expect(throws: StoreError.otherSeedStored(stored: first.userID, new: second.userID)) {
            try await store.save(second, replacing: false)
        }
        #expect(try await store.load()?.isSame(as: first) == true)
        #expect(try await store.save(second, replacing: true) == .replaced(copy: nil))
        #expect(try await store.load()?.isSame(as: second) == true)
        let copies = MemoryKeychain()
        try keychain.copy("earlier seed", to: copies)
        #expect(try await KeychainStore(keychain: copies).load()?.isSame(as: first) == true)
    }

    @Test("It keeps a membership in place of a seed, which the seed of its chain replaces, and never the other way")
    func memberships() async throws {
        let store = KeychainStore(keychain: MemoryKeychain())
        let (seed, other) = (SyncSeed.random(), SyncSeed.random())
        func membership(of seed: SyncSeed) throws -> Membership {
            try GivenMembership(collections: [CollectionName("notes"): true], of: seed).membership
        }
        let (first, second) = (try membership(of: seed), try membership(of: seed))
        #expect(try await store.save(first, replacing: false) == .stored)
        #expect(try await store.load() == nil)
        #expect(try await store.loadMembership()?.device == first.device)
        #expect(try await store.save(second, replacing: false) == .exchanged)
        #expect(try await store.access()?.userID == seed.userID)
        await #expect(throws: StoreError.otherSeedStored(stored: seed.userID, new: other.userID)) {
            try await store.save(membership(of: other), replacing: false)
        }
        #expect(try await store.save(seed, replacing: false) == .exchanged)
        #expect(try await store.save(first, replacing: false) == .alreadyStored)
        #expect(try await store.load()?.isSame(as: seed) == true)
        #expect(try await store.loadMembership() == nil)
        #expect(try await store.save(membership(of: other), replacing: true) == .replaced(copy: nil))
        #expect(try await store.loadMembership()?.userID == other.userID)
    }

    @Test("A keychain that fails is told as such, and not as a disk") func fails() async throws {
        let error = await #expect(throws: StoreError.self) {
            try await KeychainStore(keychain: LockedKeychain()).check()
        }
        #expect(error?.name == "app-keychain-locked")
        #expect(keychainError(-34).description == "The keychain failed (status -34).")
    }
}
