/// Offensive words that a code should not spell. The list is short, because a code has at most twelve symbols.
enum RudeWords {
    static func isSpelled(by symbols: [UInt8]) -> Bool {
        let text = String(decoding: symbols.map(lookAlike), as: UTF8.self)
        return words.contains { text.contains($0) }
    }

    /// The letter that a symbol looks like, such as O for 0; otherwise the symbol itself.
    private static func lookAlike(_ symbol: UInt8) -> UInt8 {
        switch symbol {
        case UInt8(ascii: "0"): UInt8(ascii: "O")
        case UInt8(ascii: "1"): UInt8(ascii: "I")
        case UInt8(ascii: "3"): UInt8(ascii: "E")
        case UInt8(ascii: "4"): UInt8(ascii: "A")
        case UInt8(ascii: "5"): UInt8(ascii: "S")
        case UInt8(ascii: "V"): UInt8(ascii: "U")
        default: symbol
        }
    }

    private static let words = [
        "ASS", "SEX", "FUK", "FUC", "FCK", "FAG", "TIT", "CUM", "KKK", "GAY", "JEW", "POO", "PEE", "DIE", "KIE", "FAT",
        "SHIT", "COCK", "DICK", "CUNT", "RAPE", "NAZI", "NIG", "PISS", "TWAT", "WANK", "SUCK", "ANAS", "ANUS", "DEAD",
        "PORN", "SCUM", "WEED", "HATE",
    ]
}
