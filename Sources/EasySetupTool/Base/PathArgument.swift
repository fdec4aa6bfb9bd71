import ArgumentParser

/// A path in an argument: bytes, because file names on most systems are not always UTF-8.
///
/// The argument parser takes only text. So each byte that is not UTF-8 is encoded as one of the last 128 code points,
/// U+10FF80 to U+10FFFF, which are unused; if a path contains one of these, its bytes are encoded in the same way.
struct PathArgument: ExpressibleByArgument, Hashable, Sendable {
    /// The path's bytes, without a zero byte at the end.
    let bytes: [UInt8]

    init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    init(argument: String) {
        bytes = argument.unicodeScalars.flatMap { scalar in
            Self.stray.contains(scalar.value)
                ? [UInt8(scalar.value - Self.stray.lowerBound) + 0x80] : Array(String(scalar).utf8)
        }
    }

    /// The path as a C string for system calls.
    var cString: [CChar] { bytes.map(CChar.init(bitPattern:)) + [0] }

    /// The path as text for a person.
    var defaultValueDescription: String { String(decoding: bytes, as: UTF8.self) }

    static let defaultCompletionKind: CompletionKind = .file()

    /// Encodes the bytes of a command-line argument, which need not be UTF-8, as text for the argument parser.
    static func text(of bytes: [UInt8]) -> String {
        var text = String.UnicodeScalarView()
        var rest = bytes[...]
        while let first = rest.first {
            // A scalar takes one to four bytes in UTF-8.
            let scalar = (1...4).lazy.filter { $0 <= rest.count }
                .compactMap { String(validating: rest.prefix($0), as: UTF8.self)?.unicodeScalars.first }.first
            if let scalar, !stray.contains(scalar.value) {
                text.append(scalar)
                rest = rest.dropFirst(UTF8.width(scalar))
            } else {
                text.append(
                    first < 0x80 ? Unicode.Scalar(first) : Unicode.Scalar(stray.lowerBound + UInt32(first - 0x80))!
                )
                rest = rest.dropFirst()
            }
        }
        return String(text)
    }

    private static let stray: ClosedRange<UInt32> = 0x10FF80...0x10FFFF
}
