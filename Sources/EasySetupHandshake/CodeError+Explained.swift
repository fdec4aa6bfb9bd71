public import EasySetupSeed

extension CodeError: ExplainedError {
    /// The error's name in `Protocol/errors.md`.
    public var name: String {
        switch self {
        case .wrongLength: "code-wrong-length"
        case .notASymbol: "code-not-a-symbol"
        case .foreignLetter: "code-foreign-letter"
        case .containsU: "code-has-u"
        case .hasLabel: "code-has-label"
        case .tooLong: "code-too-long"
        case .textUTF16: "text-utf-16"
        case .textNotUTF8: "text-not-utf-8"
        case .mistyped: "code-mistyped"
        case .notASlot: "not-a-slot"
        case .notALink: "not-a-link"
        case .severalLinks: "several-links"
        case .plainLink: "plain-link"
        }
    }

    /// A sentence that says what happened; it contains no symbol of the code.
    public var description: String {
        switch self {
        case .wrongLength(let count): "A code has 9 to 12 symbols, and this one has \(count)."
        case .notASymbol(let position): "Symbol \(position) is none that codes have."
        case .foreignLetter(let position, let script): "Symbol \(position) is \(script.aCharacter)."
        case .containsU(let position): "Symbol \(position) is a U, and codes have none."
        case .hasLabel: "There is something before the code."
        case .tooLong: "What was given is too long to be a code."
        case .textUTF16: "The text is in UTF-16."
        case .textNotUTF8: "The text is not in UTF-8."
        case .mistyped: "The code is mistyped: one symbol is wrong, or two are swapped."
        case .notASlot: "This is no slot."
        case .notALink: "This is no pairing link that this program can read."
        case .severalLinks: "There is more than one pairing link."
        case .plainLink: "The link leads to another machine without encryption of the connection."
        }
    }

    /// A sentence that says what to do next.
    public var advice: String {
        switch self {
        case .wrongLength: "Compare it with the other screen and type it again, whole."
        case .notASymbol: "Codes have digits and letters, and no I, L, O and U. Compare and type it again."
        case .foreignLetter:
            "It may look like one of the code's. Type the code with the plain letters A to Z and the digits 0 to 9."
        case .containsU: "Look again: it may be a V."
        case .hasLabel, .tooLong: "Give the code alone, without anything before it."
        case .textUTF16, .textNotUTF8: "Type it, or copy and paste it."
        case .mistyped: "Compare it with the other screen and type it again. Nothing was sent, and no try was spent."
        case .notASlot: "Type the code again."
        case .notALink: "Scan the QR code again, or type the code instead."
        case .severalLinks: "Give one of them, alone."
        case .plainLink: "Use a relay with TLS, or allow it explicitly for a network of your own."
        }
    }

    /// It is always false, because the same text gives the same error again.
    public var retryHelps: Bool { false }
}
