private import HeapModule

/// All deadlines of a relay in one heap. An entry is a reminder to check and no promise that something is due: an entry
/// stays when its subject ends early, so the code that takes it checks the subject again.
struct Deadlines: Sendable {
    enum Subject: Sendable {
        case connection(ConnectionID)
        /// The end of a room.
        case room(OfferID)
        /// A room whose next visitor is to be displaced, because it owes a message while others wait.
        case displacement(OfferID)
        /// The rooms without a seated visitor, which end some time after the relay began to drain.
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

    /// Removes the reminders whose subject has ended or has another deadline.
    mutating func keep(where isLive: (Subject, Duration) -> Bool) {
        entries = Heap(entries.unordered.filter { isLive($0.subject, $0.at) })
    }

    /// Removes and returns the earliest entry that is due; nil when none is.
    mutating func popDue(_ now: Duration) -> Subject? {
        guard let at = next, at <= now else { return nil }
        return entries.popMin()?.subject
    }
}
