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

    /// The number of bytes in a device id.
    public static let byteCount = 8

    /// Orders by the bytes, as their base64url texts are not ordered.
    public static func < (left: DeviceID, right: DeviceID) -> Bool {
        left.value < right.value
    }
}
