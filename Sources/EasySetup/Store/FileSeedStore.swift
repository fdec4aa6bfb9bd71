public import EasySetupChain
public import EasySetupPairingSession
public import EasySetupSeed

/// A store in a folder that only its owner can enter. One file in it has the seed or the membership, plain or sealed
/// (encrypted) under a passphrase.
///
/// The folder holds `seed`, the seed or the membership; `lock`, which keeps two programs from writing at once; `seed.….old`, the copies
/// of replaced and removed seeds, for ``copyDays`` days; and, after a crash, perhaps `seed.new`, which the next write
/// removes.
///
/// **A copy is as secret as a seed.** A store without a passphrase keeps the copies as it keeps the seed: plain, in a
/// file of mode 0600, dated, for ``copyDays`` days. So a device whose user has removed or replaced the seed still holds
/// it. An app that shows its user a code seals the copies under it (``sealingCopies(under:)``), and one that wants no
/// copies has none (``keepingNoCopies()``).
public final class FileSeedStore: SeedStore {
    /// How long a call waits for another program that is writing to the store, before it throws ``StoreError/busy``. A
    /// write takes milliseconds, so a program that holds the lock longer than this has probably hung.
    public static let lockPatience: Duration = .seconds(5)

    static let file = "seed"

    let path: [CChar]
    let passphrase: Passphrase?
    let copyRule: CopyRule
    let cost: SealingCost
    let onStep: PrivateFolder.StepObserver

    /// Makes a store in a folder. The first ``save(_:replacing:)-(SyncSeed,_)`` creates the folder with mode 0700.
    /// - Parameters:
    ///   - folder: the folder's path; its parent folder must exist.
    ///   - passphrase: opens a sealed seed, and seals every seed that is saved.
    ///   - cost: how much computation each guess of the passphrase costs an attacker, for seeds that this store saves.
    public convenience init(folder: String, passphrase: Passphrase? = nil, cost: SealingCost = .interactive) {
        self.init(folder: folder, passphrase: passphrase, cost: cost) { _ in }
    }

    /// Makes a store in a folder whose path may not be UTF-8; see ``init(folder:passphrase:cost:)``.
    /// - Parameters:
    ///   - path: the folder's path, without a zero byte at the end.
    ///   - passphrase: as in that initialiser.
    ///   - cost: as in that initialiser.
    public convenience init(path: [UInt8], passphrase: Passphrase? = nil, cost: SealingCost = .interactive) {
        self.init(path: path, passphrase: passphrase, cost: cost) { _ in }
    }

    /// Makes a store that calls `onStep` after each step of a write. A test ends the process in that call, as a crash
    /// would.
    package convenience init(
        folder: String,
        passphrase: Passphrase?,
        cost: SealingCost,
        onStep: @escaping PrivateFolder.StepObserver
    ) {
        self.init(path: Array(folder.utf8), passphrase: passphrase, cost: cost, onStep: onStep)
    }

    private init(
        path: [UInt8],
        passphrase: Passphrase?,
        cost: SealingCost,
        onStep: @escaping PrivateFolder.StepObserver,
        copyRule: CopyRule = .asTheSeed
    ) {
        // System calls read a path up to its first zero byte, so a zero byte in the path ends it here too.
        self.path = path.prefix { $0 != 0 }.map(CChar.init(bitPattern:)) + [0]
        self.passphrase = passphrase
        self.copyRule = copyRule
        self.cost = cost
        self.onStep = onStep
    }

    /// This store, with copies that are always sealed. A copy of a replaced or removed seed is sealed under the store's
    /// passphrase, or where the store has none, under this one.
    public func sealingCopies(under passphrase: Passphrase) -> FileSeedStore { with(.sealed(under: passphrase)) }

    /// This store, without copies. A seed that is replaced or removed is gone at once, and a slip can't be made good. For
    /// apps that have their own way back to an earlier seed.
    public func keepingNoCopies() -> FileSeedStore { with(.none) }

    private func with(_ copyRule: CopyRule) -> FileSeedStore {
        FileSeedStore(
            path: path.dropLast().map(UInt8.init(bitPattern:)),
            passphrase: passphrase,
            cost: cost,
            onStep: onStep,
            copyRule: copyRule
        )
    }

    /// A store in a folder within this one, with the same passphrase.
    package func below(_ name: String) -> FileSeedStore {
        let path = path.dropLast().map(UInt8.init(bitPattern:)) + Array("/\(name)".utf8)
        return FileSeedStore(path: path, passphrase: passphrase, cost: cost, onStep: onStep)
    }

    /// Loads the stored seed; nil if there is no seed or no folder, or a membership in place of the seed.
    @concurrent public func load() async throws(StoreError) -> SyncSeed? {
        guard let folder = try PrivateFolder.open(path, onStep: onStep), let file = try folder.read(Self.file),
            try content(of: file) == .seed, case .seed(let seed) = try read(file)
        else { return nil }
        return seed
    }

    /// Loads the stored membership; nil if there is none.
    /// - Throws: ``StoreError/seed(_:)`` with ``SeedError/Code/fileDamaged`` if the file is whole and what is in it is no
    ///   membership.
    @concurrent public func loadMembership() async throws(StoreError) -> Membership? {
        guard let folder = try PrivateFolder.open(path, onStep: onStep), let file = try folder.read(Self.file),
            try content(of: file) == .membership, case .membership(let membership) = try read(file)
        else { return nil }
        return membership
    }

    /// Whether a seed or a membership is stored, which needs no passphrase; nil if the store is empty.
    @concurrent public func content() async throws(StoreError) -> SeedFile.Content? {
        guard let folder = try PrivateFolder.open(path, onStep: onStep), let file = try folder.read(Self.file)
        else { return nil }
        return try content(of: file)
    }

    /// Stores a seed durably: it is on the disk when this function returns.
    ///
    /// If `replacing` is true, a stored seed that can't be read, because it is damaged or sealed under another
    /// passphrase, is replaced like any other seed, and the store keeps a copy of the unread file.
    ///
    /// If this store has a passphrase, this function also seals the plain copies of seeds that were replaced earlier.
    /// ``plainCopies()`` lists the copies that it could not seal.
    @discardableResult
    @concurrent public func save(_ seed: SyncSeed, replacing: Bool) async throws(StoreError) -> SaveOutcome {
        try await save(.seed(seed), replacing)
    }

    /// Stores a membership durably, with the same care as a seed. No copy of a membership is ever kept: a device with the
    /// seed can give another.
    @discardableResult
    @concurrent public func save(
        _ membership: Membership,
        replacing: Bool
    ) async throws(StoreError) -> SaveOutcome {
        try await save(.membership(membership), replacing)
    }

    private func save(_ access: ChainAccess, _ replacing: Bool) async throws(StoreError) -> SaveOutcome {
        // Sealing is slow on purpose, so this function does it before it takes the lock, for which other programs may
        // wait.
        let new = try sealed(access)
        let folder = try PrivateFolder.openOrMake(path, onStep: onStep)
        let lock = try await folder.lock(patience: Self.lockPatience)
        defer { lock.unlock() }
        let saved = try put(new, of: access, replacing: replacing, into: folder)
        // The new file is on the disk already, so the call succeeds even if the plain copies of replaced seeds can't be
        // sealed, or the old ones not removed.
        if passphrase != nil { try? sealCopies(in: folder) }
        _ = try? removeExpired(in: folder)
        return saved
    }

    private func put(
        _ new: borrowing SecretBytes,
        of access: ChainAccess,
        replacing: Bool,
        into folder: borrowing PrivateFolder
    ) throws(StoreError) -> SaveOutcome {
        guard let old = try folder.read(Self.file) else {
            try folder.write(new, to: Self.file)
            return .stored
        }
        switch try compare(old, with: access, replacing: replacing) {
        case .same:
            // An earlier program may have crashed between writing the file and syncing it, so the file is synced now.
            try folder.sync(Self.file)
            return .alreadyStored
        case .sameUnsealed(let stored):
            try folder.write(sealed(stored), to: Self.file)
            return .alreadyStored
        case .exchange:
            try folder.write(new, to: Self.file)
            return .exchanged
        case .other where copyRule.isNone, .unreadable where copyRule.isNone, .other(.membership, _):
            try folder.write(new, to: Self.file)
            return .replaced(copy: nil)
        case .other(.seed(let stored), let kind):
            let copy = try keep(old, of: stored, kind, in: folder)
            try folder.write(new, to: Self.file)
            return .replaced(copy: place(of: copy.file))
        case .unreadable:
            let copy = try unusedName(in: folder)
            try folder.write(old, to: copy.file)
            try folder.write(new, to: Self.file)
            return .replaced(copy: place(of: copy.file))
        }
    }

    /// Checks the parent folder and the access rights, takes the lock, and creates, fills, syncs, renames and removes a
    /// trial file. Everything is removed again, except the file `lock` in a folder that existed before.
    @concurrent public func check() async throws(StoreError) {
        try await PrivateFolder.check(path, patience: Self.lockPatience)
    }

    /// Whether the stored seed is plain or sealed; nil if none is stored.
    @concurrent public func kind() async throws(StoreError) -> SeedFile.Kind? {
        guard let folder = try PrivateFolder.open(path, onStep: onStep), let file = try folder.read(Self.file)
        else { return nil }
        do throws(SeedError) { return try SeedFile.kind(of: file) } catch { throw .seed(error) }
    }

    /// The path of a file of the store, in a form for a person to read.
    func place(of name: String) -> String {
        String(decoding: path.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self) + "/" + name
    }

    private enum Comparison {
        case same
        /// Nothing new is to be stored, but what is stored is in a plain file and this store has a passphrase, so the file
        /// has to be sealed.
        case sameUnsealed(ChainAccess)
        /// A membership makes room for more of the same chain.
        case exchange
        case other(ChainAccess, SeedFile.Kind)
        case unreadable
    }

    private func compare(
        _ file: borrowing SecretBytes,
        with new: ChainAccess,
        replacing: Bool
    ) throws(StoreError) -> Comparison {
        let stored: ChainAccess
        let kind: SeedFile.Kind
        do throws(StoreError) {
            do throws(SeedError) { kind = try SeedFile.kind(of: file) } catch { throw .seed(error) }
            stored = try read(file)
        } catch {
            // The error `memoryShort` says nothing about the stored file and may not come again, so the file is not
            // replaced.
            guard replacing, error != .seed(.memoryShort) else { throw error }
            return .unreadable
        }
        switch StoredChange(from: stored, to: new) {
        case .none: return kind == .plain && passphrase != nil ? .sameUnsealed(stored) : .same
        case .exchange: return .exchange
        case .otherChain:
            guard replacing else { throw .otherSeedStored(stored: stored.userID, new: new.userID) }
            return .other(stored, kind)
        }
    }

    private func content(of file: borrowing SecretBytes) throws(StoreError) -> SeedFile.Content {
        do throws(SeedError) { return try SeedFile.content(of: file) } catch { throw .seed(error) }
    }

    func read(_ file: borrowing SecretBytes) throws(StoreError) -> ChainAccess {
        let encoded: SecretBytes
        do throws(SeedError) {
            switch try SeedFile.content(of: file) {
            case .seed: return .seed(try SeedFile.read(file, passphrase: passphrase))
            case .membership: encoded = try SeedFile.readMembership(file, passphrase: passphrase)
            }
        } catch {
            throw .seed(error)
        }
        do { return .membership(try Membership(encoded)) } catch { throw .seed(.fileDamaged) }
    }

    func sealed(_ access: ChainAccess) throws(StoreError) -> SecretBytes {
        switch access {
        case .seed(let seed): return try sealed(seed)
        case .membership(let membership):
            let encoded = membership.encoded()
            guard let passphrase else { return SeedFile.write(membership: encoded) }
            do throws(SeedError) {
                return try SeedFile.seal(membership: encoded, under: passphrase, cost: cost)
            } catch {
                throw .seed(error)
            }
        }
    }

    func sealed(_ seed: SyncSeed) throws(StoreError) -> SecretBytes {
        guard let passphrase else { return SeedFile.write(seed) }
        return try sealed(seed, under: passphrase)
    }

    func sealed(_ seed: SyncSeed, under passphrase: Passphrase) throws(StoreError) -> SecretBytes {
        do throws(SeedError) {
            return try SeedFile.seal(seed, under: passphrase, cost: cost)
        } catch {
            throw .seed(error)
        }
    }
}
