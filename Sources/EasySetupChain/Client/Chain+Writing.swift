extension Chain {
    // MARK: Writing

    /// Writes an object: it has these attributes then and no others that this device knows of. Their values are bytes; a value
    /// with members is written by ``put(_:in:encoding:)``.
    /// - Throws: ``ChainError/Code/identifier``, ``ChainError/Code/collectionName``; ``ChainError/Code/notHeld`` if this device may
    ///   not write there; ``ChainError/Code/recordTooLarge``, ``ChainError/Code/collectionLimit``, ``ChainError/Code/chainFull``;
    ///   the errors of the store and of the service. After one whose `retryHelps` is true the same call may be made again.
    public func put(
        _ object: String,
        in collection: String,
        _ attributes: [String: [UInt8]]
    ) async throws(ChainError) {
        try await put([(object, attributes)], in: collection)
    }

    /// Writes an object with the members of a value as its attributes, each of them as JSON. ``get(_:in:as:)`` reads them.
    ///
    /// The label tells it from the bytes of ``put(_:in:_:)``: a dictionary literal of numbers would fit both.
    /// - Throws: ``ChainError/Code/content`` if the value has no members; the errors of ``put(_:in:_:)``.
    public func put(
        _ object: String,
        in collection: String,
        encoding value: some Encodable & Sendable
    ) async throws(ChainError) {
        try await put([(object, Attributes.encoded(value))], in: collection)
    }

    /// Writes many objects in as few records as they fit into. After an error some of them may be written.
    /// - Throws: ``ChainError/Code/objectTwice``; the errors of ``put(_:in:_:)``.
    public func put(
        _ objects: [(object: String, attributes: [String: [UInt8]])],
        in collection: String
    ) async throws(ChainError) {
        try await write(objects.map { ($0.object, .put($0.attributes)) }, in: CollectionName(collection))
    }

    /// Changes attributes of an object, and leaves its others as they are. Nil removes an attribute.
    /// - Throws: ``ChainError/Code/objectMissing`` if there is no such object; the errors of ``put(_:in:_:)``.
    public func update(
        _ object: String,
        in collection: String,
        _ attributes: [String: [UInt8]?]
    ) async throws(ChainError) {
        try await write([(object, .update(attributes))], in: CollectionName(collection))
    }

    /// Deletes an object. Deleting one that does not exist does nothing.
    /// - Throws: the errors of ``put(_:in:_:)``.
    public func delete(_ object: String, in collection: String) async throws(ChainError) {
        try await write([(object, .delete)], in: CollectionName(collection))
    }

    /// A wish of an app about an object.
    enum Wish: Sendable {
        case put([String: [UInt8]])
        case update([String: [UInt8]?])
        case delete
    }

    func write(_ wishes: [(object: String, wish: Wish)], in name: CollectionName) async throws(ChainError) {
        try checkRight(to: name)
        // A device with the seed has to know which collections are noted, and which devices were removed.
        if case .seed = holder, name != .collections, reader(.collections)?.cursor.age(at: clock.elapsed) == nil {
            try await refresh(.collections)
        }
        // A device that has not seen everything lately might not know of a deletion that will be forgotten soon.
        if case .all? = reader(name)?.cursor.next(at: clock.elapsed) { try await refresh(name) }
        // A device that has heard of a removal, and not yet of the new key, looks for the key first.
        let removed = removedDevices
        if heard[name, default: []] != removed {
            try await refresh(name)
            heard[name] = removed
        }
        // Another device may have begun a generation that has times left.
        if hasUsedUpTimes(of: name) { try await refresh(name) }
        try await readyKeys(of: name)
        try await addMissingBoxes(to: name)
        // Of a box that it can't open nobody knows but this device.
        if name != .devices, reader(name)?.keys.lacking != nil { try await tellUnopened() }
        await enter(name)
        defer { leave(name) }
        // A device that was left out of the new keys writes its own record all the same: so it gets them, unless it was removed.
        guard let reader = reader(name), name == .devices || !reader.keys.isLeftOut else {
            throw .notHeld
        }
        guard !reader.isTooLarge else { throw .collectionTooLarge(limit: limits.objects) }
        let wishes = withOwnNote(wishes, in: name)
        var batches: [[Change]] = []
        var objects: Set<String> = []
        var size = 0
        for (object, wish) in wishes {
            guard let change = try Self.change(object, wish, reader.state) else { continue }
            let bytes = change.size
            if batches.isEmpty || size + bytes > Self.batchBytes || objects.contains(object) {
                batches.append([])
                objects = []
                size = 0
            }
            batches[batches.count - 1].append(change)
            objects.insert(object)
            size += bytes
        }
        // Each batch is looked at before the first one is sent.
        let stamp = Stamp(generation: reader.keys.current, time: RecordTime.greatest, writer: device)
        for batch in batches {
            let content = RecordContent.changes(batch)
            let bytes = try RecordCodec.bytes(previous: 0, content: content, stamp: stamp, keys: reader.keys).count
            guard bytes <= RecordLimits.plaintextBytes - Self.reserve else {
                throw .recordTooLarge(bytes: bytes, limit: RecordLimits.plaintextBytes - Self.reserve)
            }
        }
        let new = Set(wishes.map(\.object)).count { reader.state.state(of: $0) == nil }
        guard reader.state.count + new <= limits.objects else { throw .collectionTooLarge(limit: limits.objects) }
        if !name.isReserved, batches.joined().contains(where: \.grows) { try await demandRoom() }
        if !batches.isEmpty { try await noteUnlessKnown(name) }
        for batch in batches { try await send(.changes(batch), to: name) }
    }

    /// Refuses a write where the chain has more objects than it may: what room there is then is for shutting devices out and
    /// for snapshots.
    private func demandRoom() async throws(ChainError) {
        let isFull: Bool
        do throws(ObjectStoreError) {
            isFull = try await store.isFull()
        } catch {
            throw .store(error)
        }
        if isFull { throw .store(ObjectStoreError(.full)) }
    }

    private static func change(
        _ object: String,
        _ wish: Wish,
        _ state: CollectionState
    ) throws(ChainError) -> Change? {
        let known = state.knownDeletion(of: object)
        let present = state.object(object)
        switch wish {
        case .put(let attributes):
            var values = attributes.mapValues { Optional($0) }
            for name in (present ?? [:]).keys where attributes[name] == nil { values.updateValue(nil, forKey: name) }
            return Change(object: object, operation: .set(values), knownDeletion: known)
        case .update(let attributes):
            guard present != nil else { throw .objectMissing }
            return Change(object: object, operation: .set(attributes), knownDeletion: known)
        case .delete:
            return present == nil ? nil : Change(object: object, operation: .delete, knownDeletion: nil)
        }
    }

    /// How many bytes of changes are put into one record.
    private static let batchBytes = 40_000
    /// The bytes that a snapshot's piece adds to a write, so that every write fits into a piece.
    private static let reserve = 512

    private func checkRight(to name: CollectionName) throws(ChainError) {
        guard case .membership(let membership) = holder else { return }
        guard membership.collection(name)?.mayWrite == true else { throw .notHeld }
    }
}

extension Change {
    /// Whether the change adds to what a snapshot has to hold.
    fileprivate var grows: Bool {
        switch operation {
        case .set: true
        case .delete: false
        }
    }

    /// About what the change takes in a record, in bytes.
    fileprivate var size: Int {
        guard case .set(let attributes) = operation else { return object.utf8.count + 64 }
        return attributes.reduce(object.utf8.count + 64) { $0 + $1.key.utf8.count + ($1.value?.count ?? 0) + 12 }
    }
}
