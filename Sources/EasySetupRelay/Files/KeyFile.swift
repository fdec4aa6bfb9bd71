import CProcess

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The keys of a relay's tokens: the current one, with which it signs, and others, which it believes as well
/// (`Protocol/operating.md`, "The key file").
struct TokenKeySet: Sendable, Equatable {
    static let keyByteCount = 32

    /// Always 32 bytes.
    var current: [UInt8]
    /// Always 32 bytes each.
    var others: [[UInt8]] = []

    /// A key that nobody else has and that ends with the process.
    static func random(using generator: inout some RandomNumberGenerator) -> TokenKeySet {
        TokenKeySet(current: (0..<keyByteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }
}

/// Reads a key file, or makes one where there is none.
///
/// It is text, so that rotating a key is an edit: blank lines and lines that start with `#` are skipped; each other line is a
/// key of 64 hexadecimal digits, with or without white space around it; the first is the current one.
enum KeyFile {
    /// Far above eight lines with a comment each: what is longer is not a key file.
    static let maximumByteCount = 4096
    /// The current key, those of before, and the next one, which every relay of several has to know before one of them uses it.
    static let maximumKeyCount = 8

    /// The keys, and whether they are new: no token of an earlier run can then be valid.
    static func load(path: PathBytes, ways: [Way] = Way.allCases) throws(RelayError) -> (keys: TokenKeySet, isNew: Bool)
    {
        if let keys = try readIfThere(path) { return (keys, false) }
        var generator = SystemRandomNumberGenerator()
        let keys = TokenKeySet.random(using: &generator)
        if try create(path: path, text: format(keys), ways: ways, generator: &generator) { return (keys, true) }
        // Another relay was faster: its key is as good as ours, and both must use the same.
        if let keys = try readIfThere(path) { return (keys, false) }
        throw .badKeyFile(path: path.description, .file(.leadsNowhere))
    }

    /// The keys of a file that must be there.
    static func read(path: PathBytes) throws(RelayError) -> TokenKeySet {
        guard let keys = try readIfThere(path) else { throw .badKeyFile(path: path.description, .file(.missing)) }
        return keys
    }

    /// Nil when there is nothing at that path, not even a link.
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
        // Some editors begin a text with a mark of its byte order.
        let text = text.starts(with: [0xEF, 0xBB, 0xBF]) ? text.dropFirst(3) : text[...]
        var keys: [[UInt8]] = []
        // A carriage return before the line feed is white space at the line's end. Alone it ends a line, as it did on old systems.
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
    /// How a whole file gets its name without ever taking the place of another, best first.
    enum Way: CaseIterable, Sendable {
        case link
        /// Where a file has one name only, as on FAT: a rename that replaces nothing.
        case rename
        /// Where the system has no such rename for that file system: the name is taken by an empty file first. A relay that starts
        /// in that moment finds it empty, and says so.
        case claim
    }

    /// Writes the whole file or none of it, for its owner only, and onto the disk before it returns. False when the file
    /// has come into being meanwhile.
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
            // Not to be had here, or forbidden here: another way may be.
            case EPERM, ENOTSUP, EOPNOTSUPP, ENOSYS, EINVAL, EMLINK, EXDEV: continue
            case let number: throw failure(path, number)
            }
        }
        throw failure(path, ENOTSUP)
    }

    private static func write(_ text: [UInt8], to file: Int32) -> RelayError.KeyFileProblem? {
        var status = stat()
        guard fstat(file, &status) == 0 else { return .file(.system(errno)) }
        // Some file systems give every file the same mode and owner. The next start would refuse what this one makes.
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

    /// 0 when it is done; otherwise the system's number.
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
        case EACCES, EPERM, EROFS: .badKeyFile(path: path.description, .folderForbidden)
        default: .badKeyFile(path: path.description, .file(.system(number)))
        }
    }

    private static func syncFolder(of path: PathBytes) {
        let file = open(path.folder.cString, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        // Some file systems refuse to sync a folder; the file itself is on the disk.
        _ = fsync(file)
        close(file)
    }

    /// `write(2)`, which this enum's own `write` hides.
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
