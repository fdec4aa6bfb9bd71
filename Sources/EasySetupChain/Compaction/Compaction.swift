/// Decides how a collection's objects in the store become fewer, from one listing of all of them
/// (`Protocol/chain.md`, "Compaction").
///
/// A compaction has three steps, and a device may die between any two of them, or within one:
///
/// 1. ``plan(_:now:minimum:)`` says what may be deleted now, and which snapshot to write.
/// 2. The snapshot's pieces are written, and everything is listed again: ``isThere(_:id:in:)``.
/// 3. A later compaction, by any device, deletes what that snapshot holds.
///
/// Nothing is remembered in between. A record may be deleted when a snapshot holds all that it says; whether it does is seen
/// by looking. The snapshot must have been in the store for longer than a store may show an object late, so that no device
/// sees neither the record nor the snapshot. A snapshot is deleted only for one with a greater rank, so two devices that
/// compact at once can't delete each other's.
package struct Compaction: Sendable {
    /// The contents of the store, by one listing of everything.
    package struct Listing: Sendable {
        /// The records that are whole and could be opened.
        package var records: [StoredRecord]
        /// The objects of records of which parts are missing, and when they came into the store.
        package var fragments: [ObjectPage.Entry]
        /// Whether there are records that a device of a later version, or one with a newer key, reads. A floor would kill
        /// what they say, so none is raised.
        package var hasUnread: Bool

        package init(records: [StoredRecord], fragments: [ObjectPage.Entry], hasUnread: Bool = false) {
            self.records = records
            self.fragments = fragments
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

    /// Says what may be deleted, and what to write.
    /// - Parameters:
    ///   - known: what the device has read before. A store that withholds some of it from the listing can't have it
    ///     forgotten.
    ///   - minimum: the number of objects that a snapshot must make unnecessary to be worth it.
    package static func plan(_ listing: Listing, known: CollectionState, now: Now, minimum: Int) -> Plan {
        let (whole, rest) = Snapshot.assembled(listing.records)
        let newest = whole.last
        let settled = whole.last { $0.lastModified + settling <= now.store }
        var plan = Plan(deletions: [], snapshot: nil, gain: 0)
        var merged = known
        for snapshot in whole {
            merged.merge(snapshot.state)
            if let settled, snapshot.rank < settled.rank, settled.state.contains(snapshot.state) {
                plan.deletions += snapshot.names
            } else if let newest, snapshot.rank < newest.rank, !newest.state.contains(snapshot.state) {
                plan.gain += snapshot.names.count
            }
        }
        for stored in listing.records {
            guard case .changes(let changes) = stored.record.content else { continue }
            let stamp = stored.record.stamp
            for change in changes { merged.merge(change, stamp: stamp) }
            func isHeld(by snapshot: Snapshot?) -> Bool {
                guard let snapshot else { return false }
                return changes.allSatisfy { snapshot.state.contains($0, stamp: stamp) }
            }
            if isHeld(by: settled) {
                plan.deletions += stored.record.names
            } else if !isHeld(by: newest) {
                plan.gain += stored.record.names.count
            }
        }
        plan.deletions += surpassed(listing.records, now).flatMap(\.record.names)
        var isWorth = plan.gain >= max(minimum, 1)
        if now.clocksAgree {
            plan.deletions += rest.filter { $0.lastModified + orphanAge <= now.store }.flatMap(\.record.names)
            plan.deletions += listing.fragments.filter { $0.lastModified + orphanAge <= now.store }.map(\.name)
            // A snapshot that is not settled may be missing from other listings, and so may others from this one. A floor
            // that was raised without them would kill what they hold.
            if let settled, !listing.hasUnread, let floor = now.stamp(before: floorAge),
                let horizon = now.stamp(before: horizon)
            {
                let forgotten = merged.forget(deletionsThrough: horizon, floor: floor)
                if forgotten > 0, settled.lastModified + forgettingInterval <= now.store { isWorth = true }
            }
        }
        if isWorth, newest?.state != merged { plan.snapshot = merged }
        return plan
    }

    /// The earlier keys of which all are in others that have a greater stamp and are in everybody's listing.
    private static func surpassed(_ records: [StoredRecord], _ now: Now) -> [StoredRecord] {
        let earlier = records.compactMap { stored in
            if case .earlierKeys(let keys) = stored.record.content { (stored: stored, keys: keys) } else { nil }
        }
        return earlier.filter { one in
            earlier.contains { other in
                one.stored.record.stamp < other.stored.record.stamp
                    && other.stored.lastModified + settling <= now.store && other.keys.hold(one.keys)
            }
        }
        .map(\.stored)
    }

    /// Whether a snapshot that was written is whole in a listing and says what it must.
    package static func isThere(_ state: CollectionState, id: UInt64, in listing: Listing) -> Bool {
        Snapshot.assembled(listing.records).whole.contains { $0.id == id && $0.state == state }
    }

    // MARK: Limits

    /// How long a snapshot must have been in the store before anything is deleted for it, in milliseconds.
    package static let settling = Cursor.overlap
    /// The age at which what is incomplete is taken for an orphan, in milliseconds.
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
        let floor = Stamp.later(floor, newFloor) ?? newFloor
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
