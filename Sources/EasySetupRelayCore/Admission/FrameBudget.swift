/// How many frames a device may still send in the current interval, in units. A frame costs one unit or more
/// (`Protocol/limits.md`, `framesPerInterval`).
struct FrameBudget: Sendable {
    private var left: Int32
    /// The number of the interval in which the device may still send frames that cost `left` units together.
    private var interval: UInt32

    init(_ frames: Int, interval: UInt32) {
        left = Int32(clamping: frames)
        self.interval = interval
    }

    /// Subtracts the cost of a frame, `units`, from the budget, which is `frames` at the start of each interval. False
    /// when the budget did not suffice.
    mutating func spend(_ units: Int, of frames: Int, interval now: UInt32) -> Bool {
        if interval != now { self = FrameBudget(frames, interval: now) }
        left = left.subtractingClamped(Int32(clamping: units))
        return left >= 0
    }

    /// Raises an offerer's frame budget for the rest of the interval, because the offerer has one more visitor to
    /// answer.
    mutating func add(_ units: Int) {
        left = Int32(clamping: Int(left) + units)
    }

    /// The cost of a frame in units: one, and one more for each full KiB of the frame.
    static func cost(bytes: Int) -> Int { 1 + bytes / 1024 }
    /// The extra cost, in units, of a frame that changes nothing: a message that the relay has already, or an
    /// acknowledgement of nothing new.
    static let withoutNews = 1
    /// The extra cost, in units, of a visitor's frame for a meeting that the visitor no longer has. Such a frame costs
    /// these 15 units and the one unit of a frame that changes nothing.
    static let outOfPlace = 15
}

/// Numbers the intervals of the frame budget, so that each connection stores a 32-bit number and not a time.
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
