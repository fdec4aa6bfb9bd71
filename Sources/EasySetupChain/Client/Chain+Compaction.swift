extension Chain {
    /// The outcome of a compaction.
    public struct CompactionReport: Hashable, Sendable {
        /// The number of the store's objects that were deleted.
        public let deleted: Int
        /// The number of records of the snapshot that was written; 0 for none.
        public let pieces: Int
    }

    /// Makes a collection's objects in the store fewer (`Protocol/chain.md`, "Compaction"). What a snapshot holds is deleted
    /// by a later compaction, ten minutes after the snapshot was written at the earliest.
    ///
    /// Any number of devices may do this at once, and each may be stopped at any point.
    /// - Parameters:
    ///   - collection: the name of the collection.
    ///   - minimum: the number of objects that a snapshot must make unnecessary to be written.
    /// - Throws: ``ChainError/Code/notHeld`` on a device without the seed.
    @discardableResult public func compact(
        _ collection: String,
        minimum: Int = 256
    ) async throws(ChainError) -> CompactionReport {
        try await compact(CollectionName(collection), minimum: minimum)
    }

    func compact(_ name: CollectionName, minimum: Int) async throws(ChainError) -> CompactionReport {
        guard case .seed = holder else { throw .notHeld }
        try await refresh(name)
        // A snapshot is a write, too.
        try await readyKeys(of: name)
        await enter(name)
        defer { leave(name) }
        try await list(name)
        guard let reader = reader(name) else { throw .notHeld }
        let listing = try await everything(reader.keys)
        guard let time = storeTime else { throw .notHeld }
        let now = Compaction.Now(store: time, device: clock.date, generations: listing.generations)
        let plan = Compaction.plan(listing.listing, known: reader.state, now: now, minimum: minimum)
        var rest = plan.deletions[...]
        while !rest.isEmpty {
            let some = Array(rest.prefix(store.limits.deletionsPerCall))
            rest = rest.dropFirst(some.count)
            _ = try await call { [store] () throws(ObjectStoreError) in
                (some.count, try await store.delete(some))
            }
        }
        guard let snapshot = plan.snapshot else { return CompactionReport(deleted: plan.deletions.count, pieces: 0) }
        let id = entropy.publicBytes(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        let pieces = snapshot.pieces(id: id, limit: Self.pieceBytes)
        for piece in pieces { try await send(.snapshot(piece), to: name) }
        guard Compaction.isThere(snapshot, id: id, in: try await everything(reader.keys).listing) else {
            throw .notReadBack
        }
        return CompactionReport(deleted: plan.deletions.count, pieces: pieces.count)
    }

    /// Lists a collection whole, apart from what was read before.
    func everything(
        _ keys: KeyRing
    ) async throws(ChainError) -> (listing: Compaction.Listing, generations: [UInt32: UInt64]) {
        var assembler = RecordAssembler(keys: keys)
        var records: [StoredRecord] = []
        var after: String?
        repeat {
            let page = try await page(keys.place, after: after)
            records += assembler.add(page.entries)
            after = page.next
        } while after != nil
        var generations: [UInt32: UInt64] = [:]
        for stored in records {
            guard case .keyChange(let change) = stored.record.content else { continue }
            generations[change.generation] = min(generations[change.generation] ?? .max, stored.lastModified)
        }
        let fragments = assembler.remaining.filter { $0.reason == .incomplete }.flatMap { remaining in
            remaining.names.map { ObjectPage.Entry(name: $0, lastModified: remaining.lastModified) }
        }
        let hasUnread = assembler.remaining.contains { $0.reason == .fault(.newer) || $0.reason.isKeyMissing }
        return (Compaction.Listing(records: records, fragments: fragments, hasUnread: hasUnread), generations)
    }

    /// The greatest size of a snapshot's piece, as ``SnapshotWrite/size`` counts.
    static let pieceBytes = 42_000
}
