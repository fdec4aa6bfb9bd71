/// Tables keep the size that a crowd gave them.
extension Rendezvous {
    /// Makes every table as small as what is in it needs, at the cost of moving all of that. Nothing else changes.
    @specialized(where Connection == ConnectionID)
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
