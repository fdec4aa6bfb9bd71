/// A command for a Redis server: its name and its arguments, each of them any bytes.
package struct RESPCommand: Hashable, Sendable {
    package let words: [[UInt8]]

    /// A command in words that are texts.
    package init(_ words: String...) {
        self.words = words.map { Array($0.utf8) }
    }

    /// A command in words of any bytes.
    package init(words: [[UInt8]]) {
        self.words = words
    }

    /// Appends the command in the form in which a server reads it: a list of texts.
    package func encode(to bytes: inout [UInt8]) {
        bytes.reserveCapacity(bytes.count + words.reduce(16) { $0 + $1.count + 16 })
        Self.encode("*", words.count, to: &bytes)
        for word in words {
            Self.encode("$", word.count, to: &bytes)
            bytes += word
            bytes += Self.end
        }
    }

    /// The command's bytes.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        encode(to: &bytes)
        return bytes
    }

    private static let end = Array("\r\n".utf8)

    private static func encode(_ kind: Unicode.Scalar, _ count: Int, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: kind))
        bytes += "\(count)".utf8
        bytes += end
    }
}
