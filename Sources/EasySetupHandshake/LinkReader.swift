public import EasySetupSeed

/// Finds the one pairing link of a text, however a program wrapped, quoted or encoded it (`Protocol/code.md`, "Reading
/// a link").
struct LinkReader: ~Escapable {
    /// The parts of a pairing link, in their canonical form.
    struct Parts: Equatable {
        var isPlain = false
        var authority: [UInt8] = []
        var slot: [UInt8] = []
        /// The secret's canonical symbols. The caller wipes them.
        var secret: [UInt8] = []
    }

    private var scanner: TextScanner
    /// Whether the scanner is at the beginning of a line, or has read only quote marks (`>`) of the line so far.
    private var beginsLine = false

    @_lifetime(copy scanner)
    private init(_ scanner: TextScanner) {
        self.scanner = scanner
    }

    /// Finds the link of a text and returns its parts. The caller wipes the secret.
    /// - Throws: ``CodeError/Code/notALink``, ``CodeError/Code/severalLinks``, or the error for the text's encoding.
    static func parts(in text: Span<UInt8>) throws(CodeError) -> Parts {
        guard text.count <= PairingLink.maximumTextBytes else { throw .notALink }
        try TextEncoding(of: text).check()
        var found: Parts?
        var scanner = TextScanner(text)
        var isInWord = false
        while true {
            if !isInWord {
                var reader = LinkReader(scanner)
                if let isPlain = reader.takeScheme() {
                    guard var parts = reader.takeParts(isPlain: isPlain) else { throw .notALink }
                    if var other = found {
                        let isSame = parts == other
                        Sodium.wipe(&parts.secret)
                        guard isSame else {
                            Sodium.wipe(&other.secret)
                            throw .severalLinks
                        }
                    } else {
                        found = parts
                    }
                    scanner = reader.scanner
                    continue
                }
            }
            guard let unit = scanner.next() else { break }
            isInWord =
                switch unit {
                case .symbol, .foreign, .accent: true
                default: false
                }
        }
        guard let found else { throw .notALink }
        return found
    }

    /// Whether the text ends in the middle of its first link, so that more text may complete the link.
    static func isCut(_ text: Span<UInt8>) -> Bool {
        guard text.count <= PairingLink.maximumTextBytes else { return false }
        var scanner = TextScanner(text)
        var isInWord = false
        while true {
            if !isInWord {
                var reader = LinkReader(scanner)
                if let isPlain = reader.takeScheme() {
                    return reader.takeParts(isPlain: isPlain) == nil && reader.scanner.isAtEnd
                }
            }
            switch scanner.next() {
            case nil: return false
            case .symbol, .foreign, .accent: isInWord = true
            default: isInWord = false
            }
        }
    }

    /// Whether to read the text as a link, not as a code: the text has the beginning of a pairing link or of a seed
    /// link, or is too long for a code.
    static func isMeant(by text: Span<UInt8>) -> Bool {
        guard text.count <= PairingLink.maximumTextBytes else { return true }
        var scanner = TextScanner(text)
        var isInWord = false
        while true {
            if !isInWord {
                var reader = LinkReader(scanner)
                if reader.takeScheme() != nil { return true }
                var other = scanner
                if other.skip(scheme: Array("easysetup-seed".utf8)) { return true }
            }
            guard let unit = scanner.next() else { return false }
            isInWord =
                switch unit {
                case .symbol, .foreign, .accent: true
                default: false
                }
        }
    }

    /// Reads a link's scheme with the colon and two slashes. Returns whether it is the scheme for a relay without TLS;
    /// nil if there is no scheme.
    private mutating func takeScheme() -> Bool? {
        var isPlain = false
        var ahead = scanner
        if !ahead.skip(scheme: Self.scheme) {
            isPlain = true
            ahead = scanner
            guard ahead.skip(scheme: Self.plainScheme) else { return nil }
        }
        scanner = ahead
        return next() == UInt8(ascii: "/") && next() == UInt8(ascii: "/") ? isPlain : nil
    }

    /// Reads a pairing link's text after the scheme; nil where that text does not form a link.
    private mutating func takeParts(isPlain: Bool) -> Parts? {
        var parts = Parts()
        parts.isPlain = isPlain
        // The full capacity is reserved at once, because a growing array leaves copies of the secret in freed memory.
        parts.secret.reserveCapacity(PairingLink.secretSymbols)
        guard let authority = take(upTo: UInt8(ascii: "/"), limit: PairingLink.maximumLength) else { return nil }
        parts.authority = authority.map { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 ? $0 | 0x20 : $0 }
        guard next() == UInt8(ascii: "1"), next() == UInt8(ascii: "/") else { return nil }
        guard let slot = take(upTo: UInt8(ascii: "#"), limit: PairingCode.slotLengths.upperBound) else { return nil }
        parts.slot = slot.map(Self.upperCase)
        for _ in 0..<PairingLink.secretSymbols {
            guard let byte = next(), Symbols.value(canonical: Self.upperCase(byte)) != nil else { return nil }
            parts.secret.append(Self.upperCase(byte))
        }
        switch scanner.peek() {
        case .symbol, .foreign, .accent: return nil
        default: return parts
        }
    }

    private mutating func take(upTo end: UInt8, limit: Int) -> [UInt8]? {
        var bytes: [UInt8] = []
        while let byte = next() {
            if byte == end { return bytes }
            guard bytes.count < limit else { return nil }
            bytes.append(byte)
        }
        return nil
    }

    /// Reads the next ASCII character of a link, which may be percent-encoded punctuation; nil at any other character
    /// and at the text's end. White space is skipped, and so are the characters that mail programs add where they wrap
    /// or quote a line: `>` at the beginning of a line and `=` at its end.
    private mutating func next() -> UInt8? {
        while let unit = scanner.next() {
            switch unit {
            case .space(let endsLine): beginsLine = beginsLine || endsLine
            case .zeroWidthSpace: continue
            case .mark(UInt32(UInt8(ascii: ">"))) where beginsLine: continue
            case .mark(UInt32(UInt8(ascii: "="))) where scanner.peek() == .space(endsLine: true): continue
            case .mark(UInt32(UInt8(ascii: "%"))):
                beginsLine = false
                guard let (high, low) = scanner.percentDigits() else { return nil }
                return Self.encoded[[high, Self.upperCase(low)]]
            case .symbol(let symbol):
                beginsLine = false
                return symbol
            case .mark(let scalar):
                beginsLine = false
                return UInt8(exactly: scalar).flatMap { Self.marks.contains($0) ? $0 : nil }
            case .foreign, .accent: return nil
            }
        }
        return nil
    }

    private static func upperCase(_ byte: UInt8) -> UInt8 {
        UInt8(ascii: "a")...UInt8(ascii: "z") ~= byte ? byte & 0xDF : byte
    }

    private static let scheme = Array("easysetup".utf8)
    private static let plainScheme = Array("easysetup+plain".utf8)
    private static let marks = Array(":/#[].-".utf8)
    private static let encoded: [[UInt8]: UInt8] = [
        Array("3A".utf8): UInt8(ascii: ":"), Array("2F".utf8): UInt8(ascii: "/"), Array("23".utf8): UInt8(ascii: "#"),
        Array("5B".utf8): UInt8(ascii: "["), Array("5D".utf8): UInt8(ascii: "]"),
    ]
}

extension PairingLink {
    /// Reads the one link of a text. Other programs may have wrapped, quoted or encoded it.
    ///
    /// - Parameters:
    ///   - text: `easysetup://HOST:PORT/1/SLOT#SECRET` with other text around it, at most ``maximumTextBytes``.
    ///   - allowPlain: whether a relay without TLS is accepted although it is not on this machine.
    /// - Throws: ``CodeError/Code/notALink``, ``CodeError/Code/severalLinks``, ``CodeError/Code/plainLink``, or the
    ///   error for an encoding other than UTF-8.
    public convenience init(parsing text: UserText, allowPlain: Bool = false) throws(CodeError) {
        var parts = try text.withText { (text) throws(CodeError) in try LinkReader.parts(in: text) }
        defer { Sodium.wipe(&parts.secret) }
        try self.init(parts, allowPlain: allowPlain)
    }

    /// Reads the one link of a string, as ``init(parsing:allowPlain:)`` does of a `UserText`. The string stays in
    /// memory, because Swift can't wipe strings.
    public convenience init(parsing text: String, allowPlain: Bool = false) throws(CodeError) {
        try self.init(parsing: text.utf8Span.span, allowPlain: allowPlain)
    }

    /// Reads the one link of a text in UTF-8; see ``init(parsing:allowPlain:)``.
    package convenience init(parsing text: Span<UInt8>, allowPlain: Bool = false) throws(CodeError) {
        var parts = try LinkReader.parts(in: text)
        defer { Sodium.wipe(&parts.secret) }
        try self.init(parts, allowPlain: allowPlain)
    }

    private convenience init(_ parts: LinkReader.Parts, allowPlain: Bool) throws(CodeError) {
        let authority = String(decoding: parts.authority, as: UTF8.self)
        guard let relay = RelayAddress(authority: authority[...], isPlain: parts.isPlain) else {
            throw CodeError.notALink
        }
        guard PairingCode.slotLengths.contains(parts.slot.count),
            parts.slot.allSatisfy({ Symbols.value(canonical: $0) != nil })
        else { throw CodeError.notALink }
        guard var secret = Symbols.decode(canonical: parts.secret), secret.count == Self.secretByteCount
        else { throw CodeError.notALink }
        let slot = String(decoding: parts.slot, as: UTF8.self)
        self.init(relay: relay, slot: slot, secret: SecretBytes(wiping: &secret))
        if relay.isPlain, !allowPlain, !relay.isLoopback { throw CodeError.plainLink }
    }

    /// Whether a program that expects a code or a link should read the text as a link: the text has the beginning of a
    /// pairing link or of a seed link, or has more than ``maximumTextBytes``.
    public static func isMeant(by text: UserText) -> Bool {
        text.withText { LinkReader.isMeant(by: $0) }
    }

    /// Whether the text ends in the middle of a link, as the first line of a link does that a mail program has wrapped.
    package static func isCut(_ text: UserText) -> Bool {
        text.withText { LinkReader.isCut($0) }
    }

    /// Whether a program that expects a code or a link should read a string as a link, as ``isMeant(by:)`` tells for a
    /// `UserText`. The string stays in memory, because Swift can't wipe strings.
    public static func isMeant(by text: String) -> Bool {
        LinkReader.isMeant(by: text.utf8Span.span)
    }
}
