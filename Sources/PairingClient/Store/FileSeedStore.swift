public import SyncSeed

/// A store in a folder that only its owner can enter: the seed in one file, plain or sealed under a passphrase.
///
/// In the folder are `seed`, the seed; `lock`, which keeps two programs from writing at once; `seed.….old`, the copies of
/// seeds that were replaced; and after a crash perhaps `seed.new`, which the next write clears away.
public final class FileSeedStore: SeedStore {
    /// How long a write waits for another program's: ours take milliseconds, so longer means that something is wrong.
    public static let lockPatience: Duration = .seconds(5)

    private static let file = "seed"

    private let path: String
    private let passphrase: Passphrase?
    private let cost: SealingCost
    private let onStep: PrivateFolder.StepObserver

    /// A store in a folder, which is made with mode 0700 when the first seed is saved.
    /// - Parameters:
    ///   - folder: the folder's path; the folder above it must exist.
    ///   - passphrase: opens a sealed seed, and seals every seed that is saved.
    ///   - cost: what a try at the passphrase costs, for seeds that are saved.
    public convenience init(folder: String, passphrase: Passphrase? = nil, cost: SealingCost = .interactive) {
        self.init(folder: folder, passphrase: passphrase, cost: cost) { _ in }
    }

    /// The same, with a look at each step of a write: a test ends the process there.
    package init(
        folder: String,
        passphrase: Passphrase?,
        cost: SealingCost,
        onStep: @escaping PrivateFolder.StepObserver
    ) {
        self.path = folder
        self.passphrase = passphrase
        self.cost = cost
        self.onStep = onStep
    }

    /// The stored seed, or nil if there is no seed or no folder.
    @concurrent public func load() async throws(StoreError) -> SyncSeed? {
        guard let folder = try PrivateFolder.open(path, onStep: onStep), let file = try folder.read(Self.file)
        else { return nil }
        return try read(file)
    }

    /// Stores a seed for good: it is on the disk when this returns.
    ///
    /// What can't be read, because it is damaged or sealed under another passphrase, counts as another seed when
    /// `replacing` is true, and is kept as a copy too.
    @discardableResult
    @concurrent public func save(_ seed: SyncSeed, replacing: Bool) async throws(StoreError) -> Saved {
        // Sealing takes a while, so it is done before the lock is taken.
        let new = try sealed(seed)
        let folder = try PrivateFolder.openOrMake(path, onStep: onStep)
        let lock = try await folder.lock(patience: Self.lockPatience)
        defer { lock.unlock() }
        guard let old = try folder.read(Self.file) else {
            try folder.write(new, to: Self.file)
            return .stored
        }
        switch try compare(old, with: seed, replacing: replacing) {
        case .same:
            // An earlier program may have ended between the write and the disk.
            try folder.sync(Self.file)
            return .alreadyStored
        case .sameUnsealed:
            try folder.write(new, to: Self.file)
            return .alreadyStored
        case .other(let userID):
            try folder.write(old, to: "\(Self.file).\(userID.fingerprint.prefix(16)).old")
        case .unreadable:
            try folder.write(old, to: unusedName(in: folder))
        }
        try folder.write(new, to: Self.file)
        return .replaced
    }

    private enum Comparison {
        case same
        /// The same seed, but plain in a store that has a passphrase.
        case sameUnsealed
        case other(UserID)
        case unreadable
    }

    private func compare(
        _ file: borrowing SecretBytes,
        with seed: SyncSeed,
        replacing: Bool
    ) throws(StoreError) -> Comparison {
        let stored: SyncSeed
        let kind: SeedFile.Kind
        do throws(SeedError) {
            kind = try SeedFile.kind(of: file)
            stored = try SeedFile.read(file, passphrase: passphrase)
        } catch {
            // Memory may be there the next time: that is no reason to put a seed aside.
            guard replacing, error != .memoryShort else { throw .seed(error) }
            return .unreadable
        }
        if stored.isSame(as: seed) { return kind == .plain && passphrase != nil ? .sameUnsealed : .same }
        guard replacing else { throw .otherSeedStored(stored: stored.userID, new: seed.userID) }
        return .other(stored.userID)
    }

    private func unusedName(in folder: borrowing PrivateFolder) throws(StoreError) -> String {
        var number = 1
        while try folder.has("\(Self.file).unread-\(number).old") { number += 1 }
        return "\(Self.file).unread-\(number).old"
    }

    private func read(_ file: borrowing SecretBytes) throws(StoreError) -> SyncSeed {
        do throws(SeedError) { return try SeedFile.read(file, passphrase: passphrase) } catch { throw .seed(error) }
    }

    private func sealed(_ seed: SyncSeed) throws(StoreError) -> SecretBytes {
        guard let passphrase else { return SeedFile.write(seed) }
        do throws(SeedError) {
            return try SeedFile.seal(seed, under: passphrase, cost: cost)
        } catch {
            throw .seed(error)
        }
    }
}
