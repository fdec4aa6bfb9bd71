#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

/// The clock, the pauses and the random numbers of a store's calls.
struct S3Times: Sendable {
    /// This device's time in seconds since 1970.
    let seconds: @Sendable () -> Int
    /// Waits; a cancelled task does not wait to the end.
    let sleep: @Sendable (Duration) async -> Void
    /// A random number in 0..<1.
    let draw: @Sendable () -> Double

    static let system = S3Times(
        seconds: { Int(Date().timeIntervalSince1970.rounded(.down)) },
        sleep: { try? await Task.sleep(for: $0) },
        draw: { Double.random(in: 0..<1) }
    )
}
