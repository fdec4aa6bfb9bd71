/// The budget of frames that a device may still send in one interval, in units: a frame costs one or more (`Protocol/limits.md`,
/// `framesPerInterval`).
struct FrameBudget: Sendable {
    private var left: Int32
    /// The number of the interval that `left` applies to.
    private var interval: UInt32

    init(_ frames: Int, interval: UInt32) {
        left = Int32(clamping: frames)
        self.interval = interval
    }

    /// Takes the cost of a frame from the budget. False when the device has used up its budget.
    mutating func spend(_ units: Int, of frames: Int, interval now: UInt32) -> Bool {
        if interval != now { self = FrameBudget(frames, interval: now) }
        left = left.subtractingClamped(Int32(clamping: units))
        return left >= 0
    }

    /// Raises the budget for the rest of the interval, because the offerer has one more visitor to answer.
    mutating func add(_ units: Int) {
        left = Int32(clamping: Int(left) + units)
    }

    /// The cost of a frame: one unit, and one for each full KiB of it.
    static func cost(bytes: Int) -> Int { 1 + bytes / 1024 }
    /// The extra cost of a frame that changes nothing: a repeat, or an acknowledgement without news.
    static let withoutNews = 1
    /// The extra cost of a visitor's frame for a meeting that it no longer has. It comes on top of `withoutNews`.
    static let outOfPlace = 15
}

/// Numbers the intervals, so that each connection stores a number of 32 bits and not a time.
struct Intervals: Sendable {
    private let length: Duration
    private var ends: Duration
    private(set) var number: UInt32 = 0

    init(_ length: Duration, started: Duration) {
        self.length = length
        ends = started + length
    }

    mutating func advance(_ now: Duration) {
        guard now >= ends else { return }
        number &+= 1
        ends = now + length
    }
}

extension Int32 {
    fileprivate func subtractingClamped(_ other: Int32) -> Int32 {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? .min : difference
    }
}
