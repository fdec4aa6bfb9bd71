import EasySetupSeed

extension Chain {
    /// Gives the newest key of a collection to the devices without the seed that may read it, were not removed, and were left
    /// out of its change, because the store did not show their certificates then, or not the changes before it
    /// (`Protocol/chain.md`, "Devices that were left out"), or say that they can't open their boxes.
    func addMissingBoxes(to name: CollectionName) async throws(ChainError) {
        guard case .seed(let seed) = holder, let reader = reader(name), !reader.keyChanges.isEmpty else { return }
        if self.reader(.devices)?.cursor.age(at: clock.elapsed) == nil { try await refreshKeys(.devices) }
        guard !leftOut(of: name, seed).isEmpty else { return }
        // A device is looked at again before it gets a key: its removal may be newer than what was read.
        for name in [.collections, .devices, name] { try await refreshKeys(name) }
        await enter(name)
        defer { leave(name) }
        let devices = leftOut(of: name, seed)
        guard let newest = self.reader(name)?.newestGeneration, !devices.isEmpty else { return }
        try await announce(newest, of: name, to: devices, seed)
    }

    /// The box keys of the devices that lack the newest key of a collection, by the generation of which they have the key.
    private func leftOut(of name: CollectionName, _ seed: SyncSeed) -> [UInt32: [DeviceID: [UInt8]]] {
        isOpenToRemoved(name) ? [:] : distribution(of: name, seed).leftOut
    }
}
