import EasySetup
import EasySetupChain
import EasySetupHandshake
import EasySetupSeed

/// A store whose seed or membership is already loaded, so that a sealed file is not unsealed twice.
struct LoadedStore: SeedStore {
    private let loaded: ChainAccess
    private let store: any SeedStore

    init(_ loaded: ChainAccess, in store: any SeedStore) {
        self.loaded = loaded
        self.store = store
    }

    /// The content of a device's store before it pairs.
    enum Content {
        case seed(SyncSeed)
        case membership(Membership)
        case nothing
        /// The content can't be read; the pairing then reports the error.
        case unreadable

        /// The device's role in a pairing; nil if it is not known.
        var role: Role? {
            switch self {
            case .seed: .holder
            case .membership, .nothing: .receiver
            case .unreadable: nil
            }
        }
    }

    /// Loads what a store has, and returns a store for the pairing.
    static func load(from store: FileSeedStore) async -> (store: any SeedStore, content: Content) {
        do throws(StoreError) {
            guard let access = try await store.access() else { return (store, .nothing) }
            switch access {
            case .seed(let seed): return (LoadedStore(access, in: store), .seed(seed))
            case .membership(let membership): return (LoadedStore(access, in: store), .membership(membership))
            }
        } catch {
            return (store, .unreadable)
        }
    }

    func load() async throws(StoreError) -> SyncSeed? {
        if case .seed(let seed) = loaded { seed } else { nil }
    }

    func loadMembership() async throws(StoreError) -> Membership? {
        if case .membership(let membership) = loaded { membership } else { nil }
    }

    func save(_ seed: SyncSeed, replacing: Bool) async throws(StoreError) -> SaveOutcome {
        try await store.save(seed, replacing: replacing)
    }

    func save(_ membership: Membership, replacing: Bool) async throws(StoreError) -> SaveOutcome {
        try await store.save(membership, replacing: replacing)
    }

    func check() async throws(StoreError) { try await store.check() }
}
