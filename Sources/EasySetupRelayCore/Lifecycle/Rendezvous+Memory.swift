/// Giving back memory: tables keep the size that they had at the peak.
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
