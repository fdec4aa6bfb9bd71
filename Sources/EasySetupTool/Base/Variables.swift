#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#elseif canImport(Darwin)
import Darwin
#endif

/// The environment variables that take the place of options that are not given.
enum Variables {
    /// The value of an environment variable; nil if it is unset or empty.
    static func value(_ name: String) -> String? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return String(cString: value)
    }

    /// The default of `--store`: `$EASYSETUP_STORE`, else `easysetup` in `$XDG_DATA_HOME`, else in `~/.local/share`.
    /// Nil if these two variables and `$HOME` are all unset.
    static var store: PathArgument? {
        if let path = bytes("EASYSETUP_STORE") { return PathArgument(bytes: path) }
        return dataFolder.map { PathArgument(bytes: $0 + Array("/easysetup".utf8)) }
    }

    /// Creates the parents of the default store, for this user alone. The parents of other folders must exist.
    static func makeDataFolder() {
        guard value("EASYSETUP_STORE") == nil, let folder = dataFolder else { return }
        for (index, byte) in (folder + [UInt8(ascii: "/")]).enumerated() where byte == UInt8(ascii: "/") && index > 0 {
            mkdir(folder[..<index].map(CChar.init(bitPattern:)) + [0], 0o700)
        }
    }

    private static var dataFolder: [UInt8]? {
        // A relative path is ignored, as the XDG specification requires.
        if let folder = bytes("XDG_DATA_HOME"), folder[0] == UInt8(ascii: "/") { return folder }
        return bytes("HOME").map { $0 + Array("/.local/share".utf8) }
    }

    /// The bytes of an environment variable, because a path is not always UTF-8; nil if it is unset or empty.
    private static func bytes(_ name: String) -> [UInt8]? {
        guard let value = getenv(name), value.pointee != 0 else { return nil }
        return Array(UnsafeRawBufferPointer(start: value, count: strlen(value)))
    }
}
