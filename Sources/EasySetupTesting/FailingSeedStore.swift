public import EasySetup
public import EasySetupPairingSession
public import EasySetupSeed

/// A store that fails as a test wants it, such as one whose disk is full.
public struct FailingSeedStore: SeedStore {
    private let seed: SyncSeed?
    private let loadError: StoreError?
    private let checkError: StoreError?
    private let saveError: StoreError?

    /// Makes a store.
    ///
    /// - Parameters:
    ///   - seed: the seed that the store holds; nil for none.
    ///   - load: the error of ``load()``; nil if it does not fail.
    ///   - check: the error of ``check()``, which a device calls before it connects; nil if it does not fail.
    ///   - save: the error of ``save(_:replacing:)``; nil if it does not fail.
    public init(
        _ seed: SyncSeed? = nil,
        load: StoreError? = nil,
        check: StoreError? = nil,
        save: StoreError? = nil
    ) {
        self.seed = seed
        loadError = load
        checkError = check
        saveError = save
    }

    /// The seed, or the error that the test wants.
    public func load() async throws(StoreError) -> SyncSeed? {
        if let loadError { throw loadError }
        return seed
    }

    /// Stores nothing, and fails if the test wants it.
    @discardableResult
    public func save(_ seed: SyncSeed, replacing: Bool) async throws(StoreError) -> SaveOutcome {
        if let saveError { throw saveError }
        return .stored
    }

    /// Fails if the test wants it.
    public func check() async throws(StoreError) {
        if let checkError { throw checkError }
    }
}
