import EasySetupSeed

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
        case locked, created, filled, synced, renamed, committed
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
    static func open(_ path: [CChar], onStep: @escaping StepObserver) throws(StoreError) -> PrivateFolder? {
        do throws(StoreError) {
            return try PrivateFolder(openFolder(path), onStep: onStep)
        } catch .missing {
            return nil
        }
    }

    /// Opens a folder, made with mode 0700 if it does not exist.
    static func openOrMake(_ path: [CChar], onStep: @escaping StepObserver) throws(StoreError) -> PrivateFolder {
        let isNew = try make(path)
        let folder = try PrivateFolder(openFolder(path), onStep: onStep)
        if isNew { folder.syncParent() }
        return folder
    }

    /// Tries everything that a write does, and leaves nothing behind: a folder that does not exist is made and removed again.
    static func check(_ path: [CChar], patience: Duration) async throws(StoreError) {
        let isNew = try make(path)
        defer {
            // Another program may have put something there meanwhile; then it stays.
            if isNew { rmdir(path) }
        }
        let folder = try PrivateFolder(openFolder(path)) { _ in }
        if isNew {
            // Nobody else's lock can be in a new folder, and a file for one would have to be taken away under others' feet.
            try folder.tryWriting(isLocking: true)
        } else {
            let lock = try await folder.lock(patience: patience)
            defer { lock.unlock() }
            try folder.tryWriting(isLocking: false)
        }
    }

    /// Makes a folder that only its owner can enter.
    /// - Returns: whether it is new.
    private static func make(_ path: [CChar]) throws(StoreError) -> Bool {
        if mkdir(path, 0o700) == 0 { return true }
        switch errno {
        case EEXIST: return false
        case ENOENT where hasFolderAbove(path): throw .forbidden
        case let code: throw StoreError(errno: code)
        }
    }

    /// Whether the folder above is there. Where it is, and nothing can be made in it, it is one of the system's own.
    private static func hasFolderAbove(_ path: [CChar]) -> Bool {
        let slash = CChar(UInt8(ascii: "/"))
        var above = path.dropLast()
        while above.last == slash { above.removeLast() }
        guard let end = above.lastIndex(of: slash) else { return true }
        var status = stat()
        return stat(Array(above[...end]) + [0], &status) == 0
    }

    /// Makes, fills, renames and removes a file of a seed file's size.
    private borrowing func tryWriting(isLocking: Bool) throws(StoreError) {
        try remove(Self.draft)
        do throws(StoreError) {
            let file = try fill(Self.draft, with: SecretBytes(zeros: SeedFile.maximumBytes))
            if isLocking { try file.tryLock() }
            try system("renameat") { renameat(folder.number, Self.draft, folder.number, Self.trial) }
        } catch {
            try? remove(Self.draft)
            throw error
        }
        try remove(Self.trial)
        try folder.syncIfPossible()
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

    /// The names of all that is in the folder, sorted.
    borrowing func names() throws(StoreError) -> [String] {
        let number = folder.number
        // A descriptor of its own, because reading a folder moves on in it.
        let own = try system { openat(number, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC) }
        guard let entries = fdopendir(own) else {
            let code = errno
            close(own)
            throw StoreError(errno: code)
        }
        defer { closedir(entries) }
        var names: [String] = []
        while let entry = readdir(entries) {
            withUnsafeBytes(of: &entry.pointee.d_name) { bytes in
                if let name = String(validating: bytes.prefix { $0 != 0 }, as: UTF8.self) { names.append(name) }
            }
        }
        return names.sorted()
    }

    /// Clears away what a crash may have left behind. The caller holds the lock.
    borrowing func clear() throws(StoreError) {
        try remove(Self.draft)
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
            _ = try fill(Self.draft, with: bytes)
            try system("renameat") { renameat(folder.number, Self.draft, folder.number, name) }
        } catch {
            try? remove(Self.draft)
            throw error
        }
        onStep(.renamed)
        try folder.syncIfPossible()
        onStep(.committed)
    }

    /// Makes sure that a file and its name are on the disk.
    borrowing func sync(_ name: String) throws(StoreError) {
        try openFile(name).syncIfPossible()
        try folder.syncIfPossible()
    }

    /// The name of a file until it is complete.
    private static let draft = "seed.new"

    /// The name that a file is renamed to in a test of the folder.
    private static let trial = "seed.try"

    private borrowing func fill(_ name: String, with bytes: borrowing SecretBytes) throws(StoreError) -> Descriptor {
        let number = folder.number
        let file = try Descriptor {
            openat(number, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        // The mode asked for is cut by the process's mask, which may be stranger than any of ours.
        try file.makePrivate()
        onStep(.created)
        try bytes.withUnsafeBytes { (buffer) throws(StoreError) in try file.writeAll(buffer) }
        onStep(.filled)
        try file.sync()
        onStep(.synced)
        return file
    }

    private borrowing func remove(_ name: String) throws(StoreError) {
        do throws(StoreError) {
            try system { unlinkat(folder.number, name, 0) }
        } catch .missing {}
    }

    private static func openFolder(_ path: [CChar]) throws(StoreError) -> Descriptor {
        // A slash at the end would follow a link.
        var name = path.dropLast()
        while name.count > 1, name.last == CChar(UInt8(ascii: "/")) { name.removeLast() }
        let path = Array(name) + [0]
        return try Descriptor { openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
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
        try system("flock") { flock(number, LOCK_EX | LOCK_NB) }
    }
}
