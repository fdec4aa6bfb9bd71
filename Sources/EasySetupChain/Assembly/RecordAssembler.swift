import EasySetupSeed

/// Puts records together from listings of one collection: entries may come in any order, repeated, and cut over pages
/// and calls at any place (`Protocol/chain.md`, "Reading").
///
/// It gives each record once, when all parts are there and the seal opens. What is not whole yet, or can't be opened
/// yet, it keeps, within ``AssemblerLimits``.
package struct RecordAssembler: Sendable {
    /// The keys of the collection, with those that key changes have brought.
    package private(set) var keys: KeyRing

    private let limits: AssemblerLimits
    private var kept: [RecordName: PartialRecord] = [:]
    private var keptParts = 0
    private var given = GivenRecords()

    /// The names that are none of a record's part, by the reason. A collection may have such names of a later version;
    /// nobody deletes them.
    package private(set) var foreign: [ObjectNameFault: Int] = [:]
    /// The number of records that were forgotten although they were not given, because more parts were kept than
    /// ``AssemblerLimits/keptParts``. A full listing shows them again.
    package private(set) var forgotten = 0
    private var hasForgottenForKey = false
    private var lacksForgotten = false

    package init(keys: KeyRing, limits: AssemblerLimits = AssemblerLimits()) {
        self.keys = keys
        self.limits = limits
    }

    /// Takes entries of a listing.
    /// - Returns: the records that are whole and open now, in the order in which they became so. A record whose key
    ///   change came later in the same call is among them.
    package mutating func add(_ entries: some Sequence<ObjectPage.Entry>) -> [StoredRecord] {
        var records: [StoredRecord] = []
        for entry in entries {
            do throws(ObjectNameFault) {
                let name = try ObjectName(entry.name, in: keys.place)
                records += add(name, lastModified: entry.lastModified)
            } catch {
                foreign[error, default: 0] += 1
            }
        }
        return records
    }

    /// The records that are not whole, can't be opened, or break a rule, in the order of their names. A record that waits
    /// for a key or for its other parts may be given later.
    package var remaining: [RemainingRecord] {
        kept.sorted { $0.key < $1.key }.map { name, partial in
            RemainingRecord(
                name: name,
                reason: partial.reason,
                names: partial.names(in: keys.place),
                lastModified: partial.lastModified
            )
        }
    }

    /// Whether a key came after records that lacked one had been forgotten, so that everything must be listed again. It is
    /// told once.
    package mutating func takesForgottenAgain() -> Bool {
        defer { lacksForgotten = false }
        return lacksForgotten
    }

    /// Forgets which records it has given with a time before this one. Where a later listing shows them again, they are
    /// given again.
    package mutating func forgetGiven(before time: UInt64) {
        given.forget(before: time)
    }

    // MARK: - Records

    private mutating func add(_ name: ObjectName, lastModified: UInt64) -> [StoredRecord] {
        guard !given.contains(name.record) else { return [] }
        var partial = kept.removeValue(forKey: name.record) ?? PartialRecord()
        keptParts -= partial.count
        let added = partial.add(name, lastModified: lastModified, limit: limits.variantsPerPart)
        keptParts += partial.count
        kept[name.record] = partial
        switch added {
        case .known: return []
        case .foreign:
            foreign[.id, default: 0] += 1
            return []
        case .new: break
        }
        let records = open(name.record)
        if keptParts > limits.keptParts { forgetOldest(but: name.record) }
        return records
    }

    /// Opens a record if it can be opened, and after one that brings keys all that waited for a key.
    private mutating func open(_ name: RecordName) -> [StoredRecord] {
        guard let stored = openOne(name) else { return [] }
        let bringsKeys =
            switch stored.record.content {
            case .keyChange(let change): keys.learn(change)
            case .earlierKeys(let earlier): keys.learn(earlier)
            case .changes, .snapshot: false
            }
        guard bringsKeys else { return [stored] }
        if hasForgottenForKey { lacksForgotten = true }
        hasForgottenForKey = false
        // A record of earlier keys brings those of many generations.
        let waiting = kept.filter { $0.value.reason.isKeyMissing }.keys.sorted()
        return waiting.reduce(into: [stored]) { $0 += open($1) }
    }

    private mutating func openOne(_ name: RecordName) -> StoredRecord? {
        guard let partial = kept[name] else { return nil }
        guard let parts = partial.whole else { return nil }
        switch Self.opened(parts, name, by: keys) {
        case .success(let record):
            keys.learn(record.stamp.generation)
            keptParts -= partial.count
            kept[name] = nil
            given.insert(name)
            return StoredRecord(record: record, lastModified: partial.lastModified)
        case .failure(let reason):
            kept[name]?.reason = reason
            return nil
        }
    }

    /// Opens the parts of a record.
    static func opened(
        _ parts: [ObjectName],
        _ name: RecordName,
        by keys: KeyRing
    ) -> Result<Record, RemainingRecord.Reason> {
        let sealed = Array(parts.map(\.portion).joined())
        guard let generation = RecordSeal.generation(of: sealed) else { return .failure(.fault(.seal)) }
        guard let key = keys.key(of: generation) else { return .failure(.keyMissing(generation)) }
        do throws(RecordFault) {
            var plaintext = try RecordSeal.open(sealed, name: name, place: keys.place, key: key)
            // Earlier keys are secret.
            defer { Sodium.wipe(&plaintext) }
            let stamp = Stamp(generation: generation, time: name.time, writer: name.writer)
            let (previous, content) = try RecordCodec.content(of: plaintext, stamp: stamp, place: keys.place)
            let names = parts.map { $0.text(in: keys.place) }
            return .success(
                Record(stamp: stamp, previous: previous, content: content.only(in: keys.name), names: names)
            )
        } catch {
            return .failure(.fault(error))
        }
    }

    /// Forgets the oldest records until a quarter of the places is free. In a listing the parts of a record follow each
    /// other, so the records that are about to become whole are the newest, and the oldest are those that never will.
    private mutating func forgetOldest(but name: RecordName) {
        for oldest in kept.keys.sorted() where oldest != name {
            guard keptParts > limits.keptParts * 3 / 4 else { return }
            guard let partial = kept.removeValue(forKey: oldest) else { continue }
            keptParts -= partial.count
            forgotten += 1
            if partial.reason.isKeyMissing { hasForgottenForKey = true }
        }
    }
}

/// The limits of a ``RecordAssembler`` (`Protocol/limits.md`, "The chain").
package struct AssemblerLimits: Sendable {
    /// The greatest number of parts that are kept for records that are not whole or can't be opened: at most 4 MB.
    package var keptParts: Int
    /// The greatest number of different data of one part that are kept until the part before it is there. Whoever may write
    /// in a collection can put other data beside another device's.
    package var variantsPerPart: Int

    package init(keptParts: Int = 4_096, variantsPerPart: Int = 4) {
        self.keptParts = keptParts
        self.variantsPerPart = variantsPerPart
    }
}
