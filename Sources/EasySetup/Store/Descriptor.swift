import EasySetupPairingSession
import EasySetupSeed

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// An open file or folder. Its descriptor is closed when this value is destroyed.
struct Descriptor: ~Copyable, Sendable {
    let number: CInt

    /// Makes a system call that opens a file, such as `openat`, and owns the descriptor that the call returns.
    init(opening call: () -> CInt) throws(StoreError) {
        self.number = try system(nil, call)
    }

    deinit {
        close(number)
    }

    /// Checks that the descriptor is of a folder (`isFolder`) or of a regular file, that this user owns it, and that no
    /// other user may access it.
    /// - Returns: the size of the file or folder in bytes.
    @discardableResult
    borrowing func check(isFolder: Bool) throws(StoreError) -> Int {
        var status = stat()
        try system { fstat(number, &status) }
        guard status.st_mode & S_IFMT == (isFolder ? S_IFDIR : S_IFREG) else { throw .unfit }
        guard status.st_uid == geteuid() else { throw .notOurs }
        guard status.st_mode & 0o077 == 0 else { throw .openToOthers }
        return Int(status.st_size)
    }

    /// Reads from the start of the file until the buffer is full.
    borrowing func readAll(into buffer: UnsafeMutableRawBufferPointer) throws(StoreError) {
        var done = 0
        while done < buffer.count {
            let count = try system { read(number, buffer.baseAddress! + done, buffer.count - done) }
            // The file has become shorter since its size was read, because another program writes to the file itself.
            // This store never does: it replaces files.
            guard count > 0 else { throw .seed(.fileDamaged) }
            done += count
        }
    }

    /// Writes the whole buffer, in as many system calls as that takes.
    borrowing func writeAll(_ buffer: UnsafeRawBufferPointer) throws(StoreError) {
        var done = 0
        while done < buffer.count {
            done += try system { write(number, buffer.baseAddress! + done, buffer.count - done) }
        }
    }

    /// Waits until the system has written all data of the file or folder to the disk.
    borrowing func sync() throws(StoreError) {
        #if canImport(Darwin)
        // On Apple's systems `fsync` leaves the data in the disk's cache. Not every file system supports F_FULLFSYNC,
        // which writes the data out.
        if fcntl(number, F_FULLFSYNC) == 0 { return }
        #endif
        try system("fsync") { fsync(number) }
    }

    /// Syncs like ``sync()``, but ignores the failure of a file system that can't. Network shares and the shared
    /// folders of virtual machines refuse to sync folders, and files that are open for reading. A crash may then lose a
    /// file's new name, but not its content.
    borrowing func syncIfPossible() throws(StoreError) {
        while fsync(number) != 0 {
            switch errno {
            case EINTR: continue
            case EIO, ENOSPC, EDQUOT: throw StoreError(errno: errno)
            default: return
            }
        }
    }

    /// Sets the file's mode to 0600, whatever the process's umask is. If the file system can't change modes, this
    /// function checks instead that the file's mode gives other users no access.
    borrowing func makePrivate() throws(StoreError) {
        if fchmod(number, 0o600) != 0 { try check(isFolder: false) }
    }
}

/// Makes a system call, and repeats it when a signal interrupted it.
/// - Returns: the call's result, which is not negative.
/// - Parameter name: the call's name, for the error if the file system lacks the call; nil for a call that every file
///   system has.
@discardableResult
func system<Number: SignedInteger>(_ name: String? = nil, _ call: () -> Number) throws(StoreError) -> Number {
    while true {
        let result = call()
        if result >= 0 { return result }
        let code = errno
        if code == EINTR { continue }
        if let name, [EINVAL, ENOSYS, ENOTSUP, EOPNOTSUPP, ENOLCK, ENOTTY].contains(code) {
            throw .unsuitable(call: name)
        }
        throw StoreError(errno: code)
    }
}

extension StoreError {
    /// Makes the store's error for an error number (`errno`) of the system.
    init(errno code: Int32) {
        switch code {
        case ENOENT: self = .missing
        case EACCES, EPERM: self = .forbidden
        case EROFS: self = .readOnly
        case ENOSPC, EDQUOT: self = .full
        // ENXIO means that a socket is in the place of the file: `open` can't open sockets.
        case ELOOP, ENOTDIR, EISDIR, ENXIO: self = .unfit
        case EWOULDBLOCK: self = .busy
        default: self = .failed(errno: code)
        }
    }
}
