extension Chain {
    /// Writes a record, in the collection's turn.
    /// - Parameter generation: an earlier generation to seal it under; nil for the current one.
    func send(
        _ content: RecordContent,
        to name: CollectionName,
        under generation: UInt32? = nil
    ) async throws(ChainError) {
        for _ in 0..<Self.sendings {
            guard let reader = reader(name), let now = storeClock.now(at: clock.elapsed) else { throw .notHeld }
            var keys = reader.keys
            if let generation, case .seed(let seed) = holder {
                keys = KeyRing(name: name, seed: seed, current: generation)
            }
            guard
                let stamp = Stamp(
                    generation: keys.current,
                    now: now,
                    clocks: reader.state.clocks,
                    writer: device
                ) ?? content.stampWithoutOrder(generation: keys.current, now: now, writer: device)
            else { throw .time }
            let (_, names) = try RecordWriter.names(
                of: content,
                previous: keys.current == reader.keys.current ? reader.own?.time ?? 0 : 0,
                time: stamp.time,
                writer: device,
                keys: keys,
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
            read(entries, of: name)
            await remember(name)
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
                // A source of credentials tries again by itself.
                guard error.retryHelps, error.code != .service, attempt < Self.tries else { throw .store(error) }
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

    /// How often a record is made anew because its sending took too long.
    private static let sendings = 3
    /// How often a call is made before its error is told.
    private static let tries = 5
    /// The longest wait that a store may ask for, in seconds.
    private static let longestWait = 60
}

extension RecordContent {
    /// The stamp of a record whose content has no place in the order of writes, where no later time can be written: a change
    /// of the key must get through, or a device that has used up the times could not be removed. Nil for other records.
    fileprivate func stampWithoutOrder(generation: UInt32, now: UInt64, writer: DeviceID) -> Stamp? {
        guard case .keyChange = self else { return nil }
        return Stamp(generation: generation, now: now, clocks: [:], writer: writer)
    }
}
