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
        var compaction = try await surveyed(known: reader.state, reader.keys)
        var deleted = 0
        var search = StraySearch(keys: reader.keys)
        _ = try await everything(reader.keys) { records, entries throws(ChainError) in
            let strays = search.take(entries, records)
            deleted += try await delete(compaction.deletions(of: records) + compaction.deletions(of: strays))
        }
        deleted += try await delete(compaction.deletions(of: search.finish()))
        guard let snapshot = compaction.snapshot(minimum: minimum) else {
            return CompactionReport(deleted: deleted, pieces: 0)
        }
        return CompactionReport(deleted: deleted, pieces: try await write(snapshot, to: name, reader.keys))
    }

    /// Makes the first of a compaction's two listings.
    private func surveyed(known: CollectionState, _ keys: KeyRing) async throws(ChainError) -> Compaction {
        var survey = StoreSurvey(known: known)
        let hasUnread = try await everything(keys) { records, _ in survey.take(records) }
        guard let time = storeTime else { throw .notHeld }
        let now = Compaction.Now(store: time, device: clock.date, generations: survey.generations)
        return Compaction(survey, hasUnread: hasUnread, now: now)
    }

    /// Writes a snapshot, in the collection's turn. Returns the number of its pieces.
    /// - Throws: ``ChainError/Code/notReadBack`` if the store does not show it afterwards.
    func write(_ snapshot: CollectionState, to name: CollectionName, _ keys: KeyRing) async throws(ChainError) -> Int {
        let id = entropy.publicBytes(8).reduce(0 as UInt64) { $0 << 8 | UInt64($1) }
        let pieces = SnapshotPieces(snapshot, id: id, limit: Self.pieceBytes)
        for piece in pieces { try await send(.snapshot(piece), to: name) }
        var readBack = SnapshotReadBack(of: snapshot, id: id)
        _ = try await everything(keys) { records, _ in readBack.take(records) }
        guard readBack.isThere else { throw .notReadBack }
        return pieces.count
    }

    /// Lists a collection whole, apart from what was read before, and passes on the records page by page, with the entries of
    /// the page.
    /// - Returns: whether there are records that can't be read yet, or so much that is no record that there may be.
    func everything(
        _ keys: KeyRing,
        _ take: ([StoredRecord], [ObjectPage.Entry]) async throws(ChainError) -> Void
    ) async throws(ChainError) -> Bool {
        var assembler = RecordAssembler(keys: keys)
        var after: String?
        repeat {
            let page = try await page(keys.place, after: after)
            try await take(assembler.add(page.entries), page.entries)
            after = page.next
        } while after != nil
        return assembler.forgotten > 0
            || assembler.remaining.contains { $0.reason == .fault(.newer) || $0.reason.isKeyMissing }
    }

    /// The greatest size of a snapshot's piece, as ``SnapshotWrite/size`` counts.
    static let pieceBytes = 40_000
}
