public import EasySetupPairingSession
public import EasySetupSeed

/// The place where a device keeps its seed (`Protocol/seed.md`, "Import").
///
/// A store holds one seed or none. When ``save(_:replacing:)`` has returned, the seed survives a crash of the device.
/// When that call throws, or the device crashes before the call returns, the earlier seed is still there.
public protocol SeedStore: Sendable {
    /// The stored seed, or nil if there is none.
    func load() async throws(StoreError) -> SyncSeed?

    /// Stores a seed durably.
    /// - Parameters:
    ///   - seed: the seed.
    ///   - replacing: whether the store may replace another seed, which needs the user's explicit consent. The store
    ///     keeps a copy of the replaced seed. Saving the seed that is stored already needs no consent.
    /// - Throws: ``StoreError/otherSeedStored(stored:new:)`` when another seed is stored and `replacing` is false.
    @discardableResult
    func save(_ seed: SyncSeed, replacing: Bool) async throws(StoreError) -> SaveOutcome

    /// Checks whether a seed can be stored, without storing one. A device that wants a seed calls this function before
    /// it connects, so that no other device sends it a seed that it can't store.
    /// - Throws: the error that ``save(_:replacing:)`` would throw, as far as that can be known.
    func check() async throws(StoreError)
}

extension SeedStore {
    /// Does nothing. A store that can always save needs no check of its own.
    public func check() async throws(StoreError) {}
}

/// The result of saving a seed.
@nonexhaustive public enum SaveOutcome: Equatable, Sendable {
    /// The store was empty and holds the seed now.
    case stored
    /// The store held this seed already.
    case alreadyStored
    /// The store held another seed, kept a copy of it, and holds the new one now.
    /// - Parameter copy: the copy's path, in a form for a person to read; nil if the store has no paths. The copy is as
    ///   secret as the seed.
    case replaced(copy: String?)
}

/// A store in memory, for tests and demonstrations.
public actor MemorySeedStore: SeedStore {
    private var seed: SyncSeed?

    /// The seeds that were replaced, oldest first.
    public private(set) var replaced: [SyncSeed] = []

    /// Makes a store that holds this seed, or none.
    public init(_ seed: SyncSeed? = nil) {
        self.seed = seed
    }

    /// The stored seed, or nil if there is none.
    public func load() -> SyncSeed? {
        seed
    }

    /// Stores a seed in memory, where it lives as long as this actor.
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
