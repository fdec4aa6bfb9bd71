import EasySetupSeed

extension Chain {
    /// The names of the app's collections that were noted and not deleted, on a device that has the seed, in the order of their bytes.
    /// - Throws: ``ChainError/Code/notHeld`` without the seed; the errors of the store and of the service.
    public func collections() async throws(ChainError) -> [CollectionName] {
        guard case .seed = holder else { throw .notHeld }
        try await refresh(.collections)
        return knownCollections.filter { isNoted($0) }
    }

    /// All collections that have objects in the store: those that were noted, the deleted ones too, and the chain's own. A
    /// device that had a deleted collection can go on writing there.
    package func storedCollections() async throws(ChainError) -> [CollectionName] {
        guard case .seed = holder else { throw .notHeld }
        try await refresh(.collections)
        return knownCollections + CollectionName.reserved
    }

    /// Notes a collection, so that removing a device changes its key. The first write of a device that has the seed does so
    /// by itself.
    /// - Throws: ``ChainError/Code/collectionLimit``; ``ChainError/Code/notHeld`` without the seed; the errors of
    ///   ``put(_:in:_:)``.
    public func note(_ collection: String) async throws(ChainError) {
        guard case .seed = holder else { throw .notHeld }
        let name = try CollectionName(collection)
        try await refresh(.collections)
        try await noteUnlessKnown(name)
    }

    /// Notes a collection before the first write to it. A device that dies in between has noted an empty collection, which
    /// does no harm; the other order could leave records whose key no removal changes.
    func noteUnlessKnown(_ name: CollectionName) async throws(ChainError) {
        guard case .seed = holder, !name.isReserved, !isNoted(name) else { return }
        let known = knownCollections
        guard known.count < limits.collections || known.contains(name) else {
            throw .collectionLimit(limit: limits.collections)
        }
        try await write([(name.text, .put([:]))], in: .collections)
    }

    /// Whether a collection was noted and not deleted since.
    private func isNoted(_ name: CollectionName) -> Bool {
        guard let note = reader(.collections)?.state.object(name.text) else { return false }
        return note[Self.deletedMark] == nil
    }

    /// The collections of the app that were ever noted, as far as this device has read.
    var knownCollections: [CollectionName] {
        living(.collections).compactMap { CollectionName(any: $0.object) }
    }

    // MARK: Memberships

    /// Makes the membership of a new device, on a device that has the seed: the new device's id, its secret, a certificate,
    /// and the keys of its collections. The new device is one of the chain's when it joins; until then ``absentDevices()`` has
    /// it.
    ///
    /// The collections and the certificate are noted, so that the device can be removed, and their keys changed, whether it
    /// ever joins or not.
    /// - Parameters:
    ///   - collections: the names of the app's collections, and whether the device may write there. It may read in any case.
    ///   - notAfter: the last second in which the device may do this, since 1970 (UTC); 0 for no end.
    /// - Throws: ``ChainError/Code/notHeld`` without the seed; ``ChainError/Code/collectionName``;
    ///   ``ChainError/Code/tooManyCollections``.
    public func membership(
        for collections: [String: Bool],
        until notAfter: UInt64 = 0
    ) async throws(ChainError) -> Membership {
        guard case .seed(let seed) = holder else { throw .notHeld }
        var rights: [CollectionName: Bool] = [:]
        for (text, mayWrite) in collections { rights[try CollectionName(text)] = mayWrite }
        let generations = try await newestGenerations(of: rights)
        let membership = try Membership(
            device: freshDeviceID,
            deviceKeys: .random(entropy),
            collections: rights,
            generations: generations,
            notAfter: notAfter,
            serial: storeTime ?? 1,
            seed: seed
        )
        try await note(membership.certificate, rights.keys)
        return membership
    }

    /// Checks that a device without the seed gets its rights with a certificate of so many collections: a service would give it
    /// none at all if they are too many.
    func checkRights(_ count: Int) throws(ChainError) {
        guard count <= Certificate.rightLimit else { throw .tooManyCollections }
        let most = store.limits.collectionsPerDevice
        guard count <= most else { throw .service(.problem(.tooManyCollections, most: most)) }
    }

    /// Notes collections, and reads the newest generation of each one's key, those that every device may use included. With
    /// that key alone a device reads everything, because each of them has its earlier keys then.
    package func newestGenerations(
        of rights: [CollectionName: Bool]
    ) async throws(ChainError) -> [CollectionName: Set<UInt32>] {
        // Nothing is written for a device that can't be.
        try checkRights(Set(rights.keys).union([.devices, .requests]).count)
        try await refresh(.collections)
        var generations: [CollectionName: Set<UInt32>] = [:]
        for name in Set(rights.keys).union([.devices, .requests]).sorted(by: { $0.text < $1.text }) {
            try await noteUnlessKnown(name)
            try await refreshKeys(name)
            try await readyKeys(of: name)
            // A device that is granted more now may have been left out of keys that its new certificate says it has.
            try await addMissingBoxes(to: name)
            guard let reader = reader(name) else { throw .notHeld }
            generations[name] = [reader.keys.current]
        }
        return generations
    }
}
