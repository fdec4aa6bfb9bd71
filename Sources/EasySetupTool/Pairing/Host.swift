#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The names of this machine and of this program.
enum Host {
    /// The system's name for this machine; "a computer" if the system has none.
    static var name: String {
        var buffer = [CChar](repeating: 0, count: 256)
        guard gethostname(&buffer, buffer.count - 1) == 0 else { return "a computer" }
        let name = String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
        return name.isEmpty ? "a computer" : name
    }

    /// The command that runs this program: its name if the search path finds it, otherwise its absolute path.
    static var program: String {
        let path = CommandLine.arguments.first ?? ""
        guard let slash = path.lastIndex(of: "/") else { return path.isEmpty ? "easysetup" : path }
        let folders = (Variables.value("PATH") ?? "").split(separator: ":").map(String.init)
        let isOnPath = folders.contains { $0 == path[..<slash] }
        if isOnPath { return String(path[path.index(after: slash)...]) }
        guard !path.hasPrefix("/"), let here = getcwd(nil, 0) else { return path }
        defer { free(here) }
        let relative = path.hasPrefix("./") ? String(path.dropFirst(2)) : path
        return String(cString: here) + "/" + relative
    }

    /// The absolute path of this program, as the call names it or the search path finds it; empty if neither does.
    static var path: String {
        let path = CommandLine.arguments.first ?? ""
        if path.contains("/") { return String(decoding: Variables.absolute(Array(path.utf8)), as: UTF8.self) }
        let folders = (Variables.value("PATH") ?? "").split(separator: ":")
        return folders.map { "\($0)/\(path)" }.first { access($0, X_OK) == 0 } ?? ""
    }

    /// A word quoted for a shell.
    static func quoted(_ word: String) -> String { quoted(Array(word.utf8)) }

    /// A word of any bytes, quoted for a shell. Bytes that a terminal can't show as text, and control characters, are
    /// written as numbers in `$'…'` (POSIX.1-2024, 2.2.4).
    static func quoted(_ bytes: [UInt8]) -> String {
        guard let word = String(validating: bytes, as: UTF8.self),
            !word.unicodeScalars.contains(where: { $0.properties.generalCategory == .control })
        else { return "$'" + bytes.map(escaped).joined() + "'" }
        let isPlain = word.unicodeScalars.allSatisfy {
            $0.isASCII && ($0.properties.isAlphabetic || "0123456789-_./:@%+=,".unicodeScalars.contains($0))
        }
        return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }

    private static func escaped(_ byte: UInt8) -> String {
        switch byte {
        case UInt8(ascii: "'"), UInt8(ascii: "\\"): return "\\" + String(Unicode.Scalar(byte))
        case 0x20..<0x7F: return String(Unicode.Scalar(byte))
        default:
            let digits = String(byte, radix: 8)
            return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
        }
    }
}
