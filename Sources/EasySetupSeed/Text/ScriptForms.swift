/// Reads a text that is a seed in hex or base64, perhaps with a label before it (`Protocol/seed.md`, "Hex and base64").
enum ScriptForms {
    /// The 32 bytes of a seed in hex or base64 that is the whole text, or its end behind the label `seed`; nil if there
    /// is none.
    static func seed(in text: Span<UInt8>) -> SecretBytes? {
        let scanner = TextScanner(text)
        return hex(scanner) ?? base64(scanner) ?? labelled(scanner)
    }

    /// Reads what stands behind the label `seed`, as in `seed=…` and `{"seed": "…"}`. A value behind another label is
    /// not read, because it may be a user id, which is as long as a seed but public.
    private static func labelled(_ text: TextScanner) -> SecretBytes? {
        var scanner = text
        var word = WrittenWord()
        var isWordOver = false
        while let unit = scanner.next() {
            switch unit {
            case .symbol(let symbol):
                if isWordOver { (word, isWordOver) = (WrittenWord(), false) }
                word.append(symbol)
            case .mark(UInt32(UInt8(ascii: ":"))), .mark(UInt32(UInt8(ascii: "="))):
                if word.isWhole, word.letters == label { return hex(scanner) ?? base64(scanner) }
                word = WrittenWord()
            case .foreign, .accent: word = WrittenWord()
            case .mark, .space: isWordOver = true
            case .zeroWidthSpace: break
            }
        }
        return nil
    }

    private static let label = WrittenWord.packed("seed")

    /// Reads 64 hex digits with any white space and punctuation between them; `0x` may stand before each group.
    private static func hex(_ text: TextScanner) -> SecretBytes? {
        var digits = SecretWriter(count: SyncSeed.byteCount * 2)
        var count = 0
        var isInGroup = false
        var scanner = text
        while let unit = scanner.next() {
            switch unit {
            case .symbol(let symbol):
                let next = scanner.peek()
                let isPrefix = next == .symbol(UInt8(ascii: "x")) || next == .symbol(UInt8(ascii: "X"))
                if !isInGroup, symbol == UInt8(ascii: "0"), isPrefix {
                    _ = scanner.next()
                    continue
                }
                isInGroup = true
                guard hexDigit(symbol) != nil, count < SyncSeed.byteCount * 2 else { return nil }
                digits.append(symbol)
                count += 1
            case .foreign, .accent: return nil
            case .mark(let mark):
                scanner.skipHTML(after: mark)
                isInGroup = false
            case .space, .zeroWidthSpace: isInGroup = false
            }
        }
        guard count == SyncSeed.byteCount * 2 else { return nil }
        let written = digits.finish()
        return Encoding.bytes(hex: written.bytes.asBytes, count: SyncSeed.byteCount)
    }

    /// Reads 43 or 44 characters of base64. White space may split them into pieces of equal length, and the last piece
    /// may be shorter. A program that wraps lines or makes groups cuts a text in this way; ordinary words differ in
    /// length.
    private static func base64(_ text: TextScanner) -> SecretBytes? {
        var characters = SecretWriter(count: 44)
        var count = 0
        var piece = 0
        var pieces: (first: Int?, areOver: Bool) = (nil, false)
        var scanner = text
        while let unit = scanner.next() {
            let character: UInt8
            switch unit {
            case .symbol(let symbol): character = symbol
            case .mark(let mark):
                scanner.skipHTML(after: mark)
                guard let ascii = UInt8(exactly: mark), marks.contains(ascii) else { continue }
                character = ascii
            case .foreign, .accent: return nil
            case .zeroWidthSpace: continue
            case .space:
                if piece > 0, let first = pieces.first {
                    if piece > first { return nil }
                    pieces.areOver = piece < first
                } else if piece > 0 {
                    pieces.first = piece
                }
                piece = 0
                continue
            }
            guard count < 44, !pieces.areOver else { return nil }
            characters.append(character)
            count += 1
            piece += 1
            if let first = pieces.first, piece > first { return nil }
        }
        guard count == 43 || count == 44 else { return nil }
        let written = characters.finish()
        return Encoding.bytes(base64: written.bytes.asBytes, count: SyncSeed.byteCount)
    }

    private static let marks = Array("+/-_=".utf8)
}
