/// Decides how a collection's objects in the store become fewer (`Protocol/chain.md`, "Compaction").
///
/// A compaction has these steps, and a device may die between any two of them, or within one:
///
/// 1. Everything is listed: ``StoreSurvey``.
/// 2. Everything is listed once more, and what ``deletions(of:)`` says is deleted.
/// 3. The pieces of ``snapshot(minimum:)`` are written, and everything is listed again: ``SnapshotReadBack``.
/// 4. A later compaction, by any device, deletes what that snapshot holds.
///
/// Nothing is remembered in between. A record may be deleted when a snapshot holds all that it says; whether it does is seen
/// by looking. The snapshot must have been in the store for longer than a store may show an object late, so that no device
/// sees neither the record nor the snapshot. A snapshot is deleted only for one with a greater rank, so two devices that
/// compact at once can't delete each other's.
///
/// Two listings cost less than the room that all names of a collection take, which have the records in them.
package struct Compaction: Sendable {
    private let now: Now
    private let hasUnread: Bool
    private var merged: CollectionState
    private let newest: StoreSurvey.Found?
    private let settled: StoreSurvey.Found?
    private let whole: Set<Snapshot.Group>
    /// The whole snapshots that the settled one holds.
    private let surpassed: Set<Snapshot.Group>
    /// The whole snapshots before the newest one that say what it does not hold.
    private let unheld: Set<Snapshot.Group>
    private let earlierKeys: [StoredRecord]
    /// When each whole snapshot was whole, for the next compaction.
    let seenWhole: [Snapshot.Group: UInt64]
    /// The first names of the signed records with one time and writer that were there before a copy of them.
    private var originals: [Signed: String] = [:]
    /// The number of objects that a snapshot of all would make unnecessary.
    private var gain = 0

    /// Begins after the first listing.
    /// - Parameter hasUnread: whether there are records that a device of a later version, or one with a newer key, reads. A
    ///   floor would kill what they say, so none is raised; and no piece of a snapshot is taken for an orphan.
    package init(_ survey: consuming StoreSurvey, hasUnread: Bool, now: Now) {
        let snapshots = survey.finish()
        let newest = snapshots.last?.snapshot
        let settled = snapshots.last { $0.snapshot.lastModified + Self.settling <= now.store }?.snapshot
        var (surpassed, unheld): (Set<Snapshot.Group>, Set<Snapshot.Group>) = ([], [])
        for (group, snapshot) in snapshots {
            if let settled, snapshot.rank < settled.rank, settled.state.contains(snapshot.state) {
                surpassed.insert(group)
            } else if let newest, snapshot.rank < newest.rank, !newest.state.contains(snapshot.state) {
                unheld.insert(group)
            }
        }
        merged = survey.merged
        seenWhole = survey.seenWhole
        earlierKeys = survey.earlierKeys
        whole = Set(snapshots.map(\.group))
        (self.newest, self.settled, self.surpassed, self.unheld) = (newest, settled, surpassed, unheld)
        (self.now, self.hasUnread) = (now, hasUnread)
    }

    /// Says what of the second listing may be deleted.
    /// - Returns: the names of these records that may be deleted.
    package mutating func deletions(of records: [StoredRecord]) -> [String] {
        var names: [String] = []
        for stored in records {
            if isCopy(stored) {
                names += stored.record.names
                continue
            }
            switch stored.record.content {
            case .changes(let changes):
                if isHeld(changes, stored.record.stamp, by: settled) {
                    names += stored.record.names
                } else if !isHeld(changes, stored.record.stamp, by: newest) {
                    gain += stored.record.names.count
                }
            case .snapshot(let piece):
                let group = Snapshot.Group(piece, writer: stored.record.stamp.writer)
                if surpassed.contains(group), settled?.state.contains(CollectionState([piece])) == true {
                    names += stored.record.names
                } else if unheld.contains(group) {
                    gain += stored.record.names.count
                } else if !whole.contains(group), !hasUnread, now.isOrphan(stored.lastModified) {
                    // A record that can't be read may be the piece that seems to be missing.
                    names += stored.record.names
                }
            case .earlierKeys(let keys):
                let isSurpassed = earlierKeys.contains { other in
                    guard case .earlierKeys(let others) = other.record.content,
                        other.lastModified + Self.settling <= now.store, others.hold(keys)
                    else { return false }
                    // Two records may hold each other's keys. The one with the greater stamp stays.
                    return !keys.hold(others) || stored.record.stamp < other.record.stamp
                }
                if isSurpassed { names += stored.record.names }
            case .keyChange: break
            }
        }
        return names
    }

    /// Says which objects may be deleted that are no part of a record.
    package func deletions(of strays: [Stray]) -> [Stray] {
        strays.filter { now.isOrphan($0.lastModified) }
    }

    /// The state to write as a snapshot, after the second listing; nil if that is not worth it.
    /// - Parameter minimum: the number of objects that a snapshot must make unnecessary to be worth it.
    package consuming func snapshot(minimum: Int) -> CollectionState? {
        var isWorth = gain >= max(minimum, 1)
        // A snapshot that is not settled may be missing from other listings, and so may others from this one. A floor
        // that was raised without them would kill what they hold.
        if now.clocksAgree, let settled, !hasUnread, let floor = now.stamp(before: Self.floorAge),
            let horizon = now.stamp(before: Self.horizon)
        {
            let forgotten = merged.forget(deletionsThrough: horizon, floor: floor)
            if forgotten > 0, settled.lastModified + Self.forgettingInterval <= now.store { isWorth = true }
        }
        return isWorth && newest?.state != merged ? merged : nil
    }

    private func isHeld(_ changes: [Change], _ stamp: Stamp, by snapshot: StoreSurvey.Found?) -> Bool {
        guard let snapshot else { return false }
        return changes.allSatisfy { snapshot.state.contains($0, stamp: stamp) }
    }

    /// Whether a record says what another one with the same stamp says, which is signed by the seed. Whoever has the key of the
    /// generation can seal such a record again, as often as he likes.
    ///
    /// The one with the least name stays. It is deleted for no other, so two devices that compact at once leave one.
    private mutating func isCopy(_ stored: StoredRecord) -> Bool {
        if case .changes = stored.record.content { return false }
        let signed = Signed(stamp: stored.record.stamp, content: stored.record.content)
        // In a listing the names with one time and writer stand together.
        if let other = originals.first?.key, !other.isBeside(signed) { originals = [:] }
        guard let name = stored.record.names.first else { return false }
        if let original = originals[signed], original < name { return now.isOrphan(stored.lastModified) }
        if stored.lastModified + Self.settling <= now.store { originals[signed] = name }
        return false
    }

    /// The content that the seed has signed for one stamp.
    private struct Signed: Hashable {
        let stamp: Stamp
        let content: RecordContent

        func isBeside(_ other: Signed) -> Bool {
            (stamp.time, stamp.writer) == (other.stamp.time, other.stamp.writer)
        }
    }

    /// The contents of the store, by one listing of everything.
    package struct Listing: Sendable {
        /// The records that are whole and could be opened.
        package var records: [StoredRecord]
        /// The objects that are no part of a record.
        package var strays: [Stray]
        /// Whether there are records that a device of a later version, or one with a newer key, reads. A floor would kill
        /// what they say, so none is raised.
        package var hasUnread: Bool

        package init(records: [StoredRecord], strays: [Stray], hasUnread: Bool = false) {
            self.records = records
            self.strays = strays
            self.hasUnread = hasUnread
        }
    }

    /// The clocks, and since when there are which generations.
    package struct Now: Sendable {
        /// The store's time in milliseconds since 1970.
        package var store: UInt64
        /// The device's date in milliseconds since 1970. Where it differs from the store's time by more than a day, one of
        /// them is wrong, and nothing is forgotten or taken for an orphan.
        package var device: UInt64
        /// When the change to each generation came into the store, by the store's clock. The first one has no change.
        package var generations: [UInt32: UInt64]

        package init(store: UInt64, device: UInt64, generations: [UInt32: UInt64] = [:]) {
            self.store = store
            self.device = device
            self.generations = generations
        }

        fileprivate var clocksAgree: Bool {
            max(store, device) - min(store, device) <= Compaction.orphanAge
        }

        /// Whether what came into the store at this time, and is incomplete or damaged, was given up.
        package func isOrphan(_ lastModified: UInt64) -> Bool {
            clocksAgree && lastModified + Compaction.orphanAge <= store
        }

        /// The greatest stamp that a device could give to a write at this time before the present, if it had heard of every
        /// generation by then.
        fileprivate func stamp(before age: UInt64) -> Stamp? {
            guard store > age else { return nil }
            let generation = generations.filter { $0.value <= store - age }.keys.max() ?? Compaction.firstGeneration
            return Stamp(generation: generation, time: store - age, writer: DeviceID(value: .max))
        }
    }

    /// The steps that a listing leads to.
    package struct Plan: Sendable {
        /// The names that may be deleted at once.
        package var deletions: [String]
        /// The state to write as a snapshot; nil if that is not worth it.
        package var snapshot: CollectionState?
        /// The number of objects that the snapshot would make unnecessary.
        package var gain: Int
    }

    /// Says what may be deleted, and what to write, where the second listing shows what the first one did.
    /// - Parameters:
    ///   - known: what the device has read before. A store that withholds some of it from the listing can't have it
    ///     forgotten.
    ///   - minimum: the number of objects that a snapshot must make unnecessary to be worth it.
    package static func plan(_ listing: Listing, known: CollectionState, now: Now, minimum: Int) -> Plan {
        var survey = StoreSurvey(known: known)
        survey.take(listing.records)
        var compaction = Compaction(survey, hasUnread: listing.hasUnread, now: now)
        let deletions = compaction.deletions(of: listing.records) + compaction.deletions(of: listing.strays).map(\.name)
        let gain = compaction.gain
        return Plan(deletions: deletions, snapshot: compaction.snapshot(minimum: minimum), gain: gain)
    }

    // MARK: Limits

    /// How long a snapshot must have been in the store before anything is deleted for it, in milliseconds: no store known to
    /// us takes longer to list an object.
    package static let settling: UInt64 = 600_000
    /// The age at which what is incomplete or damaged is deleted, in milliseconds.
    package static let orphanAge: UInt64 = 86_400_000
    /// The age at which a deletion is forgotten, in milliseconds: 90 days.
    package static let horizon: UInt64 = 90 * 86_400_000
    /// A device that has not listed everything for longer than this does so before it writes, in milliseconds: 30 days.
    package static let writersAge: UInt64 = 30 * 86_400_000
    /// The age of the floor, in milliseconds. A write that did not know of a deletion was made at most ``writersAge`` after
    /// it, so when the deletion is forgotten the write is at least this old, and below the floor.
    package static let floorAge = horizon - writersAge
    /// How often a snapshot is written only to forget, at most, in milliseconds.
    package static let forgettingInterval: UInt64 = 86_400_000
    /// The generation of a collection's first key.
    package static let firstGeneration: UInt32 = 1
}

extension Snapshot {
    /// The names of its objects.
    package var names: [String] { pieces.flatMap(\.record.names) }
}

extension CollectionState {
    /// Raises the floor and forgets deletions, if that removes any. Returns how many objects and attributes it removed.
    ///
    /// An object that exists stays, with all that a reader sees of it. One that was deleted is forgotten if the deletion is
    /// old enough and no write above the floor is kept down by it.
    package mutating func forget(deletionsThrough horizon: Stamp, floor newFloor: Stamp) -> Int {
        // Two states with one floor must not differ by what was forgotten.
        guard floor.map({ $0 < newFloor }) ?? true else { return 0 }
        let floor = newFloor
        var kept: [(String, ObjectState)] = []
        var forgotten = 0
        for (object, state) in oneByOne {
            var state = state
            if state.attributes == nil, let deletion = state.lastDeletion, deletion <= horizon,
                state.writes.allSatisfy({ $0.stamp <= floor })
            {
                forgotten += 1
                continue
            }
            let count = state.writes.count
            state.forgetUnseen(through: floor)
            forgotten += count - state.writes.count
            kept.append((object, state))
        }
        guard forgotten > 0 else { return 0 }
        let seen = clocks
        self = CollectionState(floor: floor, objects: kept)
        for (generation, time) in seen {
            sawRecord(Stamp(generation: generation, time: time, writer: DeviceID(value: 0)))
        }
        return forgotten
    }
}
