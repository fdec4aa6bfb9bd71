extension Chain {
    /// Reads what is new in a collection.
    func refresh(_ name: CollectionName, progress: @Sendable (Int) -> Void = { _ in }) async throws(ChainError) {
        await enter(name)
        defer { leave(name) }
        try await list(name, progress: progress)
    }

    /// Reads what is new in a collection. Where devices without the seed have put more objects than may be held into one that
    /// is theirs to write, its keys alone are read: no device can keep others from changing keys by what it writes.
    /// - Returns: whether the objects are there.
    @discardableResult func refreshKeys(_ name: CollectionName) async throws(ChainError) -> Bool {
        await enter(name)
        defer { leave(name) }
        return try await listKeysAtLeast(name)
    }

    /// Lists a collection, in its turn, as ``refreshKeys(_:)`` does.
    @discardableResult func listKeysAtLeast(_ name: CollectionName) async throws(ChainError) -> Bool {
        do throws(ChainError) {
            try await list(name)
        } catch {
            guard error.code == .collectionTooLarge, name.isWrittenByAll else { throw error }
            return false
        }
        return true
    }

    /// Lists a collection, in its turn; a second time if the first one shows that something is missing.
    func list(_ name: CollectionName, progress: @Sendable (Int) -> Void = { _ in }) async throws(ChainError) {
        // A collection that had too many objects may have fewer now.
        if readers[name]?.isTooLarge == true { readers[name] = nil }
        var rounds = 0
        while let next = reader(name)?.cursor.next(at: clock.elapsed) {
            try await list(name, next, progress)
            rounds += 1
            guard rounds < 2, reader(name)?.cursor.next(at: clock.elapsed) == .all(.missing) else { return }
        }
        throw .notHeld
    }

    private func list(
        _ name: CollectionName,
        _ listing: Cursor.Listing,
        _ progress: @Sendable (Int) -> Void
    ) async throws(ChainError) {
        guard let place = reader(name)?.keys.place else { throw .notHeld }
        let began = clock.elapsed
        var beginning: UInt64?
        if case .all = listing { readers[name]?.beginsAll() }
        var after: String? = if case .from(let time) = listing { place.listing(from: time) } else { nil }
        var count = 0
        repeat {
            let page = try await page(place, after: after)
            if beginning == nil { beginning = storeClock.now(at: began) }
            read(page.entries, of: name)
            if readers[name]?.isTooLarge == true, !name.isWrittenByAll {
                readers[name] = nil
                throw .collectionTooLarge(limit: limits.objects)
            }
            count += page.entries.count
            progress(count)
            after = page.next
        } while after != nil
        readers[name]?.finished(listing, time: beginning ?? 0, at: began)
        if case .all = listing { readers[name]?.listedNames = count }
        if name == .collections { try checkNotes() }
        await remember(name)
        if readers[name]?.isTooLarge == true { throw .collectionTooLarge(limit: limits.objects) }
    }

    /// Reads a page of a listing.
    func page(
        _ place: RecordPlace,
        after: String?
    ) async throws(ChainError) -> (entries: [ObjectPage.Entry], next: String?) {
        try await page(prefix: place.prefix, after: after)
    }

    /// Reads a page of a listing of all names that begin with a text.
    func page(
        prefix: String,
        after: String?
    ) async throws(ChainError) -> (entries: [ObjectPage.Entry], next: String?) {
        let page = try await call { [store] () throws(ObjectStoreError) in
            let page = try await store.list(prefix: prefix, after: after, limit: store.limits.listedPerCall)
            return (page, page.time)
        }
        guard page.isTruncated else { return (page.entries, nil) }
        guard let last = page.entries.last?.name, last != after else {
            throw .store(ObjectStoreError(.unreadable, detail: "a page of a listing without an end"))
        }
        return (page.entries, last)
    }
}
