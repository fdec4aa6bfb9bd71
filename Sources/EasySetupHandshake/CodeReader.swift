internal import EasySetupSeed

/// Reads the symbols of a code out of what a person typed or pasted (`Protocol/code.md`, "Reading").
struct CodeReader {
    /// The symbols' values, of which there are 9 to 12, not yet checked against each other. Wiping them is the caller's part.
    private(set) var values: [UInt8] = []
    /// How many letters and digits were seen, of any script.
    private var count = 0
    private var error: CodeError?
    /// Whether a group may end here: white space or a dash was seen since the last symbol.
    private var isBetweenGroups = false
    /// Whether a mark was seen that the shift key makes of a digit.
    private var hasShiftedDigit = false
    /// How many letters and digits were seen up to the last colon or equals sign that has some before it.
    private var countAtLabel: Int?

    /// - Throws: ``CodeError``, which says what is wrong where.
    static func values(in text: Span<UInt8>) throws(CodeError) -> [UInt8] {
        guard text.count <= PairingCode.maximumTextBytes else { throw .tooLong }
        try TextEncoding(of: text).check()
        var reader = CodeReader()
        // Room for all of it at once: growing would leave copies behind.
        reader.values.reserveCapacity(PairingCode.symbolCounts.upperBound)
        var scanner = TextScanner(text)
        while let unit = scanner.next() {
            let place = scanner.place
            if case .mark(let scalar) = unit { scanner.skipHTML(after: scalar) }
            // The mark at which a tag or an entity begins is a part of it.
            if scanner.place == place { reader.take(unit) } else { reader.isBetweenGroups = true }
        }
        let error = reader.error ?? reader.lengthError
        guard let error else { return reader.values }
        Sodium.wipe(&reader.values)
        throw reader.hasLabel ? .hasLabel : error
    }

    private var lengthError: CodeError? {
        PairingCode.symbolCounts.contains(count) ? nil : .wrongLength(count)
    }

    /// Whether what is behind the last colon may be a code, and what is before it is none of it.
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

    private mutating func take(mark scalar: UInt32) {
        if let ascii = UInt8(exactly: scalar) {
            if Self.shiftedDigits.contains(ascii) { hasShiftedDigit = true }
            if ascii == UInt8(ascii: ":") || ascii == UInt8(ascii: "="), count > 0 { countAtLabel = count }
            if ascii == UInt8(ascii: "-") || ascii == UInt8(ascii: "_") { isBetweenGroups = true }
        } else if Unicode.Scalar(scalar)?.properties.generalCategory == .dashPunctuation || scalar == 0x2212 {
            isBetweenGroups = true
        }
    }

    /// A letter or digit comes. A mark alone between two of them stands where one should be; others are decoration.
    private mutating func beginSymbol() {
        if hasShiftedDigit, !isBetweenGroups, count > 0 { fail(.notASymbol(position: count + 1)) }
        hasShiftedDigit = false
        isBetweenGroups = false
        count += 1
        // The thirteenth symbol is an error by itself, whatever it is; counting goes on because the error tells the number of symbols.
        if count > PairingCode.symbolCounts.upperBound, error == nil { isTooMany = true }
    }

    private mutating func fail(_ error: CodeError) {
        if self.error == nil, !isTooMany { self.error = error }
    }

    /// Whether a thirteenth was met before any other error.
    private var isTooMany = false

    private static let shiftedDigits = Array("!#$%&@^".utf8)
}

extension TextEncoding {
    /// - Throws: ``CodeError/textUTF16`` or ``CodeError/textNotUTF8``.
    func check() throws(CodeError) {
        switch self {
        case .utf8: break
        case .utf16: throw .textUTF16
        case .other: throw .textNotUTF8
        }
    }
}
