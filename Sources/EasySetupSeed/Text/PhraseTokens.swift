/// The separators between a token and the token before it.
struct TokenBreaks: OptionSet {
    let rawValue: UInt16
    static let line = TokenBreaks(rawValue: 1)
    /// A blank line.
    static let paragraph = TokenBreaks(rawValue: 2)
    static let quote = TokenBreaks(rawValue: 4)
    /// A colon or an equals sign, on the line of the previous token.
    static let colon = TokenBreaks(rawValue: 8)
    /// A square or curly bracket, as in a JSON list.
    static let bracket = TokenBreaks(rawValue: 16)
    /// A full stop or an exclamation mark.
    static let stop = TokenBreaks(rawValue: 32)
    /// A question mark or a number sign, at which parts of a web address begin.
    static let query = TokenBreaks(rawValue: 64)
    /// An ampersand or a semicolon, which stand between the fields of a form or a row.
    static let field = TokenBreaks(rawValue: 128)
    static let parenthesis = TokenBreaks(rawValue: 256)
    /// A `<`, with which a tag may begin, or a `>`.
    static let angle = TokenBreaks(rawValue: 512)
    static let comma = TokenBreaks(rawValue: 1024)
    /// Any other mark.
    static let mark = TokenBreaks(rawValue: 2048)

    /// The separators that end a sentence, a field or an element of a text.
    static let ends: TokenBreaks = [.quote, .colon, .bracket, .stop, .query, .field, .parenthesis, .angle]

    init(rawValue: UInt16) {
        self.rawValue = rawValue
    }

    /// The marks that cut a text into parts where they do not stand between most words.
    static let delimiters: [TokenBreaks] = [
        .quote, .colon, .bracket, .stop, .query, .field, .parenthesis, .angle, .comma, .mark,
    ]

    /// The kind of a mark other than a colon; `.mark` for one without a kind of its own.
    init(mark scalar: UInt32) {
        self = Self.kinds[scalar] ?? .mark
    }

    private static let kinds: [UInt32: TokenBreaks] = {
        let marks: [(String, TokenBreaks)] = [
            ("\"'`«»‹›‘’‚‛“”„‟「」『』〝〞〟", .quote), ("[]{}", .bracket), (".!。", .stop), ("?#", .query), ("&;", .field),
            ("()", .parenthesis), ("<>", .angle), (",、", .comma),
        ]
        var kinds: [UInt32: TokenBreaks] = [:]
        for (scalars, kind) in marks {
            for scalar in scalars.unicodeScalars { kinds[scalar.value] = kind }
        }
        return kinds
    }()
}

/// A word or a number of a text.
struct PhraseToken {
    private var letters: UInt64 = 0
    /// The value of this token if it is a number: 65,535 if the number is larger or has digits outside ASCII. 0 if it
    /// is a word.
    private(set) var number: UInt16 = 0
    private var length: UInt8 = 0
    private var flags: UInt8 = 0
    private var script: UInt8 = 0
    private var breakBits: UInt16 = 0

    init(_ word: WrittenWord, breaks: TokenBreaks) {
        letters = word.letters
        length = UInt8(word.length)
        flags = (word.isWhole ? 1 : 0) | (word.isForeignMark ? 4 : 0) | (word.isCapital ? 8 : 0)
        script = word.script.flatMap { Script.allCases.firstIndex(of: $0) }.map { UInt8($0 + 1) } ?? 0
        breakBits = breaks.rawValue
    }

    init(number: UInt16, breaks: TokenBreaks) {
        self.number = number
        flags = 2
        breakBits = breaks.rawValue
    }

    var isNumber: Bool { flags & 2 != 0 }
    /// Whether the word begins with one of the letters `A` to `Z`.
    var isCapital: Bool { flags & 8 != 0 }
    var breaks: TokenBreaks { TokenBreaks(rawValue: breakBits) }

    var word: WrittenWord {
        WrittenWord(
            letters: letters,
            length: Int(length),
            isWhole: flags & 1 != 0,
            script: script == 0 ? nil : Script.allCases[Int(script) - 1],
            isForeignMark: flags & 4 != 0
        )
    }
}

/// A list of a text's words and numbers. It is in locked memory, because the words may be a recovery phrase.
struct TokenList: ~Copyable {
    private let storage: SecretBytes
    private(set) var count = 0

    init(capacity: Int) {
        storage = SecretBytes(zeros: capacity * MemoryLayout<PhraseToken>.stride)
    }

    mutating func append(_ token: PhraseToken) {
        count += 1
        self[count - 1] = token
    }

    subscript(index: Int) -> PhraseToken {
        get {
            unsafe storage.bytes.unsafeLoad(
                fromByteOffset: index * MemoryLayout<PhraseToken>.stride,
                as: PhraseToken.self
            )
        }
        set {
            unsafe storage.withUnsafeMutableBytes {
                unsafe $0.storeBytes(
                    of: newValue,
                    toByteOffset: index * MemoryLayout<PhraseToken>.stride,
                    as: PhraseToken.self
                )
            }
        }
    }
}

/// Splits a text into words and numbers at all other characters (`Protocol/seed.md`, "Reading a phrase").
struct Tokenizer: ~Escapable {
    private var scanner: TextScanner
    private var skipped: [Range<Int>]
    private let separatesAtZeroWidth: Bool
    /// The separators since the last token. After ``run(_:)`` they are those after the text's last token.
    private(set) var breaks: TokenBreaks = []
    private var lineIsBlank = false
    private var word: WrittenWord?
    private var number: UInt16?
    /// Whether the current word begins directly after a number.
    private var followsNumber = false
    /// The number behind the one or two letters that the current word begins with, as in `No1`; nil if there is none,
    /// or if anything else follows.
    private var tail: UInt16?

    /// Whether the text so far has a zero-width space (U+200B).
    private(set) var metZeroWidthSpace = false

    /// - Parameters:
    ///   - skipped: the ranges of links, in their order, as offsets in bytes. The contents of links are no words.
    ///   - separatesAtZeroWidth: whether a zero-width space (U+200B) ends a word.
    @_lifetime(copy text)
    init(_ text: Span<UInt8>, skipping skipped: [Range<Int>] = [], separatesAtZeroWidth: Bool = false) {
        self.scanner = TextScanner(text)
        self.skipped = skipped.reversed()
        self.separatesAtZeroWidth = separatesAtZeroWidth
    }

    /// Passes all tokens of the text to a closure, in their order.
    mutating func run(_ add: (PhraseToken) -> Void) {
        while true {
            if let range = skipped.last, scanner.place >= range.lowerBound {
                finish(add)
                skipped.removeLast()
                scanner.jump(to: range.upperBound)
                lineIsBlank = false
                continue
            }
            guard let unit = scanner.next() else { break }
            take(unit, add)
        }
        finish(add)
    }

    private mutating func take(_ unit: TextUnit, _ add: (PhraseToken) -> Void) {
        switch unit {
        case .symbol(let symbol): take(symbol, add)
        case .foreign(_, isDigit: true) where word == nil: number = .max
        case .foreign(let script, isDigit: _), .accent(let script):
            if word == nil { beginWord(add) }
            word?.append(foreign: script)
            tail = nil
        case .zeroWidthSpace:
            metZeroWidthSpace = true
            if separatesAtZeroWidth { finish(add) }
        case .space(let endsLine):
            finish(add)
            if endsLine {
                breaks.insert(lineIsBlank ? [.line, .paragraph] : .line)
                lineIsBlank = true
            }
        case .mark(let scalar):
            // A mail program has cut the line here, in the middle of a word or between two.
            if scalar == UInt32(UInt8(ascii: "=")), scanner.skipSoftLineEnd() { return }
            finish(add)
            lineIsBlank = false
            if scalar == UInt32(UInt8(ascii: "%")), let byte = scanner.skipPercentEncoded() {
                return note(encoded: byte)
            }
            let place = scanner.place
            if scanner.skipHTML(after: scalar) { breaks.insert(.line) }
            // An entity such as `&nbsp;` ends nothing.
            let isEntity = scalar == UInt32(UInt8(ascii: "&")) && scanner.place != place
            if !isEntity { note(scalar) }
        }
    }

    private mutating func note(_ mark: UInt32) {
        if mark == UInt32(UInt8(ascii: ":")) || mark == UInt32(UInt8(ascii: "=")) {
            if !breaks.contains(.line) { breaks.insert(.colon) }
        } else {
            breaks.insert(TokenBreaks(mark: mark))
        }
    }

    /// Notes a character that was written in percent encoding.
    private mutating func note(encoded byte: UInt8) {
        switch byte {
        case 0x0A, 0x0D: breaks.insert(.line)
        case 0x00...0x20, 0x7F: break
        default: note(UInt32(byte))
        }
    }

    private mutating func take(_ symbol: UInt8, _ add: (PhraseToken) -> Void) {
        let isDigit = symbol <= UInt8(ascii: "9")
        if word == nil, isDigit {
            number = Self.number(number, and: symbol)
        } else {
            if word == nil { beginWord(add) }
            let canEnd = word?.isWhole == true || tail != nil
            tail = isDigit && canEnd && (word?.length ?? 0) <= 2 ? Self.number(tail, and: symbol) : nil
            word?.append(symbol)
        }
    }

    /// The number with one more decimal digit at its end; 65,535 if the result is larger.
    private static func number(_ number: UInt16?, and digit: UInt8) -> UInt16 {
        let (product, overflow) = (number ?? 0).multipliedReportingOverflow(by: 10)
        let (sum, more) = product.addingReportingOverflow(UInt16(digit - UInt8(ascii: "0")))
        return overflow || more || number == .max ? .max : sum
    }

    private mutating func beginWord(_ add: (PhraseToken) -> Void) {
        followsNumber = number != nil
        finishNumber(add)
        word = WrittenWord()
    }

    private mutating func finishNumber(_ add: (PhraseToken) -> Void) {
        guard let number else { return }
        add(PhraseToken(number: number, breaks: takeBreaks()))
        self.number = nil
    }

    private mutating func finish(_ add: (PhraseToken) -> Void) {
        finishNumber(add)
        guard let word else { return }
        self.word = nil
        // 1st, 2e, 3er and 4th are numbers. Their letters are no words, because words of BIP-39's list have at least
        // three letters.
        if followsNumber, word.isWhole, word.length <= 2 { return }
        if let tail {
            self.tail = nil
            add(PhraseToken(number: tail, breaks: takeBreaks()))
            return
        }
        add(PhraseToken(word, breaks: takeBreaks()))
    }

    private mutating func takeBreaks() -> TokenBreaks {
        lineIsBlank = false
        defer { breaks = [] }
        return breaks
    }
}
