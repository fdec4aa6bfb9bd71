import EasySetupHandshake
import EasySetupSeed

/// The reading of a line that a person is typing where a code is asked for: the symbols so far, their groups, whether the
/// code is complete, and how all of it is drawn (`Protocol/code.md`, "Typing").
///
/// The field is a function of the whole line, so it does not matter whether the line was typed or pasted, in one piece or
/// byte by byte. A line that can't be the beginning of a code (a link, a sentence, the word `help `) is left alone.
struct CodeField {
    /// The canonical symbols so far.
    private var symbols: [UInt8] = []
    /// The offset of each symbol in the line, in bytes.
    private var places: [Int] = []
    /// The numbers of symbols behind which the person ended a group, by white space or a dash.
    private var ends: Set<Int> = []
    /// The reason why the last letter of the line is not taken; nil if it is.
    private var refusal: CodeError?
    private var hasRefused = false
    /// The numbers of symbols of a code that may become of the line, in order; empty if the line is no code.
    private var counts = Array(CodeCheck.counts)
    /// The number of letters of a link's scheme with which the line begins; nil if it begins otherwise.
    private var schemeLength: Int? = 0

    /// A link begins with this word, in which a code's reader would refuse the U.
    private static let scheme = Array("easysetu".utf8)
    /// The marks that share their keys with digits.
    private static let shiftedDigits = Array("!#$%&@^".utf8)

    init(_ line: Span<UInt8>) {
        var scanner = TextScanner(line)
        // A growing array leaves copies of the code in freed memory.
        symbols.reserveCapacity(CodeCheck.counts.upperBound + 1)
        while !counts.isEmpty {
            let place = scanner.place
            guard let unit = scanner.next() else { break }
            take(unit, at: place, isDashLetter: scanner.isAtDashLetter)
        }
    }

    private mutating func take(_ unit: TextUnit, at place: Int, isDashLetter: Bool) {
        switch unit {
        case .symbol(let letter):
            followScheme(letter)
            if letter & 0xDF == UInt8(ascii: "U") { return refuse(.containsU(position: symbols.count + 1)) }
            guard let value = Symbols.value(typed: Unicode.Scalar(letter)) else { return counts = [] }
            refusal = nil
            symbols.append(Symbols.alphabet[Int(value)])
            places.append(place)
            counts.removeAll { $0 < symbols.count }
        case _ where isDashLetter: endGroup()
        case .foreign(let script, isDigit: _):
            schemeLength = nil
            refuse(.foreignLetter(position: symbols.count + 1, script: script))
        case .accent(let script): refuse(.foreignLetter(position: max(symbols.count, 1), script: script))
        case .space: endGroup()
        case .zeroWidthSpace: break
        case .mark(let scalar):
            if CodeCheck.isDash(scalar) {
                endGroup()
            } else if let ascii = UInt8(exactly: scalar), Self.shiftedDigits.contains(ascii) {
                refuse(.notASymbol(position: symbols.count + 1))
            } else {
                counts = []
            }
        }
    }

    private mutating func refuse(_ error: CodeError) {
        (refusal, hasRefused) = (error, true)
    }

    private mutating func endGroup() {
        schemeLength = nil
        ends.insert(symbols.count)
        counts.removeAll { !ends.isSubset(of: Self.ends(of: $0)) }
    }

    private mutating func followScheme(_ letter: UInt8) {
        guard let length = schemeLength else { return }
        schemeLength = Self.scheme[length] == letter | 0x20 ? length + 1 : nil
        if schemeLength == Self.scheme.count { counts = [] }
    }

    /// The numbers of symbols behind which the groups of a code end, and 0.
    private static func ends(of count: Int) -> Set<Int> {
        CodeCheck.groups(of: count).reduce(into: [0]) { ends, length in ends.insert((ends.max() ?? 0) + length) }
    }

    /// Whether the line may be a code, whole or not.
    var isCode: Bool { !counts.isEmpty }

    /// Whether the line is a right code that needs no Enter: one of nine symbols, or one whose groups the person has typed
    /// and which only a longer code has.
    var isComplete: Bool {
        guard counts.contains(symbols.count), CodeCheck.isRight(symbols) else { return false }
        let least = CodeCheck.counts.lowerBound
        return symbols.count == least || !ends.subtracting([symbols.count]).isSubset(of: Self.ends(of: least))
    }

    /// Whether the line has as many symbols as a code, and a wrong check symbol.
    var isMistyped: Bool { counts.contains(symbols.count) && !CodeCheck.isRight(symbols) }

    /// The symbols without the letters that were refused; nil if none was, or if the symbols are no right code.
    var corrected: UserText? {
        guard hasRefused, counts.contains(symbols.count), CodeCheck.isRight(symbols) else { return nil }
        var line = SecretLine(limit: symbols.count)
        for symbol in symbols { line.append(symbol) }
        return line.finish()
    }

    /// The number of bytes before the last symbol; nil if the line is no code.
    var countBeforeSymbol: Int? { isCode ? places.last ?? 0 : nil }

    /// The number of bytes before the last group; nil if the line is no code.
    var countBeforeGroup: Int? {
        guard isCode else { return nil }
        let start = groups.filter { $0.lowerBound < symbols.count }.last?.lowerBound ?? 0
        return start < places.count ? places[start] : 0
    }

    // MARK: - Drawing

    /// The drawing of the line; nil if the line is no code.
    var drawing: Typing? {
        guard isCode else { return nil }
        let suspects = suspects
        let groups = groups
        var text = suspects.contains(0) ? "[" : " "
        var marked: [Range<Int>] = []
        for (index, group) in groups.enumerated() {
            let start = text.count
            for place in group {
                text += place < symbols.count ? String(UnicodeScalar(symbols[place])) : "_"
            }
            if suspects.contains(index) { marked.append(start..<text.count) }
            switch (suspects.contains(index), suspects.contains(index + 1)) {
            case (true, false): text += "]"
            case (false, true): text += "["
            default: text += index + 1 < groups.count ? "-" : ""
            }
        }
        return Typing(text: text, placeholders: placeholders(in: groups), marked: marked, hint: hint(suspects))
    }

    /// The groups in which the symbols are drawn: those of the shortest code that the line may become.
    private var groups: [Range<Int>] {
        var start = 0
        return CodeCheck.groups(of: counts.first ?? CodeCheck.counts.lowerBound).map { length in
            defer { start += length }
            return start..<start + length
        }
    }

    /// The number of columns behind the cursor: the symbols to come, and the dashes between them. The cursor is behind the
    /// dash of a group that is complete.
    private func placeholders(in groups: [Range<Int>]) -> Int {
        let rest = groups.filter { $0.upperBound > symbols.count }
        guard let last = rest.last else { return 0 }
        return last.upperBound - symbols.count + rest.count - 1
    }

    /// The indices of the groups that are marked, if the check symbol is wrong: those in which one usual slip would explain
    /// it, or all if none would.
    private var suspects: Set<Int> {
        guard isMistyped, [CodeCheck.counts.lowerBound, CodeCheck.counts.upperBound].contains(symbols.count) else {
            return []
        }
        let slips = CodeCheck.likelySlips(in: symbols)
        let found = groups.indices.filter { groups[$0].contains(where: slips.contains) }
        return Set(found.isEmpty ? Array(groups.indices) : found)
    }

    private func hint(_ suspects: Set<Int>) -> String? {
        if let refusal { return "\(refusal.description) \(refusal.advice)" }
        let count = symbols.count
        let most = CodeCheck.counts.upperBound
        guard counts.contains(count) else { return nil }
        if !isMistyped { return isComplete ? nil : "This is a whole code of \(count) symbols: Enter sends it." }
        let isOpen = count < most && counts.contains { $0 > count }
        let fault =
            "These \(count) symbols are no whole code: at least one is wrong\(isOpen ? ", or more are to come" : "");"
            + " nothing was sent."
        if suspects.isEmpty { return fault }
        let numbers = suspects.sorted().map { "\($0 + 1)" }
        switch numbers.count {
        case groups.count: return "\(fault) Compare all groups."
        case 1:
            return
                "\(fault) A usual slip in group \(numbers[0]) would explain it; if that group is right, compare the others."
        default:
            let list = numbers.joined(separator: " or ")
            return "\(fault) A usual slip in group \(list) would explain it; if these are right, compare the others."
        }
    }
}
