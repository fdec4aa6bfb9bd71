/// The first of the two readings of everything that a compaction makes: the snapshots that are whole, and the state of all
/// that is there. It keeps no record and no name, so it takes little more room than the state.
package struct StoreSurvey: Sendable {
    /// A snapshot of which pieces were read.
    struct Found: Sendable {
        /// The place among the snapshots: the greatest stamp of the pieces.
        var rank: Stamp
        /// The joined content of the pieces.
        var state = CollectionState()
        /// When the last of its objects came into the store, by the store's clock.
        var lastModified: UInt64 = 0
        fileprivate var indices: Set<UInt32> = []
    }

    private var found: [Snapshot.Group: Found] = [:]
    /// All that was known before and that the changes and the whole snapshots say.
    private(set) var merged: CollectionState
    /// The records of earlier keys. There are few.
    private(set) var earlierKeys: [StoredRecord] = []
    /// When the change to each generation came into the store, by the store's clock. The first one has no change.
    package private(set) var generations: [UInt32: UInt64] = [:]

    /// Begins a reading.
    /// - Parameter known: what the device has read before.
    package init(known: CollectionState) { merged = known }

    /// Takes records as they are read.
    package mutating func take(_ records: [StoredRecord]) {
        for stored in records {
            let stamp = stored.record.stamp
            switch stored.record.content {
            case .changes(let changes):
                for change in changes { merged.merge(change, stamp: stamp, isWatched: false) }
            case .snapshot(let piece):
                let group = Snapshot.Group(piece, writer: stamp.writer)
                var snapshot = found.removeValue(forKey: group) ?? Found(rank: stamp)
                snapshot.rank = max(snapshot.rank, stamp)
                snapshot.lastModified = max(snapshot.lastModified, stored.lastModified)
                snapshot.indices.insert(piece.index)
                snapshot.state.merge(CollectionState([piece]), isWatched: false)
                found[group] = snapshot
            case .keyChange(let change):
                generations[change.generation] = min(generations[change.generation] ?? .max, stored.lastModified)
            case .earlierKeys: earlierKeys.append(stored)
            }
        }
    }

    /// Ends the reading: joins the whole snapshots to the state. Returns them in the order of their ranks.
    mutating func finish() -> [(group: Snapshot.Group, snapshot: Found)] {
        // A piece with a number that can't be is refused when it is read, so as many numbers are all of them.
        let whole = found.filter { $0.value.indices.count == Int($0.key.count) }
            .sorted { $0.value.rank < $1.value.rank }
        found = [:]
        for (_, snapshot) in whole { merged.merge(snapshot.state, isWatched: false) }
        return whole.map { (group: $0.key, snapshot: $0.value) }
    }
}
