import EasySetupSeed

/// The state of a renewal.
public struct RenewalProgress: Hashable, Sendable {
    /// The collection that is copied.
    public let collection: CollectionName
    /// The number of its objects that were looked at so far.
    public let done: Int
    /// The number of its objects.
    public let total: Int
}

extension Chain {
    /// Copies all objects of all collections that were noted into a chain with another seed, on a device that has both.
    /// Devices and requests are not copied: each device is paired anew.
    ///
    /// The call may be stopped at any point and made again. Objects that the new chain has are not written a second time; an
    /// object that was deleted there stays deleted. What was written to the old chain after the copying of a collection began is
    /// carried over by the next call, unless the new chain has a later change of the same attribute: of two changes the one
    /// with the later time stays, however often the call is made.
    /// - Parameters:
    ///   - new: the chain with the new seed.
    ///   - progress: gets how far the copying has come, after each portion.
    /// - Returns: the number of objects that were written.
    /// - Throws: ``ChainError/Code/notHeld`` unless both have their seed; ``ChainError/Code/sameChain``.
    @discardableResult public func renew(
        into new: Chain,
        progress: @Sendable (RenewalProgress) -> Void = { _ in }
    ) async throws(ChainError) -> Int {
        guard case .seed(let seed) = holder, case .seed(let newSeed) = new.holder else { throw .notHeld }
        guard seed.userID != newSeed.userID else { throw .sameChain }
        var written = 0
        for name in try await collections() {
            try await refresh(name)
            guard let state = reader(name)?.state else { throw .notHeld }
            written += try await new.take(name, state, from: seed.userID, progress)
        }
        return written
    }

    /// Takes the objects of a collection of another chain.
    private func take(
        _ name: CollectionName,
        _ old: CollectionState,
        from user: UserID,
        _ progress: @Sendable (RenewalProgress) -> Void
    ) async throws(ChainError) -> Int {
        try await refresh(.collections)
        try await noteUnlessKnown(name)
        try await refresh(name)
        let object = "renewal:\(user.nameText):\(name.text)"
        let before = reader(.collections)?.state.object(object)?["stamp"].flatMap(Stamp.init(bytes:))
        let now = old.clocks.max { $0.key < $1.key }.map {
            Stamp(generation: $0.key, time: $0.value, writer: DeviceID(value: .max))
        }
        // The mark comes before the first copy: what the old chain gets from then on is carried over by the next call.
        if before == nil, let now {
            try await write([(object, .put(["stamp": now.bytes]))], in: .collections)
        }
        guard let present = reader(name)?.state else { throw .notHeld }
        let objects = old.sorted
        let wishes = objects.compactMap { entry in
            Self.wish(entry.state, present.state(of: entry.object), since: before).map { (entry.object, $0) }
        }
        var done = 0
        while done < wishes.count {
            guard !Task.isCancelled else { throw .cancelled }
            let some = Array(wishes[done...].prefix(Self.portion))
            try await write(some, in: name)
            done += some.count
            progress(RenewalProgress(collection: name, done: objects.count - wishes.count + done, total: objects.count))
        }
        if wishes.isEmpty {
            progress(RenewalProgress(collection: name, done: objects.count, total: objects.count))
        }
        if let before, let now, before < now {
            try await write([(object, .put(["stamp": now.bytes]))], in: .collections)
        }
        return wishes.count
    }

    /// The write that carries an object over; nil for none.
    private static func wish(_ old: ObjectState, _ new: ObjectState?, since mark: Stamp?) -> Wish? {
        guard let new else { return old.attributes.map { .put($0) } }
        // An earlier call has copied it, or the new chain had such an object before.
        guard let mark, let present = new.attributes else { return nil }
        let (written, changes) = (new.livingWrites, old.livingWrites)
        // A deletion in the old chain, if it came after everything that the new chain has of the object.
        var deletion = old.lastDeletion
        if let last = deletion, last <= mark { deletion = nil }
        guard old.attributes != nil else {
            guard let deletion, written.values.allSatisfy({ $0.stamp.time <= deletion.time }) else { return nil }
            return .delete
        }
        var changed: [String: [UInt8]?] = [:]
        for (attribute, write) in changes where !attribute.isEmpty && write.stamp > mark {
            // An earlier call may have carried this change over without setting the mark, and the new chain gone on since.
            guard written[attribute].map({ $0.stamp.time <= write.stamp.time }) ?? true else { continue }
            if present[attribute] != write.value { changed.updateValue(write.value, forKey: attribute) }
        }
        // An object that was deleted and made anew lacks what it had before.
        if let deletion {
            for attribute in present.keys where changes[attribute] == nil {
                guard let write = written[attribute], write.stamp.time <= deletion.time else { continue }
                changed.updateValue(nil, forKey: attribute)
            }
        }
        return changed.isEmpty ? nil : .update(changed)
    }

    private static let portion = 256
}

extension ObjectState {
    /// For each attribute the living write with the greatest stamp, the empty attribute's too.
    fileprivate var livingWrites: [String: SnapshotWrite] {
        let deletion = lastDeletion
        // In ascending order, so that the greatest write is the last one.
        return Dictionary(
            writes.filter { $0.isLiving(after: deletion) }.map { ($0.attribute, $0) },
            uniquingKeysWith: { $1 }
        )
    }
}

extension Stamp {
    fileprivate init?(bytes: [UInt8]) {
        guard bytes.count == 20, let writer = DeviceID(bytes: bytes[12...]) else { return nil }
        self.init(
            generation: bytes[..<4].reduce(0) { $0 << 8 | UInt32($1) },
            time: bytes[4..<12].reduce(0) { $0 << 8 | UInt64($1) },
            writer: writer
        )
    }
}
