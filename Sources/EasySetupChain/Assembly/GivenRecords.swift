/// The records that a device has read, as long as a listing may show them again.
///
/// A first listing may give a hundred thousand of them. In their order they take 24 bytes each, in a set more than twice
/// that; so only the latest are in a set.
struct GivenRecords: Sendable {
    /// A record by its time, and by its id, which stands for its whole name.
    private struct Given: Hashable, Comparable {
        let time: UInt64
        let id: PartDigest

        init(_ name: RecordName) { (time, id) = (name.time, name.id) }

        static func < (left: Given, right: Given) -> Bool { (left.time, left.id) < (right.time, right.id) }
    }

    private var sorted: [Given] = []
    private var latest: Set<Given> = []
    /// The number of records from which on the set goes into the order.
    private static let most = 4_096

    func contains(_ name: RecordName) -> Bool { contains(Given(name)) }

    private func contains(_ given: Given) -> Bool {
        if latest.contains(given) { return true }
        let index = sorted.firstIndex(notBefore: given)
        return index < sorted.count && sorted[index] == given
    }

    mutating func insert(_ name: RecordName) {
        let given = Given(name)
        guard !contains(given) else { return }
        latest.insert(given)
        guard latest.count >= Self.most else { return }
        var merged: [Given] = []
        merged.reserveCapacity(sorted.count + latest.count)
        var rest = latest.sorted()[...]
        for given in sorted {
            while let next = rest.first, next < given { merged.append(rest.removeFirst()) }
            merged.append(given)
        }
        merged += rest
        sorted = merged
        latest = []
    }

    /// Removes the records with a time before this one.
    mutating func forget(before time: UInt64) {
        latest = latest.filter { $0.time >= time }
        sorted = sorted.filter { $0.time >= time }
    }
}

extension Array where Element: Comparable {
    /// The index of the first of these ordered elements that is not before another; the count if all are.
    fileprivate func firstIndex(notBefore element: Element) -> Int {
        var range = 0..<count
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            range = self[middle] < element ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }
}
