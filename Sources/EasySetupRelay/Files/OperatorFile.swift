#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file that an operator names, read whole: at the start, and again while the relay serves. It must be a file: nothing else is
/// opened, for a named pipe would keep whoever opens it waiting.
struct OperatorFile: Sendable {
    let bytes: [UInt8]
    let owner: uid_t
    /// The permission bits.
    let mode: mode_t

    /// Reads at most `limit` bytes. Links are followed.
    static func read(_ path: PathBytes, limit: Int) throws(RelayError.FileProblem) -> OperatorFile {
        var status = stat()
        // Asked before it is opened, because opening a device may do something.
        guard stat(path.cString, &status) == 0 else { throw problem(errno, path) }
        try check(status)
        // It may have been exchanged in between: then nothing waits either.
        let file = open(path.cString, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC)
        guard file >= 0 else { throw problem(errno, path) }
        defer { close(file) }
        guard fstat(file, &status) == 0 else { throw .system(errno) }
        try check(status)
        // The size is not asked for: some file systems don't tell it.
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
            var status = stat()
            return lstat(path.cString, &status) == 0 ? .leadsNowhere : .missing
        case ENOTDIR: return .missing
        case ELOOP: return .leadsNowhere
        case EACCES, EPERM: return .notPermitted
        // Somebody has put a socket there since it was asked for.
        case ENXIO: return .otherKind(.socket)
        default: return .system(number)
        }
    }

    /// `read(2)`, which this type's own `read` hides.
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
    /// Why a secret in a file with this owner and mode is none; nil when it is one.
    ///
    /// The owner is this process's user, or root, who can read everything anyway. Nobody but the owner may write it, and no
    /// others may read it. The group may read what is root's: so systemd hands out credentials (an entry for a user looks like
    /// the group's right in the mode) and Kubernetes secrets.
    static func secrecyProblem(owner: uid_t, mode: mode_t, user: uid_t) -> RelayError.SecrecyProblem? {
        guard owner == user || owner == 0 else { return .foreignOwner }
        let forbidden: mode_t = owner == 0 ? 0o027 : 0o077
        return mode & forbidden == 0 ? nil : .openToOthers
    }

    var secrecyProblem: RelayError.SecrecyProblem? {
        Self.secrecyProblem(owner: owner, mode: mode, user: geteuid())
    }
}
