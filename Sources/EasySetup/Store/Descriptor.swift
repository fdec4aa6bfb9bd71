import EasySetupPairingSession
import EasySetupSeed

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// An open file or folder, which is closed with this value.
struct Descriptor: ~Copyable, Sendable {
    let number: CInt

    /// Owns the descriptor that a call of `open` or the like returns.
    init(opening call: () -> CInt) throws(StoreError) {
        self.number = try system(nil, call)
    }

    deinit {
        close(number)
    }

    /// Checks that this is a folder or a regular file, belongs to this user, and is accessible to nobody else.
    /// - Returns: its size in bytes.
    @discardableResult
    borrowing func check(isFolder: Bool) throws(StoreError) -> Int {
        var status = stat()
        try system { fstat(number, &status) }
        guard status.st_mode & S_IFMT == (isFolder ? S_IFDIR : S_IFREG) else { throw .unfit }
        guard status.st_uid == geteuid() else { throw .notOurs }
        guard status.st_mode & 0o077 == 0 else { throw .openToOthers }
        return Int(status.st_size)
    }

    /// Fills a buffer from the start of the file.
    borrowing func readAll(into buffer: UnsafeMutableRawBufferPointer) throws(StoreError) {
        var done = 0
        while done < buffer.count {
            let count = try system { read(number, buffer.baseAddress! + done, buffer.count - done) }
            // The file is shorter than its size said: another program writes it in place, which this store never does.
            guard count > 0 else { throw .seed(.fileDamaged) }
            done += count
        }
    }

    /// Writes the whole buffer.
    borrowing func writeAll(_ buffer: UnsafeRawBufferPointer) throws(StoreError) {
        var done = 0
        while done < buffer.count {
            done += try system { write(number, buffer.baseAddress! + done, buffer.count - done) }
        }
    }

    /// Returns when all data are on the disk.
    borrowing func sync() throws(StoreError) {
        try system("fsync") { fsync(number) }
    }

    /// Does the same as far as the system can: network shares and virtual machines' folders refuse it for folders, and
    /// for files that are open for reading. A failure can lose a file's name at worst, never its content.
    borrowing func syncIfPossible() throws(StoreError) {
        while fsync(number) != 0 {
            switch errno {
            case EINTR: continue
            case EIO, ENOSPC, EDQUOT: throw StoreError(errno: errno)
            default: return
            }
        }
    }

    /// Removes all rights of other users, whatever the process's umask is. A failure is no error, because a file system
    /// that can't change rights may have set them right.
    borrowing func makePrivate() throws(StoreError) {
        if fchmod(number, 0o600) != 0 { try check(isFolder: false) }
    }
}

/// Makes a system call, and repeats it when a signal interrupted it.
/// - Returns: the call's result, which is not negative.
/// - Parameter name: the call's name, for a call that some file systems lack.
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
    /// The store's error for an error number of the system.
    init(errno code: Int32) {
        switch code {
        case ENOENT: self = .missing
        case EACCES, EPERM, EROFS: self = .forbidden
        case ENOSPC, EDQUOT: self = .full
        // Opening a socket in the place of a file fails with ENXIO.
        case ELOOP, ENOTDIR, EISDIR, ENXIO: self = .unfit
        case EWOULDBLOCK: self = .busy
        default: self = .failed(errno: code)
        }
    }
}
