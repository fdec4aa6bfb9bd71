import EasySetupSeed

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Reads secrets and answers from standard input or a file, straight into locked memory.
enum Input {
    /// Whether standard input is a terminal.
    static var isTerminal: Bool {
        isatty(STDIN_FILENO) == 1
    }

    /// Reads a file to its end, or up to one byte beyond the limit, which shows that the file is too long.
    /// - Throws: ``CommandError/inputFailed`` if the system can't read the file.
    static func readAll(_ file: CInt, limit: Int) throws(CommandError) -> UserText {
        var line = SecretLine(limit: limit + 1)
        while !line.isFull, let byte = try readByte(file) { line.append(byte) }
        return line.finish()
    }

    /// Reads the first line of a passphrase file, without its line end.
    /// - Throws: ``CommandError/passphraseFile``, or ``CommandError/passphraseFileOpen`` for a file that everybody may
    ///   read or that others may write.
    static func readLine(path: PathArgument, limit: Int) throws(CommandError) -> UserText {
        let file = open(path.cString, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .passphraseFile }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .passphraseFile }
        // Only regular files are checked, because the permissions of pipes and terminals do not tell who reads the data
        // in them.
        guard status.st_mode & S_IFMT != S_IFREG || status.st_mode & 0o026 == 0 else { throw .passphraseFileOpen }
        var line = SecretLine(limit: limit + 2)
        do throws(CommandError) {
            while !line.isFull, let byte = try readByte(file), byte != UInt8(ascii: "\n") { line.append(byte) }
        } catch {
            throw .passphraseFile
        }
        line.removeCarriageReturn()
        return line.finish()
    }

    private static func readByte(_ file: CInt) throws(CommandError) -> UInt8? {
        var byte: UInt8 = 0
        while true {
            switch read(file, &byte, 1) {
            case 1: return byte
            case 0: return nil
            default: if errno != EINTR { throw .inputFailed }
            }
        }
    }
}

/// The text that a person is typing, in locked memory.
struct SecretLine: ~Copyable {
    private let bytes: SecretBytes
    private var count = 0

    init(limit: Int) {
        self.bytes = SecretBytes(zeros: limit)
    }

    var isEmpty: Bool { count == 0 }
    var isFull: Bool { count == bytes.count }

    mutating func append(_ byte: UInt8) {
        bytes.withUnsafeMutableBytes { $0[count] = byte }
        count += 1
    }

    mutating func removeCarriageReturn() {
        let isReturn = bytes.withUnsafeBytes { count > 0 && $0[count - 1] == UInt8(ascii: "\r") }
        if isReturn { count -= 1 }
    }

    /// Removes the line feeds at the end. Returns whether there were any.
    mutating func removeLineEnds() -> Bool {
        let all = count
        bytes.withUnsafeBytes { bytes in
            while count > 0, bytes[count - 1] == UInt8(ascii: "\n") { count -= 1 }
        }
        return count < all
    }

    /// Removes the last character, which may be several bytes of UTF-8.
    mutating func removeCharacter() {
        bytes.withUnsafeBytes { bytes in
            while count > 0, bytes[count - 1] & 0xC0 == 0x80 { count -= 1 }
        }
        count = max(count - 1, 0)
    }

    /// Removes the last word, and the spaces and line feeds after it.
    mutating func removeWord() {
        bytes.withUnsafeBytes { bytes in
            let isSpace = { (byte: UInt8) in byte == UInt8(ascii: " ") || byte == UInt8(ascii: "\n") }
            while count > 0, isSpace(bytes[count - 1]) { count -= 1 }
            while count > 0, !isSpace(bytes[count - 1]) { count -= 1 }
        }
    }

    /// Removes all but the first bytes.
    mutating func keep(_ count: Int) {
        self.count = min(count, self.count)
    }

    /// Removes and wipes the whole text.
    mutating func removeAll() {
        bytes.withUnsafeMutableBytes { for index in 0..<count { $0[index] = 0 } }
        count = 0
    }

    /// Removes the text after the last line end.
    mutating func removeLine() {
        bytes.withUnsafeBytes { bytes in
            while count > 0, bytes[count - 1] != UInt8(ascii: "\n") { count -= 1 }
        }
    }

    /// Passes the text so far to a closure that reads it.
    func withText<Result>(_ body: (Span<UInt8>) -> Result) -> Result {
        bytes.withBytes { body($0.extracting(first: count).asBytes) }
    }

    /// The text so far as an ordinary string, for the screen of the person who types it.
    var revealed: String {
        bytes.withUnsafeBytes { String(decoding: $0.prefix(count), as: UTF8.self) }
    }

    /// The text so far.
    var text: UserText {
        UserText(SecretBytes(copying: bytes.bytes.extracting(first: count)))
    }

    consuming func finish() -> UserText {
        text
    }
}
