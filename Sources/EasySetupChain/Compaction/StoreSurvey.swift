/// The first of the two readings of everything that a compaction makes: the snapshots that are whole, and the state of all
/// that is there. It keeps no record and no name, so it takes little more room than the state.
package struct StoreSurvey: Sendable {
    /// A snapshot of which pieces were read.
    struct Found: Sendable {
        /// The place among the snapshots: the greatest stamp of the pieces.
        var rank: Stamp
        /// The joined content of the pieces.
        var state = CollectionState()
        /// When it was whole, by the store's clock.
        var lastModified: UInt64 = 0
        /// When each piece came into the store. Of a piece that is there twice, as whoever has the key can have it, the earlier
        /// one counts.
        fileprivate var pieces: [UInt32: UInt64] = [:]
    }

    private var found: [Snapshot.Group: Found] = [:]
    /// All that was known before and that the changes and the whole snapshots say.
    private(set) var merged: CollectionState
    /// The records of earlier keys. There are few.
    private(set) var earlierKeys: [StoredRecord] = []
    /// When the change to each generation came into the store, by the store's clock. The first one has no change.
    package private(set) var generations: [UInt32: UInt64] = [:]

    /// When snapshots were whole that earlier readings have found. Writing a name again makes its object young.
    private let seen: [Snapshot.Group: UInt64]
    /// When the snapshots were whole that this reading has found, after it has ended.
    private(set) var seenWhole: [Snapshot.Group: UInt64] = [:]

    /// Begins a reading.
    /// - Parameter known: what the device has read before.
    package init(known: CollectionState) { self.init(known: known, seen: [:]) }

    /// - Parameter seen: what ``seenWhole`` was after the reading before.
    init(known: CollectionState, seen: [Snapshot.Group: UInt64]) {
        merged = known
        self.seen = seen
    }

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
                snapshot.pieces[piece.index] = min(snapshot.pieces[piece.index] ?? .max, stored.lastModified)
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
        var whole = found.filter { $0.value.pieces.count == Int($0.key.count) }
            .sorted { $0.value.rank < $1.value.rank }
        found = [:]
        for index in whole.indices {
            let (group, snapshot) = whole[index]
            let time = min(snapshot.pieces.values.max() ?? 0, seen[group] ?? .max)
            whole[index].value.lastModified = time
            whole[index].value.pieces = [:]
            seenWhole[group] = time
            merged.merge(snapshot.state, isWatched: false)
        }
        return whole.map { (group: $0.key, snapshot: $0.value) }
    }
}
