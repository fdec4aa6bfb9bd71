/// Counts times by size: how many were at most as long as each bound, and how long all were together.
package struct Histogram: Hashable, Sendable {
    /// The longest time of each bucket but the last, in ascending order. The last bucket has no bound.
    package let bounds: [Duration]
    /// The number of times in each bucket, one more than ``bounds``.
    package private(set) var counts: [Int]
    package private(set) var sum = Duration.zero

    package init(bounds: [Duration]) {
        self.bounds = bounds
        counts = [Int](repeating: 0, count: bounds.count + 1)
    }

    /// Adds a time, `times` times. A negative time counts as zero.
    package mutating func add(_ time: Duration, times: Int = 1) {
        let time = max(time, .zero)
        // The search begins at the shortest bound, because nearly all times are short.
        var bucket = 0
        while bucket < bounds.count, time > bounds[bucket] { bucket += 1 }
        counts[bucket] &+= times
        sum += times == 1 ? time : time * times
    }

    package static func += (total: inout Histogram, part: Histogram) {
        precondition(total.bounds == part.bounds)
        for bucket in total.counts.indices { total.counts[bucket] += part.counts[bucket] }
        total.sum += part.sum
    }

    /// The number of all times.
    package var count: Int { counts.reduce(0, +) }
}

extension [Duration] {
    /// Bounds for times that people take: to read a code aloud, to answer a question.
    package static let ofPeople: [Duration] = [1, 2, 5, 10, 20, 30, 60, 120, 300, 600].map { .seconds($0) }
    /// Bounds for times that a program takes, in microseconds.
    package static let ofMachines: [Duration] = [
        50, 100, 250, 500, 1000, 2500, 5000, 10_000, 50_000, 100_000, 500_000, 1_000_000,
    ].map { .microseconds($0) }
}
