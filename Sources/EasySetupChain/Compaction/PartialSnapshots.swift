/// The snapshots of which a reader has some pieces and lacks others (`Protocol/chain.md`, "Snapshots").
///
/// Pieces are joined as they come, so that a snapshot takes the room of what it says, and not that of its records.
package struct PartialSnapshots: Sendable {
    private struct Partial {
        var indices: Set<UInt32> = []
        var state = CollectionState()
        var rank: Stamp
    }

    private var partials: [Snapshot.Group: Partial] = [:]

    /// Makes what a reader has that has read no piece.
    package init() {}

    /// The number of pieces that are kept.
    private var count: Int { partials.values.reduce(0) { $0 + $1.indices.count } }

    /// Takes a piece. Returns what the snapshot says if this was the last one that was missing.
    package mutating func add(_ piece: SnapshotPiece, stamp: Stamp) -> CollectionState? {
        let group = Snapshot.Group(piece, writer: stamp.writer)
        var partial = partials.removeValue(forKey: group) ?? Partial(rank: stamp)
        partial.indices.insert(piece.index)
        partial.rank = max(partial.rank, stamp)
        partial.state.merge(CollectionState([piece]), isWatched: false)
        // A piece with a number that can't be is refused when it is read, so as many numbers are all of them.
        if partial.indices.count == Int(group.count) { return partial.state }
        partials[group] = partial
        forgetOldest()
        return nil
    }

    /// Forgets the snapshots with the least ranks as long as there are too many pieces. One snapshot alone is never too
    /// large: a newcomer has nothing else to read where its records were deleted.
    private mutating func forgetOldest() {
        guard partials.count > 1, count > Self.limit else { return }
        for (group, _) in partials.sorted(by: { $0.value.rank < $1.value.rank }) {
            guard partials.count > 1, count > Self.limit else { return }
            partials[group] = nil
        }
    }

    /// The greatest number of pieces that are kept for snapshots that are not whole, unless one alone has more: some 40 MB.
    private static let limit = 1_024
}
