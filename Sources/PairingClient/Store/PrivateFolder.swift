import SyncSeed

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A folder that only its owner can enter, held open, with files that only the owner can read. Links are not followed,
/// and every file is reached through the open folder, so nothing can be swapped underneath.
package struct PrivateFolder: ~Copyable, Sendable {
    /// What a write has just done.
    package enum Step: String, CaseIterable, Codable, Sendable {
        case locked, created, filled, synced, renamed, settled
    }

    /// Is told of each step.
    package typealias StepObserver = @Sendable (Step) -> Void

    /// The largest file that is read here: more than any version of a seed file will need.
    private static let maximumFileBytes = 4096

    /// How long to wait before the lock is tried again: about as long as a write to a disk takes.
    private static let lockPause: Duration = .milliseconds(10)

    private let folder: Descriptor
    private let onStep: StepObserver

    /// Opens a folder, or answers nil if it does not exist.
    static func open(_ path: String, onStep: @escaping StepObserver) throws(StoreError) -> PrivateFolder? {
        do throws(StoreError) {
            return try PrivateFolder(openFolder(path), onStep: onStep)
        } catch .missing {
            return nil
        }
    }

    /// Opens a folder, made with mode 0700 if it does not exist.
    static func openOrMake(_ path: String, onStep: @escaping StepObserver) throws(StoreError) -> PrivateFolder {
        let isNew = mkdir(path, 0o700) == 0
        if !isNew, errno != EEXIST { throw StoreError(errno: errno) }
        let folder = try PrivateFolder(openFolder(path), onStep: onStep)
        if isNew { folder.syncParent() }
        return folder
    }

    private init(_ folder: consuming Descriptor, onStep: @escaping StepObserver) throws(StoreError) {
        try folder.check(isFolder: true)
        self.folder = folder
        self.onStep = onStep
    }

    /// Waits until no other program holds the folder's lock, and takes it.
    borrowing func lock(patience: Duration) async throws(StoreError) -> Lock {
        let number = folder.number
        let file = try Descriptor {
            openat(number, "lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0o600)
        }
        try file.check(isFolder: false)
        let deadline = ContinuousClock.now + patience
        while true {
            do throws(StoreError) {
                try file.tryLock()
                break
            } catch .busy {
                // A cancelled wait ends as busy too.
                guard ContinuousClock.now < deadline, (try? await Task.sleep(for: Self.lockPause)) != nil
                else { throw .busy }
            }
        }
        onStep(.locked)
        return Lock(file: file)
    }

    /// The right to write, until it goes.
    struct Lock: ~Copyable {
        fileprivate let file: Descriptor

        /// Lets other programs write.
        borrowing func unlock() {
            flock(file.number, LOCK_UN)
        }
    }

    /// Whether there is anything of that name.
    borrowing func has(_ name: String) throws(StoreError) -> Bool {
        var status = stat()
        do throws(StoreError) {
            try system { fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) }
            return true
        } catch .missing {
            return false
        }
    }

    /// All bytes of a file, or nil if it does not exist.
    borrowing func read(_ name: String) throws(StoreError) -> SecretBytes? {
        do throws(StoreError) {
            let file = try openFile(name)
            let size = try file.check(isFolder: false)
            guard size <= Self.maximumFileBytes else { throw .seed(.fileForeign) }
            let bytes = SecretBytes(zeros: size)
            try bytes.withUnsafeMutableBytes { (buffer) throws(StoreError) in try file.readAll(into: buffer) }
            return bytes
        } catch .missing {
            return nil
        }
    }

    /// Puts bytes into a file of mode 0600, at once and for good: whoever reads sees the old file or the new one, and
    /// the new one is on the disk when this returns. The caller holds the lock.
    borrowing func write(_ bytes: borrowing SecretBytes, to name: String) throws(StoreError) {
        // What a crash may have left behind; under the lock it is nobody's work.
        try remove(Self.draft)
        do throws(StoreError) {
            try fill(Self.draft, with: bytes)
            try system { renameat(folder.number, Self.draft, folder.number, name) }
        } catch {
            try? remove(Self.draft)
            throw error
        }
        onStep(.renamed)
        try folder.sync()
        onStep(.settled)
    }

    /// Makes sure that a file and its name are on the disk.
    borrowing func sync(_ name: String) throws(StoreError) {
        try openFile(name).sync()
        try folder.sync()
    }

    /// What a file is called until it is whole.
    private static let draft = "seed.new"

    private borrowing func fill(_ name: String, with bytes: borrowing SecretBytes) throws(StoreError) {
        let number = folder.number
        let file = try Descriptor {
            openat(number, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        // The mode asked for is cut by the process's mask, which may be stranger than any of ours.
        try system { fchmod(file.number, 0o600) }
        onStep(.created)
        try bytes.withUnsafeBytes { (buffer) throws(StoreError) in try file.writeAll(buffer) }
        onStep(.filled)
        try file.sync()
        onStep(.synced)
    }

    private borrowing func remove(_ name: String) throws(StoreError) {
        do throws(StoreError) {
            try system { unlinkat(folder.number, name, 0) }
        } catch .missing {}
    }

    private static func openFolder(_ path: String) throws(StoreError) -> Descriptor {
        // A slash at the end would follow a link.
        var path = path[...]
        while path.count > 1, path.last == "/" { path.removeLast() }
        let name = String(path)
        return try Descriptor { openat(AT_FDCWD, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
    }

    private borrowing func openFile(_ name: String) throws(StoreError) -> Descriptor {
        let number = folder.number
        // Not blocking, so that a pipe of that name does not hang the program before it is seen for what it is.
        return try Descriptor { openat(number, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK) }
    }

    /// The new folder's own name is on the disk only when the folder above is. That may not be ours to open: then the
    /// system writes it in its own time.
    private borrowing func syncParent() {
        let number = folder.number
        do throws(StoreError) {
            try Descriptor { openat(number, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }.sync()
        } catch {}
    }
}

extension Descriptor {
    fileprivate borrowing func tryLock() throws(StoreError) {
        try system { flock(number, LOCK_EX | LOCK_NB) }
    }
}
