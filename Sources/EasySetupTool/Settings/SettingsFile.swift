#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// A file of settings on the disk. Its owner decides what this program does, such as which relay it trusts, so only
/// this user or root may own it, and nobody else may write it.
struct SettingsFile: Sendable {
    static let maximumBytes = 65_536

    let path: PathArgument
    /// Whether symbolic links are refused, as in the user's folder. An operator's file may be one, because Kubernetes
    /// makes each file of a volume a link.
    let refusesLinks: Bool

    /// The path as text for a person.
    var name: String { path.defaultValueDescription }

    /// The path of the folder that holds the file, with a slash at its end; empty for the working folder.
    var folder: [UInt8] {
        path.bytes.lastIndex(of: UInt8(ascii: "/")).map { Array(path.bytes[...$0]) } ?? []
    }

    /// The file of a user's settings: `easysetup/config` in `$XDG_CONFIG_HOME`, else in `~/.config`. Nil if there is no
    /// home folder.
    static var ofUser: SettingsFile? {
        Variables.configFolder.map { folder in
            SettingsFile(path: PathArgument(bytes: folder + Array("/easysetup/\(user)".utf8)), refusesLinks: true)
        }
    }

    /// Reads the whole file; nil if it, or its folder, does not exist.
    func read() throws(SettingsError) -> [UInt8]? {
        if refusesLinks {
            guard let folder = try openFolder() else { return nil }
            defer { close(folder) }
            return try read(openat(folder, Self.user, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC))
        }
        return try read(open(path.cString, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC))
    }

    private func read(_ file: CInt) throws(SettingsError) -> [UInt8]? {
        guard file >= 0 else {
            if errno == ENOENT || errno == ENOTDIR { return nil }
            throw failure(errno)
        }
        defer { close(file) }
        try check(file, S_IFREG)
        var bytes = [UInt8](repeating: 0, count: Self.maximumBytes + 1)
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { systemRead(file, $0.baseAddress! + filled, $0.count - filled) }
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw failure(errno) }
            guard count > 0 else { break }
            filled += count
        }
        guard filled <= Self.maximumBytes else { throw .file(name, .tooLarge) }
        return Array(bytes.prefix(filled))
    }

    /// Replaces the file by one with another content: a reader sees the old file or the new one. Makes the folder where
    /// it is missing, for this user alone. Two programs that change the file do so one after the other.
    /// - Parameter edit: makes the new content from the old; nil if there is no file.
    func update(_ edit: ([UInt8]?) throws -> [UInt8]) throws {
        Variables.makeFolders(of: path.bytes)
        guard let folder = try openFolder() else { throw SettingsError.file(name, .missing) }
        defer { close(folder) }
        while flock(folder, LOCK_EX) != 0, errno == EINTR {}
        let old = try read(openat(folder, Self.user, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC))
        let bytes = try edit(old)
        guard bytes.count <= Self.maximumBytes else { throw SettingsError.file(name, .tooLarge) }
        let draft = "\(Self.user).\(UInt64.random(in: .min ... .max)).new"
        let file = openat(folder, draft, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure(errno) }
        let isWritten = Self.writeAll(bytes, to: file) && fsync(file) == 0
        let number = errno
        let isClosed = close(file) == 0
        guard isWritten, isClosed, renameat(folder, draft, folder, Self.user) == 0 else {
            let code = isWritten ? errno : number
            unlinkat(folder, draft, 0)
            throw failure(code)
        }
        // Some file systems can't sync a folder. The file itself has been synced.
        _ = fsync(folder)
    }

    /// The name of a user's file in its folder.
    private static let user = "config"

    private static func writeAll(_ bytes: [UInt8], to file: CInt) -> Bool {
        var done = 0
        while done < bytes.count {
            let count = bytes.withUnsafeBytes { systemWrite(file, $0.baseAddress! + done, $0.count - done) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return false }
            done += count
        }
        return true
    }

    /// Opens the user's folder; nil if it does not exist.
    private func openFolder() throws(SettingsError) -> CInt? {
        let place = folder.dropLast().map(CChar.init(bitPattern:)) + [0]
        let file = open(place, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            // The system says ENOTDIR of a symbolic link too.
            let number = errno
            var status = stat()
            let isLink = lstat(place, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
            throw isLink ? .file(name, .link) : failure(number)
        }
        do throws(SettingsError) {
            try check(file, S_IFDIR)
        } catch {
            close(file)
            throw error
        }
        return file
    }

    private func check(_ file: CInt, _ kind: mode_t) throws(SettingsError) {
        var status = stat()
        guard fstat(file, &status) == 0 else { throw failure(errno) }
        guard status.st_mode & S_IFMT == kind else { throw .file(name, .noFile) }
        let isFolder = kind == S_IFDIR
        let place = PathArgument(bytes: folder.isEmpty ? [UInt8(ascii: ".")] : folder).defaultValueDescription
        guard status.st_uid == geteuid() || status.st_uid == 0 else {
            throw .file(name, isFolder ? .folderForeign(place) : .foreign)
        }
        guard status.st_mode & 0o022 == 0 else { throw .file(name, isFolder ? .folderOpen(place) : .openToOthers) }
    }

    /// Whether other users can exchange the file, because they may write its folder. In a folder with the sticky bit, as
    /// `/tmp`, they can't, and on a file system that is read-only, as the volumes of Kubernetes are, nobody can.
    var isExchangeable: Bool {
        let place = (folder.isEmpty ? [UInt8(ascii: ".")] : folder).map(CChar.init(bitPattern:)) + [0]
        var (status, system) = (stat(), statvfs())
        guard stat(place, &status) == 0, statvfs(place, &system) == 0 else { return false }
        let isReadOnly = system.f_flag & UInt(ST_RDONLY) != 0
        let isOpen = status.st_mode & 0o022 != 0 && status.st_mode & mode_t(S_ISVTX) == 0
        return !isReadOnly && (isOpen || (status.st_uid != 0 && status.st_uid != geteuid()))
    }

    /// Whether every user of the machine can read the file.
    var isReadByAll: Bool {
        var status = stat()
        return stat(path.cString, &status) == 0 && status.st_mode & 0o004 != 0
    }

    private func failure(_ number: CInt) -> SettingsError {
        switch number {
        case ELOOP: .file(name, .link)
        case EACCES, EPERM, EROFS: .file(name, .forbidden)
        case ENOTDIR, EISDIR, ENXIO: .file(name, .noFile)
        default: .file(name, .system(number))
        }
    }
}

/// Calls the system's `read` and `write`, because in a type with methods of these names they mean the methods.
private func systemRead(_ file: CInt, _ buffer: UnsafeMutableRawPointer, _ count: Int) -> Int {
    read(file, buffer, count)
}

private func systemWrite(_ file: CInt, _ buffer: UnsafeRawPointer, _ count: Int) -> Int {
    write(file, buffer, count)
}
