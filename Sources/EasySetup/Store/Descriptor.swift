import EasySetupSeed

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// An open file or folder, closed when it goes.
struct Descriptor: ~Copyable, Sendable {
    let number: CInt

    /// Owns what a call to `open` or the like gives.
    init(opening call: () -> CInt) throws(StoreError) {
        self.number = try system(nil, call)
    }

    deinit {
        close(number)
    }

    /// Makes sure that this is a folder or a plain file, ours, and shut to everybody else.
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
            // Shorter than it said: somebody writes in place, which ours never do.
            guard count > 0 else { throw .seed(.fileDamaged) }
            done += count
        }
    }

    /// Writes all of a buffer.
    borrowing func writeAll(_ buffer: UnsafeRawBufferPointer) throws(StoreError) {
        var done = 0
        while done < buffer.count {
            done += try system { write(number, buffer.baseAddress! + done, buffer.count - done) }
        }
    }

    /// Returns when everything is on the disk.
    borrowing func sync() throws(StoreError) {
        try system("fsync") { fsync(number) }
    }

    /// The same as far as the system can: network shares and folders of virtual machines refuse it for folders, and for files
    /// that are open for reading. What is lost by that is a name at worst, and never a file's content.
    borrowing func syncIfPossible() throws(StoreError) {
        while fsync(number) != 0 {
            switch errno {
            case EINTR: continue
            case EIO, ENOSPC, EDQUOT: throw StoreError(errno: errno)
            default: return
            }
        }
    }

    /// Takes all rights from others, whatever the process's mask. A file system that can't change rights may have made them
    /// right.
    borrowing func makePrivate() throws(StoreError) {
        if fchmod(number, 0o600) != 0 { try check(isFolder: false) }
    }
}

/// Makes a call of the system, again if a signal got in its way.
/// - Returns: what the call gave, which is not negative.
/// - Parameter name: the call's name, for one that some file systems lack.
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
    /// The error that an error number of the system comes to.
    init(errno code: Int32) {
        switch code {
        case ENOENT: self = .missing
        case EACCES, EPERM, EROFS: self = .forbidden
        case ENOSPC, EDQUOT: self = .full
        // A socket in the place of a file gives ENXIO.
        case ELOOP, ENOTDIR, EISDIR, ENXIO: self = .unfit
        case EWOULDBLOCK: self = .busy
        default: self = .failed(errno: code)
        }
    }
}
