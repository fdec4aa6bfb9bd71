/// A file path as the system stores it: any bytes except zero. It need not be UTF-8.
public struct PathBytes: Sendable, Hashable, CustomStringConvertible {
    /// The path's bytes, without a zero byte at the end.
    public let bytes: [UInt8]

    /// Makes a path of these bytes, up to the first zero byte.
    public init(bytes: [UInt8]) {
        self.bytes = Array(bytes.prefix { $0 != 0 })
    }

    /// Makes a path of the text's bytes in UTF-8.
    public init(_ text: String) {
        self.init(bytes: Array(text.utf8))
    }

    /// The path for display, in which bytes that are not UTF-8 are replaced by U+FFFD.
    public var description: String { String(decoding: bytes, as: UTF8.self) }

    /// The path as a zero-terminated C string, for system calls.
    var cString: [CChar] { bytes.map(CChar.init(bitPattern:)) + [0] }

    /// The path of the folder that contains the file.
    var folder: PathBytes {
        let slash = bytes.lastIndex(of: UInt8(ascii: "/"))
        return slash.map { PathBytes(bytes: Array(bytes[...$0])) } ?? PathBytes(".")
    }

    /// The path with text appended.
    func appending(_ text: String) -> PathBytes { PathBytes(bytes: bytes + Array(text.utf8)) }
}
