#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The environment variables of this process.
enum Variables {
    /// The value of an environment variable; nil if it is unset or empty.
    static func value(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }

    /// The values of those of these variables that are set and not empty. Bytes that are not UTF-8 are encoded as in
    /// ``PathArgument``.
    static func values(_ names: [String]) -> [String: String] {
        Dictionary(names.compactMap { name in bytes(name).map { (name, PathArgument.text(of: $0)) } }) { first, _ in
            first
        }
    }

    /// The default of `--store`: `easysetup` in `$XDG_DATA_HOME`, else in `~/.local/share`. Nil if this variable and
    /// `$HOME` are unset.
    static var store: PathArgument? {
        folder("XDG_DATA_HOME", below: "/.local/share").map { PathArgument(bytes: $0 + Array("/easysetup".utf8)) }
    }

    /// The folder of users' settings: `$XDG_CONFIG_HOME`, else `~/.config`.
    static var configFolder: [UInt8]? { folder("XDG_CONFIG_HOME", below: "/.config") }

    /// The user's home folder.
    static var home: [UInt8]? { bytes("HOME") }

    /// Creates the folders above a file or folder, for this user alone.
    static func makeFolders(of path: [UInt8]) {
        for (index, byte) in path.enumerated() where byte == UInt8(ascii: "/") && index > 0 {
            mkdir(path[..<index].map(CChar.init(bitPattern:)) + [0], 0o700)
        }
    }

    /// A path that does not depend on the working folder.
    static func absolute(_ path: [UInt8]) -> [UInt8] {
        guard path.first != UInt8(ascii: "/"), let here = getcwd(nil, 0) else { return path }
        defer { free(here) }
        return Array(UnsafeRawBufferPointer(start: here, count: strlen(here))) + [UInt8(ascii: "/")] + path
    }

    private static func folder(_ variable: String, below: String) -> [UInt8]? {
        // A relative path is ignored, as the XDG specification requires.
        if let folder = bytes(variable), folder[0] == UInt8(ascii: "/") { return folder }
        return home.map { $0 + Array(below.utf8) }
    }

    /// The bytes of an environment variable, because a path is not always UTF-8; nil if it is unset or empty.
    private static func bytes(_ name: String) -> [UInt8]? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return Array(UnsafeRawBufferPointer(start: value, count: strlen(value)))
    }
}
