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
            throw surplus(in: text, isLong: error.isOfText) ?? error
        }
    }

    private static func read(_ text: Span<UInt8>) throws(CodeError) -> [UInt8] {
        var reader = CodeReader()
        // The full capacity is reserved at once, because a growing array leaves copies of the code in freed memory.
        reader.values.reserveCapacity(PairingCode.symbolCounts.upperBound)
        var scanner = TextScanner(text)
        while let piece = Piece(takenFrom: &scanner) {
            switch piece {
            case .html: reader.isBetweenGroups = true
            case .unit(let unit):
                if scanner.isAtDashLetter, reader.expectsDash(before: scanner.peek()) {
                    reader.isBetweenGroups = true
                } else {
                    reader.take(unit)
                }
            }
        }
        var error = reader.error ?? reader.lengthError
        // In a longer text a U or a foreign letter is no mistyped symbol.
        if CodeError.wrongLength(reader.count).isOfText { error = .wrongLength(reader.count) }
        if error != nil, reader.hasLabel { error = .hasLabel }
        if error == nil, Field32.sum(reader.values) != UInt8(reader.values.count) { error = .mistyped }
        guard let error else { return reader.values }
        Sodium.wipe(&reader.values)
        throw error
    }

    /// The error for a text in which a code stands with something else before or behind it, such as the number of a list or a
    /// mail's signature, so that the fault is not in the code. Nil if there is no such code.
    /// - Parameter isLong: whether groups of symbols that look like a code are one, although the check symbol is wrong.
    private static func surplus(in text: Span<UInt8>, isLong: Bool) -> CodeError? {
        var scanner = TextScanner(text)
        var (hasSymbol, isBehindDivider) = (false, true)
        while true {
            let start = scanner.place
            guard let piece = Piece(takenFrom: &scanner) else { return nil }
            if piece.isCounted {
                if isBehindDivider, let end = endOfCode(in: text.extracting(start..<text.count), isLong: isLong) {
                    return end == .divider ? .hasMore : hasSymbol ? .hasLabel : nil
                }
                (hasSymbol, isBehindDivider) = (true, false)
            } else if piece.isDivider {
                isBehindDivider = true
            }
        }
    }

    private enum CodeEnd { case divider, text }

    /// The end of the code with which a text begins: a divider with more letters or digits behind it, or the text's end.
    /// Nil if the text does not begin with a code.
    private static func endOfCode(in text: Span<UInt8>, isLong: Bool) -> CodeEnd? {
        var scanner = TextScanner(text)
        var (count, dividerPlace): (Int, Int?) = (0, nil)
        // A code has at most 12 symbols, so no more than that are looked at, and the time stays linear.
        while count <= PairingCode.symbolCounts.upperBound {
            let place = scanner.place
            guard let piece = Piece(takenFrom: &scanner) else { return isCode(text, isLong) ? .text : nil }
            if piece.isCounted {
                if let end = dividerPlace, isCode(text.extracting(0..<end), isLong) { return .divider }
                dividerPlace = nil
                count += 1
            } else if piece.isDivider, dividerPlace == nil {
                dividerPlace = place
            }
        }
        return nil
    }

    private static func isCode(_ text: Span<UInt8>, _ isLong: Bool) -> Bool {
        if isLong, isGrouped(text) { return true }
        guard var values = try? read(text) else { return false }
        Sodium.wipe(&values)
        return true
    }

    /// Whether a text is symbols in the groups of a code, with one dash between each two. The check symbol may be wrong.
    private static func isGrouped(_ text: Span<UInt8>) -> Bool {
        var scanner = TextScanner(text)
        var groups = [0]
        while let piece = Piece(takenFrom: &scanner) {
            switch piece {
            case .unit(.symbol): groups[groups.count - 1] += 1
            case .unit(.mark(let scalar)) where Piece.isDash(scalar) && groups[groups.count - 1] > 0: groups.append(0)
            case .unit(.zeroWidthSpace): break
            // Text behind the last group is no part of the code.
            default: if piece.isCounted || groups.count < 3 { return false }
            }
        }
        return [[3, 3, 3], [3, 3, 4], [3, 4, 4], [4, 4, 4]].contains(groups)
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
        }
        if Piece.isDash(scalar) { isBetweenGroups = true }
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

/// A unit of a text in which a code is looked for, or a tag or an entity of HTML.
private enum Piece {
    case unit(TextUnit)
    case html

    /// Takes the next piece of a text; nil at the text's end. A percent-encoded character is the character itself.
    init?(takenFrom scanner: inout TextScanner) {
        guard let unit = scanner.next() else { return nil }
        self = .unit(unit)
        guard case .mark(let scalar) = unit else { return }
        if scalar == UInt32(UInt8(ascii: "%")), let byte = scanner.skipPercentEncoded() {
            self = .unit(0x21...0x7E ~= byte ? .mark(UInt32(byte)) : .space(endsLine: false))
            return
        }
        let place = scanner.place
        scanner.skipHTML(after: scalar)
        if scanner.place != place { self = .html }
    }

    /// Whether the piece counts as a symbol of a code, right or wrong.
    var isCounted: Bool {
        switch self {
        case .unit(.symbol), .unit(.foreign): true
        default: false
        }
    }

    /// Whether a code may end before the piece and begin behind it. A dash stands between the groups of a code.
    var isDivider: Bool {
        switch self {
        case .html, .unit(.space): true
        case .unit(.mark(let scalar)): !Self.isDash(scalar)
        default: false
        }
    }

    static func isDash(_ scalar: UInt32) -> Bool { CodeCheck.isDash(scalar) }
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
