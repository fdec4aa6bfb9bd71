public import EasySetupChain
public import EasySetupPairingSession
public import EasySetupSeed

/// The place where a device keeps its seed, or the membership that it has in place of the seed (`Protocol/seed.md`,
/// "Import").
///
/// A store holds one seed, one membership, or nothing. When ``save(_:replacing:)-(SyncSeed,_)`` has returned, the seed
/// survives a crash of the device. When that call throws, or the device crashes before the call returns, the earlier seed
/// is still there.
public protocol SeedStore: Sendable {
    /// The stored seed, or nil if there is none. A store with a membership has no seed.
    func load() async throws(StoreError) -> SyncSeed?

    /// The stored membership, or nil if there is none. By default a store has none.
    func loadMembership() async throws(StoreError) -> Membership?

    /// Stores a membership durably.
    ///
    /// A seed of the same chain stays, because it can do more. A membership of the same chain is replaced, and no copy of it
    /// is kept: the device that gives the new one has the seed, and decides.
    /// - Parameters:
    ///   - membership: the membership.
    ///   - replacing: whether the store may replace what it has of another chain.
    /// - Throws: ``StoreError/otherSeedStored(stored:new:)`` when the store has something of another chain and `replacing`
    ///   is false. By default ``StoreError/membershipNotKept``.
    @discardableResult
    func save(_ membership: Membership, replacing: Bool) async throws(StoreError) -> SaveOutcome

    /// Stores a seed durably. A membership of the same chain is replaced, because the seed can do all that it can.
    /// - Parameters:
    ///   - seed: the seed.
    ///   - replacing: whether the store may replace another seed, which needs the user's explicit consent. The store
    ///     keeps a copy of the replaced seed. Saving the seed that is stored already needs no consent.
    /// - Throws: ``StoreError/otherSeedStored(stored:new:)`` when another seed is stored and `replacing` is false.
    @discardableResult
    func save(_ seed: SyncSeed, replacing: Bool) async throws(StoreError) -> SaveOutcome

    /// Checks whether a seed can be stored, without storing one. A device that wants a seed calls this function before
    /// it connects, so that no other device sends it a seed that it can't store.
    /// - Throws: the error that ``save(_:replacing:)-(SyncSeed,_)`` would throw, as far as that can be known.
    func check() async throws(StoreError)
}

extension SeedStore {
    /// Does nothing. A store that can always save needs no check of its own.
    public func check() async throws(StoreError) {}

    /// Nil: a store that does not say otherwise keeps seeds alone.
    public func loadMembership() async throws(StoreError) -> Membership? { nil }

    /// Fails: a store that does not say otherwise keeps seeds alone.
    @discardableResult
    public func save(_ membership: Membership, replacing: Bool) async throws(StoreError) -> SaveOutcome {
        throw .membershipNotKept
    }

    /// The content of the store: a seed, a membership, or nothing.
    public func access() async throws(StoreError) -> ChainAccess? {
        if let seed = try await load() { return .seed(seed) }
        return try await loadMembership().map(ChainAccess.membership)
    }

    /// Stores a seed or a membership durably.
    @discardableResult
    func save(_ access: ChainAccess) async throws(StoreError) -> SaveOutcome {
        switch access {
        case .seed(let seed): try await save(seed, replacing: false)
        case .membership(let membership): try await save(membership, replacing: false)
        }
    }
}

/// The result of saving a seed.
@nonexhaustive public enum SaveOutcome: Equatable, Sendable {
    /// The store was empty and holds the seed now.
    case stored
    /// The store held this seed or membership already, or a seed of the chain in which the membership is one.
    case alreadyStored
    /// The store held a membership of the same chain, and holds the seed or the new membership in its place.
    case exchanged
    /// The store held another seed, kept a copy of it, and holds the new one now.
    /// - Parameter copy: the copy's path, in a form for a person to read; nil if the store has no paths. The copy is as
    ///   secret as the seed.
    case replaced(copy: String?)
}

/// A store in memory, for tests and demonstrations.
public actor MemorySeedStore: SeedStore {
    private var stored: ChainAccess?

    /// The seeds that were replaced, oldest first.
    public private(set) var replaced: [SyncSeed] = []

    /// Makes a store that holds this seed, or none.
    public init(_ seed: SyncSeed? = nil) {
        stored = seed.map(ChainAccess.seed)
    }

    /// Makes a store that holds this membership.
    public init(_ membership: Membership) {
        stored = .membership(membership)
    }

    /// The stored seed, or nil if there is none.
    public func load() -> SyncSeed? {
        if case .seed(let seed) = stored { seed } else { nil }
    }

    /// The stored membership, or nil if there is none.
    public func loadMembership() async throws(StoreError) -> Membership? {
        // The function is asynchronous as the protocol's default is. Otherwise an asynchronous caller would get the default.
        if case .membership(let membership) = stored { membership } else { nil }
    }

    /// Stores a seed in memory, where it lives as long as this actor.
    /// - Throws: ``StoreError/otherSeedStored(stored:new:)`` when another seed is stored and `replacing` is false.
    @discardableResult
    public func save(_ seed: SyncSeed, replacing: Bool) throws(StoreError) -> SaveOutcome {
        try save(.seed(seed), replacing)
    }

    /// Stores a membership in memory, where it lives as long as this actor.
    /// - Throws: ``StoreError/otherSeedStored(stored:new:)`` when the store has something of another chain and `replacing`
    ///   is false.
    @discardableResult
    public func save(_ membership: Membership, replacing: Bool) async throws(StoreError) -> SaveOutcome {
        try save(.membership(membership), replacing)
    }

    private func save(_ new: ChainAccess, _ replacing: Bool) throws(StoreError) -> SaveOutcome {
        guard let old = stored else {
            stored = new
            return .stored
        }
        switch StoredChange(from: old, to: new) {
        case .none: return .alreadyStored
        case .exchange:
            stored = new
            return .exchanged
        case .otherChain:
            guard replacing else { throw .otherSeedStored(stored: old.userID, new: new.userID) }
            if case .seed(let seed) = old { replaced.append(seed) }
            stored = new
            return .replaced(copy: nil)
        }
    }
}

/// The meaning for a store of putting something in the place of its content (`Protocol/seed.md`, "Import").
enum StoredChange {
    /// There is nothing to do: the store has the same, or the seed of the chain in which the new membership is one.
    case none
    /// A membership makes room for the seed or for another membership of its chain.
    case exchange
    /// The stored seed or membership is of another chain.
    case otherChain

    init(from old: ChainAccess, to new: ChainAccess) {
        switch (old, new) {
        // Two seeds of one user ID are the same, but seeds are compared as such.
        case (.seed(let old), .seed(let new)): self = old.isSame(as: new) ? .none : .otherChain
        case _ where old.userID != new.userID: self = .otherChain
        case (.seed, .membership): self = .none
        case (.membership, .seed): self = .exchange
        case (.membership(let old), .membership(let new)):
            self = old.encoded().isEqual(to: new.encoded()) ? .none : .exchange
        }
    }
}
