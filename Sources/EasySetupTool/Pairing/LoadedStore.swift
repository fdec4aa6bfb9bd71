import EasySetup
import EasySetupHandshake
import EasySetupSeed

/// A store whose seed is already loaded, so that a sealed seed is not unsealed twice.
struct LoadedStore: SeedStore {
    private let seed: SyncSeed
    private let store: any SeedStore

    init(_ seed: SyncSeed, in store: any SeedStore) {
        self.seed = seed
        self.store = store
    }

    /// Loads a store's seed, and returns a store for the pairing and this device's role. The role is nil if the seed
    /// can't be read; the pairing then reports the error.
    static func load(from store: FileSeedStore) async -> (store: any SeedStore, role: Role?) {
        do throws(StoreError) {
            guard let seed = try await store.load() else { return (store, .receiver) }
            return (LoadedStore(seed, in: store), .holder)
        } catch {
            return (store, nil)
        }
    }

    func load() async throws(StoreError) -> SyncSeed? { seed }

    func save(_ seed: SyncSeed, replacing: Bool) async throws(StoreError) -> SaveOutcome {
        try await store.save(seed, replacing: replacing)
    }
}
