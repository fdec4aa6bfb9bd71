extension Chain {
    // MARK: Reading

    /// Reads an object's attributes; nil if it does not exist.
    /// - Throws: ``ChainError/Code/collectionName``; ``ChainError/Code/notHeld`` if this device has no key of the collection;
    ///   ``ChainError/Code/collectionTooLarge``; the errors of the store and of the service.
    public func get(_ object: String, in collection: String) async throws(ChainError) -> [String: [UInt8]]? {
        let name = try CollectionName(collection)
        try await refresh(name)
        return reader(name)?.state.object(object)
    }

    /// Reads an object as a value of the app's; nil if it does not exist.
    /// - Throws: ``ChainError/Code/content`` if the attributes are not those of such a value; the errors of ``get(_:in:)``.
    public func get<Value: Decodable>(
        _ object: String,
        in collection: String,
        as type: Value.Type
    ) async throws(ChainError) -> Value? {
        guard let attributes = try await get(object, in: collection) else { return nil }
        return try Attributes.decoded(attributes)
    }

    /// Reads all objects of a collection.
    /// - Parameters:
    ///   - collection: the name of the collection.
    ///   - progress: gets the number of the store's objects that were read so far, after each page.
    /// - Throws: the errors of ``get(_:in:)``.
    public func list(
        _ collection: String,
        progress: @Sendable (Int) -> Void = { _ in }
    ) async throws(ChainError) -> ChainObjects {
        let name = try CollectionName(collection)
        try await refresh(name, progress: progress)
        return (reader(name)?.state ?? CollectionState()).living
    }

    /// The objects of a collection as events, and from then on what happens to them, on this device or another.
    /// - Parameters:
    ///   - collection: the name of the collection.
    ///   - interval: how often the store is asked. An error that a retry may mend does not end the sequence.
    /// - Returns: the events. The sequence throws the errors of ``get(_:in:)``, and ends when its task is cancelled.
    public func changes(
        in collection: String,
        every interval: Duration = .seconds(30)
    ) -> AsyncThrowingStream<ObjectEvent, any Error> {
        let (stream, continuation) = AsyncThrowingStream<ObjectEvent, any Error>.makeStream()
        watcherCount += 1
        let number = watcherCount
        let task = Task {
            do {
                let name = try CollectionName(collection)
                try await watch(name, number, continuation, every: interval)
            } catch {
                continuation.finish(throwing: error)
            }
        }
        continuation.onTermination = { _ in task.cancel() }
        return stream
    }

    private func watch(
        _ name: CollectionName,
        _ number: Int,
        _ continuation: AsyncThrowingStream<ObjectEvent, any Error>.Continuation,
        every interval: Duration
    ) async throws {
        defer { watchers[name]?[number] = nil }
        while !Task.isCancelled {
            try await refreshIfPossible(name)
            if watchers[name]?[number] == nil, let reader = reader(name), reader.cursor.age(at: clock.elapsed) != nil {
                for (object, attributes) in reader.state.living {
                    continuation.yield(ObjectEvent(object: object, attributes: attributes, before: nil))
                }
                watchers[name, default: [:]][number] = continuation
            }
            try await clock.sleep(for: interval)
        }
        continuation.finish()
    }

    /// Reads what is new, unless the store is away for the moment.
    private func refreshIfPossible(_ name: CollectionName) async throws(ChainError) {
        do throws(ChainError) {
            try await refresh(name)
        } catch {
            guard error.retryHelps else { throw error }
        }
    }

    /// Takes entries of a listing, and tells those who watch the collection what changes.
    func read(_ entries: [ObjectPage.Entry], of name: CollectionName) {
        let watchers = watchers[name] ?? [:]
        let events = readers[name]?.read(entries, isWatched: !watchers.isEmpty) ?? []
        if name == .devices { noteLeaves() }
        for (_, watcher) in watchers.sorted(by: { $0.key < $1.key }) {
            for event in events { watcher.yield(event) }
        }
    }
}
