import EasySetupText

/// The name that a person gives a device: 1 to 64 bytes of UTF-8 in NFC, without characters that are invisible, break a
/// line or look like a closing quotation mark, and without piles of marks on one character (`Protocol/handshake.md`,
/// "Names").
public struct DeviceName: Hashable, Sendable, CustomStringConvertible {
    /// The length of the longest name of a device, in bytes of UTF-8.
    public static let maximumByteCount = 64

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
        self.init(strict: ShownText.cleaned(text, maximumByteCount: Self.maximumByteCount))
    }

    /// Takes a name as the other device sent it, and changes nothing. Nil if the name breaks a rule of the protocol.
    package init?(strict text: String) {
        guard ShownText.fault(in: text, maximumByteCount: Self.maximumByteCount) == nil else { return nil }
        description = text
    }
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
