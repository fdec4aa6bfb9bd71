/// How late an event loop was in a short time.
package struct LagWindow: Hashable, Sendable {
    package private(set) var worst = Duration.zero
    /// How often it was later than ``bound``.
    package private(set) var late = 0

    /// The lag from which on a loop counts as late: people notice a tenth of a second.
    package static let bound = Duration.milliseconds(100)

    mutating func add(_ lag: Duration) {
        worst = max(worst, lag)
        if lag > Self.bound { late += 1 }
    }

    /// The worse of two loops.
    func worse(_ other: LagWindow) -> LagWindow {
        var both = self
        both.worst = max(worst, other.worst)
        both.late = max(late, other.late)
        return both
    }
}
