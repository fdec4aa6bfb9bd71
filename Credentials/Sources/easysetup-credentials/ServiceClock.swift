import Foundation

/// The clock by which the service reads requests and sessions.
enum ServiceClock {
    /// The time in seconds since 1970.
    @Sendable static func now() -> Int { Int(Date().timeIntervalSince1970) }
}
