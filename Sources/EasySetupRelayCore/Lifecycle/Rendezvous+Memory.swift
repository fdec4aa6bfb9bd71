/// Freeing memory after a peak. A dictionary keeps its largest capacity, until its content moves to a smaller
/// dictionary.
extension Rendezvous {
    /// Moves the content of every table to a table that is just large enough. It changes nothing else.
    package mutating func shrink() {
        connections.shrink()
        rooms.shrink()
        slots.shrink()
        early.shrink()
        displacements.shrink()
        owned.shrink()
        dropAbandoned()
        dropReminders()
    }
}

extension Dictionary {
    mutating func shrink() {
        var smaller = Dictionary(minimumCapacity: count)
        for (key, value) in self { smaller[key] = value }
        self = smaller
    }
}
