/// A histogram of times that uses a fixed amount of memory. Its values are precise to one part in thirty-two.
struct Histogram {
    private var counts = [Int](repeating: 0, count: 64 * 32)
    private(set) var count = 0
    private(set) var maximum: UInt64 = 0

    mutating func add(_ value: UInt64) {
        counts[Self.place(value)] += 1
        count += 1
        maximum = max(maximum, value)
    }

    /// The quantile of a share between 0 and 1: a value that at least this share of all values does not exceed; 0 when
    /// there are no values.
    func quantile(_ share: Double) -> UInt64 {
        guard count > 0 else { return 0 }
        let wanted = max(1, Int((Double(count) * share).rounded(.up)))
        var seen = 0
        for (place, number) in counts.enumerated() where number > 0 {
            seen += number
            if seen >= wanted { return min(maximum, Self.value(place)) }
        }
        return maximum
    }

    private static func place(_ value: UInt64) -> Int {
        guard value >= 32 else { return Int(value) }
        let shift = 63 - value.leadingZeroBitCount - 5
        return (shift + 1) * 32 + Int(value >> UInt64(shift)) - 32
    }

    private static func value(_ place: Int) -> UInt64 {
        guard place >= 32 else { return UInt64(place) }
        let shift = place / 32 - 1
        // The last bucket ends at the highest 64-bit number, so this computation may overflow in between.
        return (UInt64(place % 32 + 32) + 1) << UInt64(shift) &- 1
    }
}
