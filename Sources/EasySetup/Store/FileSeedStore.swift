public import EasySetupSeed

/// A store in a folder that only its owner can enter: the seed in one file, plain or sealed under a passphrase.
///
/// In the folder are `seed`, the seed; `lock`, which keeps two programs from writing at once; `seed.….old`, the copies of
/// seeds that were replaced; and after a crash perhaps `seed.new`, which the next write clears away.
public final class FileSeedStore: SeedStore {
    /// How long a write waits for another program's: ours take milliseconds, so longer means that something is wrong.
    public static let lockPatience: Duration = .seconds(5)

    private static let file = "seed"

    private let path: [CChar]
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

    /// A store in a folder whose path may be no UTF-8; see ``init(folder:passphrase:cost:)``.
    /// - Parameter path: the folder's path, without a zero at the end.
    public convenience init(path: [UInt8], passphrase: Passphrase? = nil, cost: SealingCost = .interactive) {
        self.init(path: path, passphrase: passphrase, cost: cost) { _ in }
    }

    /// The same, with a look at each step of a write: a test ends the process there.
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
        onStep: @escaping PrivateFolder.StepObserver
    ) {
        // The system reads a path up to the first zero.
        self.path = path.prefix { $0 != 0 }.map(CChar.init(bitPattern:)) + [0]
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
    ///
    /// With a passphrase the copies of seeds that were replaced before are sealed too; ``plainCopies()`` tells of those that can't be.
    @discardableResult
    @concurrent public func save(_ seed: SyncSeed, replacing: Bool) async throws(StoreError) -> SaveOutcome {
        // Sealing takes a while, so it is done before the lock is taken.
        let new = try sealed(seed)
        let folder = try PrivateFolder.openOrMake(path, onStep: onStep)
        let lock = try await folder.lock(patience: Self.lockPatience)
        defer { lock.unlock() }
        let saved = try put(new, of: seed, replacing: replacing, into: folder)
        // The seed is safe by now, whatever becomes of old copies.
        if passphrase != nil { try? sealCopies(in: folder) }
        return saved
    }

    private func put(
        _ new: borrowing SecretBytes,
        of seed: SyncSeed,
        replacing: Bool,
        into folder: borrowing PrivateFolder
    ) throws(StoreError) -> SaveOutcome {
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
        case .other(let stored, let kind):
            let copy = "\(Self.file).\(stored.userID.fingerprint.prefix(16)).old"
            if kind == .plain, passphrase != nil {
                // The copy of the old seed is sealed, too, because a person who gives a passphrase wants no plain seed left.
                try folder.write(sealed(stored), to: copy)
            } else {
                try folder.write(old, to: copy)
            }
            try folder.write(new, to: Self.file)
            return .replaced(copy: place(of: copy))
        case .unreadable:
            let copy = try unusedName(in: folder)
            try folder.write(old, to: copy)
            try folder.write(new, to: Self.file)
            return .replaced(copy: place(of: copy))
        }
    }

    /// Tries the folder above, the rights, a file made, filled, synced, renamed and removed, and the lock. Nothing stays of it.
    @concurrent public func check() async throws(StoreError) {
        try await PrivateFolder.check(path, patience: Self.lockPatience)
    }

    /// Whether what is stored is plain or sealed; nil if nothing is stored.
    @concurrent public func kind() async throws(StoreError) -> SeedFile.Kind? {
        guard let folder = try PrivateFolder.open(path, onStep: onStep), let file = try folder.read(Self.file)
        else { return nil }
        do throws(SeedError) { return try SeedFile.kind(of: file) } catch { throw .seed(error) }
    }

    /// The places of copies of replaced seeds that are plain although this store has a passphrase, for a person. ``save(_:replacing:)``
    /// seals them; one that is damaged can't be, and is as secret as ever.
    @concurrent public func plainCopies() async throws(StoreError) -> [String] {
        guard passphrase != nil, let folder = try PrivateFolder.open(path, onStep: onStep) else { return [] }
        return try plainCopies(in: folder).map(place(of:))
    }

    private func plainCopies(in folder: borrowing PrivateFolder) throws(StoreError) -> [String] {
        var copies: [String] = []
        for name in try folder.names() where name.hasPrefix("\(Self.file).") && name.hasSuffix(".old") {
            // What can't be read, or is no seed file, is none of this store's.
            guard let file = try? folder.read(name), SeedFile.isPlain(file) else { continue }
            copies.append(name)
        }
        return copies
    }

    private func sealCopies(in folder: borrowing PrivateFolder) throws(StoreError) {
        try folder.clear()
        for name in try plainCopies(in: folder) {
            guard let file = try folder.read(name), let seed = try? SeedFile.read(file, passphrase: nil) else {
                continue
            }
            try folder.write(sealed(seed), to: name)
        }
    }

    /// Where a file of the store is, for a person.
    private func place(of name: String) -> String {
        String(decoding: path.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self) + "/" + name
    }

    private enum Comparison {
        case same
        /// The same seed, but plain in a store that has a passphrase.
        case sameUnsealed
        case other(SyncSeed, SeedFile.Kind)
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
        return .other(stored, kind)
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
