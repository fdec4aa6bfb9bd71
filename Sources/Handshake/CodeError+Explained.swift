public import SyncSeed

extension CodeError: ExplainedError {
    /// The error's name in `Protocol/errors.md`.
    public var name: String {
        switch self {
        case .wrongLength: "code-wrong-length"
        case .notASymbol: "code-not-a-symbol"
        case .containsU: "code-has-u"
        case .mistyped: "code-mistyped"
        case .notASlot: "not-a-slot"
        case .notALink: "not-a-link"
        case .plainLink: "plain-link"
        }
    }

    /// What happened; it holds no symbol of the code.
    public var description: String {
        switch self {
        case .wrongLength(let count): "A code has 9 to 12 symbols, and this one has \(count)."
        case .notASymbol(let position): "Symbol \(position) is none that codes have."
        case .containsU(let position): "Symbol \(position) is a U, and codes have none."
        case .mistyped: "The code is mistyped: one symbol is wrong, or two are swapped."
        case .notASlot: "This is no slot."
        case .notALink: "This is no pairing link that this program can read."
        case .plainLink: "The link leads to another machine without encryption of the connection."
        }
    }

    /// What to do next.
    public var advice: String {
        switch self {
        case .wrongLength: "Compare it with the other screen and type it again, whole."
        case .notASymbol: "Codes have digits and letters, and no I, L, O and U. Compare and type it again."
        case .containsU: "Look again: it may be a V."
        case .mistyped: "Compare it with the other screen and type it again. Nothing was sent, and no try was spent."
        case .notASlot: "Type the code again."
        case .notALink: "Scan the QR code again, or type the code instead."
        case .plainLink: "Use a relay with TLS, or allow it explicitly for a network of your own."
        }
    }

    /// The same text gives the same error.
    public var retryHelps: Bool { false }
}
