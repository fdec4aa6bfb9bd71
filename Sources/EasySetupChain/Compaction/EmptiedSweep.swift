/// Decides, page by page of a listing, which names of a deleted collection may go (`Protocol/chain.md`, "Leaving and
/// deleting"): all but those of the newest snapshot that empties it, of changes of the key, of records of a later version,
/// and of what was written since.
struct EmptiedSweep {
    private let emptied: Snapshot
    private let floor: Stamp
    /// The names of the snapshots that say no more than that one.
    private let surpassed: Set<String>
    private var assembler: RecordAssembler
    /// Names that were listed, of records of which others may follow.
    private var undecided: Set<String> = []

    /// Begins with the pieces of all snapshots that a first listing has shown; nil if none of them empties the collection.
    init?(_ pieces: [StoredRecord], _ keys: KeyRing) {
        let (whole, _) = Snapshot.assembled(pieces)
        guard let emptied = whole.last(where: { $0.state.isEmptied }), let floor = emptied.state.floor else {
            return nil
        }
        self.emptied = emptied
        self.floor = floor
        let others = whole.filter { $0.id != emptied.id && emptied.state.contains($0.state) }
        surpassed = Set(others.flatMap(\.names))
        assembler = RecordAssembler(keys: keys)
    }

    /// Takes the next page.
    /// - Parameter isLast: whether the listing ends with it.
    /// - Returns: the names that may be deleted.
    mutating func dead(in page: [ObjectPage.Entry], isLast: Bool) -> [String] {
        undecided.formUnion(page.map(\.name))
        for stored in assembler.add(page) where !isDead(stored.record) { undecided.subtract(stored.record.names) }
        // The names with one time and writer follow each other, so only the last ones of a page may get more parts.
        let prefix = assembler.keys.place.prefix
        let last = isLast ? nil : page.last.map { prefix + $0.name.dropFirst(prefix.count).prefix { $0 != "/" } + "/" }
        var waiting: Set<String> = []
        for remaining in assembler.remaining {
            if let last, remaining.names.contains(where: { $0.hasPrefix(last) }) {
                waiting.formUnion(remaining.names)
            } else if remaining.reason == .fault(.newer) || remaining.name.time > floor.time {
                // A key change of a later version is among what can't be read; and what is new may become whole.
                undecided.subtract(remaining.names)
            }
        }
        let dead = undecided.subtracting(waiting).subtracting(emptied.names)
        undecided.formIntersection(waiting)
        return dead.sorted()
    }

    private func isDead(_ record: Record) -> Bool {
        switch record.content {
        // A device that had not heard of the deletion may have written since.
        case .changes(let changes): changes.allSatisfy { emptied.state.contains($0, stamp: record.stamp) }
        case .snapshot: record.stamp.time <= floor.time || !surpassed.isDisjoint(with: record.names)
        case .keyChange, .earlierKeys: false
        }
    }
}
