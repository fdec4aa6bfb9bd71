import EasySetupSeed

extension Chain {
    /// Brings the keys of a collection in order before a write, on a device that has the seed: changes the key if a removed
    /// device has the newest one, as after two removals of which neither device had seen the other's, or after a device died
    /// when it had noted a removal; changes it if no later time can be written under it, or if the store does not show a
    /// change that an earlier run has read; and writes the earlier keys if they are not there, as after a device died when it
    /// had changed the key.
    func readyKeys(of name: CollectionName) async throws(ChainError) {
        guard case .seed(let seed) = holder else { return }
        if isOpenToRemoved(name) || needsTimes(name) || isBehindMemory(name) { try await changeKey(of: name, seed) }
        try await listKeys(of: name, seed)
    }

    /// Writes the earlier keys of a collection under its newest one, unless a record has them all, or a removed device has the
    /// newest key.
    func listKeys(of name: CollectionName, _ seed: SyncSeed) async throws(ChainError) {
        guard reader(name)?.unlisted.isEmpty == false, !isOpenToRemoved(name) else { return }
        await enter(name)
        defer { leave(name) }
        // Another call may have written them, or read a newer generation, before this one's turn.
        guard let reader = reader(name), !reader.unlisted.isEmpty, !isOpenToRemoved(name) else { return }
        let keys = EarlierKeys(of: name, generation: reader.keys.current, earlier: reader.unlisted, seed: seed)
        try await send(.earlierKeys(keys), to: name)
    }

    /// Whether a writer has used up the times of a collection's newest generation, as far as this device has read.
    func hasUsedUpTimes(of name: CollectionName) -> Bool {
        guard let reader = reader(name), let greatest = reader.state.clocks[reader.keys.current] else { return false }
        return greatest >= StoreClock.lastTime - Self.spareTime
    }

    /// Whether a device with the seed begins another generation because of the times. Whoever may write can use them up
    /// again and again, so half of the generations are left for removals.
    private func needsTimes(_ name: CollectionName) -> Bool {
        hasUsedUpTimes(of: name) && reader(name).map { $0.generations.count < GenerationLimits.spared } ?? false
    }

    /// The times that are left in a generation, in milliseconds, when a device with the seed begins another one: some for
    /// the records of one write.
    private static let spareTime: UInt64 = 1_000

    /// A number for the next generation of a collection.
    /// - Throws: ``ChainError/Code/keysUsedUp``.
    static func nextGeneration(
        after reader: CollectionReader,
        _ entropy: ChainEntropy
    ) throws(ChainError) -> UInt32 {
        // Two devices that change a key at once, or of which one is not shown the other's change, must not choose the same
        // number, and so the same key: each would have a box for the device that the other one removes.
        let drawn = entropy.publicBytes(4).reduce(0) { $0 << 8 | UInt32($1) }
        let jump = drawn % GenerationLimits.jump + 1
        let (next, isOver) = max(reader.keys.current, reader.newestGeneration).addingReportingOverflow(jump)
        guard reader.generations.count < GenerationLimits.count, !isOver else { throw .keysUsedUp }
        return next
    }
}

/// The limits of a collection's generations (`Protocol/limits.md`, "The chain").
package enum GenerationLimits {
    /// The greatest number of generations of a collection: the keys of so many fit into one record.
    package static let count = 1_000
    /// The number of generations from which on no device begins another one by itself: the others are for removals.
    static let spared = count / 2
    /// The most by which a generation's number is greater than that of the one before. So many jumps as there may be
    /// generations stay below 2³².
    package static let jump: UInt32 = 1 << 22
}
