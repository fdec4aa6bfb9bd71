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
        bytes.reserve(words.reduce(16) { $0 + $1.count + 16 })
        Self.encode("*", words.count, to: &bytes)
        for word in words { Self.encode(word, to: &bytes) }
    }

    /// Appends the command of these three words. A relay publishes more often than it does anything else, and needs no list
    /// of words for it.
    static func encode(_ name: [UInt8], _ first: [UInt8], _ second: [UInt8], to bytes: inout [UInt8]) {
        bytes.reserve(64 + name.count + first.count + second.count)
        encode("*", 3, to: &bytes)
        encode(name, to: &bytes)
        encode(first, to: &bytes)
        encode(second, to: &bytes)
    }

    /// The command's bytes.
    package var encoded: [UInt8] {
        var bytes: [UInt8] = []
        encode(to: &bytes)
        return bytes
    }

    private static func encode(_ word: [UInt8], to bytes: inout [UInt8]) {
        encode("$", word.count, to: &bytes)
        bytes += word
        end(&bytes)
    }

    private static func encode(_ kind: Unicode.Scalar, _ count: Int, to bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: kind))
        var power = 1
        while power <= count / 10 { power *= 10 }
        while power > 0 {
            bytes.append(UInt8(ascii: "0") + UInt8(count / power % 10))
            power /= 10
        }
        end(&bytes)
    }

    private static func end(_ bytes: inout [UInt8]) {
        bytes.append(UInt8(ascii: "\r"))
        bytes.append(UInt8(ascii: "\n"))
    }
}

extension [UInt8] {
    /// Makes room for more bytes. The room grows by half at least, so that many small ones do not cost a copy each.
    fileprivate mutating func reserve(_ more: Int) {
        if count + more > capacity { reserveCapacity(Swift.max(count + more, capacity * 3 / 2)) }
    }
}
