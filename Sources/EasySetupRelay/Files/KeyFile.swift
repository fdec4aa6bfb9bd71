import CProcess

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The keys with which a relay makes and checks tokens. It makes tokens with the current key, and accepts tokens of the
/// other keys as well (`Protocol/operating.md`, "The key file").
struct TokenKeySet: Sendable, Equatable {
    static let keyByteCount = 32

    /// The key with which the relay makes new tokens, always 32 bytes.
    var current: [UInt8]
    /// Further keys whose tokens the relay accepts, always 32 bytes each.
    var others: [[UInt8]] = []

    /// Makes a set that consists of one new random key.
    static func random(using generator: inout some RandomNumberGenerator) -> TokenKeySet {
        TokenKeySet(current: (0..<keyByteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }
}

/// Reads a key file, or creates one if there is none.
///
/// The file is text, so that an operator can change the keys with an editor. Blank lines and lines that start with `#`
/// are skipped. Each other line is a key of 64 hexadecimal digits, with or without white space around them. The first
/// key is the current one.
enum KeyFile {
    /// The size of the largest key file that the relay reads, in bytes: far more than eight keys and a comment for each
    /// need.
    static let maximumByteCount = 4096
    /// The most keys in a file: enough for the current key, former keys, and the next key. When several relays share
    /// keys, all must know the next key before one of them uses it.
    static let maximumKeyCount = 8

    /// Reads the keys, or creates a file with a new key if there is none. `isNew` is true in the second case: no token
    /// of an earlier run can be valid then.
    static func load(path: PathBytes, ways: [Way] = Way.allCases) throws(RelayError) -> (keys: TokenKeySet, isNew: Bool)
    {
        if let keys = try readIfThere(path) { return (keys, false) }
        var generator = SystemRandomNumberGenerator()
        let keys = TokenKeySet.random(using: &generator)
        if try create(path: path, text: format(keys), ways: ways, generator: &generator) { return (keys, true) }
        // Another relay has created the file in the meantime. This relay uses the key in it, because both relays must
        // have the same key.
        return (try read(path: path), false)
    }

    /// Reads the keys. Throws if the file does not exist.
    static func read(path: PathBytes) throws(RelayError) -> TokenKeySet {
        guard let keys = try readIfThere(path) else { throw .badKeyFile(path: path.description, .file(.missing)) }
        return keys
    }

    /// Reads the keys. Nil when there is nothing at that path, not even a symbolic link.
    private static func readIfThere(_ path: PathBytes) throws(RelayError) -> TokenKeySet? {
        let file: OperatorFile
        do throws(RelayError.FileProblem) {
            file = try OperatorFile.read(path, limit: maximumByteCount)
        } catch {
            if error == .missing { return nil }
            throw .badKeyFile(path: path.description, .file(error))
        }
        if let problem = file.secrecyProblem { throw .badKeyFile(path: path.description, .secrecy(problem)) }
        do throws(RelayError.KeyFileProblem) {
            return try parse(file.bytes)
        } catch {
            throw .badKeyFile(path: path.description, error)
        }
    }

    static func parse(_ text: [UInt8]) throws(RelayError.KeyFileProblem) -> TokenKeySet {
        // Some editors write a byte order mark at the start of a file, so it is skipped.
        let text = text.starts(with: [0xEF, 0xBB, 0xBF]) ? text.dropFirst(3) : text[...]
        var keys: [[UInt8]] = []
        // A carriage return before a line feed counts as white space at the end of the line. If the file has no line
        // feeds, a carriage return ends a line, as on old systems.
        let isLineFed = text.contains(UInt8(ascii: "\n"))
        let end = isLineFed ? UInt8(ascii: "\n") : UInt8(ascii: "\r")
        for (index, line) in text.split(separator: end, omittingEmptySubsequences: false).enumerated() {
            let line = trimmed(line)
            guard let first = line.first, first != UInt8(ascii: "#") else { continue }
            guard let key = bytes(hexadecimal: line), key.count == TokenKeySet.keyByteCount else {
                throw .malformed(line: index + 1)
            }
            if !keys.contains(key) { keys.append(key) }
        }
        guard let current = keys.first else { throw .noKey }
        guard keys.count <= maximumKeyCount else { throw .tooManyKeys(limit: maximumKeyCount) }
        return TokenKeySet(current: current, others: Array(keys.dropFirst()))
    }

    static func format(_ keys: TokenKeySet) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        var text = Array("# EasySetup relay: the current key first; keys that are believed as well may follow.\n".utf8)
        for key in [keys.current] + keys.others {
            text += key.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] } + [UInt8(ascii: "\n")]
        }
        return text
    }

    private static func trimmed(_ line: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
        let isSpace: (UInt8) -> Bool = { [0x20, 0x09, 0x0B, 0x0C, 0x0D].contains($0) }
        let start = line.drop(while: isSpace)
        return start.dropLast(start.reversed().prefix(while: isSpace).count)
    }

    private static func bytes(hexadecimal line: ArraySlice<UInt8>) -> [UInt8]? {
        guard line.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        var rest = line
        while let high = rest.popFirst(), let low = rest.popFirst() {
            guard let high = value(high), let low = value(low) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}

// MARK: - Making one

extension KeyFile {
    /// The ways to give the completely written draft of a key file its final name without replacing another file, in
    /// order of preference.
    enum Way: CaseIterable, Sendable {
        case link
        /// Rename the draft file, with a system call that fails if the final name is taken. This is for file systems
        /// without hard links, such as FAT.
        case rename
        /// Create an empty file with the final name, and then rename the draft file over it. This is for file systems
        /// that support neither `link` nor such a `rename`. A relay that starts between these steps finds the empty
        /// file and reports it as an error.
        case claim
    }

    /// Creates the key file with this content completely or not at all, readable by its owner only, and syncs it to the
    /// disk. False when another process has created a file at `path` first.
    private static func create(
        path: PathBytes,
        text: [UInt8],
        ways: [Way],
        generator: inout some RandomNumberGenerator
    ) throws(RelayError) -> Bool {
        let draft = path.appending(".\(UInt64.random(in: .min ... .max, using: &generator))")
        let file = open(draft.cString, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw failure(path, errno) }
        defer { unlink(draft.cString) }
        let problem = write(text, to: file)
        let isClosed = close(file) == 0
        if let problem { throw .badKeyFile(path: path.description, problem) }
        guard isClosed else { throw failure(path, errno) }
        for way in ways {
            switch place(draft, at: path, by: way) {
            case 0:
                syncFolder(of: path)
                return true
            case EEXIST: return false
            // The file system does not support or does not allow this way to give the draft file its final name, so the
            // loop tries the next way.
            case EPERM, ENOTSUP, EOPNOTSUPP, ENOSYS, EINVAL, EMLINK, EXDEV: continue
            case let number: throw failure(path, number)
            }
        }
        throw failure(path, ENOTSUP)
    }

    private static func write(_ text: [UInt8], to file: Int32) -> RelayError.KeyFileProblem? {
        var status = stat()
        guard fstat(file, &status) == 0 else { return .file(.system(errno)) }
        // Some file systems give every file the same mode and owner. If these would let others read the file, the
        // function fails, because the relay would refuse the file at its next start.
        let mode = status.st_mode & 0o7777
        guard OperatorFile.secrecyProblem(owner: status.st_uid, mode: mode, user: geteuid()) == nil else {
            return .secrecy(.notKeptHere)
        }
        var rest = text[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { systemWrite(file, $0.baseAddress, $0.count) }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { return .file(.system(count < 0 ? errno : EIO)) }
            rest = rest.dropFirst(count)
        }
        return fsync(file) == 0 ? nil : .file(.system(errno))
    }

    /// Gives the draft of a key file its final name, `path`, by linking, renaming or claiming it, as `way` says.
    /// Returns 0 on success, otherwise the system's error number (`errno`).
    private static func place(_ draft: PathBytes, at path: PathBytes, by way: Way) -> Int32 {
        switch way {
        case .link:
            return link(draft.cString, path.cString) == 0 ? 0 : errno
        case .rename:
            return easysetup_rename_to_free_name(draft.cString, path.cString)
        case .claim:
            let claim = open(path.cString, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
            guard claim >= 0 else { return errno }
            close(claim)
            guard rename(draft.cString, path.cString) != 0 else { return 0 }
            let number = errno
            unlink(path.cString)
            return number
        }
    }

    private static func failure(_ path: PathBytes, _ number: Int32) -> RelayError {
        switch number {
        case ENOENT, ENOTDIR: .badKeyFile(path: path.description, .noFolder)
        case EACCES, EPERM: .badKeyFile(path: path.description, .folderForbidden)
        default: .badKeyFile(path: path.description, .file(.system(number)))
        }
    }

    private static func syncFolder(of path: PathBytes) {
        let file = open(path.folder.cString, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        // A failure is ignored, because some file systems can't sync a folder. The file itself has been synced.
        _ = fsync(file)
        close(file)
    }

    /// The system call `write(2)`. The module's name precedes it because this enum has a function `write` of its own.
    private static func systemWrite(_ file: Int32, _ buffer: UnsafeRawPointer?, _ count: Int) -> Int {
        #if canImport(Glibc)
        Glibc.write(file, buffer, count)
        #elseif canImport(Musl)
        Musl.write(file, buffer, count)
        #else
        Darwin.write(file, buffer, count)
        #endif
    }
}
