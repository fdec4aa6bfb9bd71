/// The records that a device has read, as long as a listing may show them again.
///
/// A first listing may give a hundred thousand of them. In order of their names they take 24 bytes each, in a set more
/// than twice that; so only the latest are in a set.
struct GivenRecords: Sendable {
    private var sorted: [RecordName] = []
    private var latest: Set<RecordName> = []
    /// The number of records from which on the set goes into the order.
    private static let most = 4_096

    func contains(_ name: RecordName) -> Bool {
        if latest.contains(name) { return true }
        let index = sorted.firstIndex(notBefore: name)
        return index < sorted.count && sorted[index] == name
    }

    mutating func insert(_ name: RecordName) {
        guard !contains(name) else { return }
        latest.insert(name)
        guard latest.count >= Self.most else { return }
        var merged: [RecordName] = []
        merged.reserveCapacity(sorted.count + latest.count)
        var rest = latest.sorted()[...]
        for name in sorted {
            while let next = rest.first, next < name { merged.append(rest.removeFirst()) }
            merged.append(name)
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

extension [RecordName] {
    /// The index of the first of these ordered names that is not before another; the count if all are.
    fileprivate func firstIndex(notBefore name: RecordName) -> Int {
        var range = 0..<count
        while !range.isEmpty {
            let middle = (range.lowerBound + range.upperBound) / 2
            range = self[middle] < name ? middle + 1..<range.upperBound : range.lowerBound..<middle
        }
        return range.lowerBound
    }
}
