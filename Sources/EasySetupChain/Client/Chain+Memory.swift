extension Chain {
    /// Keeps what the device has read of a collection's keys, and of removed devices, before it writes.
    func remember(_ name: CollectionName) async {
        guard let reader = reader(name) else { return }
        var known = memory
        let generation = max(reader.keys.current, reader.keys.leftOut ?? 1, reader.newestGeneration)
        known.learn(generation, of: reader.keys.place.collection)
        if name == .collections || !reader.removed.isEmpty { known.learn(removed: removedDevices) }
        if name == .collections, reader.state.count > 0 { known.learnOfNotes() }
        guard known != memory else { return }
        memory = known
        await keep(known)
    }

    /// Lets this device bring its chain into a store that has nothing of it, though the device has seen the chain in a store
    /// before. An app calls this when its user has said that the chain begins anew there, and was not deleted. It counts as
    /// long as this object lives.
    public func allowEmptyStore() { allowsEmptyStore = true }

    /// Checks that the store has the notes of the chain's collections, if a device with the seed has seen them before.
    ///
    /// A chain was deleted by another device, which can leave nothing in the store that says so; or it is in another store. Only
    /// a person knows. A write would bring a deleted chain back.
    func checkNotes() throws(ChainError) {
        guard case .seed = holder, memory.hasNotes, !allowsEmptyStore, reader(.collections)?.state.count == 0 else {
            return
        }
        // The next call looks at everything again.
        readers[.collections] = nil
        throw .chainMissing
    }

    /// Whether this run or an earlier one knew a newer generation of a collection than any that the store shows: it withholds or
    /// has lost the change, or it is another store, into which nobody has brought the keys yet.
    func isBehindMemory(_ name: CollectionName) -> Bool {
        guard let reader = reader(name), reader.cursor.age(at: clock.elapsed) != nil else { return false }
        let known = max(remembered[reader.keys.place.collection] ?? 1, reader.lostGenerations.max() ?? 1)
        return reader.newestGeneration < known
            && reader.generations.count < GenerationLimits.spared
    }
}
