public import EasySetupSeed

/// A fault of a typed code or of a link. The device finds all of these faults before it sends anything
/// (`Protocol/code.md`, "Errors").
public struct CodeError: ExplainedError, Explained, Hashable {
    package let kind: Kind

    package init(_ kind: Kind) { self.kind = kind }

    /// The error's stable code.
    public var code: Code {
        switch kind {
        case .wrongLength: .wrongLength
        case .notASymbol: .notASymbol
        case .foreignLetter: .foreignLetter
        case .hasLabel: .hasLabel
        case .hasMore: .hasMore
        case .tooLong: .tooLong
        case .textUTF16: .textUTF16
        case .textNotUTF8: .textNotUTF8
        case .containsU: .containsU
        case .mistyped: .mistyped
        case .notASlot: .notASlot
        case .notALink: .notALink
        case .severalLinks: .severalLinks
        case .plainLink: .plainLink
        }
    }

    /// The error's name in `Protocol/errors.md`.
    public var name: String { code.rawValue }

    /// False, because the same typed text or link gives the same error.
    public var retryHelps: Bool { false }

    /// The position of the wrong character in the text. Positions start at 1 and count letters, digits and the wrong
    /// character itself. Nil if the fault is not in one character.
    public var position: Int? {
        switch kind {
        case .notASymbol(let position), .foreignLetter(let position, _), .containsU(let position): position
        case .wrongLength, .hasLabel, .hasMore, .tooLong, .textUTF16, .textNotUTF8, .mistyped, .notASlot, .notALink,
            .severalLinks,
            .plainLink:
            nil
        }
    }

    /// The stable codes of the errors in a typed pairing code or in a link.
    public struct Code: StableCode {
        /// The name of the error code in `Protocol/errors.md`.
        public let rawValue: String

        /// Makes an error code from its name, such as `code-too-long`.
        public init(rawValue: String) { self.rawValue = rawValue }

        /// The typed text has fewer or more symbols than the 9 to 12 of a pairing code.
        public static let wrongLength = Self(rawValue: "code-wrong-length")
        /// The character at ``CodeError/position`` is no symbol of pairing codes.
        public static let notASymbol = Self(rawValue: "code-not-a-symbol")
        /// The letter or digit at ``CodeError/position`` has an accent, or belongs to another script, although it may
        /// look like a symbol.
        public static let foreignLetter = Self(rawValue: "code-foreign-letter")
        /// The typed text has a label before the pairing code, such as "Code:".
        public static let hasLabel = Self(rawValue: "code-has-label")
        /// The typed text has something behind the pairing code, such as "sent from my phone".
        public static let hasMore = Self(rawValue: "code-has-more")
        /// The typed text is longer than ``PairingCode/maximumTextBytes``.
        public static let tooLong = Self(rawValue: "code-too-long")
        /// The text is UTF-16, but EasySetup reads only UTF-8.
        public static let textUTF16 = Self(rawValue: "text-utf-16")
        /// The text is not UTF-8.
        public static let textNotUTF8 = Self(rawValue: "text-not-utf-8")
        /// The letter at ``CodeError/position`` is a U, which codes do not have; it may be a misread V.
        public static let containsU = Self(rawValue: "code-has-u")
        /// The check symbol does not match: at least one symbol is wrong.
        public static let mistyped = Self(rawValue: "code-mistyped")
        /// The given text is no slot, the public first part of a code: 3 to 6 canonical symbols.
        public static let notASlot = Self(rawValue: "not-a-slot")
        /// The given text is no pairing link of this version.
        public static let notALink = Self(rawValue: "not-a-link")
        /// The given text has two different pairing links.
        public static let severalLinks = Self(rawValue: "several-links")
        /// The link's relay has no TLS and is not on this machine.
        public static let plainLink = Self(rawValue: "plain-link")
    }

    /// The errors as the project itself handles them. An app sees ``code`` in place of this enum, because a new case
    /// would break the `switch` statements of apps.
    package enum Kind: Hashable, Sendable {
        case wrongLength(Int), notASymbol(position: Int), foreignLetter(position: Int, script: Script), hasLabel
        case hasMore
        case tooLong, textUTF16, textNotUTF8, containsU(position: Int), mistyped, notASlot, notALink
        case severalLinks, plainLink
    }
}

// MARK: - Making errors

extension CodeError {
    /// Whether so many letters and digits were counted that they are those of a text, and not a code with a symbol too many.
    package var isOfText: Bool {
        if case .wrongLength(let count) = kind { count > 16 } else { false }
    }

    package static func wrongLength(_ value: Int) -> Self { Self(.wrongLength(value)) }
    package static func notASymbol(position: Int) -> Self { Self(.notASymbol(position: position)) }
    package static func foreignLetter(position: Int, script: Script) -> Self {
        Self(.foreignLetter(position: position, script: script))
    }
    package static var hasLabel: Self { Self(.hasLabel) }
    package static var hasMore: Self { Self(.hasMore) }
    package static var tooLong: Self { Self(.tooLong) }
    package static var textUTF16: Self { Self(.textUTF16) }
    package static var textNotUTF8: Self { Self(.textNotUTF8) }
    package static func containsU(position: Int) -> Self { Self(.containsU(position: position)) }
    package static var mistyped: Self { Self(.mistyped) }
    package static var notASlot: Self { Self(.notASlot) }
    package static var notALink: Self { Self(.notALink) }
    package static var severalLinks: Self { Self(.severalLinks) }
    package static var plainLink: Self { Self(.plainLink) }
}

extension CodeError {
    /// The error's texts for a person, in parts (templates and values). They contain no symbol of the code.
    public var explanation: Explanation {
        switch kind {
        case .wrongLength(let count) where isOfText:
            explained(
                "This text has {count} letters and digits, and a code has 9 to 12 symbols.",
                "Give the code alone, without other text before or behind it.",
                variant: "of-text",
                ["count": "\(count)"]
            )
        case .wrongLength(let count):
            explained(
                "A code has 9 to 12 symbols, and this one has {count}.",
                "Compare it with the other screen and type it again, whole.",
                ["count": "\(count)"]
            )
        case .notASymbol(let position):
            explained(
                "Symbol {position} is none that codes have.",
                "Codes have digits and letters, and no I, L, O and U. Compare and type it again.",
                ["position": "\(position)"]
            )
        case .foreignLetter(let position, let script):
            explained(
                "Symbol {position} is {character}.",
                "It may look like one of the code's. Type the code with the plain letters A to Z and the digits 0 to 9.",
                ["position": "\(position)", "script": script.rawValue, "character": script.aCharacter]
            )
        case .hasLabel:
            explained("There is something before the code.", "Give the code alone, without anything before it.")
        case .hasMore:
            explained(
                "There is something behind the code.",
                "Give the code alone, without anything before or behind it."
            )
        case .tooLong:
            explained("What was given is too long to be a code.", "Give the code alone, without anything before it.")
        case .textUTF16:
            explained("The text is in UTF-16.", "Type it, or copy and paste it.", variant: "code")
        case .textNotUTF8:
            explained("The text is not in UTF-8.", "Type it, or copy and paste it.", variant: "code")
        case .containsU(let position):
            explained(
                "Symbol {position} is a U, and codes have none.",
                "Look again: it may be a V.",
                ["position": "\(position)"]
            )
        case .mistyped:
            explained(
                "The code is mistyped: at least one symbol is wrong.",
                "Compare it with the other screen and type it again. Nothing was sent, and no try was spent."
            )
        case .notASlot: explained("This is no slot.", "Type the code again.")
        case .notALink:
            explained(
                "This is no pairing link that this program can read.",
                "Scan the QR code again, or type the code instead."
            )
        case .severalLinks: explained("There is more than one pairing link.", "Give one of them, alone.")
        case .plainLink:
            explained(
                "The link leads to another machine without encryption of the connection.",
                "Use a relay with TLS, or allow it explicitly for a network of your own."
            )
        }
    }
}
