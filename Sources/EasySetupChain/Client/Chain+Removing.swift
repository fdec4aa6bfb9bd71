import EasySetupSeed

extension Chain {
    // MARK: Removing

    /// Removes a device without the seed: its record is deleted, and the collections that it could read get new keys, which
    /// it does not get. A device that has heard of the new keys writes nothing more that the removed one can read. The
    /// service that gives out rights is told apart.
    ///
    /// A device that dies meanwhile leaves a note. Every device with the seed that reads it ends the removal for each
    /// collection before it writes there, and so does another call of this function. The device's record need not be there:
    /// its certificates were noted when they were made. Nothing that devices without the seed have written stops a removal.
    /// - Parameters:
    ///   - removed: the device.
    ///   - unlisted: whether a device of which nothing is there is removed, too, as one that was given collections without the
    ///     store and has not joined. It may have any of them, so all collections get new keys.
    /// - Returns: the number of collections that the device could read and of which no device has noted the name. Their keys
    ///   can't be changed now. A device with the seed changes each before it writes there.
    /// - Throws: ``ChainError/Code/objectMissing`` if nothing of such a device is there, unless `unlisted` is given; ``ChainError/Code/notHeld`` without the seed,
    ///   and for a device that has noted that it has the seed: only a new seed helps there; ``ChainError/Code/keysUsedUp``.
    ///   Nothing is changed then.
    @discardableResult public func remove(
        _ removed: DeviceID,
        unlisted: Bool = false
    ) async throws(ChainError) -> Int {
        guard case .seed(let seed) = holder else { throw .notHeld }
        try await refresh(.collections)
        try await refreshKeys(.devices)
        // Those who stay get their keys by the notes of their certificates.
        try await noteMissingCertificates()
        let rights: Set<CollectionID>
        do throws(ChainError) {
            rights = try self.rights(of: removed, seed)
        } catch {
            guard unlisted, error.code == .objectMissing else { throw error }
            rights = Set((knownCollections + [.devices, .requests]).map { CollectionID(of: $0, seed: seed) })
        }
        return try await shutOut([removed: rights], seed)
    }

    /// Does the steps of a removal for devices, of which the collections are given that they could read.
    /// - Returns: the number of collections of which no device has noted the name.
    /// - Throws: ``ChainError/Code/keysUsedUp``. Nothing is changed then.
    func shutOut(_ removed: [DeviceID: Set<CollectionID>], _ seed: SyncSeed) async throws(ChainError) -> Int {
        let rights = removed.values.reduce(into: Set<CollectionID>()) { $0.formUnion($1) }
        let all = collectionNames(seed)
        // The collections of the app come first, in the order of their names.
        let names = rights.compactMap { all[$0] }.sorted {
            ($0.isReserved ? 1 : 0, $0.text) < ($1.isReserved ? 1 : 0, $1.text)
        }
        let known = Set(knownCollections)
        for name in names {
            // The store may withhold the collection's own note. No removal fails for the number of collections.
            if !known.contains(name), known.count < limits.collections { try await noteUnlessKnown(name) }
            try await refreshKeys(name)
            if let reader = reader(name) { _ = try Self.nextGeneration(after: reader, entropy) }
        }
        // The removal is noted first, where devices without the seed can't write: the removed one could write its own record
        // again. The note has what it could read, because nobody finds that out any more when its record is gone. Another
        // device that removes somebody at the same time sees it when it looks again after it has written its keys.
        let (noted, certificates) = (notedRemovals, notedCertificates)
        var wishes: [(object: String, wish: Wish)] = []
        for (device, rights) in removed.sorted(by: { $0.key < $1.key }) {
            let own = certificates.filter { $0.certificate.device == device }
            guard noted[device] != rights || !own.isEmpty else { continue }
            let bytes = rights.sorted { $0.bytes.lexicographicallyPrecedes($1.bytes) }.flatMap(\.bytes)
            wishes.append((Self.removal + device.text, .put([Self.removedRights: bytes])))
            wishes += own.map { ($0.object, .delete) }
        }
        if !wishes.isEmpty { try await write(wishes, in: .collections) }
        // The records go under a new key of the devices' own collection: a removed device could have filled the old one.
        if try await refreshKeys(.devices) {
            try await write(removed.keys.sorted().map { ($0.text, .delete) }, in: .devices)
        }
        for name in names { try await readyKeys(of: name) }
        for name in names where name.isWrittenByAll { try await emptyIfTooLarge(name) }
        return rights.count - names.count
    }

    /// The collections that a device could read: by the note of its removal, by its noted certificates and by its record. The
    /// device writes the record itself, so that may say less than it has, or that it has the seed.
    private func rights(of removed: DeviceID, _ seed: SyncSeed) throws(ChainError) -> Set<CollectionID> {
        let noted = notedRemovals[removed]
        var all = notedCertificates.map(\.certificate).filter { $0.device == removed }
        if let own = recordedCertificate(of: removed, seed) { all.append(own) }
        guard noted != nil || !all.isEmpty else { throw notedHolders.contains(removed) ? .notHeld : .objectMissing }
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
    var notedRemovals: [DeviceID: Set<CollectionID>] {
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

    /// The collections of certificates that are still noted of removed devices whose removal is noted.
    func rightsNotedBeside(_ removed: Set<DeviceID>) -> [DeviceID: Set<CollectionID>] {
        let certificates = notedCertificates.map(\.certificate).filter { removed.contains($0.device) }
        guard !certificates.isEmpty else { return [:] }
        let noted = notedRemovals
        return Dictionary(grouping: certificates.filter { noted[$0.device] != nil }, by: \.device)
            .mapValues { Set($0.flatMap(\.rights).map(\.collection)) }
    }

    /// Whether a device that is known to be removed has the newest key of a collection: a change of that key has a box for
    /// it, or its removal was noted and the key was not changed since.
    func isOpenToRemoved(_ name: CollectionName) -> Bool {
        guard case .seed(let seed) = holder, let reader = reader(name) else { return false }
        let newest = reader.keyChanges.filter { $0.generation == reader.newestGeneration }
        let removed = removedDevices
        if newest.contains(where: { !$0.devices.isDisjoint(with: removed) }) { return true }
        guard !removed.isEmpty else { return false }
        let collection = CollectionID(of: name, seed: seed)
        // A certificate that was noted at the same time as the removal is not in the removal's note.
        let noted = notedRemovals.merging(rightsNotedBeside(removed)) { $0.union($1) }
        // Of a device that another collection's key change names, and whose note the store has not shown, nobody knows what it
        // could read. Devices without the seed never have the collection of the notes.
        return name != .collections
            && removed.contains { device in
                (noted[device]?.contains(collection) ?? true) && !newest.contains { $0.removed.contains(device) }
            }
    }

    // MARK: Changing keys

    /// The devices without the seed that may read a collection, and the generations of its key that each has. They are those
    /// whose certificates were noted, whatever devices without the seed have written.
    func distribution(of name: CollectionName, _ seed: SyncSeed) -> KeyDistribution {
        let removed = removedDevices
        return KeyDistribution(
            of: CollectionID(of: name, seed: seed),
            certificates: notedCertificates.map(\.certificate).filter { !removed.contains($0.device) },
            changes: reader(name)?.keyChanges ?? [],
            unopened: Dictionary(knownDevices.map { ($0.id, $0.unopened) }, uniquingKeysWith: { one, _ in one }),
            at: (storeTime ?? 0) / 1_000
        )
    }

    /// Brings in new keys of a collection until no device that was removed has the newest one.
    func changeKey(of name: CollectionName, _ seed: SyncSeed) async throws(ChainError) {
        for _ in 0..<Self.rounds {
            try await refresh(.collections)
            try await announce(name, seed)
            try await refreshKeys(name)
            try await refresh(.collections)
            if !isOpenToRemoved(name) { return try await listKeys(of: name, seed) }
        }
        throw .store(ObjectStoreError(.busy, detail: "other devices change the same keys"))
    }

    private func announce(_ name: CollectionName, _ seed: SyncSeed) async throws(ChainError) {
        await enter(name)
        defer { leave(name) }
        try await listKeysAtLeast(name)
        guard let reader = reader(name) else { throw .notHeld }
        let generation = try Self.nextGeneration(after: reader, entropy)
        try await announce(generation, of: name, to: distribution(of: name, seed).all, seed)
    }

    /// Writes the announcements of a generation, in the collection's turn.
    func announce(
        _ generation: UInt32,
        of name: CollectionName,
        to devices: [UInt32: [DeviceID: [UInt8]]],
        _ seed: SyncSeed
    ) async throws(ChainError) {
        guard let reader = reader(name) else { throw .notHeld }
        let changes = try KeyChange.all(
            of: name,
            generation: generation,
            devices: devices,
            removed: removedDevices,
            current: reader.keys.current,
            seed: seed,
            entropy: entropy
        )
        for (under, change) in changes { try await send(.keyChange(change), to: name, under: under) }
    }

    private static let rounds = 8
}
