@_spi(_Unicode) import Swift
import SyncSeed

/// What a person calls a device: NFC, 1 to 64 bytes of UTF-8, no characters that hide or break a line
/// (`Protocol/handshake.md`, "Names").
public struct DeviceName: Hashable, Sendable, CustomStringConvertible {
    /// The longest name, in bytes of UTF-8.
    public static let maximumByteCount = 64

    /// The name, safe to show on a line of its own.
    public let description: String

    /// A name of one's own: brought into NFC, cleaned of what a name may not have, cut to the allowed length at a
    /// character's end. Nil when nothing is left.
    public init?(cleaning text: String) {
        var kept = ""
        for character in Self.nfc(text) {
            let visible = String.UnicodeScalarView(character.unicodeScalars.filter(Self.isAllowed))
            guard kept.utf8.count + visible.reduce(0, { $0 + UTF8.width($1) }) <= Self.maximumByteCount else { break }
            kept.unicodeScalars.append(contentsOf: visible)
        }
        self.init(strict: Self.trimmed(Self.nfc(kept)))
    }

    /// A name as the peer sent it: taken as it is, or not at all.
    package init?(strict text: String) {
        guard (1...Self.maximumByteCount).contains(text.utf8.count), text.unicodeScalars.allSatisfy(Self.isAllowed),
            text.utf8.elementsEqual(Self.nfc(text).utf8), Self.trimmed(text).utf8.count == text.utf8.count
        else { return nil }
        description = text
    }

    private static func isAllowed(_ scalar: Unicode.Scalar) -> Bool {
        if scalar == " " { return true }
        switch scalar.properties.generalCategory {
        case .control, .format, .lineSeparator, .paragraphSeparator, .spaceSeparator, .surrogate: return false
        default: return true
        }
    }

    private static func nfc(_ text: String) -> String {
        var scalars = String.UnicodeScalarView()
        for scalar in text._nfc { scalars.append(scalar) }
        return String(scalars)
    }

    private static func trimmed(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { $0 != " " }), let last = scalars.lastIndex(where: { $0 != " " })
        else { return "" }
        return String(scalars[first...last])
    }
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

    /// A device.
    public init(name: DeviceName, platform: Platform, role: Role) {
        self.name = name
        self.platform = platform
        self.role = role
    }
}

/// The other device of a meeting, after it has proved that it knows the code.
public struct Peer: Hashable, Sendable {
    /// How it introduces itself. Its own words: shown in quotes, believed only as far as the user recognises them.
    public let device: Device
    /// The two words that both screens show.
    public let words: Words
}
