import EasySetupText

/// A sentence of a relay's operator for the people at its devices, such as an announcement of maintenance: one line of
/// visible characters, without quotation marks and without links (`Protocol/relay.md`, "The relay's message").
///
/// The relay is not trusted, so an app shows the message as the relay's words, such as `The relay says: "…"`, and as
/// plain text, in which nothing can be tapped. It never shows the message in place of a code, a question or an advice.
public struct RelayMessage: Hashable, Sendable, CustomStringConvertible {
    /// The length of the longest message, in bytes of UTF-8.
    public static let maximumByteCount = WireLimits.relayMessageBytes.upperBound
    /// The most characters of a message, counted as Unicode scalars.
    public static let maximumScalarCount = WireLimits.relayMessageScalars

    /// The message. A program can safely show it in quotes on lines of its own.
    public let description: String

    /// The message between the invisible U+2068 and U+2069, for a screen with Unicode's bidirectional algorithm. These
    /// two characters keep a message in a right-to-left script from changing the order of the text around it.
    public var isolated: String { "\u{2068}\(description)\u{2069}" }

    /// Makes a message for the devices of one's own relay. Spaces and line ends around the text are left out, and the
    /// text is brought into NFC; nothing else of it is changed.
    /// - Throws: ``RelayMessageError`` with the rule that the text breaks.
    public init(_ text: String) throws(RelayMessageError) {
        var scalars = text.unicodeScalars[...]
        while scalars.first?.properties.isWhitespace == true { scalars.removeFirst() }
        while scalars.last?.properties.isWhitespace == true { scalars.removeLast() }
        try self.init(strict: ShownText.nfc(String(scalars)))
    }

    /// Takes a message as a relay sent it, and changes nothing.
    package init(parsing bytes: [UInt8]) throws(RelayMessageError) {
        guard bytes.count <= Self.maximumByteCount else { throw .tooLong }
        guard let text = String(validating: bytes, as: UTF8.self) else { throw .notUTF8 }
        try self.init(strict: text)
    }

    private init(strict text: String) throws(RelayMessageError) {
        guard text.unicodeScalars.count <= Self.maximumScalarCount else { throw .tooLong }
        if let fault = ShownText.fault(in: text, maximumByteCount: Self.maximumByteCount) {
            throw RelayMessageError(fault)
        }
        guard !text.utf8.hasLink else { throw .link }
        description = text
    }
}

/// The rule that a relay's message breaks.
public enum RelayMessageError: Error, Hashable, Sendable, CustomStringConvertible {
    /// The message has no visible character.
    case empty
    /// The message has more bytes or characters than it may have.
    case tooLong
    /// The message is no valid UTF-8.
    case notUTF8
    /// The message contains this character, which is invisible, breaks the line, or looks like a quotation mark.
    case unfit(Unicode.Scalar)
    /// Two characters side by side look like one quotation mark.
    case quotationMark
    /// The message has two spaces in a row.
    case spaces
    /// The message begins with a combining mark, or has too many of them on one character.
    case marks
    /// The message is not in the normal form NFC.
    case notNormal
    /// The message contains `://` or `www.`, of which terminals and apps make links.
    case link

    init(_ fault: ShownText.Fault) {
        switch fault {
        case .empty: self = .empty
        case .tooLong: self = .tooLong
        case .unfit(let scalar): self = .unfit(scalar)
        case .quotationMark: self = .quotationMark
        case .spaces: self = .spaces
        case .marks: self = .marks
        case .notNormal: self = .notNormal
        }
    }

    /// The fault of the message, as the end of a sentence that begins with "The message".
    public var description: String {
        switch self {
        case .empty: "has nothing that can be seen"
        case .tooLong:
            "is longer than \(RelayMessage.maximumScalarCount) characters or \(RelayMessage.maximumByteCount) bytes"
        case .notUTF8: "is not UTF-8"
        case .unfit("\n"), .unfit("\r"): "has more than one line"
        case .unfit("\""), .unfit("\u{201C}"), .unfit("\u{201D}"), .unfit("\u{201E}"), .unfit("\u{AB}"),
            .unfit("\u{BB}"):
            "has a quotation mark, but devices show it in quotes"
        case .unfit(let scalar): "has the character \(Self.number(of: scalar)), which a device must not show"
        case .quotationMark: "has two signs in a row that look like a quotation mark, but devices show it in quotes"
        case .spaces: "has two spaces in a row"
        case .marks: "has more accents on one letter than a line has room for"
        case .notNormal: "is not in the normal form NFC"
        case .link: "has a link (:// or www.), but devices make no links: write the name of the site alone"
        }
    }

    /// A character as `U+202E`.
    private static func number(of scalar: Unicode.Scalar) -> String {
        let digits = String(scalar.value, radix: 16, uppercase: true)
        return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}

extension String.UTF8View {
    /// Whether the text contains `://` or, in any case, `www.`.
    fileprivate var hasLink: Bool {
        var last: (UInt8, UInt8, UInt8) = (0, 0, 0)
        let letter = UInt8(ascii: "w")
        for byte in self {
            let isWeb = byte == UInt8(ascii: ".") && last == (letter, letter, letter)
            if isWeb || byte == UInt8(ascii: "/") && last.1 == UInt8(ascii: ":") && last.2 == UInt8(ascii: "/") {
                return true
            }
            let isUpper = (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(byte)
            last = (last.1, last.2, isUpper ? byte | 0x20 : byte)
        }
        return false
    }
}
