extension Chain {
    /// Keeps what the device has read of a collection's keys, and of removed devices, before it writes.
    func remember(_ name: CollectionName) async {
        guard let reader = reader(name) else { return }
        var known = memory
        let generation = max(reader.keys.current, reader.keys.leftOut ?? 1, reader.newestGeneration)
        known.learn(generation, of: reader.keys.place.collection)
        if name == .collections || !reader.removed.isEmpty { known.learn(removed: removedDevices) }
        guard known != memory else { return }
        memory = known
        await keep(known)
    }

    /// Whether an earlier run knew a newer generation of a collection than any that the store shows: it withholds the change,
    /// or it is another store, into which nobody has brought the keys yet.
    func isBehindMemory(_ name: CollectionName) -> Bool {
        guard let reader = reader(name), reader.cursor.age(at: clock.elapsed) != nil else { return false }
        return reader.newestGeneration < remembered[reader.keys.place.collection] ?? 1
            && reader.generations.count < GenerationLimits.count / 2
    }
}
