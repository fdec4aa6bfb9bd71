import EasySetupSeed

extension Chain {
    // MARK: Removing

    /// Removes a device without the seed: its record is deleted, and the collections that it could read get new keys, which
    /// it does not get. A device that has heard of the new keys writes nothing more that the removed one can read. The
    /// service that gives out rights is told apart.
    ///
    /// A device that dies meanwhile leaves a note. Every device with the seed that reads it ends the removal for each
    /// collection before it writes there, and so does another call of this function. The device's record need not be there:
    /// its certificates were noted when they were made.
    /// - Returns: the number of collections that the device could read and of which no device has noted the name. Their keys
    ///   can't be changed now. A device with the seed changes each before it writes there.
    /// - Throws: ``ChainError/Code/objectMissing`` if there is no such device; ``ChainError/Code/notHeld`` without the seed,
    ///   and for a device that has the seed: only a new seed helps there; ``ChainError/Code/keysUsedUp``. Nothing is changed
    ///   then.
    @discardableResult public func remove(_ removed: DeviceID) async throws(ChainError) -> Int {
        guard case .seed(let seed) = holder else { throw .notHeld }
        try await refresh(.collections)
        try await refresh(.devices)
        let noted = notedRemovals[removed]
        let certificates = notedCertificates.filter { $0.certificate.device == removed }
        let rights = try rights(of: removed, noted, certificates, seed)
        let all = collectionNames(seed)
        // The collections of the app come first, in the order of their names.
        let names = rights.compactMap { all[$0] }.sorted {
            ($0.isReserved ? 1 : 0, $0.text) < ($1.isReserved ? 1 : 0, $1.text)
        }
        let known = Set(knownCollections)
        for name in names {
            // The store may withhold the collection's own note. No removal fails for the number of collections.
            if !known.contains(name), known.count < limits.collections { try await noteUnlessKnown(name) }
            try await refresh(name)
            if let reader = reader(name) { _ = try Self.nextGeneration(after: reader, entropy) }
        }
        // The removal is noted first, where devices without the seed can't write: the removed one could write its own record
        // again. The note has what it could read, because nobody finds that out any more when its record is gone. Another
        // device that removes somebody at the same time sees it when it looks again after it has written its keys.
        if noted != rights || !certificates.isEmpty {
            let bytes = rights.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }.flatMap(\.bytes)
            try await write(
                [(Self.removal + removed.text, .put([Self.removedRights: bytes]))]
                    + certificates.map { ($0.object, .delete) },
                in: .collections
            )
        }
        // The record goes under a new key of the devices' own collection: the removed one could have filled the old one.
        try await write([(removed.text, .delete)], in: .devices)
        for name in names { try await readyKeys(of: name) }
        return rights.count - names.count
    }

    /// The collections that a device could read: by the note of its removal, by its noted certificates and by its record. The
    /// device writes the record itself, so that may say less than it has, or that it has the seed.
    private func rights(
        of removed: DeviceID,
        _ noted: Set<CollectionID>?,
        _ certificates: [NotedCertificate],
        _ seed: SyncSeed
    ) throws(ChainError) -> Set<CollectionID> {
        let record = reader(.devices)?.state.object(removed.text).flatMap { ChainDevice(removed.text, $0) }
        var all = certificates.map(\.certificate)
        if let record, let own = try? Certificate(bytes: record.certificate, of: seed.userID), own.device == removed {
            all.append(own)
        }
        guard noted != nil || !all.isEmpty else { throw record == nil ? .objectMissing : .notHeld }
        return all.reduce(into: noted ?? []) { $0.formUnion($1.rights.map(\.collection)) }
    }

    /// The devices that were removed. They are noted beside the names of the collections; and each change of a key names
    /// them, because a store may show the change and not yet the note.
    package var removedDevices: Set<DeviceID> {
        // A device without the seed can't read that collection.
        guard case .seed = holder else { return [] }
        return readers.values.reduce(into: memory.removed.union(notedRemovals.keys)) { $0.formUnion($1.removed) }
    }

    /// The removals that were noted, and the collections that each of the devices could read.
    private var notedRemovals: [DeviceID: Set<CollectionID>] {
        var result: [DeviceID: Set<CollectionID>] = [:]
        for (object, attributes) in living(.collections) where object.hasPrefix(Self.removal) {
            guard let device = DeviceID(text: object.dropFirst(Self.removal.count)) else { continue }
            let bytes = attributes[Self.removedRights] ?? []
            let starts = stride(from: 0, to: bytes.count, by: CollectionID.byteCount)
            result[device] = Set(starts.compactMap { CollectionID(bytes: bytes[$0...].prefix(CollectionID.byteCount)) })
        }
        return result
    }

    private static let removal = "removed:"
    /// The attribute of a removal's note that has the ids of the collections that the device could read, one after the other.
    private static let removedRights = "rights"

    /// Whether a device that is known to be removed has the newest key of a collection: a change of that key has a box for
    /// it, or its removal was noted and the key was not changed since.
    func isOpenToRemoved(_ name: CollectionName) -> Bool {
        guard case .seed(let seed) = holder, let reader = reader(name) else { return false }
        let newest = reader.keyChanges.filter { $0.generation == reader.newestGeneration }
        let removed = removedDevices
        if newest.contains(where: { !$0.devices.isDisjoint(with: removed) }) { return true }
        let collection = CollectionID(of: name, seed: seed)
        let noted = notedRemovals
        // Of a device that another collection's key change names, and whose note the store has not shown, nobody knows what it
        // could read. Devices without the seed never have the collection of the notes.
        return name != .collections
            && removed.contains { device in
                (noted[device]?.contains(collection) ?? true) && !newest.contains { $0.removed.contains(device) }
            }
    }

    // MARK: Changing keys

    /// The certificates of the devices without the seed that may read a collection, as far as they have not ended.
    func entitled(to name: CollectionName, _ seed: SyncSeed) -> [DeviceID: Certificate] {
        let collection = CollectionID(of: name, seed: seed)
        var result: [DeviceID: Certificate] = [:]
        for device in knownDevices {
            // A device may write any record among those of devices: a removed one could put its certificate into another's.
            guard let certificate = try? Certificate(bytes: device.certificate, of: seed.userID),
                certificate.device == device.id, certificate.right(in: collection) != nil,
                (try? certificate.checkTime((storeTime ?? 0) / 1_000)) != nil
            else { continue }
            result[device.id] = certificate
        }
        return result
    }

    /// Brings in new keys of a collection until no device that was removed has the newest one.
    func changeKey(of name: CollectionName, _ seed: SyncSeed) async throws(ChainError) {
        for _ in 0..<Self.rounds {
            try await refresh(.collections)
            try await refresh(.devices)
            let boxes = entitled(to: name, seed).mapValues(\.boxKey)
            try await announce(name, boxes, seed)
            try await refresh(name)
            try await refresh(.collections)
            if !isOpenToRemoved(name) { return try await listKeys(of: name, seed) }
        }
        throw .store(ObjectStoreError(.busy, detail: "other devices change the same keys"))
    }

    private func announce(
        _ name: CollectionName,
        _ boxes: [DeviceID: [UInt8]],
        _ seed: SyncSeed
    ) async throws(ChainError) {
        await enter(name)
        defer { leave(name) }
        try await list(name)
        guard let reader = reader(name) else { throw .notHeld }
        let change = try KeyChange(
            of: name,
            generation: Self.nextGeneration(after: reader, entropy),
            devices: boxes,
            removed: removedDevices,
            seed: seed,
            entropy: entropy
        )
        try await send(.keyChange(change), to: name)
    }

    private static let rounds = 8
}
