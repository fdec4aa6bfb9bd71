/// Finds seed links in a text (`Protocol/seed.md`, "Reading a seed link"). A link may be wrapped by a mail program, in
/// quotation marks, in Markdown, or percent-encoded.
struct SeedLinkFinder: ~Copyable {
    /// The ranges of seed links in the text, in their order, as offsets in bytes.
    private(set) var places: [Range<Int>] = []
    /// The seed that the first readable seed link of the text contains; nil if no link can be read.
    private(set) var seed: SecretBytes?
    /// The first error: a link that can't be read, or whose seed differs from that of the links before it. Nil if there
    /// is none.
    private(set) var error: SeedError?
    /// Whether the text ends in the middle of the last link.
    private(set) var isCut = false

    init(_ text: Span<UInt8>) {
        var scanner = TextScanner(text)
        var isInWord = false
        while true {
            let start = scanner.place
            var ahead = scanner
            if !isInWord, ahead.skip(scheme: Self.scheme) {
                take(&ahead)
                places.append(start..<ahead.place)
                scanner = ahead
                continue
            }
            switch scanner.next() {
            case nil: return
            case .symbol, .foreign, .accent: isInWord = true
            default: isInWord = false
            }
        }
    }

    private mutating func take(_ scanner: inout TextScanner) {
        do throws(SeedError) {
            let seed = try Self.seed(&scanner, &isCut)
            if let other = self.seed.take() {
                let isSame = other.isEqual(to: seed)
                self.seed = consume other
                if !isSame { throw .severalSeeds }
            } else {
                self.seed = consume seed
            }
        } catch {
            self.error = self.error ?? error
        }
    }

    private static func seed(_ scanner: inout TextScanner, _ isCut: inout Bool) throws(SeedError) -> SecretBytes {
        let version = scanner.takeVersion()
        guard version != .none else {
            isCut = scanner.isAtEnd
            throw .linkDamaged
        }
        guard version == .first else { throw .linkVersion }
        var symbols = SecretWriter(count: SeedLink.symbolCount)
        for _ in 0..<SeedLink.symbolCount {
            guard let symbol = scanner.takeSymbol() else {
                isCut = scanner.isAtEnd
                throw .linkDamaged
            }
            symbols.append(symbol)
        }
        isCut = false
        switch scanner.peek() {
        case .symbol, .foreign, .accent: throw .linkDamaged
        default: break
        }
        let written = symbols.finish()
        return try SeedLink.seed(fromSymbols: written.bytes.asBytes)
    }

    private static let scheme = Array("easysetup-seed".utf8)
}

/// The version of a seed link: version 1, another version, or text that is no version.
private enum LinkVersion {
    case first, another, none
}

extension TextScanner {
    /// Skips a link's scheme, in upper or lower case, and the colon after it. White space between their characters is
    /// skipped, because programs wrap lines. Returns false, at an unspecified position, if another text follows.
    package mutating func skip(scheme: [UInt8]) -> Bool {
        for (index, byte) in scheme.enumerated() {
            if byte == UInt8(ascii: "+") {
                guard skip(mark: byte, percent: ("2", "B")) else { return false }
                continue
            }
            guard let unit = index == 0 ? next() : nextInLink() else { return false }
            switch unit {
            case .symbol(let symbol): if lowercase(symbol) != byte { return false }
            case .mark(let scalar): if scalar != UInt32(byte) { return false }
            default: return false
            }
        }
        return skip(mark: UInt8(ascii: ":"), percent: ("3", "A"))
    }

    /// Skips the punctuation mark `mark`, which may be percent-encoded with the digits `percent`. Returns false, at an
    /// unspecified position, if another text follows.
    package mutating func skip(mark: UInt8, percent: (Unicode.Scalar, Unicode.Scalar)) -> Bool {
        switch nextInLink() {
        case .mark(UInt32(mark)): return true
        case .mark(UInt32(UInt8(ascii: "%"))):
            guard let (high, low) = percentDigits() else { return false }
            return high == UInt8(ascii: percent.0) && (low & 0xDF) == UInt8(ascii: percent.1)
        default: return false
        }
    }

    /// Reads the two digits after a percent sign; nil if there are none. A link inside another link may be encoded
    /// twice, so the digits `25`, which encode the percent sign itself, are skipped.
    package mutating func percentDigits() -> (UInt8, UInt8)? {
        while true {
            guard case .symbol(let high) = nextInLink() else { return nil }
            guard case .symbol(let low) = nextInLink() else { return nil }
            if high != UInt8(ascii: "2") || low != UInt8(ascii: "5") { return (high, low) }
        }
    }

    /// Whether only white space is left.
    package var isAtEnd: Bool {
        var ahead = self
        return ahead.nextInLink() == nil
    }

    /// The next unit other than white space; nil at the text's end.
    private mutating func nextInLink() -> TextUnit? {
        while true {
            let unit = next()
            switch unit {
            case .space, .zeroWidthSpace: continue
            default: return unit
            }
        }
    }

    /// Skips a link's version number and the slash after it.
    fileprivate mutating func takeVersion() -> LinkVersion {
        var digits = 0
        var isFirst = false
        while true {
            var ahead = self
            guard case .symbol(let symbol) = ahead.nextInLink(), symbol <= UInt8(ascii: "9") else { break }
            digits += 1
            isFirst = digits == 1 && symbol == UInt8(ascii: "1")
            self = ahead
        }
        guard digits > 0, skip(mark: UInt8(ascii: "/"), percent: ("2", "F")) else { return .none }
        return isFirst ? .first : .another
    }

    /// Reads the next letter or digit, in upper case, and skips marks and spaces before it. Nil at the text's end, or
    /// if a letter or digit outside ASCII is next, which stays unread.
    fileprivate mutating func takeSymbol() -> UInt8? {
        while true {
            switch peek() {
            case .symbol(let symbol):
                _ = next()
                return symbol >= UInt8(ascii: "a") ? symbol & 0xDF : symbol
            case nil, .foreign, .accent: return nil
            default: _ = next()
            }
        }
    }
}

private func lowercase(_ byte: UInt8) -> UInt8 {
    UInt8(ascii: "A")...UInt8(ascii: "Z") ~= byte ? byte | 0x20 : byte
}
