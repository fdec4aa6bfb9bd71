import EasySetupSeed

extension Chain {
    /// Deletes a collection, on a device that has the seed: all of its objects, for all devices, and their names in the store.
    ///
    /// A snapshot comes first that says of each object that it was deleted. So other devices see their objects deleted, and
    /// one that was away brings nothing back. That snapshot and the changes of the key are what stays in the store; the
    /// former goes with a compaction after 90 days. What can't be read stays until it is a day old, because a change of the
    /// key may be among it. Objects that others write later are there. The call may be stopped at any point and made again,
    /// and it deletes what is left.
    /// - Parameters:
    ///   - collection: the name of the collection.
    ///   - progress: gets the number of the store's objects that were deleted so far.
    /// - Returns: the number of the store's objects that were deleted.
    /// - Throws: ``ChainError/Code/notHeld`` without the seed; ``ChainError/Code/notReadBack``, and nothing but a note was
    ///   changed then.
    @discardableResult public func deleteCollection(
        _ collection: String,
        progress: @Sendable (Int) -> Void = { _ in }
    ) async throws(ChainError) -> Int {
        guard case .seed = holder else { throw .notHeld }
        let name = try CollectionName(collection)
        try await refresh(.collections)
        // The mark stays: the name is needed to change the key when a device is removed that had the collection.
        if reader(.collections)?.state.object(name.text)?[Self.deletedMark] == nil {
            try await write([(name.text, .put([Self.deletedMark: []]))], in: .collections)
        }
        return try await empty(name, progress)
    }

    /// Empties a collection in which every device may write, and which has more objects than may be held: those who stay can
    /// use it again, and write their records anew.
    func emptyIfTooLarge(_ name: CollectionName) async throws(ChainError) {
        guard try await !refreshKeys(name) else { return }
        do throws(ChainError) {
            _ = try await empty(name)
        } catch {
            // Where the store lists late, the next call finds the snapshot.
            guard error.code == .notReadBack else { throw error }
        }
    }

    private func empty(
        _ name: CollectionName,
        _ progress: @Sendable (Int) -> Void = { _ in }
    ) async throws(ChainError) -> Int {
        // A collection that is too large to be used can be deleted all the same.
        readers[name] = nil
        allow(.max, in: name)
        defer { allow(limits.objects, in: name) }
        try await refresh(name)
        try await readyKeys(of: name)
        await enter(name)
        defer { leave(name) }
        try await list(name)
        guard let reader = reader(name) else { throw .notHeld }
        var pieces: [StoredRecord] = []
        _ = try await everything(reader.keys) { records, _ in pieces += records.filter(\.isPiece) }
        let newest = Snapshot.assembled(pieces).whole.last
        // Without the one that an earlier call has written, a new one.
        let isEmptied = newest.map { $0.state.isEmptied && $0.state == reader.state } ?? false
        if !isEmptied, let emptied = reader.state.emptied(withObjects: !name.isWrittenByAll) {
            _ = try await write(emptied, to: name, reader.keys)
        }
        return try await deleteDead(in: name, reader.keys, progress)
    }

    /// Deletes the names that the newest snapshot of an emptied collection makes unnecessary, in the collection's turn. It
    /// lists twice, so that it need not keep all names, which have the records in them.
    private func deleteDead(
        in name: CollectionName,
        _ keys: KeyRing,
        _ progress: @Sendable (Int) -> Void
    ) async throws(ChainError) -> Int {
        var pieces: [StoredRecord] = []
        _ = try await everything(keys) { records, _ in pieces += records.filter(\.isPiece) }
        let keepsNewer = try await hasNewerVersions(name)
        guard let time = storeTime else { throw .notHeld }
        let now = Compaction.Now(store: time, device: clock.date)
        guard var sweep = EmptiedSweep(pieces, keys, keepsNewer: keepsNewer, now: now) else { return 0 }
        var deleted = 0
        var after: String?
        repeat {
            let page = try await page(keys.place, after: after)
            let (names, strays) = sweep.dead(in: page.entries, isLast: page.next == nil)
            deleted += try await delete(names, from: deleted, progress)
            deleted += try await delete(strays)
            if !strays.isEmpty { progress(deleted) }
            after = page.next
        } while after != nil
        return deleted
    }

    /// Deletes names, as many in a call as the store takes.
    func delete(
        _ names: [String],
        from before: Int = 0,
        _ progress: @Sendable (Int) -> Void = { _ in }
    ) async throws(ChainError) -> Int {
        var rest = names[...]
        while !rest.isEmpty {
            let some = Array(rest.prefix(store.limits.deletionsPerCall))
            rest = rest.dropFirst(some.count)
            _ = try await call { [store] () throws(ObjectStoreError) in
                (some.count, try await store.delete(some))
            }
            progress(before + names.count - rest.count)
        }
        return names.count
    }

    /// Deletes all names of the chain in the store, on a device that has the seed. Nothing can bring them back.
    ///
    /// The records of the devices and of the collections go last, so that a call that is made again after a crash finds
    /// them. A device that is still running may write again: the service that gives out rights is told of the end first, and
    /// this is called once more when the sessions of the other devices have ended.
    /// - Parameter progress: gets the number of the store's objects that were deleted so far.
    /// - Returns: the number of the store's objects that were deleted.
    /// - Throws: ``ChainError/Code/notHeld`` without the seed.
    @discardableResult public func deleteEverything(
        progress: @Sendable (Int) -> Void = { _ in }
    ) async throws(ChainError) -> Int {
        guard case .seed(let seed) = holder else { throw .notHeld }
        let last = [CollectionName.devices, .collections].map {
            RecordPlace(userID: seed.userID, collection: CollectionID(of: $0, seed: seed)).prefix
        }
        let root = RecordPlace.chainPrefix(of: seed.userID)
        var count = 0
        for prefix in [root] + last {
            var after: String?
            repeat {
                let page = try await page(prefix: prefix, after: after)
                let names = page.entries.map(\.name).filter { name in
                    prefix != root || !last.contains { name.hasPrefix($0) }
                }
                count += try await delete(names, from: count, progress)
                after = page.next
            } while after != nil
        }
        forgetAll()
        return count
    }

    /// The attribute of a collection's note that says that the collection was deleted.
    static let deletedMark = "deleted"
}

extension CollectionState {
    /// Whether nothing but deletions is known, and what was not read up to a floor is dead.
    var isEmptied: Bool { floor != nil && sorted.allSatisfy { $0.state.writes.isEmpty } }

    /// The state in which each object was deleted after all that is known of it, and the floor is there; nil if nothing was
    /// ever written. Without objects the floor alone says so, to devices that have not written under a later generation.
    fileprivate func emptied(withObjects: Bool) -> CollectionState? {
        guard let generation = clocks.keys.max(), let time = clocks[generation] else { return nil }
        let floor = Stamp(generation: generation, time: time, writer: DeviceID(value: .max))
        return CollectionState(
            floor: floor,
            objects: withObjects ? sorted.map { ($0.object, ObjectState(deletion: floor, writes: [])) } : []
        )
    }
}
