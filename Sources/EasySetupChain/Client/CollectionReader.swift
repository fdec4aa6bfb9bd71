/// One collection as a device has read it so far. It takes listings and says what they change; it decides from where on is
/// listed next. It does no I/O.
package struct CollectionReader: Sendable {
    /// A change of the key that was read.
    package struct SeenKeyChange: Hashable, Sendable {
        /// The new generation.
        package let generation: UInt32
        /// The devices without the seed that get the key.
        package let devices: Set<DeviceID>
        /// When it came into the store, by the store's clock, in milliseconds since 1970.
        package let lastModified: UInt64
    }

    /// The knowledge of the collection's objects.
    package private(set) var state = CollectionState()
    /// From where on is listed.
    package var cursor = Cursor()
    /// All changes of the key.
    package private(set) var keyChanges: Set<SeenKeyChange> = []
    /// The greatest stamp of this device's own records.
    package private(set) var own: Stamp?

    /// Whether the collection has more objects than may be held. What was read then is not whole.
    package private(set) var isTooLarge = false

    private var assembler: RecordAssembler
    private let objectLimit: Int
    private let device: DeviceID
    /// Pieces of snapshots of which others are missing.
    private var pieces: [StoredRecord] = []

    /// Makes a reader that has read nothing.
    /// - Parameter objectLimit: the greatest number of objects that are held.
    package init(keys: KeyRing, device: DeviceID, objectLimit: Int = ChainLimits().objects) {
        assembler = RecordAssembler(keys: keys)
        self.device = device
        self.objectLimit = objectLimit
    }

    /// The keys, with those that key changes have brought.
    package var keys: KeyRing { assembler.keys }

    /// The highest generation that a key change has announced; 1 if there was none.
    package var newestGeneration: UInt32 { keyChanges.map(\.generation).max() ?? 1 }

    /// The records that were listed and can't be used, or not yet.
    package var remaining: [RemainingRecord] { assembler.remaining }

    /// Takes entries of a listing. Returns what an app sees of them.
    package mutating func read(_ entries: [ObjectPage.Entry]) -> [ObjectEvent] {
        defer { isTooLarge = isTooLarge || state.count > objectLimit }
        var events: [ObjectEvent] = []
        var hasPieces = false
        for stored in assembler.add(entries) {
            let record = stored.record
            saw(record.stamp, previous: record.previous)
            switch record.content {
            case .changes(let changes):
                for change in changes {
                    if let event = state.merge(change, stamp: record.stamp) { events.append(event) }
                }
            case .snapshot:
                pieces.append(stored)
                hasPieces = true
            case .keyChange(let change):
                keyChanges.insert(
                    SeenKeyChange(
                        generation: change.generation,
                        devices: Set(change.boxes.keys),
                        lastModified: stored.lastModified
                    )
                )
            }
        }
        guard hasPieces else { return events }
        let (whole, rest) = Snapshot.assembled(pieces)
        pieces = Array(rest.suffix(Self.pieceLimit))
        for snapshot in whole { events += state.merge(snapshot.state) }
        return events
    }

    /// Notes that a stamp is taken, whether the record gets to the store or not.
    package mutating func take(_ stamp: Stamp) { state.sawRecord(stamp) }

    private mutating func saw(_ stamp: Stamp, previous: UInt64) {
        state.sawRecord(stamp)
        cursor.saw(stamp, previous: previous)
        if stamp.writer == device, own.map({ $0 < stamp }) ?? true { own = stamp }
    }

    /// The greatest number of pieces that are kept for snapshots that are not whole: some 40 MB.
    private static let pieceLimit = 1_024
}
