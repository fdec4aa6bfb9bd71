private import HeapModule

/// All deadlines of a relay in one heap. An entry is a reminder to check its subject, and does not promise that
/// something is due: when its subject ends early, the entry stays. So the caller checks the subject again.
struct Deadlines: Sendable {
    enum Subject: Sendable {
        case connection(ConnectionID)
        /// The time at which a room expires.
        case room(OfferID)
        /// The time to look for a visitor to displace in a room: one that has owed a message for too long while others
        /// wait in line.
        case displacement(OfferID)
        /// The time at which a draining relay sends the rooms without a seated (proved) visitor to another relay.
        case draining
        /// The time at which a relay among others looks after its rooms in the directory, each second.
        case sharing
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

    /// Keeps only the deadlines for which `isLive` is true. The function must return false when the subject of a
    /// deadline (such as a room) has ended or has another deadline now.
    mutating func keep(where isLive: (Subject, Duration) -> Bool) {
        entries = Heap(entries.unordered.filter { isLive($0.subject, $0.at) })
    }

    /// Removes the earliest entry if it is due, and returns its subject; nil when no entry is due.
    mutating func popDue(_ now: Duration) -> Subject? {
        guard let at = next, at <= now else { return nil }
        return entries.popMin()?.subject
    }
}
