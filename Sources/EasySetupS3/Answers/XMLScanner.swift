/// The limits of the XML that a store may answer with. A longer text, or a deeper one, is no answer of a store.
package enum XMLLimits {
    /// The greatest length of an answer in bytes: a page of 1,000 names of 1,024 bytes, each byte of which may be
    /// percent-encoded, and 400 bytes around each.
    package static let answerBytes = 4 << 20
    /// The greatest number of elements that are open at once; the answers of stores have five.
    package static let depth = 16
    /// The greatest length of an element's name in bytes.
    package static let nameBytes = 64
    /// The greatest length of an element's text in bytes, before its entities are replaced.
    package static let textBytes = 16_384
}

/// The text is not XML of the form that stores write, or breaks one of the ``XMLLimits``.
package struct XMLFault: Error, Equatable {}

/// Reads the XML of a store's answer, element by element.
///
/// It takes what stores write (elements, attributes, which are skipped, text and its entities) and refuses everything
/// else that XML can have, document types above all, because an entity of one may stand for gigabytes. A general XML
/// library would read all of that, and on Linux bring full Foundation.
struct XMLScanner {
    /// A step through the text.
    enum Event: Equatable {
        /// An element begins; the name has no prefix of a namespace.
        case begin(String)
        /// The innermost element ends. The text is that since the last begin or end of any element.
        case end(String, text: String)
    }

    private let bytes: [UInt8]
    private var position = 0
    /// The names of the open elements as they were written.
    private var open: [ArraySlice<UInt8>] = []
    private var text: [UInt8] = []
    /// Whether the outermost element has ended.
    private var isOver = false
    /// The name of an element that was begun and ended by one tag.
    private var closing: String?

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    /// The next event; nil at the end of the text.
    mutating func next() throws(XMLFault) -> Event? {
        guard bytes.count <= XMLLimits.answerBytes else { throw XMLFault() }
        if let name = closing {
            closing = nil
            return .end(name, text: "")
        }
        while position < bytes.count {
            guard bytes[position] == UInt8(ascii: "<") else {
                try readText()
                continue
            }
            position += 1
            guard let first = peek else { throw XMLFault() }
            switch first {
            case UInt8(ascii: "?"): try skipInstruction()
            case UInt8(ascii: "/"): return try end()
            default: return try begin()
            }
        }
        guard open.isEmpty, isOver else { throw XMLFault() }
        return nil
    }

    private var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func readText() throws(XMLFault) {
        let start = position
        while let byte = peek, byte != UInt8(ascii: "<") { position += 1 }
        let piece = bytes[start..<position]
        if open.isEmpty {
            // The mark of the byte order may stand before the first element.
            let isMark = start == 0 && piece.starts(with: [0xEF, 0xBB, 0xBF])
            guard piece.dropFirst(isMark ? 3 : 0).allSatisfy(Self.isSpace) else { throw XMLFault() }
            return
        }
        guard piece.count <= XMLLimits.textBytes else { throw XMLFault() }
        try append(piece)
    }

    /// Appends a text with its entities replaced.
    private mutating func append(_ piece: ArraySlice<UInt8>) throws(XMLFault) {
        var index = piece.startIndex
        while index < piece.endIndex {
            let byte = piece[index]
            index += 1
            guard byte == UInt8(ascii: "&") else {
                text.append(byte)
                continue
            }
            // The longest entity that stands for a character is `&#1114111;`.
            guard let end = piece[index...].prefix(9).firstIndex(of: UInt8(ascii: ";")) else { throw XMLFault() }
            text += Array(String(try Self.character(String(decoding: piece[index..<end], as: UTF8.self))).utf8)
            index = end + 1
        }
    }

    private static func character(_ entity: String) throws(XMLFault) -> Character {
        switch entity {
        case "amp": return "&"
        case "lt": return "<"
        case "gt": return ">"
        case "quot": return "\""
        case "apos": return "'"
        default: break
        }
        guard entity.hasPrefix("#") else { throw XMLFault() }
        let isHex = entity.hasPrefix("#x")
        let digits = entity.dropFirst(isHex ? 2 : 1)
        guard digits.utf8.allSatisfy({ Character(Unicode.Scalar($0)).isHexDigit }),
            let scalar = UInt32(digits, radix: isHex ? 16 : 10).flatMap(Unicode.Scalar.init)
        else { throw XMLFault() }
        return Character(scalar)
    }

    /// Skips `<?xml …?>`, which stands before the first element.
    private mutating func skipInstruction() throws(XMLFault) {
        guard open.isEmpty, !isOver else { throw XMLFault() }
        while let byte = peek {
            position += 1
            if byte == UInt8(ascii: "?"), peek == UInt8(ascii: ">") {
                position += 1
                return
            }
        }
        throw XMLFault()
    }

    private mutating func begin() throws(XMLFault) -> Event {
        let name = try readName()
        guard !isOver, open.count < XMLLimits.depth else { throw XMLFault() }
        text = []
        var quote: UInt8?
        while let byte = peek {
            position += 1
            if let mark = quote {
                if byte == mark { quote = nil }
                continue
            }
            switch byte {
            case UInt8(ascii: "\""), UInt8(ascii: "'"): quote = byte
            case UInt8(ascii: "<"): throw XMLFault()
            case UInt8(ascii: ">"):
                open.append(name)
                return .begin(Self.local(name))
            case UInt8(ascii: "/") where peek == UInt8(ascii: ">"):
                position += 1
                closing = Self.local(name)
                if open.isEmpty { isOver = true }
                return .begin(Self.local(name))
            default: break
            }
        }
        throw XMLFault()
    }

    private mutating func end() throws(XMLFault) -> Event {
        position += 1
        let name = try readName()
        while let byte = peek, Self.isSpace(byte) { position += 1 }
        guard peek == UInt8(ascii: ">"), open.popLast() == name else { throw XMLFault() }
        position += 1
        if open.isEmpty { isOver = true }
        defer { text = [] }
        guard let text = String(validating: text, as: UTF8.self) else { throw XMLFault() }
        return .end(Self.local(name), text: text)
    }

    private mutating func readName() throws(XMLFault) -> ArraySlice<UInt8> {
        let start = position
        while let byte = peek, Self.isOfName(byte) { position += 1 }
        guard (1...XMLLimits.nameBytes).contains(position - start) else { throw XMLFault() }
        return bytes[start..<position]
    }

    private static func local(_ name: ArraySlice<UInt8>) -> String {
        let start = name.lastIndex(of: UInt8(ascii: ":")).map { $0 + 1 } ?? name.startIndex
        return String(decoding: name[start...], as: UTF8.self)
    }

    private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

    private static func isOfName(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
            UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"), UInt8(ascii: "."),
            UInt8(ascii: ":"):
            true
        default: false
        }
    }
}

extension XMLScanner {
    /// Reads the whole text, and calls a closure at each element's end with the names of the elements from the
    /// outermost to this one, and with its text.
    static func read(
        _ bytes: [UInt8],
        _ body: (_ path: [String], _ text: String) throws(XMLFault) -> Void
    ) throws(XMLFault) {
        var scanner = XMLScanner(bytes)
        var path: [String] = []
        while let event = try scanner.next() {
            switch event {
            case .begin(let name): path.append(name)
            case .end(_, let text):
                try body(path, text)
                path.removeLast()
            }
        }
    }
}
