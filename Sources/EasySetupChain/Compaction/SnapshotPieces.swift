/// The pieces of a snapshot of a state, made one after the other: all at once they take several times the room of the
/// state. An object that is too large for one piece is divided too.
package struct SnapshotPieces: Sequence, Sendable {
    /// The number of pieces.
    package let count: Int
    private let state: CollectionState
    private let id: UInt64
    private let limit: Int

    /// Divides a state.
    /// - Parameters:
    ///   - id: the identity of the snapshot, 8 random bytes.
    ///   - limit: the greatest size of a piece in bytes, as ``SnapshotWrite/size`` counts.
    package init(_ state: CollectionState, id: UInt64, limit: Int) {
        self.state = state
        self.id = id
        self.limit = limit
        var portions = Portions(state, limit: limit)
        var count = 0
        while portions.next() != nil { count += 1 }
        // The snapshot of an empty collection is one empty piece.
        self.count = Swift.max(count, 1)
    }

    package func makeIterator() -> Iterator {
        Iterator(snapshot: id, count: count, floor: state.floor, portions: Portions(state, limit: limit))
    }

    package struct Iterator: IteratorProtocol {
        fileprivate let snapshot: UInt64
        fileprivate let count: Int
        fileprivate let floor: Stamp?
        fileprivate var portions: Portions
        private var index = 0

        fileprivate init(snapshot: UInt64, count: Int, floor: Stamp?, portions: Portions) {
            self.snapshot = snapshot
            self.count = count
            self.floor = floor
            self.portions = portions
        }

        package mutating func next() -> SnapshotPiece? {
            guard index < count else { return nil }
            defer { index += 1 }
            return SnapshotPiece(
                snapshot: snapshot,
                index: UInt32(index),
                count: UInt32(count),
                floor: floor,
                entries: portions.next() ?? []
            )
        }
    }
}

/// The entries of one piece after the other.
private struct Portions: IteratorProtocol {
    private var objects: AnyIterator<(object: String, state: ObjectState)>
    private let limit: Int
    /// The object that did not fit into the last piece, with the writes of it that are left.
    private var rest: (object: String, deletion: Stamp?, writes: ArraySlice<SnapshotWrite>)?

    init(_ state: CollectionState, limit: Int) {
        objects = AnyIterator(state.oneByOne.makeIterator())
        self.limit = limit
    }

    /// The next entries, which together are not larger than a piece, unless one write alone is.
    mutating func next() -> [SnapshotEntry]? {
        var entries: [SnapshotEntry] = []
        var size = 0
        while let (object, deletion, writes) = rest ?? nextObject() {
            rest = nil
            var own = object.utf8.count + SnapshotEntry.overhead
            var end = writes.startIndex
            // One write is put in, however large it is.
            while end < writes.endIndex,
                size + own + writes[end].size <= limit || (size == 0 && end == writes.startIndex)
            {
                own += writes[end].size
                end += 1
            }
            // An object without writes has its deletion alone.
            let isFitting = writes.isEmpty ? size == 0 || size + own <= limit : end > writes.startIndex
            if isFitting {
                entries.append(
                    SnapshotEntry(object: object, deletion: deletion, writes: Array(writes[..<end]))
                )
                size += own
            }
            if !isFitting || end < writes.endIndex {
                rest = (object, deletion, writes[end...])
                return entries
            }
        }
        return entries.isEmpty ? nil : entries
    }

    private mutating func nextObject() -> (object: String, deletion: Stamp?, writes: ArraySlice<SnapshotWrite>)? {
        objects.next().map { ($0.object, $0.state.deletion, $0.state.writes[...]) }
    }
}

extension SnapshotEntry {
    /// The bytes that an object takes beside its name and its writes, at most: a deletion's stamp and the fields' heads.
    fileprivate static let overhead = 48
}

extension SnapshotWrite {
    /// The bytes that a write takes in a piece, at most.
    package var size: Int { attribute.utf8.count + (value?.count ?? 0) + 72 }
}

extension CollectionState {
    /// All pieces of a snapshot of this state, as ``SnapshotPieces`` makes them.
    package func pieces(id: UInt64, limit: Int) -> [SnapshotPiece] {
        Array(SnapshotPieces(self, id: id, limit: limit))
    }
}
