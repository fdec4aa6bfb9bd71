import EasySetupSeed

extension Chain {
    /// Gives the newest key of a collection to the devices without the seed that may read it, were not removed, and were left
    /// out of its change, because the store did not show their records then (`Protocol/chain.md`, "Devices that were left
    /// out"), or say that they can't open their boxes.
    func addMissingBoxes(to name: CollectionName) async throws(ChainError) {
        guard case .seed(let seed) = holder, let reader = reader(name), !reader.keyChanges.isEmpty else { return }
        if self.reader(.devices)?.cursor.age(at: clock.elapsed) == nil { try await refresh(.devices) }
        guard !leftOut(of: name, seed).isEmpty else { return }
        // A device is looked at again before it gets a key: its removal may be newer than what was read.
        for name in [.collections, .devices, name] { try await refresh(name) }
        await enter(name)
        defer { leave(name) }
        for (generation, devices) in leftOut(of: name, seed).sorted(by: { $0.key < $1.key }) {
            guard let newest = self.reader(name)?.newestGeneration else { return }
            let change = try KeyChange(
                of: name,
                generation: newest,
                devices: devices,
                removed: removedDevices,
                seed: seed,
                entropy: entropy
            )
            try await send(.keyChange(change), to: name, under: generation)
        }
    }

    /// The box keys of the devices that lack the newest key of a collection, by the generation of which they have the key.
    private func leftOut(of name: CollectionName, _ seed: SyncSeed) -> [UInt32: [DeviceID: [UInt8]]] {
        guard let reader = reader(name), !isOpenToRemoved(name) else { return [:] }
        let newest = reader.newestGeneration
        let collection = CollectionID(of: name, seed: seed)
        let unopened = Dictionary(knownDevices.map { ($0.id, $0.unopened) }, uniquingKeysWith: { one, _ in one })
        var result: [UInt32: [DeviceID: [UInt8]]] = [:]
        for (device, certificate) in entitled(to: name, seed) {
            let boxes = reader.keyChanges.filter { $0.devices.contains(device) }
            var held = max(boxes.map(\.generation).max() ?? 0, certificate.right(in: collection)?.generation ?? 1)
            let box = unopened[device]?.first { $0.collection == collection && $0.generation == newest }
            if let box, reader.generations.contains(box.held),
                boxes.count(where: { $0.generation == newest }) < UnopenedBox.boxesPerGeneration
            {
                held = min(held, box.held)
            }
            if held < newest { result[held, default: [:]][device] = certificate.boxKey }
        }
        return result
    }
}
