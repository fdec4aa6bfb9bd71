/// The path of a file as the system has it: bytes, which are any but zero and not always UTF-8.
public struct PathBytes: Sendable, Hashable, CustomStringConvertible {
    /// The bytes, without a zero at the end.
    public let bytes: [UInt8]

    /// A path of these bytes, up to the first zero.
    public init(bytes: [UInt8]) {
        self.bytes = Array(bytes.prefix { $0 != 0 })
    }

    /// A path that is text.
    public init(_ text: String) {
        self.init(bytes: Array(text.utf8))
    }

    /// The path for a person.
    public var description: String { String(decoding: bytes, as: UTF8.self) }

    /// The path for the system's calls.
    var cString: [CChar] { bytes.map(CChar.init(bitPattern:)) + [0] }

    /// The path of the folder in which it is.
    var folder: PathBytes {
        let slash = bytes.lastIndex(of: UInt8(ascii: "/"))
        return slash.map { PathBytes(bytes: Array(bytes[...$0])) } ?? PathBytes(".")
    }

    /// The path with a text behind it.
    func appending(_ text: String) -> PathBytes { PathBytes(bytes: bytes + Array(text.utf8)) }
}
