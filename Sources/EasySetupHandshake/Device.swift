import EasySetupSeed
@_spi(_Unicode) import Swift

/// The name that a person gives a device: 1 to 64 bytes of UTF-8 in NFC, without characters that are invisible, break a line or look
/// like a closing quotation mark (`Protocol/handshake.md`, "Names").
public struct DeviceName: Hashable, Sendable, CustomStringConvertible {
    /// The longest name, in bytes of UTF-8.
    public static let maximumByteCount = 64

    /// The name, safe to show in quotes on a line of its own. Where it may be written from right to left, ``isolated`` keeps that from
    /// turning what stands beside it.
    public let description: String

    /// The name for a screen that knows Unicode's directions: between the invisible U+2068 and U+2069, so that a name in a script
    /// that is written from right to left moves nothing outside itself.
    public var isolated: String { "\u{2068}\(description)\u{2069}" }

    /// A name of one's own: brought into NFC, cleaned of what a name may not have, its white space made single spaces, cut to the
    /// allowed length at a character's end. Nil when nothing is left that can be seen.
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
        for character in Self.nfc(String(Self.trimmed(spaced[...]))) {
            // Every scalar is checked again because NFC may have replaced it by another one.
            guard character.unicodeScalars.allSatisfy(NameScalar.isAllowed), character != " " || kept.last != " " else {
                continue
            }
            guard kept.utf8.count + character.utf8.count <= Self.maximumByteCount else { break }
            kept.append(character)
        }
        self.init(strict: String(Self.trimmed(kept.unicodeScalars[...])))
    }

    /// A name as the peer sent it: taken as it is, or not at all.
    package init?(strict text: String) {
        let scalars = text.unicodeScalars
        guard (1...Self.maximumByteCount).contains(text.utf8.count), scalars.allSatisfy(NameScalar.isAllowed),
            scalars.contains(where: NameScalar.isVisible), !Self.hasTwoSpaces(scalars),
            text.utf8.elementsEqual(Self.nfc(text).utf8), Self.trimmed(scalars[...]).count == scalars.count
        else { return nil }
        description = text
    }

    private static func hasTwoSpaces(_ scalars: String.UnicodeScalarView) -> Bool {
        zip(scalars, scalars.dropFirst()).contains { $0 == " " && $1 == " " }
    }

    private static func nfc(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text._nfc { scalars.append(scalar) }
        return String(scalars)
    }

    /// Without spaces at either end, and without marks at the beginning, which would join what stands before the name.
    private static func trimmed(_ scalars: Substring.UnicodeScalarView) -> Substring.UnicodeScalarView {
        var rest = scalars.drop { $0 == " " || NameScalar.isMark($0) }
        while rest.last == " " { rest.removeLast() }
        return rest
    }
}

/// Which characters a name may have. What has no place in Unicode 15.0 has none here, so that every device draws the same line
/// whatever its tables know.
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

    /// Whether it stands for itself: no space, and no mark that needs another character.
    static func isVisible(_ scalar: Unicode.Scalar) -> Bool { scalar != " " && !isMark(scalar) }

    static func isMark(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.properties.generalCategory {
        case .nonspacingMark, .spacingMark, .enclosingMark: true
        default: false
        }
    }

    /// Quotation marks and what looks like two of their strokes; what is drawn as nothing though it counts as a symbol; the signs for
    /// an object that is not there and for a character that could not be read.
    private static let unfit: [ClosedRange<Unicode.Scalar>] = [
        "\u{22}"..."\u{22}", "\u{AB}"..."\u{AB}", "\u{BB}"..."\u{BB}", "\u{2BA}"..."\u{2BA}", "\u{2DD}"..."\u{2DD}",
        "\u{2EE}"..."\u{2EE}", "\u{5F4}"..."\u{5F4}", "\u{201C}"..."\u{201F}", "\u{2033}"..."\u{2033}",
        "\u{2036}"..."\u{2036}",
        "\u{275D}"..."\u{275E}", "\u{2760}"..."\u{2760}", "\u{2800}"..."\u{2800}", "\u{301D}"..."\u{301F}",
        "\u{FF02}"..."\u{FF02}",
        "\u{FFFC}"..."\u{FFFD}", "\u{16FE4}"..."\u{16FE4}", "\u{1D159}"..."\u{1D159}", "\u{1F676}"..."\u{1F678}",
    ]
}

/// What kind of system a device is; a closed list, so that a peer can't put words on the screen here.
public enum Platform: String, Hashable, Sendable, CaseIterable {
    /// None of the others, or one that this version does not know.
    case other
    /// Google's.
    case android
    /// Apple's, for phones and tablets.
    case ios
    /// Any Linux desktop or server.
    case linux
    /// Apple's, for computers.
    case macos
    /// Microsoft's.
    case windows
    /// A page in a browser.
    case web
    /// A television set.
    case tv

    /// The system this program was built for.
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

/// What a device brings to a pairing: a seed, or the wish for one. Nobody is ever flipped from one to the other.
public enum Role: String, Hashable, Sendable {
    /// Has a seed and would give it.
    case holder
    /// Has none and wants one.
    case receiver
}

/// A device as it introduces itself.
public struct Device: Hashable, Sendable {
    /// What the person calls it.
    public var name: DeviceName
    /// What kind of system it is.
    public var platform: Platform
    /// What it brings.
    public var role: Role
    /// Whether a receiver asks its person before it stores the seed. The device that gives then waits for the person and not only
    /// for the store.
    public var asksFirst: Bool

    /// A device.
    public init(name: DeviceName, platform: Platform, role: Role, asksFirst: Bool = false) {
        self.name = name
        self.platform = platform
        self.role = role
        self.asksFirst = asksFirst
    }
}

/// The other device of a meeting, after it has proved that it knows the code.
public struct Peer: Hashable, Sendable {
    /// How it introduces itself. Its own words: shown in quotes, believed only as far as the user recognises them.
    public let device: Device
    /// The two words that both screens show.
    public let words: ConfirmationWords
}
