/// Decides, page by page of a listing, which objects of a deleted collection may go (`Protocol/chain.md`, "Leaving and
/// deleting"): the records but those of the newest snapshot that empties it, changes of the key, and what was written since;
/// and what is no part of a record, as in a compaction.
struct EmptiedSweep {
    private let emptied: Snapshot
    private let floor: Stamp
    /// The names of the snapshots that say no more than that one.
    private let surpassed: Set<String>
    private let now: Compaction.Now
    private var assembler: RecordAssembler
    private var search: StraySearch

    /// Begins with the pieces of all snapshots that a first listing has shown; nil if none of them empties the collection.
    /// - Parameter keepsNewer: as ``StraySearch`` takes it.
    init?(_ pieces: [StoredRecord], _ keys: KeyRing, keepsNewer: Bool, now: Compaction.Now) {
        let (whole, _) = Snapshot.assembled(pieces)
        guard let emptied = whole.last(where: { $0.state.isEmptied }), let floor = emptied.state.floor else {
            return nil
        }
        self.emptied = emptied
        self.floor = floor
        self.now = now
        let others = whole.filter { $0.id != emptied.id && emptied.state.contains($0.state) }
        surpassed = Set(others.flatMap(\.names))
        assembler = RecordAssembler(keys: keys)
        search = StraySearch(keys: keys, keepsNewer: keepsNewer)
    }

    /// Takes the next page.
    /// - Parameter isLast: whether the listing ends with it.
    /// - Returns: the names of records that may be deleted, and the objects that are no part of a record and may be.
    mutating func dead(in page: [ObjectPage.Entry], isLast: Bool) -> (names: [String], strays: [Stray]) {
        let records = assembler.add(page)
        // A part that is listed late may be that of a change of the key.
        let strays = search.take(page, records) + (isLast ? search.finish() : [])
        let kept = Set(emptied.names)
        let names = records.filter { isDead($0.record) }.flatMap(\.record.names).filter { !kept.contains($0) }
        return (names, strays.filter { now.isOrphan($0.lastModified) })
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
