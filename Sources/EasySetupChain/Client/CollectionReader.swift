import EasySetupSeed

/// One collection as a device has read it so far. It takes listings and says what they change; it decides from where on is
/// listed next. It does no I/O.
package struct CollectionReader: Sendable {
    /// A change of the key that was read.
    package struct SeenKeyChange: Hashable, Sendable {
        /// The place of the record: a generation may be announced again.
        package let stamp: Stamp
        /// The new generation.
        package let generation: UInt32
        /// The devices without the seed that get the key.
        package let devices: Set<DeviceID>
        /// The devices that the writer knew to be removed.
        package let removed: Set<DeviceID>
        /// The first of its names, and their number.
        let name: String?
        let parts: Int
        /// When it came into the store, by the store's clock, in milliseconds since 1970.
        package let lastModified: UInt64

        package init(
            stamp: Stamp,
            generation: UInt32,
            devices: Set<DeviceID>,
            removed: Set<DeviceID> = [],
            name: String? = nil,
            parts: Int = 1,
            lastModified: UInt64 = 0
        ) {
            self.stamp = stamp
            self.generation = generation
            self.devices = devices
            self.removed = removed
            self.name = name
            self.parts = parts
            self.lastModified = lastModified
        }
    }

    /// The knowledge of the collection's objects.
    package private(set) var state = CollectionState()
    /// From where on is listed.
    package var cursor = Cursor()
    /// All changes of the key.
    package private(set) var keyChanges: Set<SeenKeyChange> = []
    /// The devices that key changes call removed.
    package var removed: Set<DeviceID> { keyChanges.reduce(into: []) { $0.formUnion($1.removed) } }
    /// The generations of which the keys are in one record, by the generation of that record. Those of the newest one count.
    private var listed: [UInt32: Set<Set<UInt32>>] = [:]
    /// The greatest stamp of this device's own records.
    package private(set) var own: Stamp?

    /// Whether the collection has more objects than may be held. None of them is held then, and no later one: half of a
    /// collection must not be taken for all of it. The keys are read on.
    package private(set) var isTooLarge = false

    /// The words of devices that they leave, of each record that was read, whatever a later one says; each is taken once.
    private var leaves: [(device: DeviceID, statement: [UInt8])] = []

    private var assembler: RecordAssembler
    /// The greatest number of objects that are held.
    package var objectLimit: Int
    private let device: DeviceID
    /// Whether the words of devices that leave are collected.
    private let collectsLeaves: Bool
    private var snapshots = PartialSnapshots()
    private var droppedWrites = DroppedWrites()

    /// Makes a reader that has read nothing.
    /// - Parameter objectLimit: the greatest number of objects that are held.
    package init(
        keys: KeyRing,
        device: DeviceID,
        objectLimit: Int = ChainLimits().objects,
        collectsLeaves: Bool = false
    ) {
        assembler = RecordAssembler(keys: keys)
        self.device = device
        self.collectsLeaves = collectsLeaves
        self.objectLimit = objectLimit
    }

    /// The keys, with those that key changes have brought.
    package var keys: KeyRing { assembler.keys }

    /// The highest generation that a key change has announced; 1 if there was none.
    package var newestGeneration: UInt32 { keyChanges.map(\.generation).max() ?? 1 }

    /// The generations before the newest one, if no record has all their keys under it; otherwise none. Only those count
    /// whose key changes were read: they name the devices that may not have the key.
    package var unlisted: Set<UInt32> {
        let newest = newestGeneration
        guard newest > 1, newest == keys.current else { return [] }
        let earlier = generations.subtracting([newest])
        return listed[newest, default: []].contains(where: earlier.isSubset) ? [] : earlier
    }

    /// The generations that exist: the first one, and those that key changes have announced.
    package var generations: Set<UInt32> { Set(keyChanges.map(\.generation)).union(lostGenerations).union([1]) }

    /// The generations whose changes were read once, and that the store does not show any more.
    package private(set) var lostGenerations: Set<UInt32> = []
    /// The changes of the key that a listing of everything has not shown so far, by the first of their names.
    private var unshown: [String: SeenKeyChange] = [:]

    /// Notes that a listing of everything begins: it must show each change of the key again.
    mutating func beginsAll() {
        unshown = Dictionary(keyChanges.compactMap { change in change.name.map { ($0, change) } }) { $1 }
    }

    /// Forgets the changes of the key that a listing of everything has not shown, so that they are announced again. Those that
    /// came just now may be listed late.
    private mutating func endedAll(at time: UInt64) {
        let lost = unshown.values.filter { $0.lastModified + Compaction.settling <= time }
        unshown = [:]
        keyChanges.subtract(lost)
        lostGenerations.formUnion(lost.map(\.generation))
        lostGenerations.subtract(keyChanges.map(\.generation))
    }

    /// The records that were listed and can't be used, or not yet.
    package var remaining: [RemainingRecord] { assembler.remaining }

    /// The objects that are not as this device has written them last, because nobody else could read that in time.
    var dropped: [String] { droppedWrites.objects(in: state) }

    /// The number of names that the last listing of everything has shown.
    var listedNames = 0

    /// The number of those that may become fewer: all but those of key changes.
    var reducibleNames: Int { listedNames - keyChanges.reduce(0) { $0 + $1.parts } }

    /// The number of names that were listed and are none of a record's.
    package var foreignNames: Int { assembler.foreign.values.reduce(0, +) }

    /// Takes entries of a listing. Returns what an app sees of them.
    /// - Parameter isWatched: whether an app wants to know; otherwise nothing is returned.
    package mutating func read(_ entries: [ObjectPage.Entry], isWatched: Bool = true) -> [ObjectEvent] {
        defer { if state.count > objectLimit { giveUpObjects() } }
        if !unshown.isEmpty { for entry in entries { unshown[entry.name] = nil } }
        var events: [ObjectEvent] = []
        for stored in assembler.add(entries) {
            let record = stored.record
            saw(record.stamp, previous: record.previous)
            if collectsLeaves, case .changes(let changes) = record.content {
                leaves += changes.compactMap(\.leave)
                if leaves.count > 2 * Self.leaveLimit { leaves.removeFirst(leaves.count - Self.leaveLimit) }
            }
            switch record.content {
            case .changes where isTooLarge, .snapshot where isTooLarge: break
            case .changes(let changes):
                if record.stamp.writer == device { droppedWrites.read(changes, record.stamp, floor: state.floor) }
                for change in changes {
                    let event = state.merge(change, stamp: record.stamp, isWatched: isWatched)
                    if let event { events.append(event) }
                }
            case .snapshot(let piece):
                if let whole = snapshots.add(piece, stamp: record.stamp) {
                    droppedWrites.willJoin(state, floor: whole.floor, device: device)
                    events += state.merge(whole, isWatched: isWatched)
                }
            case .keyChange(let change):
                keyChanges.insert(
                    SeenKeyChange(
                        stamp: record.stamp,
                        generation: change.generation,
                        devices: Set(change.boxes.keys),
                        removed: change.removed,
                        name: record.names.first,
                        parts: record.parts,
                        lastModified: stored.lastModified
                    )
                )
            case .earlierKeys(let earlier):
                listed = listed.filter { $0.key >= earlier.generation }
                listed[earlier.generation, default: []].insert(Set(earlier.generations))
            }
        }
        return events
    }

    /// Notes that a listing was read to its end, as ``Cursor/finished(_:time:at:)`` takes it. What the next listing does not
    /// show again needs not be known by its name any more. Where a key came after records had been forgotten that it may
    /// open, everything is listed once more.
    package mutating func finished(_ listing: Cursor.Listing, time: UInt64, at instant: Duration) {
        cursor.finished(listing, time: time, at: instant)
        if case .all = listing { endedAll(at: time) }
        if time > Cursor.overlap { assembler.forgetGiven(before: time - Cursor.overlap) }
        if assembler.takesForgottenAgain() { cursor.ask(.missing) }
    }

    /// The greatest number of words of devices that are kept. Whoever may write can put any number of wrong ones there, and each
    /// costs the check of a signature.
    private static let leaveLimit = 10_000

    /// The words of devices that they leave that were read since the last call.
    mutating func takeLeaves() -> [(device: DeviceID, statement: [UInt8])] {
        defer { leaves = [] }
        return leaves
    }

    /// Notes that a stamp is taken, whether the record gets to the store or not.
    package mutating func take(_ stamp: Stamp) { state.sawRecord(stamp) }

    private mutating func giveUpObjects() {
        isTooLarge = true
        snapshots = PartialSnapshots()
        state.removeObjects()
    }

    private mutating func saw(_ stamp: Stamp, previous: UInt64) {
        state.sawRecord(stamp)
        cursor.saw(stamp, previous: previous)
        if stamp.writer == device, own.map({ $0 < stamp }) ?? true { own = stamp }
    }
}

extension Change {
    /// The word of a device that it leaves, if the change writes one into its record.
    fileprivate var leave: (device: DeviceID, statement: [UInt8])? {
        guard case .set(let attributes) = operation, let statement = attributes[LeaveStatement.attribute] ?? nil,
            statement.count == SyncSeed.signatureByteCount, let device = DeviceID(text: object)
        else { return nil }
        return (device, statement)
    }
}
