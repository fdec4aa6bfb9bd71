import EasySetupSeed

/// The conclusions that a program may draw from symbols while a person types them (`Protocol/code.md`, "Typing").
package enum CodeCheck {
    /// The least and the greatest number of a code's symbols.
    package static let counts = PairingCode.symbolCounts

    /// Whether symbols are a whole code with the right check symbol.
    /// - Parameter symbols: canonical symbols.
    package static func isRight(_ symbols: [UInt8]) -> Bool {
        guard counts.contains(symbols.count), let lack = lack(of: symbols) else { return false }
        return lack == 0
    }

    /// The sizes of the groups in which screens show the `count` symbols of a code.
    package static func groups(of count: Int) -> [Int] { PairingCode.groups(of: count) }

    /// The indices of the symbols in which one usual slip would explain why the check symbol is wrong: a symbol that looks
    /// like the right one, or two neighbours that are swapped. The check symbol can't tell whether it was one of these
    /// slips: other slips explain the same, and then there may be no index, or a wrong one.
    /// - Parameter symbols: canonical symbols, as many as a code has.
    package static func likelySlips(in symbols: [UInt8]) -> [Int] {
        guard let lack = lack(of: symbols), lack != 0 else { return [] }
        var found: Set<Int> = []
        // αⁱ for the index i.
        var power: UInt8 = 1
        for (index, symbol) in symbols.enumerated() {
            let next = Field32.timesAlpha(power)
            for other in lookAlikes[symbol] ?? [] where product(power, difference(symbol, other)) == lack {
                found.insert(index)
            }
            if index + 1 < symbols.count {
                let change = difference(symbol, symbols[index + 1])
                if product(power ^ next, change) == lack { found.formUnion([index, index + 1]) }
            }
            power = next
        }
        return found.sorted()
    }

    /// Whether a character is a dash for the readers of codes: it may stand between two groups.
    package static func isDash(_ scalar: UInt32) -> Bool {
        [UInt32(UInt8(ascii: "-")), UInt32(UInt8(ascii: "_")), 0x2212].contains(scalar)
            || Unicode.Scalar(scalar)?.properties.generalCategory == .dashPunctuation
    }

    /// The difference between the number of symbols and the sum over them; nil if a symbol is not canonical.
    private static func lack(of symbols: [UInt8]) -> UInt8? {
        var values: [UInt8] = []
        values.reserveCapacity(symbols.count)
        defer { Sodium.wipe(&values) }
        for symbol in symbols {
            guard let value = Symbols.value(canonical: symbol) else { return nil }
            values.append(value)
        }
        return Field32.sum(values) ^ UInt8(values.count)
    }

    private static func difference(_ one: UInt8, _ other: UInt8) -> UInt8 {
        (Symbols.value(canonical: one) ?? 0) ^ (Symbols.value(canonical: other) ?? 0)
    }

    private static func product(_ one: UInt8, _ other: UInt8) -> UInt8 {
        var (sum, term) = (UInt8(0), one)
        for bit in 0..<5 {
            if other >> UInt8(bit) & 1 == 1 { sum ^= term }
            term = Field32.timesAlpha(term)
        }
        return sum
    }

    /// Symbols that people take for each other on a screen or in handwriting.
    private static let lookAlikes: [UInt8: [UInt8]] = {
        var table: [UInt8: [UInt8]] = [:]
        for pair in ["0D", "0Q", "DQ", "17", "2Z", "5S", "6G", "8B", "3B", "VY", "VW", "MN", "CG", "EF", "PR", "KX"] {
            let symbols = Array(pair.utf8)
            table[symbols[0], default: []].append(symbols[1])
            table[symbols[1], default: []].append(symbols[0])
        }
        return table
    }()
}
