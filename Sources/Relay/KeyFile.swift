#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The keys of a relay's tokens: the current one, with which it signs, and perhaps the previous one, which it still
/// believes (`Protocol/operating.md`, "The key file").
struct TokenKeySet: Sendable {
    static let keyByteCount = 32

    /// Always 32 bytes.
    var current: [UInt8]
    /// Always 32 bytes, if there is one.
    var previous: [UInt8]?

    /// A key that nobody else has and that ends with the process.
    static func random(using generator: inout some RandomNumberGenerator) -> TokenKeySet {
        TokenKeySet(current: (0..<keyByteCount).map { _ in UInt8.random(in: .min ... .max, using: &generator) })
    }
}

/// Reads a key file, or makes one where there is none.
///
/// It is text, so that rotating a key is an edit: blank lines and lines that start with `#` are skipped; each other line is a
/// key of 64 hexadecimal digits; the first is the current one, a second the previous one.
enum KeyFile {
    /// Far above two lines with a comment each: what is longer is not a key file.
    static let maximumByteCount = 4096

    /// The keys, and whether they are new: no token of an earlier run can then be valid.
    static func load(path: String) throws(RelayError) -> (keys: TokenKeySet, isNew: Bool) {
        if let text = try read(path: path) {
            guard let keys = parse(text) else { throw .badKeyFile(path: path, .malformed) }
            return (keys, false)
        }
        var generator = SystemRandomNumberGenerator()
        let keys = TokenKeySet.random(using: &generator)
        let written = try create(path: path, text: format(keys), generator: &generator)
        // Another relay was faster: its key is as good as ours, and both must use the same.
        return written ? (keys, true) : try load(path: path)
    }

    static func parse(_ text: [UInt8]) -> TokenKeySet? {
        var keys: [[UInt8]] = []
        for line in text.split(whereSeparator: { $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: "\r") }) {
            guard line.first != UInt8(ascii: "#") else { continue }
            guard let key = bytes(hexadecimal: line), key.count == TokenKeySet.keyByteCount else { return nil }
            keys.append(key)
        }
        switch keys.count {
        case 1: return TokenKeySet(current: keys[0])
        case 2: return TokenKeySet(current: keys[0], previous: keys[1])
        default: return nil
        }
    }

    static func format(_ keys: TokenKeySet) -> [UInt8] {
        let digits = Array("0123456789abcdef".utf8)
        var text = Array(
            "# EasySetup relay: current key first, the previous one may follow on a line of its own.\n".utf8
        )
        for key in [keys.current, keys.previous].compactMap(\.self) {
            text += key.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] } + [UInt8(ascii: "\n")]
        }
        return text
    }

    private static func bytes(hexadecimal line: ArraySlice<UInt8>) -> [UInt8]? {
        guard line.count.isMultiple(of: 2) else { return nil }
        var bytes: [UInt8] = []
        var rest = line
        while let high = rest.popFirst(), let low = rest.popFirst() {
            guard let high = Character(UnicodeScalar(high)).hexDigitValue,
                let low = Character(UnicodeScalar(low)).hexDigitValue
            else { return nil }
            bytes.append(UInt8(high << 4 | low))
        }
        return bytes
    }
}

// MARK: - Files

extension KeyFile {
    /// The file's bytes; nil when there is no such file.
    private static func read(path: String) throws(RelayError) -> [UInt8]? {
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else {
            if errno == ENOENT { return nil }
            throw .badKeyFile(path: path, .system(errno))
        }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .badKeyFile(path: path, .system(errno)) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw .badKeyFile(path: path, .notARegularFile) }
        guard status.st_mode & 0o077 == 0 else { throw .badKeyFile(path: path, .readableByOthers) }
        guard status.st_size <= maximumByteCount else { throw .badKeyFile(path: path, .malformed) }
        var bytes = [UInt8](repeating: 0, count: maximumByteCount)
        var filled = 0
        while filled < bytes.count {
            let count = bytes.withUnsafeMutableBytes { buffer in
                Self.readSome(file, buffer.baseAddress?.advanced(by: filled), buffer.count - filled)
            }
            guard count >= 0 else {
                if errno == EINTR { continue }
                throw .badKeyFile(path: path, .system(errno))
            }
            if count == 0 { break }
            filled += count
        }
        return Array(bytes.prefix(filled))
    }

    /// Writes the whole file or none of it, for its owner only, and onto the disk before it returns. False when the file
    /// has come into being meanwhile.
    private static func create(
        path: String,
        text: [UInt8],
        generator: inout some RandomNumberGenerator
    ) throws(RelayError) -> Bool {
        let draft = "\(path).\(UInt64.random(in: .min ... .max, using: &generator))"
        let file = open(draft, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw .badKeyFile(path: path, .system(errno)) }
        defer { unlink(draft) }
        var rest = text[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { write(file, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { break }
            rest = rest.dropFirst(count)
        }
        var isOnDisk = rest.isEmpty && fsync(file) == 0
        isOnDisk = close(file) == 0 && isOnDisk
        guard isOnDisk else { throw .badKeyFile(path: path, .system(errno)) }
        // `link`, not `rename`: it never replaces a file that another relay has just made.
        guard link(draft, path) == 0 else {
            if errno == EEXIST { return false }
            throw .badKeyFile(path: path, .system(errno))
        }
        syncFolder(of: path)
        return true
    }

    private static func syncFolder(of path: String) {
        let folder = path.lastIndex(of: "/").map { String(path[...$0]) } ?? "."
        let file = open(folder, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { return }
        // Some file systems refuse to sync a folder; the file itself is on the disk.
        _ = fsync(file)
        close(file)
    }

    /// `read(2)`, which this enum's own `read` hides.
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
