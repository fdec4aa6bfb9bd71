import EasySetupSeed

extension Chain {
    // MARK: Devices

    /// Writes this device's record, so that the others see it. Joining again changes the record of the first time.
    public func join(name: String, platform: String) async throws(ChainError) {
        let certificate: [UInt8] =
            if case .membership(let membership) = holder { membership.certificate.bytes } else { [] }
        let record = ChainDevice(
            id: device,
            name: name,
            platform: platform,
            hasSeed: certificate.isEmpty,
            lastSeen: today,
            certificate: certificate
        )
        try await write([(device.text, .put(record.attributes))], in: .devices)
    }

    /// Brings this device's record up to date, if it is there: the day on which it was seen, and its certificate, after a
    /// new one was granted. A device without the seed deletes its requests that are answered. An app calls this when it
    /// starts, and once a day. On a device with the seed it gives keys that others lack by mistake.
    public func touch() async throws(ChainError) {
        try await refresh(.devices)
        guard let attributes = reader(.devices)?.state.object(device.text),
            let known = ChainDevice(device.text, attributes)
        else { return }
        var changes: [String: [UInt8]?] = [:]
        if known.lastSeen != today { changes["seen"] = Array(String(today).utf8) }
        if case .membership(let membership) = holder, known.certificate != membership.certificate.bytes {
            changes["certificate"] = membership.certificate.bytes
            try await deleteRequests(answeredOnly: true)
        }
        if !changes.isEmpty { try await write([(device.text, .update(changes))], in: .devices) }
        guard case .seed = holder else { return }
        // Without a write, too, a device that was left out gets its key.
        for name in readCollections where name != .collections { try await addMissingBoxes(to: name) }
    }

    /// Deletes this device's own objects among the requests.
    private func deleteRequests(answeredOnly: Bool) async throws(ChainError) {
        guard case .membership = holder else { return }
        try await refresh(.requests)
        let objects = ownRequestObjects(answeredOnly: answeredOnly)
        if !objects.isEmpty { try await write(objects.map { ($0, .delete) }, in: .requests) }
    }

    /// The devices of the chain, in the order of their names.
    public func devices() async throws(ChainError) -> [ChainDevice] {
        try await refresh(.devices)
        return knownDevices.sorted { ($0.name, $0.id) < ($1.name, $1.id) }
    }

    /// Deletes this device's record and its requests, so that it is none of the chain's devices any more, and gets no new
    /// keys if it has no seed. Leaving again does nothing.
    ///
    /// The app then deletes what the device has stored of the chain, the seed or the membership with it: until then the
    /// device can read and write as before. A device that others do not trust to do so is removed by one with the seed, which
    /// also tells the service that gives out rights.
    public func leave() async throws(ChainError) {
        do throws(ChainError) {
            try await deleteRequests(answeredOnly: false)
        } catch {
            // A device that was left out of the new keys can't write there.
            guard error.code == .notHeld else { throw error }
        }
        try await refresh(.devices)
        try await write([(device.text, .delete)], in: .devices)
    }

    /// The devices that the records which were read name, without those that were removed.
    var knownDevices: [ChainDevice] {
        let removed = removedDevices
        return living(.devices).compactMap { ChainDevice($0.object, $0.attributes) }
            .filter { !removed.contains($0.id) }
    }

    /// The objects of a collection, as far as they were read.
    func living(_ name: CollectionName) -> ChainObjects { (reader(name)?.state ?? CollectionState()).living }

    private var today: Int { Int(clock.date / 86_400_000) }

    // MARK: Removing

    /// Removes a device without the seed: its record is deleted, and the collections that it could read get new keys, which
    /// it does not get. A device that has heard of the new keys writes nothing more that the removed one can read. The
    /// service that gives out rights is told apart.
    /// - Throws: ``ChainError/Code/objectMissing`` if there is no such device; ``ChainError/Code/notHeld`` without the seed,
    ///   and for a device that has the seed: only a new seed helps there; ``ChainError/Code/collectionUnknown``;
    ///   ``ChainError/Code/keysUsedUp``. Nothing is changed then.
    public func remove(_ removed: DeviceID) async throws(ChainError) {
        guard case .seed(let seed) = holder else { throw .notHeld }
        try await refresh(.collections)
        try await refresh(.devices)
        guard let device = knownDevices.first(where: { $0.id == removed }) else { throw .objectMissing }
        guard !device.hasSeed, let certificate = try? Certificate(bytes: device.certificate, of: seed.userID),
            certificate.device == removed
        else { throw .notHeld }
        // The device may have a right that was granted and that its record does not have.
        let rights = Set((certificate.rights + (granted(to: removed)?.rights ?? [])).map(\.collection))
        let names = (knownCollections.filter { !$0.isReserved } + [.devices, .requests]).filter {
            rights.contains(CollectionID(of: $0, seed: seed))
        }
        // The store may withhold the name of a collection; its key would stay the same without a word.
        guard Set(names.map { CollectionID(of: $0, seed: seed) }) == rights else {
            throw .collectionUnknown
        }
        for name in names {
            try await refresh(name)
            if let reader = reader(name) { _ = try Self.nextGeneration(after: reader, entropy) }
        }
        // The removal is noted first, where devices without the seed can't write: the removed one could write its own record
        // again. Another device that removes somebody at the same time sees it when it looks again after it has written its
        // keys.
        try await write([(Self.removal + removed.text, .put([:]))], in: .collections)
        try await write([(removed.text, .delete)], in: .devices)
        for name in names { try await changeKey(of: name, seed) }
    }

    /// The devices that were removed. They are noted beside the names of the collections; and each change of a key names
    /// them, because a store may show the change and not yet the note.
    package var removedDevices: Set<DeviceID> {
        // A device without the seed can't read that collection.
        guard case .seed = holder else { return [] }
        let objects = living(.collections).map(\.object)
        let noted = objects.compactMap {
            $0.hasPrefix(Self.removal) ? DeviceID(text: $0.dropFirst(Self.removal.count)) : nil
        }
        return readers.values.reduce(into: Set(noted)) { $0.formUnion($1.removed) }
    }

    private static let removal = "removed:"

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

    /// Whether a device that is known to be removed has the newest key of a collection.
    func isOpenToRemoved(_ name: CollectionName) -> Bool {
        guard let reader = reader(name), !reader.keyChanges.isEmpty else { return false }
        let removed = removedDevices
        let newest = reader.newestGeneration
        return reader.keyChanges.contains { $0.generation == newest && !$0.devices.isDisjoint(with: removed) }
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
