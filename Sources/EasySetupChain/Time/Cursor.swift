/// From where on a collection is listed next (`Protocol/chain.md`, "Time and listing").
///
/// A store may show an object late, and a writer's time is only about the store's. So each listing begins an overlap before
/// the last one. Everything is listed where that can't be enough.
package struct Cursor: Sendable {
    /// The part of the store that the next listing has to show.
    package enum Listing: Hashable, Sendable {
        /// Everything.
        case all(Reason)
        /// Names with this time or a later one, in milliseconds since 1970.
        case from(UInt64)
    }

    /// Why everything is listed.
    package enum Reason: Hashable, Sendable {
        /// Nothing was listed yet.
        case start
        /// The last listing of everything was a day ago.
        case daily
        /// A record names one before it by the same writer that was not seen.
        case missing
        /// The store's clock has been set back.
        case clockWentBack
        /// The app, or a compaction, asks for it.
        case asked
    }

    private struct Previous: Hashable {
        let writer: DeviceID
        let time: UInt64
    }

    /// The store's time at the beginning of the last listing.
    private var listed: UInt64?
    /// When everything was listed last, by the device's own clock.
    private var listedAll: Duration?
    private var lastOfWriter: [DeviceID: Stamp] = [:]
    private var missing: Set<Previous> = []
    /// When everything was listed last because something was missing.
    private var listedMissing: Duration?
    /// Records that were missing after everything was listed are not waited for again.
    private var givenUp: Set<Previous> = []
    private var asked: Reason?

    /// Makes the cursor of a device that has seen nothing of the collection.
    package init() {}

    /// The listing that is due.
    /// - Parameter instant: the time by the device's own clock, as ``StoreClock`` takes it.
    package func next(at instant: Duration) -> Listing {
        guard let listed, let listedAll else { return .all(.start) }
        if let asked { return .all(asked) }
        if instant - listedAll >= Self.allEvery { return .all(.daily) }
        // Every writer can name a record that never was, in another writer's name.
        if !missing.isEmpty, listedMissing.map({ instant - $0 >= Self.missingEvery }) ?? true { return .all(.missing) }
        return .from(listed > Self.overlap ? listed - Self.overlap : 0)
    }

    /// How long ago everything was listed; nil if that was never.
    package func age(at instant: Duration) -> Duration? { listedAll.map { instant - $0 } }

    /// Asks for everything at the next listing.
    package mutating func ask(_ reason: Reason = .asked) { asked = reason }

    /// Notes a record that a listing showed.
    /// - Parameter previous: the time of the same writer's record before it; 0 if it knew none.
    package mutating func saw(_ stamp: Stamp, previous: UInt64) {
        missing.remove(Previous(writer: stamp.writer, time: stamp.time))
        let last = lastOfWriter[stamp.writer]
        guard last.map({ $0 < stamp }) ?? true else { return }
        lastOfWriter[stamp.writer] = stamp
        guard previous > 0, previous != last?.time else { return }
        let before = Previous(writer: stamp.writer, time: previous)
        if !givenUp.contains(before) { missing.insert(before) }
    }

    /// Notes that a listing was read to its end.
    /// - Parameters:
    ///   - time: the store's time when the listing began, as ``StoreClock`` knows it.
    ///   - instant: the time by the device's own clock when the listing began.
    package mutating func finished(_ listing: Listing, time: UInt64, at instant: Duration) {
        listed = time
        guard case .all(let reason) = listing else { return }
        if reason == .missing { listedMissing = instant }
        listedAll = instant
        asked = nil
        givenUp = missing
        missing = []
    }

    /// The number of records that other records name and that no listing has shown: the store shows them late, withholds
    /// them, or a compaction has put a snapshot in their place.
    package var unseen: Int { missing.count }

    /// By how much listings overlap, in milliseconds. A record's last object comes into the store up to ``sendingLimit``
    /// after the record's time, and in listings up to ``Compaction/settling`` after that; the rest is a margin.
    package static let overlap: UInt64 = 1_200_000
    /// How often everything is listed.
    package static let allEvery: Duration = .seconds(86_400)
    /// How often everything is listed because something is missing, at most.
    static let missingEvery: Duration = .seconds(3_600)
    /// The time within which a write must be acknowledged, in milliseconds by the store's clock. Otherwise it is written
    /// anew with a new time, as readers may be past the old one.
    package static let sendingLimit: UInt64 = 300_000
}
