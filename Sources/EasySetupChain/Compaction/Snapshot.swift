/// A snapshot that was found whole in a store: all of its pieces are there (`Protocol/chain.md`, "Snapshots").
package struct Snapshot: Sendable {
    /// The place of the snapshot among all of its collection: the greatest stamp of its pieces.
    package let rank: Stamp
    /// The identity that its pieces share.
    package let id: UInt64
    /// The objects and the floor that it holds.
    package let state: CollectionState
    /// The records of its pieces.
    package let pieces: [StoredRecord]

    /// When the last of its objects came into the store, by the store's clock.
    package var lastModified: UInt64 { pieces.map(\.lastModified).max() ?? 0 }

    /// Puts the pieces of snapshots together. Returns the whole ones in the order of their ranks, and the pieces of others.
    package static func assembled(_ records: [StoredRecord]) -> (whole: [Snapshot], rest: [StoredRecord]) {
        var groups: [Group: [StoredRecord]] = [:]
        for record in records {
            guard case .snapshot(let piece) = record.record.content else { continue }
            let group = Group(piece, writer: record.record.stamp.writer)
            groups[group, default: []].append(record)
        }
        var whole: [Snapshot] = []
        var rest: [StoredRecord] = []
        for (group, records) in groups {
            let pieces = records.compactMap(\.piece)
            // A piece with a number that can't be is refused when it is read, so as many numbers are all of them.
            guard Set(pieces.map(\.index)).count == Int(group.count), let rank = records.map(\.record.stamp).max()
            else {
                rest += records
                continue
            }
            whole.append(Snapshot(rank: rank, id: group.snapshot, state: CollectionState(pieces), pieces: records))
        }
        return (whole.sorted { $0.rank < $1.rank }, rest.sorted { $0.record.stamp < $1.record.stamp })
    }

    /// The traits that all pieces of one snapshot share.
    struct Group: Hashable {
        let writer: DeviceID
        let snapshot: UInt64
        let count: UInt32
        let floor: Stamp?

        init(_ piece: SnapshotPiece, writer: DeviceID) {
            self.writer = writer
            snapshot = piece.snapshot
            count = piece.count
            floor = piece.floor
        }
    }
}

/// A record as a store holds it.
package struct StoredRecord: Hashable, Sendable {
    /// The record.
    package let record: Record
    /// When the last of its objects came into the store, by the store's clock, in milliseconds since 1970.
    package let lastModified: UInt64

    package init(record: Record, lastModified: UInt64) {
        self.record = record
        self.lastModified = lastModified
    }

    /// Whether this is a piece of a snapshot.
    var isPiece: Bool { piece != nil }

    fileprivate var piece: SnapshotPiece? {
        if case .snapshot(let piece) = record.content { piece } else { nil }
    }
}

extension CollectionState {
    /// The state that the pieces of one snapshot say together.
    init(_ pieces: [SnapshotPiece]) {
        self.init(
            floor: pieces.first?.floor,
            objects: pieces.lazy.flatMap(\.entries).map {
                ($0.object, ObjectState(deletion: $0.deletion, writes: $0.writes))
            }
        )
    }
}
