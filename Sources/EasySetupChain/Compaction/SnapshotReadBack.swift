/// Sees whether a snapshot that was written is whole in the store and says what it must. Before that, nothing may be deleted
/// for it.
package struct SnapshotReadBack: Sendable {
    private let state: CollectionState
    private let id: UInt64
    private var pieces = PartialSnapshots()
    /// Whether the snapshot was found.
    package private(set) var isThere = false

    /// - Parameters:
    ///   - state: the state that was written.
    ///   - id: the identity of the snapshot.
    package init(of state: CollectionState, id: UInt64) {
        self.state = state
        self.id = id
    }

    /// Takes records of a listing of everything.
    package mutating func take(_ records: [StoredRecord]) {
        for stored in records {
            guard case .snapshot(let piece) = stored.record.content, piece.snapshot == id else { continue }
            if pieces.add(piece, stamp: stored.record.stamp) == state { isThere = true }
        }
    }
}
