public import EasySetupSeed

/// Where a device keeps its seed (`Protocol/seed.md`, "Import").
///
/// A store holds one seed or none. When ``save(_:replacing:)`` has returned, the seed outlives a crash of the device; when it
/// throws, or the device crashes before, what was stored is still there.
public protocol SeedStore: Sendable {
    /// The stored seed, or nil if there is none.
    func load() async throws(StoreError) -> SyncSeed?

    /// Stores a seed for good.
    /// - Parameter replacing: whether another seed that is stored already may be replaced, on the user's explicit yes; a copy
    ///   of it is kept. The same seed again is fine either way.
    /// - Throws: ``StoreError/otherSeedStored(stored:new:)`` when another seed is stored and `replacing` is false.
    @discardableResult
    func save(_ seed: SyncSeed, replacing: Bool) async throws(StoreError) -> SaveOutcome

    /// Tries whether a seed can be stored, without storing one: called before a device that wants a seed speaks to anybody, so
    /// that no seed is sent for nothing.
    /// - Throws: what ``save(_:replacing:)`` would throw, as far as that can be known.
    func check() async throws(StoreError)
}

extension SeedStore {
    /// Nothing to try: for stores that can always store.
    public func check() async throws(StoreError) {}
}

/// What came of storing a seed.
public enum SaveOutcome: Equatable, Sendable {
    /// The store was empty and holds the seed now.
    case stored
    /// The store held this seed already.
    case alreadyStored
    /// The store held another seed, of which it keeps a copy, and holds the new one now.
    /// - Parameter copy: where the copy is, for a person: it is as secret as the seed. Nil where the store names no place.
    case replaced(copy: String?)
}

/// A store that forgets, for tests and demonstrations.
public actor MemorySeedStore: SeedStore {
    private var seed: SyncSeed?

    /// The seeds that were replaced, oldest first.
    public private(set) var replaced: [SyncSeed] = []

    /// A store that holds a seed, or none.
    public init(_ seed: SyncSeed? = nil) {
        self.seed = seed
    }

    /// The stored seed, or nil if there is none.
    public func load() -> SyncSeed? {
        seed
    }

    /// Keeps a seed until the store goes.
    /// - Throws: ``StoreError/otherSeedStored(stored:new:)`` when another seed is stored and `replacing` is false.
    @discardableResult
    public func save(_ seed: SyncSeed, replacing: Bool) throws(StoreError) -> SaveOutcome {
        guard let old = self.seed else {
            self.seed = seed
            return .stored
        }
        if old.isSame(as: seed) { return .alreadyStored }
        guard replacing else { throw .otherSeedStored(stored: old.userID, new: seed.userID) }
        replaced.append(old)
        self.seed = seed
        return .replaced(copy: nil)
    }
}
