/// One piece of a snapshot, which is the whole state of a collection (`Protocol/chain.md`, "Snapshots"). A snapshot
/// counts only when all of its pieces are there.
///
/// In a record, a piece stands as bytes that are signed by the seed's key, as a ``KeyChange`` does: without the signature
/// a device that may only write to the collection could raise the floor, and so delete everything, or claim stamps of a
/// generation that it has no key of.
package struct SnapshotPiece: Hashable, Sendable {
    /// The identity of the snapshot: 8 random bytes as a big-endian number, the same in all of its pieces.
    package let snapshot: UInt64
    /// The number of this piece, from 0.
    package let index: UInt32
    /// The number of pieces, at least 1.
    package let count: UInt32
    /// The snapshot's floor, the same in all pieces: a write or deletion with a stamp up to it that is not in the snapshot
    /// is dead. It is a stamp and no time alone, because stamps are ordered by the generation first: only so does the
    /// floor cut off whole beginnings of that order, and joining stays associative. Nil until deletions are forgotten.
    package let floor: Stamp?
    /// The objects of this piece. A large object may be in several pieces, each with some of its writes.
    package let entries: [SnapshotEntry]

    package init(snapshot: UInt64, index: UInt32, count: UInt32, floor: Stamp?, entries: [SnapshotEntry]) {
        self.snapshot = snapshot
        self.index = index
        self.count = count
        self.floor = floor
        self.entries = entries
    }
}

/// One object in a snapshot, with all that merging needs.
package struct SnapshotEntry: Hashable, Sendable {
    /// The app's name for the object within its collection.
    package let object: String
    /// The greatest stamp of a deletion of the object; nil if it was never deleted.
    package let deletion: Stamp?
    /// The writes that count: of each attribute those that no other write surpasses in both its stamp and the deletion
    /// that it knew.
    package let writes: [SnapshotWrite]

    package init(object: String, deletion: Stamp?, writes: [SnapshotWrite]) {
        self.object = object
        self.deletion = deletion
        self.writes = writes
    }
}

/// One write of one attribute in a snapshot.
package struct SnapshotWrite: Hashable, Sendable {
    /// The attribute's name. The empty name stands for the object itself: each write of an object writes it too.
    package let attribute: String
    /// The stamp of the write.
    package let stamp: Stamp
    /// The greatest stamp of a deletion that the writer knew; nil if none.
    package let knownDeletion: Stamp?
    /// The value; nil if the write removed the attribute.
    package let value: [UInt8]?

    package init(attribute: String, stamp: Stamp, knownDeletion: Stamp?, value: [UInt8]?) {
        self.attribute = attribute
        self.stamp = stamp
        self.knownDeletion = knownDeletion
        self.value = value
    }
}
