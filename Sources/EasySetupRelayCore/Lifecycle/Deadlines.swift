private import HeapModule

/// Every deadline of a relay in one heap. An entry is a reminder to look, not a promise that something is due: what ended
/// early leaves its entry behind, and whoever is reminded checks for himself.
struct Deadlines<Connection: Hashable & Sendable>: Sendable {
    enum Subject: Sendable {
        case connection(Connection)
        /// The end of a room.
        case room(OfferID)
        /// A visitor of the room who keeps others waiting.
        case displacement(OfferID)
        /// Rooms without a seat, once the relay drains.
        case draining
    }

    private struct Entry: Comparable, Sendable {
        let at: Duration
        let subject: Subject

        static func < (one: Entry, other: Entry) -> Bool { one.at < other.at }
        static func == (one: Entry, other: Entry) -> Bool { one.at == other.at }
    }

    private var entries = Heap<Entry>()

    var count: Int { entries.count }
    var next: Duration? { entries.min?.at }

    mutating func add(_ subject: Subject, at time: Duration) {
        entries.insert(Entry(at: time, subject: subject))
    }

    /// Forgets the reminders of what has ended early or moved.
    mutating func keep(where isLive: (Subject, Duration) -> Bool) {
        entries = Heap(entries.unordered.filter { isLive($0.subject, $0.at) })
    }

    /// Takes out the earliest that is due; nil when none is.
    mutating func popDue(_ now: Duration) -> Subject? {
        guard let at = next, at <= now else { return nil }
        return entries.popMin()?.subject
    }
}
