#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The time as a chain needs it; handed in, so that tests move it by hand.
public protocol ChainClock: Sendable {
    /// The time that has passed since some moment, always the same one, the device's sleep included.
    var elapsed: Duration { get }
    /// The device's date in milliseconds since 1970. It may be wrong by years: it decides nothing but whether a compaction
    /// forgets, and is written nowhere but as the day on which a device was seen last.
    var date: UInt64 { get }
    /// Waits.
    /// - Throws: `CancellationError`.
    func sleep(for duration: Duration) async throws
}

/// The system's clock.
public struct SystemChainClock: ChainClock {
    private let start = ContinuousClock.now

    /// Makes a clock that counts from now on.
    public init() {}

    /// The time since this clock was made.
    public var elapsed: Duration { ContinuousClock.now - start }

    /// The system's date.
    public var date: UInt64 { UInt64(max(Date().timeIntervalSince1970, 0) * 1_000) }

    /// Waits.
    public func sleep(for duration: Duration) async throws { try await ContinuousClock().sleep(for: duration) }
}
