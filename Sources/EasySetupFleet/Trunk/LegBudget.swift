/// The limit on what one device may say over a trunk: so many frames and bytes at once, and few a second afterwards. The
/// room's mailboxes bound neither repeats nor acknowledgements.
package struct LegBudget: Hashable, Sendable {
    /// The frames, and the bytes, that a device may send at once.
    package static let (frames, bytes) = (256, 64 * 1024)
    /// The frames that it may send in a second afterwards; of the bytes the same part.
    package static let framesPerSecond = 32

    private static let whole = Duration.seconds(frames / framesPerSecond)
    private static let perFrame = whole / frames
    private static let perByte = whole / bytes

    /// When what was said so far counts no more.
    private var (framesUntil, bytesUntil) = (Duration.zero, Duration.zero)

    package init() {}

    /// Counts a frame. False if the device has said too much.
    package mutating func spend(bytes: Int, now: Duration) -> Bool {
        framesUntil = max(framesUntil, now) + Self.perFrame
        bytesUntil = max(bytesUntil, now) + Self.perByte * bytes
        return framesUntil - now <= Self.whole && bytesUntil - now <= Self.whole
    }
}
