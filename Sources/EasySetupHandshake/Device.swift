import EasySetupSeed
@_spi(_Unicode) import Swift

/// The name that a person gives a device: 1 to 64 bytes of UTF-8 in NFC, without characters that are invisible, break a
/// line or look like a closing quotation mark, and without piles of marks on one character (`Protocol/handshake.md`,
/// "Names").
public struct DeviceName: Hashable, Sendable, CustomStringConvertible {
    /// The length of the longest name of a device, in bytes of UTF-8.
    public static let maximumByteCount = 64

    /// The greatest number of nonspacing and enclosing marks in a row. A screen draws them all on one character, so more of
    /// them would cover the lines above and below the name. Unicode's UTS 39, section 5.4, has this number, and the
    /// scripts that pile up most marks, such as Burmese and pointed Hebrew, need it.
    static let maximumMarks = 4

    /// The name. A program can safely show it in quotes on a line of its own. A program with a screen for right-to-left
    /// text should show ``isolated``, because the name could change the order of the text beside it.
    public let description: String

    /// The name between the invisible U+2068 and U+2069, for a screen with Unicode's bidirectional algorithm. These two
    /// characters keep a name in a right-to-left script from changing the order of the text around it.
    public var isolated: String { "\u{2068}\(description)\u{2069}" }

    /// Makes a name for this device: brings the text into NFC, removes forbidden characters, turns white space into
    /// single spaces, and cuts the text to the allowed length at a character's end. Nil when no visible character is
    /// left.
    public init?(cleaning text: String) {
        var spaced = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            if scalar.properties.isWhitespace {
                if spaced.last != " " { spaced.append(" ") }
            } else if NameScalar.isAllowed(scalar) {
                spaced.append(scalar)
            }
        }
        var kept = ""
        for whole in Self.nfc(String(Self.trimmed(spaced[...]))) {
            let character = Self.thinned(whole)
            // Every scalar is checked again, because NFC may have replaced it by another one.
            guard character.unicodeScalars.allSatisfy(NameScalar.isAllowed), character != " " || kept.last != " ",
                !NameScalar.isPair(kept.unicodeScalars.last, character.unicodeScalars.first)
            else { continue }
            guard kept.utf8.count + character.utf8.count <= Self.maximumByteCount else { break }
            kept.append(character)
        }
        self.init(strict: String(Self.trimmed(kept.unicodeScalars[...])))
    }

    /// Takes a name as the other device sent it, and changes nothing. Nil if the name breaks a rule of the protocol.
    package init?(strict text: String) {
        let scalars = text.unicodeScalars
        guard (1...Self.maximumByteCount).contains(text.utf8.count), scalars.allSatisfy(NameScalar.isAllowed),
            scalars.contains(where: NameScalar.isVisible), !Self.hasTwoSpaces(scalars),
            !zip(scalars, scalars.dropFirst()).contains(where: NameScalar.isPair),
            NameScalar.longestPile(scalars) <= Self.maximumMarks, !NameScalar.hasTwin(scalars),
            text.utf8.elementsEqual(Self.nfc(text).utf8), Self.trimmed(scalars[...]).count == scalars.count
        else { return nil }
        description = text
    }

    private static func hasTwoSpaces(_ scalars: String.UnicodeScalarView) -> Bool {
        zip(scalars, scalars.dropFirst()).contains { $0 == " " && $1 == " " }
    }

    /// A character without the marks that a name must not have: those beyond the limit, and repetitions. The result is
    /// no `Character`, because it falls into two where the mark between two Indic letters is one too many.
    private static func thinned(_ character: Character) -> String {
        var kept = String.UnicodeScalarView()
        var marks = 0
        for scalar in character.unicodeScalars {
            if NameScalar.isPiled(scalar) {
                guard scalar != kept.last, marks < maximumMarks else { continue }
                marks += 1
            } else {
                marks = 0
            }
            kept.append(scalar)
        }
        return String(kept)
    }

    private static func nfc(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text._nfc { scalars.append(scalar) }
        return String(scalars)
    }

    /// Removes spaces at both ends, and combining marks at the beginning, because a screen would draw these marks on
    /// the character before the name.
    private static func trimmed(_ scalars: Substring.UnicodeScalarView) -> Substring.UnicodeScalarView {
        var rest = scalars.drop { $0 == " " || NameScalar.isMark($0) }
        while rest.last == " " { rest.removeLast() }
        return rest
    }
}

/// The characters that a device's name may have. Characters that Unicode 15.0 does not have are forbidden, so that all
/// devices accept the same names, whatever the version of their Unicode tables is.
private enum NameScalar {
    private static let version = (major: 15, minor: 0)

    static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == " " { return true }
        let properties = scalar.properties
        guard let age = properties.age, age <= version, !properties.isDefaultIgnorableCodePoint,
            !unfit.contains(where: { $0.contains(scalar) })
        else { return false }
        switch properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .surrogate, .privateUse,
            .unassigned:
            return false
        default: return true
        }
    }

    /// Whether the character is visible by itself: neither a space nor a combining mark.
    static func isVisible(_ scalar: Unicode.Scalar) -> Bool { scalar != " " && !isMark(scalar) }

    static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }

    /// Whether a screen draws the character on the one before it, without a column of its own.
    static func isPiled(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .enclosingMark: true
        default: false
        }
    }

    /// The greatest number of characters in a row that a screen draws on one.
    static func longestPile(_ scalars: String.UnicodeScalarView) -> Int {
        var (marks, most) = (0, 0)
        for scalar in scalars {
            marks = isPiled(scalar) ? marks + 1 : 0
            most = max(most, marks)
        }
        return most
    }

    /// Whether the same mark stands on a character twice in a row.
    static func hasTwin(_ scalars: String.UnicodeScalarView) -> Bool {
        zip(scalars, scalars.dropFirst()).contains { $0 == $1 && isPiled($0) }
    }

    /// Whether two characters side by side look like one quotation mark.
    static func isPair(_ one: Unicode.Scalar?, _ other: Unicode.Scalar?) -> Bool {
        guard let one, let other else { return false }
        return half.contains { $0.contains(one) } && half.contains { $0.contains(other) }
    }

    /// Apostrophes, accents and primes, two of which look like a quotation mark.
    private static let half: [ClosedRange<Unicode.Scalar>] = [
        "\u{27}"..."\u{27}", "\u{60}"..."\u{60}", "\u{B4}"..."\u{B4}", "\u{2B9}"..."\u{2B9}", "\u{2BB}"..."\u{2BE}",
        "\u{2C8}"..."\u{2C8}", "\u{2CA}"..."\u{2CB}", "\u{2F4}"..."\u{2F4}", "\u{384}"..."\u{384}",
        "\u{55A}"..."\u{55A}", "\u{55D}"..."\u{55D}", "\u{5F3}"..."\u{5F3}", "\u{7F4}"..."\u{7F5}",
        "\u{1FBD}"..."\u{1FBD}", "\u{1FBF}"..."\u{1FBF}", "\u{1FFE}"..."\u{1FFE}", "\u{2018}"..."\u{201B}",
        "\u{2032}"..."\u{2032}", "\u{2035}"..."\u{2035}", "\u{A78B}"..."\u{A78C}", "\u{FF07}"..."\u{FF07}",
        "\u{FF40}"..."\u{FF40}",
    ]

    /// Further forbidden characters: quotation marks and characters that look like a part of them, symbols that fonts
    /// draw as nothing, the object replacement character, and the replacement character.
    private static let unfit: [ClosedRange<Unicode.Scalar>] = [
        "\u{22}"..."\u{22}", "\u{AB}"..."\u{AB}", "\u{BB}"..."\u{BB}", "\u{2BA}"..."\u{2BA}", "\u{2DD}"..."\u{2DD}",
        "\u{2EE}"..."\u{2EE}", "\u{2F5}"..."\u{2F6}", "\u{5F4}"..."\u{5F4}", "\u{201C}"..."\u{201F}",
        "\u{2033}"..."\u{2034}", "\u{2036}"..."\u{2037}", "\u{2057}"..."\u{2057}",
        "\u{275D}"..."\u{275E}", "\u{2760}"..."\u{2760}", "\u{2800}"..."\u{2800}", "\u{3003}"..."\u{3003}",
        "\u{301D}"..."\u{301F}",
        "\u{FF02}"..."\u{FF02}",
        "\u{FFFC}"..."\u{FFFD}", "\u{16FE4}"..."\u{16FE4}", "\u{1D159}"..."\u{1D159}", "\u{1F676}"..."\u{1F678}",
    ]
}

/// The kind of system that a device runs. The list is closed, because a free text would let the other device write
/// anything on this device's screen.
@nonexhaustive public enum Platform: String, Hashable, Sendable, CaseIterable {
    /// An operating system or kind of device that is not in this list, or that this version of the program does not
    /// know.
    case other
    /// Google's Android.
    case android
    /// Apple's iOS and iPadOS.
    case ios
    /// Any Linux desktop or server.
    case linux
    /// Apple's macOS.
    case macos
    /// Microsoft's Windows.
    case windows
    /// A page in a browser.
    case web
    /// A television set.
    case tv

    /// The system for which this program was built.
    public static var current: Platform {
        #if os(Android)
        .android
        #elseif os(iOS)
        .ios
        #elseif os(Linux)
        .linux
        #elseif os(macOS)
        .macos
        #elseif os(Windows)
        .windows
        #elseif os(tvOS)
        .tv
        #else
        .other
        #endif
    }
}

/// A device's role in a pairing: it holds a seed or wants to receive one. A role never changes during a pairing.
public enum Role: String, Hashable, Sendable {
    /// The device has a seed and can send it.
    case holder
    /// The device has no seed and wants to receive one.
    case receiver
}

/// A device's description of itself, which it sends in its proof (message 3 or 4).
public struct Device: Hashable, Sendable {
    /// The name that the user gave the device.
    public var name: DeviceName
    /// The kind of system that the device runs.
    public var platform: Platform
    /// The device's role.
    public var role: Role
    /// Whether a receiver asks its user before it stores the seed. The holder then waits for that user's answer and for
    /// the storing.
    public var asksFirst: Bool

    /// Makes a device's description.
    public init(name: DeviceName, platform: Platform, role: Role, asksFirst: Bool = false) {
        self.name = name
        self.platform = platform
        self.role = role
        self.asksFirst = asksFirst
    }
}

/// The other device of a pairing, after it has proved that it knows the code.
public struct Peer: Hashable, Sendable {
    /// The other device's description of itself. Programs show its name in quotes, because the device can claim any
    /// name.
    public let device: Device
    /// The two words that both screens show.
    public let words: ConfirmationWords

    /// Makes a peer, for previews and tests of an app's screens.
    public init(device: Device, words: ConfirmationWords) {
        self.device = device
        self.words = words
    }
}
