/// One piece of a snapshot, which is the whole state of a collection (`Protocol/chain.md`, "Snapshots"). A snapshot
/// counts only when all of its pieces are there.
package struct SnapshotPiece: Hashable, Sendable {
    /// The identity of the snapshot: 8 random bytes as a big-endian number, the same in all of its pieces.
    package let snapshot: UInt64
    /// The number of this piece, from 0.
    package let index: UInt32
    /// The number of pieces, at least 1.
    package let count: UInt32
    /// The time of the snapshot's floor, the same in all pieces: a write with a time up to it that is not in the
    /// snapshot is dead. 0 until deletions are forgotten.
    package let floor: UInt64
    /// The objects of this piece. Each object of the collection is in one piece.
    package let entries: [SnapshotEntry]

    package init(snapshot: UInt64, index: UInt32, count: UInt32, floor: UInt64, entries: [SnapshotEntry]) {
        self.snapshot = snapshot
        self.index = index
        self.count = count
        self.floor = floor
        self.entries = entries
    }
}

/// One object in a snapshot, with all stamps that merging needs.
package struct SnapshotEntry: Hashable, Sendable {
    /// The app's name for the object within its collection.
    package let object: String
    /// The greatest stamp of a deletion of the object; nil if it was never deleted.
    package let deletion: Stamp?
    /// The greatest stamp of a deletion that a write of the object knew; nil if none of its writes knew one.
    package let knownDeletion: Stamp?
    /// The greatest stamp of a write of attributes that knew of that deletion; nil if there is none.
    package let written: Stamp?
    /// The attributes by name.
    package let attributes: [String: SnapshotAttribute]

    package init(
        object: String,
        deletion: Stamp?,
        knownDeletion: Stamp?,
        written: Stamp?,
        attributes: [String: SnapshotAttribute]
    ) {
        self.object = object
        self.deletion = deletion
        self.knownDeletion = knownDeletion
        self.written = written
        self.attributes = attributes
    }
}

/// One attribute in a snapshot: its last write.
package struct SnapshotAttribute: Hashable, Sendable {
    /// The stamp of the write.
    package let stamp: Stamp
    /// The value; nil if the write removed the attribute.
    package let value: [UInt8]?

    package init(stamp: Stamp, value: [UInt8]?) {
        self.stamp = stamp
        self.value = value
    }
}
