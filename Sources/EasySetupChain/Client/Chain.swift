public import EasySetupSeed

/// A device's part in its chain: it reads and writes the objects of collections, which the chain's other devices have too
/// (`Protocol/chain.md`).
///
/// All that is in the store is encrypted. The store, time and randomness are handed in. A chain object keeps nothing on
/// disk: it reads the collections that are used from the store.
public actor Chain {
    /// Where the keys of this device come from.
    enum Holder: Sendable {
        case seed(SyncSeed)
        case membership(Membership)
    }

    let holder: Holder
    /// This device.
    public nonisolated let device: DeviceID
    let store: any ObjectStore
    let clock: any ChainClock
    let entropy: ChainEntropy
    private var storeClock = StoreClock()
    private var readers: [CollectionName: CollectionReader] = [:]
    private var busy: Set<CollectionName> = []
    private var waiting: [CollectionName: [CheckedContinuation<Void, Never>]] = [:]
    private var watchers: [CollectionName: [Int: AsyncThrowingStream<ObjectEvent, any Error>.Continuation]] = [:]
    private var watcherCount = 0
    /// The removed devices that were known when a collection was listed before a write.
    private var heard: [CollectionName: Set<DeviceID>] = [:]

    /// Makes the chain of a device that has the seed.
    /// - Parameters:
    ///   - seed: the seed of the chain.
    ///   - device: the device's id, drawn when it joined, and the same in every run.
    ///   - store: the store in which the devices meet.
    ///   - clock: the clock by which the store is asked again; a test moves one of its own.
    ///   - entropy: the source of random bytes.
    public init(
        seed: SyncSeed,
        device: DeviceID,
        store: any ObjectStore,
        clock: any ChainClock = SystemChainClock(),
        entropy: ChainEntropy = .system
    ) {
        self.init(holder: .seed(seed), device: device, store: store, clock: clock, entropy: entropy)
    }

    /// Makes the chain of a device without the seed.
    public init(
        membership: Membership,
        store: any ObjectStore,
        clock: any ChainClock = SystemChainClock(),
        entropy: ChainEntropy = .system
    ) {
        let device = membership.device
        self.init(holder: .membership(membership), device: device, store: store, clock: clock, entropy: entropy)
    }

    private init(
        holder: Holder,
        device: DeviceID,
        store: any ObjectStore,
        clock: any ChainClock,
        entropy: ChainEntropy
    ) {
        self.holder = holder
        self.device = device
        self.store = store
        self.clock = clock
        self.entropy = entropy
    }

    // MARK: Reading

    /// Reads an object's attributes; nil if it does not exist.
    public func get(_ object: String, in collection: String) async throws(ChainError) -> [String: [UInt8]]? {
        let name = try CollectionName(collection)
        try await refresh(name)
        return reader(name)?.state.object(object)
    }

    /// Reads an object as a value of the app's; nil if it does not exist.
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
    public func list(
        _ collection: String,
        progress: @Sendable (Int) -> Void = { _ in }
    ) async throws(ChainError) -> [(object: String, attributes: [String: [UInt8]])] {
        let name = try CollectionName(collection)
        try await refresh(name, progress: progress)
        return reader(name)?.state.living ?? []
    }

    /// The objects of a collection as events, and from then on what happens to them, on this device or another.
    /// - Parameters:
    ///   - collection: the name of the collection.
    ///   - interval: how often the store is asked. An error that a retry may mend does not end the sequence.
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

    // MARK: Writing

    /// Writes an object: it has these attributes then and no others that this device knows of.
    public func put(
        _ object: String,
        in collection: String,
        _ attributes: [String: [UInt8]]
    ) async throws(ChainError) {
        try await put([(object, attributes)], in: collection)
    }

    /// Writes an object with the members of a value as its attributes.
    public func put(_ object: String, in collection: String, _ value: some Encodable & Sendable)
        async throws(ChainError)
    {
        try await put([(object, Attributes.encoded(value))], in: collection)
    }

    /// Writes many objects in as few records as they fit into. After an error some of them may be written.
    public func put(
        _ objects: [(object: String, attributes: [String: [UInt8]])],
        in collection: String
    ) async throws(ChainError) {
        try await write(objects.map { ($0.object, .put($0.attributes)) }, in: CollectionName(collection))
    }

    /// Changes attributes of an object, and leaves its others as they are. Nil removes an attribute.
    /// - Throws: ``ChainError/Code/objectMissing`` if there is no such object.
    public func update(
        _ object: String,
        in collection: String,
        _ attributes: [String: [UInt8]?]
    ) async throws(ChainError) {
        try await write([(object, .update(attributes))], in: CollectionName(collection))
    }

    /// Deletes an object. Deleting one that does not exist does nothing.
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
        // A device that has not seen everything lately might not know of a deletion that will be forgotten soon.
        if case .all? = reader(name)?.cursor.next(at: clock.elapsed) { try await refresh(name) }
        // A device that has heard of a removal, and not yet of the new key, looks for the key first.
        let removed = removedDevices
        if heard[name, default: []] != removed {
            try await refresh(name)
            heard[name] = removed
        }
        try await closeToRemoved(name)
        await enter(name)
        defer { leave(name) }
        guard let reader = reader(name), !(reader.keys.leftOut.map { $0 > reader.keys.current } ?? false) else {
            throw .notHeld
        }
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
        for batch in batches {
            let bytes = try RecordCodec.bytes(previous: 0, content: .changes(batch), keys: reader.keys).count
            guard bytes <= RecordLimits.plaintextBytes - Self.reserve else {
                throw .recordTooLarge(bytes: bytes, limit: RecordLimits.plaintextBytes - Self.reserve)
            }
        }
        for batch in batches { try await send(.changes(batch), to: name) }
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
    /// What a snapshot's piece adds to a write, so that every write fits into a piece.
    private static let reserve = 512

    // MARK: The collections' turns

    /// Waits until no other call uses the collection. Each use ends with ``leave(_:)``.
    func enter(_ name: CollectionName) async {
        if busy.insert(name).inserted { return }
        await withCheckedContinuation { waiting[name, default: []].append($0) }
    }

    func leave(_ name: CollectionName) {
        if waiting[name]?.isEmpty ?? true {
            busy.remove(name)
        } else {
            waiting[name]?.removeFirst().resume()
        }
    }

    // MARK: The store

    /// The reader of a collection; nil on a device that has no key of it.
    package func reader(_ name: CollectionName) -> CollectionReader? {
        if let reader = readers[name] { return reader }
        let keys: KeyRing? =
            switch holder {
            case .seed(let seed): KeyRing(name: name, seed: seed)
            case .membership(let membership): KeyRing(name: name, membership: membership)
            }
        guard let keys else { return nil }
        let reader = CollectionReader(keys: keys, device: device)
        readers[name] = reader
        return reader
    }

    private func checkRight(to name: CollectionName) throws(ChainError) {
        guard case .membership(let membership) = holder else { return }
        guard membership.collection(name)?.mayWrite == true else { throw .notHeld }
    }

    /// Reads what is new in a collection.
    func refresh(_ name: CollectionName, progress: @Sendable (Int) -> Void = { _ in }) async throws(ChainError) {
        await enter(name)
        defer { leave(name) }
        try await list(name, progress: progress)
    }

    /// Lists a collection, in its turn; a second time if the first one shows that something is missing.
    func list(_ name: CollectionName, progress: @Sendable (Int) -> Void = { _ in }) async throws(ChainError) {
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
        var after: String? = if case .from(let time) = listing { place.listing(from: time) } else { nil }
        var count = 0
        repeat {
            let page = try await page(place, after: after)
            if beginning == nil { beginning = storeClock.now(at: began) }
            let events = readers[name]?.read(page.entries) ?? []
            tell(events, of: name)
            count += page.entries.count
            progress(count)
            after = page.next
        } while after != nil
        readers[name]?.cursor.finished(listing, time: beginning ?? 0, at: began)
    }

    /// Reads a page of a listing.
    func page(
        _ place: RecordPlace,
        after: String?
    ) async throws(ChainError) -> (entries: [ObjectPage.Entry], next: String?) {
        let page = try await call { [store] () throws(ObjectStoreError) in
            let page = try await store.list(prefix: place.prefix, after: after, limit: store.limits.listedPerCall)
            return (page, page.time)
        }
        guard page.isTruncated else { return (page.entries, nil) }
        guard let last = page.entries.last?.name, last != after else {
            throw .store(ObjectStoreError(.unreadable, detail: "a page of a listing without an end"))
        }
        return (page.entries, last)
    }

    /// Writes a record, in the collection's turn.
    func send(_ content: RecordContent, to name: CollectionName) async throws(ChainError) {
        for _ in 0..<Self.sendings {
            guard let reader = reader(name), let now = storeClock.now(at: clock.elapsed) else { throw .notHeld }
            guard
                let stamp = Stamp(
                    generation: reader.keys.current,
                    now: now,
                    clocks: reader.state.clocks,
                    writer: device
                )
            else { throw .time }
            let (_, names) = try RecordWriter.names(
                of: content,
                previous: reader.own?.time ?? 0,
                time: stamp.time,
                writer: device,
                keys: reader.keys,
                entropy: entropy
            )
            readers[name]?.take(stamp)
            for object in names {
                _ = try await call { [store] () throws(ObjectStoreError) in
                    (object, try await store.put(object))
                }
            }
            // The store may list the record late, and this device knows it already.
            let entries = names.map { ObjectPage.Entry(name: $0, lastModified: storeTime ?? now) }
            tell(readers[name]?.read(entries) ?? [], of: name)
            // Readers may be past the time of a write that took too long.
            if let done = storeClock.now(at: clock.elapsed), done <= now + Cursor.sendingLimit { return }
        }
        throw .store(ObjectStoreError(.busy, detail: "each try took longer than a write may take"))
    }

    /// The store's time in milliseconds since 1970; nil before its first answer.
    var storeTime: UInt64? { storeClock.now(at: clock.elapsed) }

    /// Makes a call of the store, and again with the same names as long as that helps.
    func call<Answer>(
        _ body: () async throws(ObjectStoreError) -> (Answer, StoreTime)
    ) async throws(ChainError) -> Answer {
        var wait: Duration = .milliseconds(500)
        var attempt = 1
        while true {
            guard !Task.isCancelled else { throw .cancelled }
            let sent = clock.elapsed
            let outcome: Result<(Answer, StoreTime), ObjectStoreError>
            do throws(ObjectStoreError) {
                outcome = .success(try await body())
            } catch {
                outcome = .failure(error)
            }
            switch outcome {
            case .success(let (answer, time)):
                answered(time, sent: sent)
                return answer
            case .failure(let error):
                guard error.retryHelps, attempt < Self.tries else { throw .store(error) }
                let asked = error.retryAfter.map { Duration.seconds(min($0, Self.longestWait)) }
                try await pause(asked ?? wait)
                wait = wait * 2
                attempt += 1
            }
        }
    }

    private func answered(_ time: StoreTime, sent: Duration) {
        guard case .wentBack = storeClock.answered(time, sent: sent, received: clock.elapsed) else { return }
        for name in readers.keys { readers[name]?.cursor.ask(.clockWentBack) }
    }

    private func pause(_ duration: Duration) async throws(ChainError) {
        do {
            try await clock.sleep(for: duration)
        } catch {
            throw .cancelled
        }
    }

    private func tell(_ events: [ObjectEvent], of name: CollectionName) {
        guard !events.isEmpty, let watchers = watchers[name] else { return }
        for (_, watcher) in watchers.sorted(by: { $0.key < $1.key }) {
            for event in events { watcher.yield(event) }
        }
    }

    /// How often a record is made anew because its sending took too long.
    private static let sendings = 3
    /// How often a call is made before its error is told.
    private static let tries = 5
    /// The longest wait that a store may ask for, in seconds.
    private static let longestWait = 60
}

extension Change {
    /// About what the change takes in a record, in bytes.
    fileprivate var size: Int {
        guard case .set(let attributes) = operation else { return object.utf8.count + 64 }
        return attributes.reduce(object.utf8.count + 64) { $0 + $1.key.utf8.count + ($1.value?.count ?? 0) + 12 }
    }
}
