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

    /// The same, for the chain's own collections, too.
    @discardableResult package func compact(
        _ name: CollectionName,
        minimum: Int
    ) async throws(ChainError) -> CompactionReport {
        guard case .seed = holder else { throw .notHeld }
        try await refresh(name)
        // The word of a device that leaves may be in a record that another one has written over, and that goes now.
        if name == .devices { try await endMemberships() }
        // A snapshot is a write, too.
        try await readyKeys(of: name)
        await enter(name)
        defer { leave(name) }
        try await list(name)
        guard let reader = reader(name) else { throw .notHeld }
        let (survey, unread) = try await surveyed(name, reader)
        let keepsNewer = try await hasNewerVersions(name)
        guard let now = storeTime else { throw .notHeld }
        let clocks = Compaction.Now(store: now, device: clock.date, generations: survey.generations(reader))
        var compaction = Compaction(survey, hasUnread: unread.counts(at: now, keepsNewer), now: clocks)
        wholeSince[name] = compaction.seenWhole
        var deleted = 0
        var search = StraySearch(keys: reader.keys, keepsNewer: keepsNewer)
        _ = try await everything(reader.keys) { records, entries throws(ChainError) in
            let strays = compaction.deletions(of: search.take(entries, records))
            deleted += try await delete(compaction.deletions(of: records))
            deleted += try await delete(strays)
        }
        deleted += try await delete(compaction.deletions(of: search.finish()))
        guard let snapshot = compaction.snapshot(minimum: minimum) else {
            return CompactionReport(deleted: deleted, pieces: 0)
        }
        return CompactionReport(deleted: deleted, pieces: try await write(snapshot, to: name, reader.keys))
    }

    /// Compacts the chain's own collections where they have many names: each device writes there every day.
    func compactOwn() async throws(ChainError) {
        for name in CollectionName.reserved {
            do throws(ChainError) {
                // The names are counted when everything is listed.
                if case .all? = reader(name)?.cursor.next(at: clock.elapsed) { try await refresh(name) }
                guard let reader = reader(name), reader.reducibleNames >= limits.ownNames else { continue }
                try await compact(name, minimum: limits.ownNames)
                // Not before everything is listed again.
                readers[name]?.listedNames = 0
            } catch {
                // Where the store lists late, the next compaction finds the snapshot; and whoever may write can make too much.
                guard error.code == .notReadBack || error.code == .collectionTooLarge else { throw error }
            }
        }
    }

    /// Makes the first of a compaction's two listings.
    private func surveyed(
        _ name: CollectionName,
        _ reader: CollectionReader
    ) async throws(ChainError) -> (StoreSurvey, Unread) {
        var survey = StoreSurvey(known: reader.state, seen: wholeSince[name] ?? [:])
        let unread = try await everything(reader.keys) { records, _ in survey.take(records) }
        return (survey, unread)
    }

    /// Whether devices of a later version write to a collection, by what is noted when everything in it was listed. A device
    /// with the seed notes that before the first such record. Among the notes themselves nobody else writes.
    func hasNewerVersions(_ name: CollectionName) async throws(ChainError) -> Bool {
        if name == .collections { return true }
        try await refresh(.collections)
        return living(.collections).contains { RecordVersion.isNewer($0.object) }
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
    /// - Returns: what can't be read yet.
    func everything(
        _ keys: KeyRing,
        _ take: ([StoredRecord], [ObjectPage.Entry]) async throws(ChainError) -> Void
    ) async throws(ChainError) -> Unread {
        var assembler = RecordAssembler(keys: keys)
        var after: String?
        repeat {
            let page = try await page(keys.place, after: after)
            try await take(assembler.add(page.entries), page.entries)
            after = page.next
        } while after != nil
        return Unread(assembler)
    }

    /// Deletes objects that are no part of a record. A name that the store does not delete, because it would not take such a
    /// one, or takes it for a folder's, holds up nothing: whoever may write can make any.
    func delete(_ strays: [Stray]) async throws(ChainError) -> Int {
        var deleted = try await delete(strays.filter(\.isPart).map(\.name))
        let others = strays.filter { !$0.isPart }.map(\.name)
        for names in [others.filter { !$0.hasSuffix("/") }, others.filter { $0.hasSuffix("/") }] {
            deleted += try await deleteIfPossible(names)
        }
        return deleted
    }

    private func deleteIfPossible(_ names: [String]) async throws(ChainError) -> Int {
        var deleted = 0
        // A name that the store refuses to delete must not keep the others.
        for some in [names] + names.map({ [$0] }) {
            do throws(ChainError) {
                deleted += try await delete(some)
                if some.count == names.count { return deleted }
            } catch {
                guard error.code != .cancelled else { throw error }
                if error.retryHelps { return deleted }
            }
        }
        return deleted
    }

    /// The greatest size of a snapshot's piece, as ``SnapshotWrite/size`` counts.
    static let pieceBytes = 40_000
}

/// The version of the records that this program reads, and the notes of others (`Protocol/chain.md`, "Later versions").
enum RecordVersion {
    private static let own: UInt32 = 1
    private static let prefix = "version:"

    /// Whether an object's id among the notes of collections is the note of a later version.
    static func isNewer(_ object: String) -> Bool {
        object.hasPrefix(prefix) && UInt32(object.dropFirst(prefix.count)).map { $0 > own } ?? false
    }
}

extension StoreSurvey {
    /// When the change to each generation came into the store, by this reading and by what was read before: writing a name
    /// again makes its object young.
    fileprivate func generations(_ reader: CollectionReader) -> [UInt32: UInt64] {
        reader.keyChanges.reduce(into: generations) { times, change in
            if let time = times[change.generation] { times[change.generation] = min(time, change.lastModified) }
        }
    }
}
