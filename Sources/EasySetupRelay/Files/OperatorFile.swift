#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file that the operator names, such as a key file, with its whole content. The relay reads it when it starts, and
/// again at a reload. The file must be a regular file, because opening a named pipe, for example, could block.
struct OperatorFile: Sendable {
    let bytes: [UInt8]
    let owner: uid_t
    /// The permission bits of the file's mode.
    let mode: mode_t

    /// Reads a file of at most `limit` bytes. Symbolic links are followed.
    static func read(_ path: PathBytes, limit: Int) throws(RelayError.FileProblem) -> OperatorFile {
        var status = stat()
        // The kind of the file is checked before the file is opened, because opening a device file may have side
        // effects.
        guard stat(path.cString, &status) == 0 else { throw problem(errno, path) }
        try check(status)
        // Another program may have replaced the file since the check of its kind. With these flags, `open` does not
        // block even on a pipe or a device.
        let file = open(path.cString, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard file >= 0 else { throw problem(errno, path) }
        defer { close(file) }
        guard fstat(file, &status) == 0 else { throw .system(errno) }
        try check(status)
        // The file is read until its end, and not up to the size that its status gives, because some file systems give
        // no size.
        var bytes = [UInt8](repeating: 0, count: limit + 1)
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                readSome(file, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
            }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .system(errno) }
            guard count > 0 else { break }
            filled += count
        }
        guard filled <= limit else { throw .tooLarge(limit: limit) }
        return OperatorFile(bytes: Array(bytes.prefix(filled)), owner: status.st_uid, mode: status.st_mode & 0o7777)
    }

    private static func check(_ status: stat) throws(RelayError.FileProblem) {
        switch status.st_mode & S_IFMT {
        case S_IFREG: return
        case S_IFDIR: throw .otherKind(.folder)
        case S_IFIFO: throw .otherKind(.pipe)
        case S_IFSOCK: throw .otherKind(.socket)
        default: throw .otherKind(.device)
        }
    }

    private static func problem(_ number: Int32, _ path: PathBytes) -> RelayError.FileProblem {
        switch number {
        case ENOENT:
            // Only a symbolic link can have no target. If anything else is here, it has appeared since `stat` found
            // nothing, for example because another relay, which starts at the same time, has created the key file. The
            // caller then treats the file as missing.
            var status = stat()
            let isLink = lstat(path.cString, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
            return isLink ? .leadsNowhere : .missing
        case ENOTDIR: return .missing
        case ELOOP: return .leadsNowhere
        case EACCES, EPERM: return .notPermitted
        // Another program has put a socket in the file's place since the check of its kind.
        case ENXIO: return .otherKind(.socket)
        default: return .system(number)
        }
    }

    /// The system call `read(2)`. The module's name precedes it because this type has a function `read` of its own.
    private static func readSome(_ file: Int32, _ buffer: UnsafeMutableRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
        Glibc.read(file, buffer, count)
        #elseif canImport(Musl)
        Musl.read(file, buffer, count)
        #else
        Darwin.read(file, buffer, count)
        #endif
    }
}

extension OperatorFile {
    /// The reason why a file with this owner and mode does not keep its content secret; nil when it does.
    ///
    /// The owner must be this process's user, or root, who can read everything anyway. Only the owner may write, and
    /// other users may not read. The group may read a file of root, because systemd and Kubernetes provide secrets in
    /// such files. (systemd grants access by an access control list, which looks like a right of the group in the
    /// mode.)
    static func secrecyProblem(owner: uid_t, mode: mode_t, user: uid_t) -> RelayError.SecrecyProblem? {
        guard owner == user || owner == 0 else { return .foreignOwner }
        let forbidden: mode_t = owner == 0 ? 0o027 : 0o077
        return mode & forbidden == 0 ? nil : .openToOthers
    }

    var secrecyProblem: RelayError.SecrecyProblem? {
        Self.secrecyProblem(owner: owner, mode: mode, user: geteuid())
    }
}
