/// Giving back memory. A dictionary keeps the size that it had at its peak, until its content moves to a smaller one.
extension Rendezvous {
    /// Shrinks every table to the size that its content needs, by moving the content. Nothing else changes.
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
