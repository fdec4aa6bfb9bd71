public import EasySetupSeed

/// Reads the symbols of a code from a person's typed or pasted text (`Protocol/code.md`, "Reading").
struct CodeReader {
    /// The values of the symbols so far, at most 12. The caller verifies the check symbol and wipes the values.
    private(set) var values: [UInt8] = []
    /// The number of letters and digits so far, in any script.
    private var count = 0
    private var error: CodeError?
    /// Whether a group of symbols may end here, because white space or a dash came after the last symbol.
    private var isBetweenGroups = false
    /// The number of symbols since the last white space or dash.
    private var groupLength = 0
    /// Whether the last symbol is followed by a mark, such as `!`, that shares its key with a digit.
    private var hasShiftedDigit = false
    /// The number of letters and digits before the last colon or equals sign; nil if none of these signs has a letter
    /// or digit before it.
    private var countAtLabel: Int?

    /// Reads the values of a code's 9 to 12 symbols. The caller wipes the values.
    /// - Throws: ``CodeError`` with the fault and its position.
    static func values(in text: Span<UInt8>) throws(CodeError) -> [UInt8] {
        guard text.count <= PairingCode.maximumTextBytes else { throw .tooLong }
        try TextEncoding(of: text).check()
        do throws(CodeError) {
            return try read(text)
        } catch {
            throw surplus(in: text) ?? error
        }
    }

    private static func read(_ text: Span<UInt8>) throws(CodeError) -> [UInt8] {
        var reader = CodeReader()
        // The full capacity is reserved at once, because a growing array leaves copies of the code in freed memory.
        reader.values.reserveCapacity(PairingCode.symbolCounts.upperBound)
        var scanner = TextScanner(text)
        while let unit = scanner.next() {
            let place = scanner.place
            if case .mark(let scalar) = unit { scanner.skipHTML(after: scalar) }
            // If the mark is `<` or `&` and begins an HTML tag or entity, the whole tag or entity is skipped.
            if scanner.place != place || scanner.isAtDashLetter && reader.expectsDash(before: scanner.peek()) {
                reader.isBetweenGroups = true
            } else {
                reader.take(unit)
            }
        }
        var error = reader.error ?? reader.lengthError
        if error != nil, reader.hasLabel { error = .hasLabel }
        if error == nil, Field32.sum(reader.values) != UInt8(reader.values.count) { error = .mistyped }
        guard let error else { return reader.values }
        Sodium.wipe(&reader.values)
        throw error
    }

    /// The error for a text in which a code stands between white space, with something else before or behind it, such
    /// as the number of a list or a mail's signature, so that the fault is not in the code. Nil if there is no such
    /// code.
    private static func surplus(in text: Span<UInt8>) -> CodeError? {
        var scanner = TextScanner(text)
        var (hasSymbol, isBehindSpace) = (false, true)
        while true {
            let start = scanner.place
            switch scanner.next() {
            case .symbol, .foreign:
                if isBehindSpace, let end = endOfCode(in: text.extracting(start..<text.count)) {
                    return end == .space ? .hasMore : hasSymbol ? .hasLabel : nil
                }
                (hasSymbol, isBehindSpace) = (true, false)
            case .space: isBehindSpace = true
            case .mark, .accent, .zeroWidthSpace: break
            case nil: return nil
            }
        }
    }

    private enum CodeEnd { case space, text }

    /// The end of the code with which a text begins: white space with more letters or digits behind it, or the text's
    /// end. Nil if the text does not begin with a code.
    private static func endOfCode(in text: Span<UInt8>) -> CodeEnd? {
        var scanner = TextScanner(text)
        var (count, isBehindSpace) = (0, false)
        // A code has at most 12 symbols, so this function looks at no more than 13 letters and digits, and the whole
        // search takes linear time.
        while count <= PairingCode.symbolCounts.upperBound {
            let place = scanner.place
            switch scanner.next() {
            case .symbol, .foreign:
                if isBehindSpace, isCode(text.extracting(0..<place)) { return .space }
                isBehindSpace = false
                count += 1
            case .space: isBehindSpace = true
            case .mark, .accent, .zeroWidthSpace: break
            case nil: return isCode(text) ? .text : nil
            }
        }
        return nil
    }

    private static func isCode(_ text: Span<UInt8>) -> Bool {
        guard var values = try? read(text) else { return false }
        Sodium.wipe(&values)
        return true
    }

    private var lengthError: CodeError? {
        PairingCode.symbolCounts.contains(count) ? nil : .wrongLength(count)
    }

    /// Whether the text has a label before the code, such as "Code:", because as many letters and digits as a code has
    /// follow the last colon or equals sign.
    private var hasLabel: Bool {
        guard let countAtLabel else { return false }
        return PairingCode.symbolCounts.contains(count - countAtLabel)
    }

    private mutating func take(_ unit: TextUnit) {
        switch unit {
        case .symbol(let symbol):
            beginSymbol()
            if symbol & 0xDF == UInt8(ascii: "U") {
                fail(.containsU(position: count))
            } else if let value = Symbols.value(typed: Unicode.Scalar(symbol)) {
                if error == nil, values.count < PairingCode.symbolCounts.upperBound { values.append(value) }
            } else {
                fail(.notASymbol(position: count))
            }
        case .foreign(let script, isDigit: _):
            beginSymbol()
            fail(.foreignLetter(position: count, script: script))
        case .accent(let script): fail(.foreignLetter(position: max(count, 1), script: script))
        case .space: isBetweenGroups = true
        case .zeroWidthSpace: break
        case .mark(let scalar): take(mark: scalar)
        }
    }

    /// Whether a letter that some keyboards give for the dash stands where a dash may stand: directly between two
    /// groups of symbols, or with white space on both sides. Anywhere else the letter may be meant as a symbol: 一 is a
    /// Chinese 1.
    /// - Parameter next: the unit behind the letter.
    private func expectsDash(before next: TextUnit?) -> Bool {
        guard Self.groupLengths.contains(groupLength) else { return false }
        return switch next {
        case .symbol: !isBetweenGroups
        case .space: isBetweenGroups
        default: false
        }
    }

    private static let groupLengths = 3...4

    private mutating func take(mark scalar: UInt32) {
        if let ascii = UInt8(exactly: scalar) {
            if Self.shiftedDigits.contains(ascii) { hasShiftedDigit = true }
            if ascii == UInt8(ascii: ":") || ascii == UInt8(ascii: "="), count > 0 { countAtLabel = count }
            if ascii == UInt8(ascii: "-") || ascii == UInt8(ascii: "_") { isBetweenGroups = true }
        } else if Unicode.Scalar(scalar)?.properties.generalCategory == .dashPunctuation || scalar == 0x2212 {
            isBetweenGroups = true
        }
    }

    /// Counts a letter or digit. A mark such as `!` directly before it is an error, because the person has probably
    /// held the shift key while typing a digit. Other marks are decoration.
    private mutating func beginSymbol() {
        if hasShiftedDigit, !isBetweenGroups, count > 0 { fail(.notASymbol(position: count + 1)) }
        groupLength = isBetweenGroups ? 1 : groupLength + 1
        hasShiftedDigit = false
        isBetweenGroups = false
        count += 1
        // A thirteenth letter or digit is an error, because a code has at most 12 symbols. Counting goes on, because
        // the error contains the number of letters and digits.
        if count > PairingCode.symbolCounts.upperBound, error == nil { isTooMany = true }
    }

    private mutating func fail(_ error: CodeError) {
        if self.error == nil, !isTooMany { self.error = error }
    }

    /// Whether the text had a thirteenth letter or digit before any other error. A pairing code has at most 12 symbols.
    private var isTooMany = false

    private static let shiftedDigits = Array("!#$%&@^".utf8)
}

extension PairingCode {
    /// Reads a code that a person typed or pasted. Case, spaces, dashes, invisible characters and punctuation around it
    /// do not matter; O is read as 0, I and L as 1.
    ///
    /// - Parameter text: at most ``maximumTextBytes``.
    /// - Throws: ``CodeError`` with the fault and its position. The reader sends nothing to the network.
    public convenience init(typed text: UserText) throws(CodeError) {
        var values = try text.withText { (text) throws(CodeError) in try CodeReader.values(in: text) }
        defer { Sodium.wipe(&values) }
        self.init(values: values)
    }

    /// Reads a code from a string, as ``init(typed:)`` does from a `UserText`. The string stays in memory, because
    /// Swift can't wipe strings.
    public convenience init(typed text: String) throws(CodeError) {
        try self.init(typed: text.utf8Span.span)
    }

    /// Reads a code from UTF-8; see ``init(typed:)``.
    package convenience init(typed text: Span<UInt8>) throws(CodeError) {
        var values = try CodeReader.values(in: text)
        defer { Sodium.wipe(&values) }
        self.init(values: values)
    }
}

extension TextEncoding {
    /// Checks that the encoding is UTF-8.
    /// - Throws: ``CodeError/Code/textUTF16`` or ``CodeError/Code/textNotUTF8``.
    func check() throws(CodeError) {
        switch self {
        case .utf8: break
        case .utf16: throw .textUTF16
        case .other: throw .textNotUTF8
        }
    }
}
