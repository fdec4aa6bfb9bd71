/// The identity of a device in its chain: 8 random bytes, drawn when the device joins (`Protocol/chain.md`, "Devices").
///
/// 64 random bits need no list of other devices to be chosen from, so two devices that join at once differ.
public struct DeviceID: Hashable, Comparable, Sendable {
    /// The 8 bytes as a big-endian number.
    public let value: UInt64

    /// Makes a device id from its 8 bytes as a big-endian number.
    public init(value: UInt64) {
        self.value = value
    }

    /// Makes a device id from its 8 bytes; nil for another length.
    public init?(bytes: some Collection<UInt8>) {
        guard bytes.count == Self.byteCount else { return nil }
        value = bytes.reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// Makes a device id from its text; nil for any other text.
    public init?(text: some StringProtocol) {
        guard let bytes = Base64URL.bytes(text, count: Self.byteCount) else { return nil }
        self.init(bytes: bytes)
    }

    /// Draws a device id from the system's randomness. A device does so once, when it joins, and keeps the id.
    public static func random() -> DeviceID {
        DeviceID(value: .random(in: .min ... .max))
    }

    /// The number of bytes in a device id.
    public static let byteCount = 8

    /// The 8 bytes.
    public var bytes: [UInt8] {
        (0..<Self.byteCount).reversed().map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    /// The id in base64url, 11 characters.
    public var text: String { Base64URL.text(bytes) }

    /// Orders by the bytes, as their base64url texts are not ordered.
    public static func < (left: DeviceID, right: DeviceID) -> Bool {
        left.value < right.value
    }
}

extension DeviceID: CustomStringConvertible {
    /// The same as ``text``.
    public var description: String { text }
}
