/// The knowledge of one object: its greatest deletion, and the writes that may still count (`Protocol/chain.md`,
/// "Merging").
///
/// The state is that of a *set* of writes and deletions, and two states are joined as the sets are. Of each attribute's
/// writes it keeps those that no other surpasses in both the stamp and the known deletion. Nearly always that is one. It
/// is more where a write with a lower stamp knew of a later deletion: which of them counts depends on deletions that may
/// still come, or be cut off by a floor. Keeping only the winner would make the order of arrival matter.
package struct ObjectState: Hashable, Sendable {
    /// The greatest stamp of a deletion; nil if there is none.
    package private(set) var deletion: Stamp?
    /// The writes, sorted by attribute, then in ascending order of ``isOrdered(_:_:)``.
    package private(set) var writes: [SnapshotWrite]

    /// Makes the state of a set of writes and deletions.
    package init(deletion: Stamp?, writes: [SnapshotWrite]) {
        self.deletion = deletion
        self.writes = Self.frontier(writes)
    }

    /// Makes a state from the parts of another one.
    init(deletion: Stamp?, frontier: [SnapshotWrite]) {
        self.deletion = deletion
        writes = frontier
    }

    /// Makes the state of one change. Every write of an object also writes the empty attribute, so that an object without
    /// attributes exists.
    package init(_ change: Change, stamp: Stamp) {
        switch change.operation {
        case .delete: self.init(deletion: stamp, frontier: [])
        case .set(let attributes):
            let known = change.knownDeletion
            self.init(
                deletion: nil,
                writes: [SnapshotWrite(attribute: "", stamp: stamp, knownDeletion: known, value: nil)]
                    + attributes.map {
                        SnapshotWrite(attribute: $0.key, stamp: stamp, knownDeletion: known, value: $0.value)
                    }
            )
        }
    }

    /// Whether nothing is known of the object.
    package var isEmpty: Bool { deletion == nil && writes.isEmpty }

    /// The greatest stamp of a deletion that happened or that a write knew: what a new write knows. Writes of its generation
    /// or an earlier one that knew less are dead.
    package var lastDeletion: Stamp? {
        writes.reduce(deletion) { Stamp.later($0, $1.knownDeletion) }
    }

    /// Whether the object exists.
    package var isLiving: Bool {
        let deletion = lastDeletion
        return writes.contains { $0.isLiving(after: deletion) }
    }

    /// The object's attributes; nil if it does not exist, or no more.
    package var attributes: [String: [UInt8]]? {
        let deletion = lastDeletion
        var result: [String: [UInt8]] = [:]
        var lives = false
        // In ascending order, so that the greatest write is the last one.
        for write in writes where write.isLiving(after: deletion) {
            lives = true
            result[write.attribute] = write.value
        }
        // The empty attribute has no value, so it is not among them.
        return lives ? result : nil
    }

    /// Joins this state with another one of the same object.
    package mutating func join(_ other: ObjectState) {
        deletion = Stamp.later(deletion, other.deletion)
        if writes.isEmpty {
            writes = other.writes
        } else if !other.writes.isEmpty {
            writes = Self.frontier(writes + other.writes)
        }
    }

    /// Removes the writes and the deletion with a stamp up to the floor.
    package mutating func cut(through floor: Stamp) {
        if let deletion, deletion <= floor { self.deletion = nil }
        writes.removeAll { $0.stamp <= floor }
    }

    /// Removes the writes up to the floor that a reader does not see: dead ones, those that another living one surpasses, and
    /// removals of attributes. The last deletion stays, as a deletion, so with the same floor set they are dead for everybody.
    package mutating func forgetUnseen(through floor: Stamp) {
        deletion = lastDeletion
        var kept: [SnapshotWrite] = []
        var done: String?
        // The greatest write of an attribute is the last one.
        for write in writes.reversed() {
            if write.stamp > floor {
                kept.append(write)
                continue
            }
            guard write.isLiving(after: deletion), done.map({ !$0.isSameText(write.attribute) }) ?? true else {
                continue
            }
            done = write.attribute
            if write.value != nil || write.attribute.isEmpty { kept.append(write) }
        }
        writes = kept.reversed()
    }

    // MARK: The order of writes

    /// The writes that none of the others surpasses.
    private static func frontier(_ writes: [SnapshotWrite]) -> [SnapshotWrite] {
        let sorted = writes.sorted(by: isOrdered)
        var kept: [SnapshotWrite] = []
        kept.reserveCapacity(sorted.count)
        for write in sorted.reversed() {
            if let greater = kept.last, greater.attribute.isSameText(write.attribute) {
                // The last one kept knew most of those that are greater.
                guard let known = write.knownDeletion else { continue }
                if let greatersKnown = greater.knownDeletion, known <= greatersKnown { continue }
            }
            kept.append(write)
        }
        kept.reverse()
        return kept
    }

    /// The order of writes: by attribute, then by stamp. Two writes with one stamp come from a writer that breaks the rules;
    /// then the greater known deletion wins, and of one known deletion the greater value, so that all devices agree.
    private static func isOrdered(_ one: SnapshotWrite, _ other: SnapshotWrite) -> Bool {
        guard one.attribute.isSameText(other.attribute) else { return one.attribute.isBefore(other.attribute) }
        if one.stamp != other.stamp { return one.stamp < other.stamp }
        switch (one.knownDeletion, other.knownDeletion) {
        case (nil, _?): return true
        case (_?, nil): return false
        case (let one?, let other?) where one != other: return one < other
        case (nil, nil), (_?, _?): break
        }
        switch (one.value, other.value) {
        case (_, nil): return false
        case (nil, _?): return true
        case (let one?, let other?): return one.lexicographicallyPrecedes(other)
        }
    }
}

extension SnapshotWrite {
    /// Whether the write counts. It does if it knew of the object's last deletion, or if that is of an earlier generation: a
    /// device that was removed must not delete what is written under keys that it lacks.
    func isLiving(after deletion: Stamp?) -> Bool {
        guard let deletion else { return true }
        return knownDeletion == deletion || deletion.generation < stamp.generation
    }
}

extension Stamp {
    /// The greater of two stamps, of which each may be missing.
    static func later(_ one: Stamp?, _ other: Stamp?) -> Stamp? {
        guard let one else { return other }
        guard let other else { return one }
        return max(one, other)
    }
}

extension String {
    /// Whether two texts have the same bytes. `==` takes texts for the same that differ in how their accents are written,
    /// and then the order of arrival would decide which one is kept.
    func isSameText(_ other: String) -> Bool { utf8.elementsEqual(other.utf8) }

    /// Whether this text is before the other one by its bytes.
    func isBefore(_ other: String) -> Bool { utf8.lexicographicallyPrecedes(other.utf8) }
}
