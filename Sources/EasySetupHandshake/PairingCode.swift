public import EasySetupSeed

/// The code that a person reads on one screen and types on the other, such as `K7Q-29M-XAQ` (`Protocol/code.md`).
///
/// A slot of 3 to 6 symbols says where to meet; five symbols are the secret that never leaves the devices; one symbol
/// checks the others. It has no description and no `==`: ``revealed()`` is the one way to its text.
public final class PairingCode: Sendable {
    /// How many symbols a slot may have.
    public static let slotLengths = 3...6
    /// How many symbols the secret has.
    public static let secretLength = 5
    /// The longest text that is read as a code: a code, and what a chat puts around it.
    public static let maximumTextBytes = 1024

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

    /// Reads a code as people type and paste it: case, spaces, dashes, what can't be seen and marks around it do not matter; O is
    /// read as 0, I and L as 1.
    ///
    /// - Parameter text: at most ``maximumTextBytes``.
    /// - Throws: ``CodeError``, which says what is wrong where; nothing of it has reached the network.
    public convenience init(typed text: UserText) throws(CodeError) {
        var values = try text.withText { (text) throws(CodeError) in try CodeReader.values(in: text) }
        defer { Sodium.wipe(&values) }
        try self.init(values)
    }

    /// Reads a code from a string, which can't be wiped; see ``init(typed:)``.
    public convenience init(typed text: String) throws(CodeError) {
        try self.init(typed: text.utf8Span.span)
    }

    /// Reads a code from UTF-8; see ``init(typed:)``.
    package convenience init(typed text: Span<UInt8>) throws(CodeError) {
        var values = try CodeReader.values(in: text)
        defer { Sodium.wipe(&values) }
        try self.init(values)
    }

    /// The code of 9 to 12 symbols' values.
    /// - Throws: ``CodeError/mistyped``.
    private convenience init(_ values: [UInt8]) throws(CodeError) {
        guard Field32.sum(values) == UInt8(values.count) else { throw CodeError.mistyped }
        let slotLength = values.count - Self.secretLength - 1
        let slot = String(decoding: values[..<slotLength].map { Symbols.alphabet[Int($0)] }, as: UTF8.self)
        var secret = values[slotLength...].dropLast().map { Symbols.alphabet[Int($0)] }
        self.init(slot: slot, secret: SecretBytes(wiping: &secret))
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

    /// A code for a slot, drawn again while it spells something that a screen should not show.
    ///
    /// Drawing again does not help where the slot itself is rude, so it is tried a few times and then left.
    ///
    /// - Parameters:
    ///   - slot: 3 to 6 canonical symbols.
    ///   - random: gives five fresh random bytes each time.
    package static func draw(slot: String, random: () -> SecretBytes) throws(CodeError) -> PairingCode {
        for _ in 1..<maximumDraws {
            let code = try PairingCode(slot: slot, random: random())
            if !code.isRude { return code }
        }
        return try PairingCode(slot: slot, random: random())
    }

    /// How often a code is drawn for one slot: about one in a hundred is rude, so more than a few only says that the slot is.
    static let maximumDraws = 8

    /// Whether the symbols spell something that a screen should not show. Readers don't care.
    package var isRude: Bool {
        var symbols = canonical()
        defer { Sodium.wipe(&symbols) }
        return RudeWords.isSpelled(by: symbols)
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

    /// How the symbols are grouped on screens (`Protocol/code.md`, "Groups").
    static func groups(of count: Int) -> [Int] {
        switch count {
        case 10: [3, 3, 4]
        case 11: [3, 4, 4]
        case 12: [4, 4, 4]
        default: [3, 3, 3]
        }
    }

    /// How many symbols a code has.
    static let symbolCounts = 9...12
}

extension PairingCode: CustomReflectable {
    /// Shows nothing: `dump` would print the slot.
    public var customMirror: Mirror { Mirror(self, children: [:]) }
}

/// What is wrong with a typed code. All of it is found on the device, before anything is sent.
public enum CodeError: Error, Hashable, Sendable {
    /// There are this many symbols, but a code has 9 to 12.
    case wrongLength(Int)
    /// The character at this position is no symbol of codes. Positions start at 1 and count letters, digits and the wrong character itself.
    case notASymbol(position: Int)
    /// The letter or digit at this position is of another script, though it may look like a symbol, or it has an accent.
    case foreignLetter(position: Int, script: Script)
    /// There is something before the code, such as "Code:".
    case hasLabel
    /// The text is longer than ``PairingCode/maximumTextBytes``.
    case tooLong
    /// The text is in UTF-16, and UTF-8 is read.
    case textUTF16
    /// The text is not in UTF-8.
    case textNotUTF8
    /// There is a U at this position: codes have none; look again, it may be a V.
    case containsU(position: Int)
    /// The symbols do not fit together: one is wrong, or two are swapped.
    case mistyped
    /// What should be a slot is not 3 to 6 canonical symbols.
    case notASlot
    /// It is not a pairing link of this version.
    case notALink
    /// There are two different links.
    case severalLinks
    /// The link leads to a relay without TLS that is not on this machine.
    case plainLink
}
