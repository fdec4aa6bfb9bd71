import Glibc

/// A logarithmic axis for a set of values. It starts and ends at 1, 2 or 5 times a power of ten. It has a tick at each
/// such number, or only at the powers of ten if there would be more than ten ticks.
struct Axis {
    let ticks: [Double]
    private let low: Double
    private let high: Double
    private let start: Double
    private let end: Double

    /// Makes an axis; nil when no value is above zero.
    ///
    /// - Parameters:
    ///   - start: the coordinate of the axis's low end.
    ///   - end: the coordinate of the axis's high end.
    init?(_ values: [Double], from start: Double, to end: Double) {
        let values = values.filter { $0 > 0 && $0.isFinite }
        guard let least = values.min(), let most = values.max() else { return nil }
        let decades = Int(log10(least).rounded(.down))...Int(log10(most).rounded(.down)) + 1
        let steps = decades.flatMap { decade in [1, 2, 5].map { $0 * pow(10, Double(decade)) } }
        low = steps.last { $0 <= least * 1.001 } ?? least
        high = steps.first { [low] in $0 >= most * 0.999 && $0 > low } ?? most
        let within = steps.filter { [low, high] in $0 >= low && $0 <= high }
        let isLong = within.count > 10
        ticks = isLong ? within.filter { log10($0).rounded() == log10($0) } : within
        self.start = start
        self.end = end
    }

    /// The coordinate of a value on the axis. A value outside the axis gets the coordinate of the nearer end.
    func place(_ value: Double) -> Double {
        let share = log(min(max(value, low), high) / low) / log(high / low)
        return ((start + share * (end - start)) * 10).rounded() / 10
    }

    static func label(_ tick: Double) -> String {
        tick >= 1 ? "\(Int(tick.rounded()))" : digits(tick, tick < 0.1 ? 2 : 1)
    }
}
