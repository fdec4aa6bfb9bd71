package import SyncSeed

/// The code that a person reads on one screen and types on the other, such as `K7Q-29M-XAB` (`Protocol/code.md`).
///
/// A slot of 3 to 6 symbols says where to meet; five symbols are the secret that never leaves the devices; one symbol
/// checks the others. It has no description and no `==`: ``revealed()`` is the one way to its text.
public final class PairingCode: Sendable {
    /// How many symbols a slot may have.
    public static let slotLengths = 3...6
    /// How many symbols the secret has.
    public static let secretLength = 5

    /// Where to meet: canonical symbols. Not secret from the relay, and no help in guessing the rest.
    public let slot: String
    /// The five secret symbols in canonical ASCII: the password of the handshake.
    package let secret: SecretBytes

    private init(slot: String, secret: consuming SecretBytes) {
        self.slot = slot
        self.secret = secret
    }

    /// A code for a slot that the relay drew.
    ///
    /// - Parameters:
    ///   - slot: 3 to 6 canonical symbols.
    ///   - random: five random bytes, of which five bits each are used.
    /// - Throws: ``CodeError`` when the slot is not 3 to 6 canonical symbols.
    package convenience init(slot: String, random: borrowing SecretBytes) throws(CodeError) {
        guard Self.slotLengths.contains(slot.utf8.count), slot.utf8.allSatisfy({ Symbols.value(canonical: $0) != nil })
        else { throw CodeError.notASlot }
        precondition(random.count == Self.secretLength)
        let symbols = SecretBytes(zeros: Self.secretLength)
        unsafe symbols.withUnsafeMutableBytes { target in
            unsafe random.withUnsafeBytes { source in
                for index in 0..<Self.secretLength {
                    unsafe target[index] = unsafe Symbols.alphabet[Int(source[index] & 31)]
                }
            }
        }
        self.init(slot: slot, secret: symbols)
    }

    /// Reads a code as people type it: case, spaces and dashes do not matter, O is read as 0, I and L as 1.
    ///
    /// - Throws: ``CodeError``, which says what is wrong where; nothing of it has reached the network.
    public convenience init(typed text: String) throws(CodeError) {
        var values: [UInt8] = []
        var position = 0
        for character in text {
            if character.isWhitespace || Self.dashes.contains(character) { continue }
            position += 1
            guard position <= Self.symbolCounts.upperBound else {
                throw CodeError.wrongLength(Self.count(text))
            }
            if character == "u" || character == "U" { throw CodeError.containsU(position: position) }
            guard let value = Symbols.value(typed: character) else { throw CodeError.notASymbol(position: position) }
            values.append(value)
        }
        guard Self.symbolCounts.contains(values.count) else { throw CodeError.wrongLength(values.count) }
        guard Field32.sum(values) == UInt8(values.count) else { throw CodeError.mistyped }
        let symbols = values.map { Symbols.alphabet[Int($0)] }
        let slotLength = symbols.count - Self.secretLength - 1
        var secret = Array(symbols[slotLength..<slotLength + Self.secretLength])
        self.init(
            slot: String(decoding: symbols[..<slotLength], as: UTF8.self),
            secret: SecretBytes(wiping: &secret)
        )
        Sodium.wipe(&values)
    }

    /// The code as it is shown: upper-case groups with dashes. Whoever has this text can come to the slot and prove it.
    public func revealed() -> String {
        var symbols = canonical()
        defer { Sodium.wipe(&symbols) }
        var groups: [String] = []
        var start = 0
        for length in Self.groups(of: symbols.count) {
            groups.append(String(decoding: symbols[start..<start + length], as: UTF8.self))
            start += length
        }
        return groups.joined(separator: "-")
    }

    /// Whether the symbols spell something that a screen should not show; the offerer then draws again. Readers don't care.
    package var isRude: Bool {
        var symbols = canonical()
        defer { Sodium.wipe(&symbols) }
        return RudeWords.isSpelled(by: symbols)
    }

    private func canonical() -> [UInt8] {
        var symbols = Array(slot.utf8)
        unsafe secret.withUnsafeBytes { unsafe symbols.append(contentsOf: $0) }
        let values = symbols.compactMap(Symbols.value(canonical:))
        symbols.append(Symbols.alphabet[Int(Field32.check(for: values))])
        return symbols
    }

    private static func count(_ text: String) -> Int {
        text.reduce(0) { $0 + ($1.isWhitespace || dashes.contains($1) ? 0 : 1) }
    }

    /// How the symbols are grouped on screens (`Protocol/code.md`, "Groups").
    static func groups(of count: Int) -> [Int] {
        switch count {
        case 10: [3, 3, 4]
        case 11: [3, 4, 4]
        case 12: [4, 4, 4]
        default: [3, 3, 3]
        }
    }

    private static let symbolCounts = 9...12
    private static let dashes: Set<Character> = ["-", "‐", "‑", "‒", "–", "—", "−", "_", "."]
}

/// What is wrong with a typed code. All of it is found on the device, before anything is sent.
public enum CodeError: Error, Hashable, Sendable {
    /// There are this many symbols, but a code has 9 to 12.
    case wrongLength(Int)
    /// The symbol at this position (from 1, dashes and spaces not counted) is none that codes have.
    case notASymbol(position: Int)
    /// There is a U at this position: codes have none; look again, it may be a V.
    case containsU(position: Int)
    /// The symbols do not fit together: one is wrong, or two are swapped.
    case mistyped
    /// What should be a slot is not 3 to 6 canonical symbols.
    case notASlot
    /// It is not a pairing link of this version in its canonical form.
    case notALink
    /// The link leads to a relay without TLS that is not on this machine.
    case plainLink
}

/// A short list: a code is nine symbols on a screen, not a text.
enum RudeWords {
    static func isSpelled(by symbols: [UInt8]) -> Bool {
        let text = String(decoding: symbols.map(lookAlike), as: UTF8.self)
        return words.contains { text.contains($0) }
    }

    /// Digits as the letters people see in them.
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
