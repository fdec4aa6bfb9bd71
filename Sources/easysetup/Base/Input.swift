import SyncSeed

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// Reads secrets and answers from standard input or a file, straight into locked memory.
enum Input {
    /// Whether a person sits at standard input.
    static var isTerminal: Bool {
        isatty(STDIN_FILENO) == 1
    }

    /// Everything up to the end of a file, or one byte more than the limit when there is more.
    /// - Throws: ``CommandError/inputFailed``.
    static func readAll(_ file: CInt, limit: Int) throws(CommandError) -> SecretBytes {
        var line = SecretLine(limit: limit + 1)
        while !line.isFull, let byte = try readByte(file) { line.append(byte) }
        return line.finish()
    }

    /// The first line of a file, without its end; for passphrases.
    /// - Throws: ``CommandError/passphraseFile``, or ``CommandError/passphraseFileOpen`` for a file that everybody may read or
    ///   that others may write.
    static func readLine(path: PathArgument, limit: Int) throws(CommandError) -> SecretBytes {
        let file = open(path.cString, O_RDONLY | O_CLOEXEC)
        guard file >= 0 else { throw .passphraseFile }
        defer { close(file) }
        var status = stat()
        guard fstat(file, &status) == 0 else { throw .passphraseFile }
        // Pipes and terminals have no rights that say who reads what goes through them.
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

    /// Throws away what was typed on the terminal and not read yet.
    static func forgetTyped() {
        if isTerminal { tcflush(STDIN_FILENO, TCIFLUSH) }
    }

    /// A line that is no secret, such as the answer to a question; nil at the end of the input.
    static func readAnswer() -> String? {
        Swift.readLine()
    }

    fileprivate static func readByte(_ file: CInt) throws(CommandError) -> UInt8? {
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

/// The terminal at standard input while what is typed there is not shown. Hide it before you ask: what is typed ahead
/// of the question must not be seen either.
struct HiddenTerminal: ~Copyable {
    private let saved: termios

    /// Stops showing what is typed, until this goes.
    /// - Throws: ``CommandError/noTerminal``.
    init() throws(CommandError) {
        var saved = termios()
        guard tcgetattr(STDIN_FILENO, &saved) == 0 else { throw .noTerminal }
        var hidden = saved
        // Byte by byte and with Control-C as a byte, so that the terminal is put back whatever is pressed.
        hidden.c_lflag &= ~tcflag_t(ECHO | ICANON | ISIG)
        guard tcsetattr(STDIN_FILENO, TCSANOW, &hidden) == 0 else { throw .noTerminal }
        self.saved = saved
    }

    deinit {
        var saved = saved
        tcsetattr(STDIN_FILENO, TCSANOW, &saved)
    }

    /// One line, or nil at the end of the input. What is typed beyond the limit is dropped, but for one byte.
    /// - Throws: ``CommandError/inputFailed``, or ``CommandError/notConfirmed`` when the person pressed Control-C.
    borrowing func readLine(limit: Int) throws(CommandError) -> SecretBytes? {
        var line = SecretLine(limit: limit + 1)
        while true {
            switch try Input.readByte(STDIN_FILENO) {
            case nil: return line.isEmpty ? nil : line.finish()
            case 0x03, 0x1C: throw .notConfirmed
            case 0x04 where line.isEmpty: return nil
            case 0x04, 0x0A, 0x0D: return line.finish()
            case 0x08, 0x7F: line.removeCharacter()
            case 0x15: line.removeAll()
            case let byte?: if !line.isFull { line.append(byte) }
            }
        }
    }
}

/// A line as it is typed, in locked memory.
private struct SecretLine: ~Copyable {
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

    /// Takes the last character back, which may be several bytes of UTF-8.
    mutating func removeCharacter() {
        bytes.withUnsafeBytes { bytes in
            while count > 0, bytes[count - 1] & 0xC0 == 0x80 { count -= 1 }
        }
        count = max(count - 1, 0)
    }

    mutating func removeAll() {
        count = 0
    }

    consuming func finish() -> SecretBytes {
        SecretBytes(copying: bytes.bytes.extracting(first: count))
    }
}
