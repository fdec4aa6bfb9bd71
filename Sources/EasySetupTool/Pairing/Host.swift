#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The names of this machine and of this program.
enum Host {
    /// The system's name for this machine; a general word where there is none.
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

    /// A word quoted for a shell.
    static func quoted(_ word: String) -> String {
        let isPlain = word.unicodeScalars.allSatisfy {
            $0.isASCII && ($0.properties.isAlphabetic || "0123456789-_./:@%+=,".unicodeScalars.contains($0))
        }
        return isPlain && !word.isEmpty ? word : "'" + word.replacing("'", with: "'\\''") + "'"
    }
}
