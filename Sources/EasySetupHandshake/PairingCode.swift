package import EasySetupSeed

/// The code that a person reads on one screen and types on the other, such as `K7Q-29M-XAQ` (`Protocol/code.md`).
///
/// The first 3 to 6 symbols are the slot, which names the offerer's room on the relay. The next five are the secret,
/// which never leaves the devices. The last is a check symbol. The type has no description and no `==`, so only
/// ``revealed()`` gives the text.
public final class PairingCode: Sendable {
    /// The allowed numbers of symbols in a slot, the public first part of a code.
    public static let slotLengths = 3...6
    /// The number of symbols in the secret part of a code.
    public static let secretLength = 5
    /// The length of the longest text that is read as a code, in bytes. It has room for a code and for the text that a
    /// chat program adds.
    public static let maximumTextBytes = 1024

    /// The slot, which names the offerer's room on the relay, in canonical symbols. The relay knows the slot, which
    /// does not help to guess the secret.
    public let slot: String
    /// The password of the handshake: the five secret symbols in canonical ASCII.
    package let secret: SecretBytes

    private init(slot: String, secret: consuming SecretBytes) {
        self.slot = slot
        self.secret = secret
    }

    /// Makes a code for a slot that the relay assigned.
    ///
    /// - Parameters:
    ///   - slot: 3 to 6 canonical symbols.
    ///   - random: five random bytes, one for each symbol of the secret. Five bits of each byte are used.
    /// - Throws: ``CodeError/Code/notASlot`` if the slot is not 3 to 6 canonical symbols.
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

    /// Makes a code from the values of its 9 to 12 symbols. The caller has verified the check symbol.
    convenience init(values: [UInt8]) {
        let slotLength = values.count - Self.secretLength - 1
        let slot = String(decoding: values[..<slotLength].map { Symbols.alphabet[Int($0)] }, as: UTF8.self)
        var secret = values[slotLength...].dropLast().map { Symbols.alphabet[Int($0)] }
        self.init(slot: slot, secret: SecretBytes(wiping: &secret))
    }

    /// The code's text: upper-case groups with dashes. Anybody who has this text can pair with the device that shows
    /// it.
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

    /// Makes a code for a slot, and draws another secret for it as long as the code spells an offensive word, or the first
    /// nine symbols of a longer code are a right code themselves.
    ///
    /// A new draw does not help if the slot itself spells such a word, so the number of draws is limited. It always helps
    /// in the other case, because the first nine symbols have a part of the secret in them.
    ///
    /// - Parameters:
    ///   - slot: 3 to 6 canonical symbols.
    ///   - random: makes five fresh random bytes for each draw.
    package static func draw(slot: String, random: () -> SecretBytes) throws(CodeError) -> PairingCode {
        // The number of all draws is limited, too, for a broken source of randomness.
        for draw in 1..<10 * maximumDraws {
            let code = try PairingCode(slot: slot, random: random())
            if !code.beginsWithCode, draw >= maximumDraws || !code.isRude { return code }
        }
        return try PairingCode(slot: slot, random: random())
    }

    /// The most secrets that are drawn for one slot (the code's public first part). About one code in a hundred spells
    /// an offensive word, so if the codes with eight secrets do, the slot itself spells it.
    static let maximumDraws = 8

    /// Whether the symbols spell an offensive word. Only new codes are checked for this, not those that people type.
    package var isRude: Bool {
        var symbols = canonical()
        defer { Sodium.wipe(&symbols) }
        return RudeWords.isSpelled(by: symbols)
    }

    /// Whether the first nine symbols of a longer code are a right code themselves, so that a program that takes nine
    /// right symbols for the whole code would send them.
    package var beginsWithCode: Bool {
        var symbols = canonical()
        defer { Sodium.wipe(&symbols) }
        let least = Self.symbolCounts.lowerBound
        guard symbols.count > least else { return false }
        var beginning = symbols[..<least].compactMap(Symbols.value(canonical:))
        defer { Sodium.wipe(&beginning) }
        return Field32.sum(beginning) == UInt8(least)
    }

    private func canonical() -> [UInt8] {
        var symbols: [UInt8] = []
        symbols.reserveCapacity(Self.symbolCounts.upperBound)
        symbols += slot.utf8
        unsafe secret.withUnsafeBytes { unsafe symbols.append(contentsOf: $0) }
        var values = symbols.compactMap(Symbols.value(canonical:))
        defer { Sodium.wipe(&values) }
        symbols.append(Symbols.alphabet[Int(Field32.check(for: values))])
        return symbols
    }

    /// The sizes of the groups in which screens show the `count` symbols of a code (`Protocol/code.md`, "Groups").
    static func groups(of count: Int) -> [Int] {
        switch count {
        case 10: [3, 3, 4]
        case 11: [3, 4, 4]
        case 12: [4, 4, 4]
        default: [3, 3, 3]
        }
    }

    /// The allowed numbers of symbols in a code.
    static let symbolCounts = 9...12
}

extension PairingCode: CustomReflectable {
    /// An empty mirror, so that `dump` and `Mirror` show nothing of the code, not even its public part, the slot.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}
