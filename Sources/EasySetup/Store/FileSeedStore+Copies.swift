import EasySetupChain
public import EasySetupPairingSession
public import EasySetupSeed

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The life of the copies of seeds that were replaced or removed: how they are made, listed, brought back and, after
/// ``copyDays`` days, removed (`Protocol/seed.md`, "Copies").
extension FileSeedStore {
    /// For how many days a copy of a replaced or removed seed is kept. A person who removed the wrong seed notices it
    /// within days, and a device that was given away should not hold the seed for good.
    public static let copyDays = 30

    /// The copy that a store keeps of a seed that is replaced or removed.
    enum CopyRule: Sendable {
        /// A copy that is sealed if the seed was, or if the store has a passphrase, and plain otherwise.
        case asTheSeed
        /// A copy that is sealed in any case: under the store's passphrase, or where it has none, under this one.
        case sealed(under: Passphrase)
        case none

        var isNone: Bool { if case .none = self { true } else { false } }

        var passphrase: Passphrase? { if case .sealed(let passphrase) = self { passphrase } else { nil } }
    }

    /// A copy of a seed that was replaced or removed.
    public struct SeedCopy: Hashable, Sendable {
        /// The first 16 digits of the seed's fingerprint; `unread-1` and so on for a file that could not be read.
        public let name: String
        /// The copy's path, in a form for a person to read.
        public let path: String
        /// Whether the copy is plain or sealed; nil if it is damaged.
        public let kind: SeedFile.Kind?
        /// Whether the copy is of a seed that could be read. Otherwise it is the file as it was.
        public var isRead: Bool { !name.hasPrefix(CopyName.unread) }
        /// The moment from which the copy may be removed, in seconds since 1970 (UTC).
        public let keptUntil: Int
    }

    /// The copies of replaced and removed seeds, sorted by their names.
    @concurrent public func copies() async throws(StoreError) -> [SeedCopy] {
        guard let folder = try PrivateFolder.open(path, onStep: onStep) else { return [] }
        var copies: [SeedCopy] = []
        for name in try folder.names() {
            guard let copy = CopyName(file: name), let modified = try folder.modified(name) else { continue }
            copies.append(describe(copy, modified: modified, in: folder))
        }
        return copies
    }

    /// Removes the stored seed or membership.
    /// - Parameters:
    ///   - userID: the chain that is to be removed. Another program may have stored something else meanwhile.
    ///   - keepsCopy: whether a copy is kept for ``copyDays`` days. It is protected as the seed was: it is plain if the
    ///     seed was. A store of ``sealingCopies(under:)`` always seals it, one of ``keepingNoCopies()`` keeps none. If no
    ///     copy is kept, earlier copies of this seed are removed, too. No copy of a membership is kept, and no copies of the
    ///     seed are touched.
    /// - Returns: the copy; nil if none is kept, or if no seed is stored.
    /// - Throws: ``StoreError/otherSeedStored(stored:new:)`` if another seed is stored.
    @concurrent public func remove(_ userID: UserID, keepsCopy: Bool = true) async throws(StoreError) -> SeedCopy? {
        guard let folder = try PrivateFolder.open(path, onStep: onStep) else { return nil }
        let lock = try await folder.lock(patience: Self.lockPatience)
        defer { lock.unlock() }
        guard let file = try folder.read(Self.file) else { return nil }
        let access = try read(file)
        guard access.userID == userID else { throw .otherSeedStored(stored: access.userID, new: userID) }
        guard case .seed(let seed) = access else {
            try folder.remove(Self.file)
            try folder.syncNames()
            return nil
        }
        let copy = CopyName(of: userID)
        let keepsCopy = keepsCopy && !copyRule.isNone
        if keepsCopy { _ = try keep(file, of: seed, kind(of: file), in: folder) } else { try folder.remove(copy.file) }
        // The copy is on the disk by now, so a crash loses nothing.
        try folder.remove(Self.file)
        try folder.syncNames()
        _ = try? removeExpired(in: folder)
        guard keepsCopy, let modified = try folder.modified(copy.file) else { return nil }
        return describe(copy, modified: modified, in: folder)
    }

    /// Brings a copy back: stores its seed, and removes the copy. The seed is sealed if this store has a passphrase.
    /// - Parameters:
    ///   - copy: the copy to bring back.
    ///   - passphrase: opens a sealed copy.
    /// - Returns: the seed, which is stored; nil if the copy is gone.
    /// - Throws: ``StoreError/otherSeedStored(stored:new:)`` if another seed is stored.
    @concurrent public func restore(_ copy: SeedCopy, passphrase: Passphrase?) async throws(StoreError) -> SyncSeed? {
        guard let folder = try PrivateFolder.open(path, onStep: onStep),
            let name = CopyName(name: copy.name), let file = try folder.read(name.file)
        else { return nil }
        let seed: SyncSeed
        do throws(SeedError) { seed = try SeedFile.read(file, passphrase: passphrase) } catch { throw .seed(error) }
        try await save(seed, replacing: false)
        let lock = try await folder.lock(patience: Self.lockPatience)
        defer { lock.unlock() }
        try folder.remove(name.file)
        try folder.syncNames()
        return seed
    }

    /// Whether this store has a passphrase that seals its seeds.
    package var hasPassphrase: Bool { passphrase != nil }

    /// Removes the copies that are older than ``copyDays`` days. A store without such copies is not written to.
    /// - Returns: how many were removed.
    @concurrent public func removeExpiredCopies() async throws(StoreError) -> Int {
        guard let folder = try PrivateFolder.open(path, onStep: onStep), try !expired(in: folder).isEmpty else {
            return 0
        }
        let lock = try await folder.lock(patience: Self.lockPatience)
        defer { lock.unlock() }
        return try removeExpired(in: folder)
    }

    /// The paths of the copies of replaced seeds that are plain although this store has a passphrase, in a form for a
    /// person to read. ``save(_:replacing:)-(SyncSeed,_)`` seals such copies, except damaged ones. A damaged copy must be kept as
    /// secret as a seed.
    @concurrent public func plainCopies() async throws(StoreError) -> [String] {
        guard passphrase != nil, let folder = try PrivateFolder.open(path, onStep: onStep) else { return [] }
        return try plainCopies(in: folder).map(place(of:))
    }

    private func plainCopies(in folder: borrowing PrivateFolder) throws(StoreError) -> [String] {
        var copies: [String] = []
        for name in try folder.names() where CopyName(file: name) != nil {
            // A file that can't be read can't be sealed, and a file that is no plain seed file needs no sealing.
            guard let file = try? folder.read(name), SeedFile.isPlain(file) else { continue }
            copies.append(name)
        }
        return copies
    }

    func sealCopies(in folder: borrowing PrivateFolder) throws(StoreError) {
        try folder.clear()
        for name in try plainCopies(in: folder) {
            guard let file = try folder.read(name), let seed = try? SeedFile.read(file, passphrase: nil) else {
                continue
            }
            // The copy keeps its age, because sealing it is no reason to keep it for longer.
            try folder.write(sealed(seed), to: name, dated: folder.modified(name))
        }
    }

    /// Writes the copy of a seed whose file is to be replaced or removed.
    func keep(
        _ file: borrowing SecretBytes,
        of seed: SyncSeed,
        _ kind: SeedFile.Kind,
        in folder: borrowing PrivateFolder
    ) throws(StoreError) -> CopyName {
        let copy = CopyName(of: seed.userID)
        if kind == .plain, let passphrase = passphrase ?? copyRule.passphrase {
            // The copy of the old seed is sealed too, because a user who sets a passphrase wants no plain seed on the
            // disk.
            try folder.write(sealed(seed, under: passphrase), to: copy.file)
        } else {
            try folder.write(file, to: copy.file)
        }
        return copy
    }

    /// A free name for the copy of a file that can't be read.
    func unusedName(in folder: borrowing PrivateFolder) throws(StoreError) -> CopyName {
        var number = 1
        while try folder.has(CopyName(unread: number).file) { number += 1 }
        return CopyName(unread: number)
    }

    /// Removes the copies that are too old. The caller must hold the lock.
    @discardableResult
    func removeExpired(in folder: borrowing PrivateFolder) throws(StoreError) -> Int {
        let names = try expired(in: folder)
        for name in names { try folder.remove(name) }
        if !names.isEmpty { try folder.syncNames() }
        return names.count
    }

    private func expired(in folder: borrowing PrivateFolder) throws(StoreError) -> [String] {
        let now = Int(time(nil))
        var names: [String] = []
        for name in try folder.names() where CopyName(file: name) != nil {
            if let modified = try folder.modified(name), Self.keptUntil(modified) <= now { names.append(name) }
        }
        return names
    }

    private static func keptUntil(_ modified: Int) -> Int { modified + copyDays * 86_400 }

    private func kind(of file: borrowing SecretBytes) throws(StoreError) -> SeedFile.Kind {
        do throws(SeedError) { return try SeedFile.kind(of: file) } catch { throw .seed(error) }
    }

    private func describe(_ copy: CopyName, modified: Int, in folder: borrowing PrivateFolder) -> SeedCopy {
        var kind: SeedFile.Kind?
        if let file = try? folder.read(copy.file) { kind = try? SeedFile.kind(of: file) }
        return SeedCopy(
            name: copy.name,
            path: place(of: copy.file),
            kind: kind,
            keptUntil: Self.keptUntil(modified)
        )
    }
}

/// The name of a copy's file: `seed.`, the copy's own name, and `.old`. Other files that look similar belong to somebody
/// else and are left alone.
struct CopyName: Equatable {
    private static let digits = 16
    static let unread = "unread-"

    let name: String

    var file: String { "\(FileSeedStore.file).\(name).old" }

    init(of userID: UserID) { name = String(userID.fingerprint.prefix(Self.digits)) }

    init(unread number: Int) { name = "\(Self.unread)\(number)" }

    init?(name: String) {
        let isFingerprint = name.utf8.count == Self.digits && name.utf8.allSatisfy(Self.isDigit)
        let isUnread = name.hasPrefix(Self.unread) && Int(name.dropFirst(Self.unread.count)) != nil
        guard isFingerprint || isUnread else { return nil }
        self.name = name
    }

    init?(file: String) {
        let parts = file.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 3, parts[0] == FileSeedStore.file, parts[2] == "old" else { return nil }
        self.init(name: String(parts[1]))
    }

    private static func isDigit(_ byte: UInt8) -> Bool {
        UInt8(ascii: "0")...UInt8(ascii: "9") ~= byte || UInt8(ascii: "a")...UInt8(ascii: "f") ~= byte
    }
}
