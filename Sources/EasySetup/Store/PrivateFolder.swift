import EasySetupPairingSession
import EasySetupSeed

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// An open folder that only its owner can enter, with files that only the owner can read. Symbolic links are not
/// followed. Every file is opened relative to the folder's descriptor, so no program can exchange the folder between
/// two accesses.
package struct PrivateFolder: ~Copyable, Sendable {
    /// A step of a write. Its name says what the store has just done.
    package enum Step: String, CaseIterable, Codable, Sendable {
        case locked, created, filled, synced, renamed, committed
    }

    /// A closure that is called after each step of a write.
    package typealias StepObserver = @Sendable (Step) -> Void

    /// The size of the largest file that ``read(_:limit:)`` accepts unless the caller says otherwise, in bytes. Every
    /// version of the seed file is smaller, with a seed or with the largest membership.
    static let maximumFileBytes = SeedFile.maximumMembershipBytes

    /// The size of the file by which writing is tried: more than a seed or a membership that came in a pairing needs.
    private static let trialBytes = 4096

    /// The pause between two tries to take the lock: about as long as another program needs to write to a disk.
    private static let lockPause: Duration = .milliseconds(10)

    private let folder: Descriptor
    private let onStep: StepObserver

    /// Opens a folder. Returns nil if it does not exist.
    static func open(_ path: [CChar], onStep: @escaping StepObserver) throws(StoreError) -> PrivateFolder? {
        do throws(StoreError) {
            return try PrivateFolder(openFolder(path), onStep: onStep)
        } catch .missing {
            return nil
        }
    }

    /// Opens a folder, and creates it with mode 0700 if it does not exist.
    static func openOrMake(_ path: [CChar], onStep: @escaping StepObserver) throws(StoreError) -> PrivateFolder {
        let isNew = try make(path)
        let folder = try PrivateFolder(openFolder(path), onStep: onStep)
        if isNew { folder.syncParent() }
        return folder
    }

    /// Checks that the folder can be written: makes all steps of a write with a trial file, and removes the file. A
    /// folder that does not exist is created and removed again.
    static func check(_ path: [CChar], patience: Duration) async throws(StoreError) {
        let isNew = try make(path)
        defer {
            // If another program has put a file into the new folder meanwhile, `rmdir` fails and the folder stays.
            if isNew { rmdir(path) }
        }
        let folder = try PrivateFolder(openFolder(path)) { _ in }
        if isNew {
            // In a new folder no other program holds a lock, so this function tries `flock` on the trial file that it
            // writes. It does not make the file `lock`, because it could not safely remove it: another program may have
            // just opened it.
            try folder.tryWriting(isLocking: true)
        } else {
            let lock = try await folder.lock(patience: patience)
            defer { lock.unlock() }
            try folder.tryWriting(isLocking: false)
        }
    }

    /// Creates a folder that only its owner can enter.
    /// - Returns: whether the folder is new; false if something of this name exists already.
    private static func make(_ path: [CChar]) throws(StoreError) -> Bool {
        if mkdir(path, 0o700) == 0 { return true }
        switch errno {
        case EEXIST: return false
        case ENOENT where hasFolderAbove(path): throw .forbidden
        case let code: throw StoreError(errno: code)
        }
    }

    /// Whether the parent folder exists. If it exists although `mkdir` says ENOENT, it is a folder of the system in
    /// which nobody can create anything, such as `/proc`.
    private static func hasFolderAbove(_ path: [CChar]) -> Bool {
        let slash = CChar(UInt8(ascii: "/"))
        var above = path.dropLast()
        while above.last == slash { above.removeLast() }
        guard let end = above.lastIndex(of: slash) else { return true }
        var status = stat()
        return stat(Array(above[...end]) + [0], &status) == 0
    }

    /// Creates, fills, renames and removes a file as large as any that a pairing brings, and locks it if `isLocking` is
    /// true.
    private borrowing func tryWriting(isLocking: Bool) throws(StoreError) {
        try remove(Self.draft)
        do throws(StoreError) {
            let file = try fill(Self.draft, with: SecretBytes(zeros: Self.trialBytes))
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
    /// - Parameter name: the file of the lock; the folder's own lock is that of a write to the folder.
    /// - Throws: ``StoreError/busy`` when the wait takes longer than `patience`, or the task is cancelled.
    borrowing func lock(_ name: String = "lock", patience: Duration) async throws(StoreError) -> Lock {
        let number = folder.number
        let file = try Descriptor {
            openat(number, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0o600)
        }
        try file.check(isFolder: false)
        let deadline = ContinuousClock.now + patience
        while true {
            do throws(StoreError) {
                try file.tryLock()
                break
            } catch .busy {
                // A cancelled sleep throws, and the wait then ends with the error `busy` too.
                guard ContinuousClock.now < deadline, (try? await Task.sleep(for: Self.lockPause)) != nil
                else { throw .busy }
            }
        }
        onStep(.locked)
        return Lock(file: file)
    }

    /// The folder's lock, which lets this program write. The lock is released when this value is destroyed, if not
    /// before.
    struct Lock: ~Copyable {
        fileprivate let file: Descriptor

        /// Releases the folder's lock, so that other programs can write to the folder.
        borrowing func unlock() {
            flock(file.number, LOCK_UN)
        }
    }

    /// Whether the folder has an entry of this name.
    borrowing func has(_ name: String) throws(StoreError) -> Bool {
        var status = stat()
        do throws(StoreError) {
            try system { fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) }
            return true
        } catch .missing {
            return false
        }
    }

    /// When a file was last written, in seconds since 1970 (UTC); nil if there is no such file.
    borrowing func modified(_ name: String) throws(StoreError) -> Int? {
        var status = stat()
        do throws(StoreError) {
            try system { fstatat(folder.number, name, &status, AT_SYMLINK_NOFOLLOW) }
            #if canImport(Darwin)
            return Int(status.st_mtimespec.tv_sec)
            #else
            return Int(status.st_mtim.tv_sec)
            #endif
        } catch .missing {
            return nil
        }
    }

    /// The names of the folder's entries, sorted. Names that are not UTF-8 are left out, because this store makes none.
    borrowing func names() throws(StoreError) -> [String] {
        let number = folder.number
        // `readdir` moves its descriptor's position and `closedir` closes it, so this function opens a descriptor of
        // its own.
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

    /// Removes the unfinished file that a crash may have left. The caller must hold the lock.
    borrowing func clear() throws(StoreError) {
        try remove(Self.draft)
    }

    /// Reads all bytes of a file; nil if it does not exist.
    /// - Parameter limit: the size of the largest file that is read, in bytes.
    borrowing func read(
        _ name: String,
        limit: Int = PrivateFolder.maximumFileBytes
    ) throws(StoreError) -> SecretBytes? {
        do throws(StoreError) {
            let file = try openFile(name)
            let size = try file.check(isFolder: false)
            guard size <= limit else { throw .seed(.fileForeign) }
            let bytes = SecretBytes(zeros: size)
            try bytes.withUnsafeMutableBytes { (buffer) throws(StoreError) in try file.readAll(into: buffer) }
            return bytes
        } catch .missing {
            return nil
        }
    }

    /// Writes bytes to a file of mode 0600, atomically and durably: a reader sees the old file or the new one, and the
    /// new one is on the disk when this function returns. The caller must hold the lock.
    /// - Parameter time: the file's time of modification, in seconds since 1970 (UTC); nil for now.
    borrowing func write(_ bytes: borrowing SecretBytes, to name: String, dated time: Int? = nil) throws(StoreError) {
        // If the unfinished file `seed.new` exists, a program has crashed while writing it: no other program writes
        // that file while this program holds the folder's lock.
        try remove(Self.draft)
        do throws(StoreError) {
            let file = try fill(Self.draft, with: bytes)
            if let time {
                var times = [timespec(tv_sec: 0, tv_nsec: 0), timespec(tv_sec: 0, tv_nsec: 0)]
                times[0].tv_sec = time
                times[1].tv_sec = time
                try system { futimens(file.number, times) }
            }
            try system("renameat") { renameat(folder.number, Self.draft, folder.number, name) }
        } catch {
            try? remove(Self.draft)
            throw error
        }
        onStep(.renamed)
        try folder.syncIfPossible()
        onStep(.committed)
    }

    /// Waits until a file's content and its name in the folder are on the disk.
    borrowing func sync(_ name: String) throws(StoreError) {
        try openFile(name).syncIfPossible()
        try folder.syncIfPossible()
    }

    /// Waits until the names of the folder's files are on the disk.
    borrowing func syncNames() throws(StoreError) {
        try folder.syncIfPossible()
    }

    /// The name under which a new file is written. When the content is on the disk, the file gets its final name.
    private static let draft = "seed.new"

    /// The name to which ``check(_:patience:)`` renames its trial file.
    private static let trial = "seed.try"

    private borrowing func fill(_ name: String, with bytes: borrowing SecretBytes) throws(StoreError) -> Descriptor {
        let number = folder.number
        let file = try Descriptor {
            openat(number, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        }
        // The process's umask may have removed bits from the requested mode, so the mode is set again.
        try file.makePrivate()
        onStep(.created)
        try bytes.withUnsafeBytes { (buffer) throws(StoreError) in try file.writeAll(buffer) }
        onStep(.filled)
        try file.sync()
        onStep(.synced)
        return file
    }

    /// Removes a file, if it exists. The caller must hold the lock.
    borrowing func remove(_ name: String) throws(StoreError) {
        do throws(StoreError) {
            try system { unlinkat(folder.number, name, 0) }
        } catch .missing {}
    }

    private static func openFolder(_ path: [CChar]) throws(StoreError) -> Descriptor {
        // If the path ended with a slash, the system would follow a symbolic link in spite of O_NOFOLLOW.
        var name = path.dropLast()
        while name.count > 1, name.last == CChar(UInt8(ascii: "/")) { name.removeLast() }
        let path = Array(name) + [0]
        return try Descriptor { openat(AT_FDCWD, path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
    }

    private borrowing func openFile(_ name: String) throws(StoreError) -> Descriptor {
        let number = folder.number
        // If a named pipe is in the file's place, O_NONBLOCK lets `openat` return without a writer, and the caller then
        // checks the file's kind.
        return try Descriptor { openat(number, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK) }
    }

    /// Syncs the parent folder, because only that puts the new folder's own name on the disk. If this user may not open
    /// the parent folder, the system writes the name later by itself.
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
