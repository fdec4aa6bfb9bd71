import ArgumentParser

/// A path as it was given: bytes, which on most systems are whatever a file's name is, and not always UTF-8.
///
/// The parser of arguments takes texts. So each byte that is no UTF-8 goes through it as one of the last 128 code points,
/// U+10FF80 to U+10FFFF, which nothing uses; where a path has one of these in earnest, its bytes go the same way.
struct PathArgument: ExpressibleByArgument, Hashable, Sendable {
    /// The path's bytes, without a zero at the end.
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

    /// The path for the system's calls.
    var cString: [CChar] { bytes.map(CChar.init(bitPattern:)) + [0] }

    /// The path as text for a person.
    var defaultValueDescription: String { String(decoding: bytes, as: UTF8.self) }

    static let defaultCompletionKind: CompletionKind = .file()

    /// The text that stands for an argument of these bytes.
    static func text(of bytes: [UInt8]) -> String {
        var text = String.UnicodeScalarView()
        var rest = bytes[...]
        while let first = rest.first {
            // UTF-8 of one scalar takes one to four bytes.
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
