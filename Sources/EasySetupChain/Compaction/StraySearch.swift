/// An object in the store that is no part of a record (`Protocol/chain.md`, "Compaction").
package struct Stray: Hashable, Sendable {
    /// The object's name.
    package let name: String
    /// Whether the name is that of a part. A store may refuse to delete another one.
    package let isPart: Bool
    /// When the object came into the store, by the store's clock, in milliseconds since 1970; of several parts that are one
    /// record's the last one.
    package let lastModified: UInt64

    package init(name: String, isPart: Bool = true, lastModified: UInt64) {
        self.name = name
        self.isPart = isPart
        self.lastModified = lastModified
    }
}

/// Finds the objects of a collection that are no part of a record: names that break the grammar, false parts beside a part, and
/// the parts of a record that is not whole or does not open.
///
/// A device that may write, or the store, can put false data beside a part of another device's record. So each object is
/// looked at by itself: the parts of a record that opens stay, those that another key may open, and those of a later version
/// where a device with the seed has noted that there is one.
///
/// It takes a listing of everything in the order of the names. There each part of a record comes behind the one before, so
/// no more is kept than the parts of one record.
package struct StraySearch: Sendable {
    private let keys: KeyRing
    private let keepsNewer: Bool
    /// The parts of a record from the first one on, each of which is the one that the part before says.
    private var parts: [ObjectName] = []
    /// When the last of them came into the store.
    private var lastModified: UInt64 = 0
    /// The first names of records that were given, as far as they may be that of the parts.
    private var given: Set<String> = []

    /// - Parameter keepsNewer: whether devices of a later version write to the collection. Otherwise a record of one is
    ///   somebody's who wants it to stay.
    package init(keys: KeyRing, keepsNewer: Bool) {
        self.keys = keys
        self.keepsNewer = keepsNewer
    }

    /// Takes a page of the listing, and the records that an assembler has given from it.
    package mutating func take(_ entries: [ObjectPage.Entry], _ records: [StoredRecord]) -> [Stray] {
        given.formUnion(records.compactMap(\.record.names.first))
        var strays: [Stray] = []
        for entry in entries {
            let name: ObjectName
            do throws(ObjectNameFault) {
                name = try ObjectName(entry.name, in: keys.place)
            } catch {
                // A store may show what was not asked for.
                if entry.name.utf8.starts(with: keys.place.prefix.utf8) {
                    strays.append(Stray(name: entry.name, isPart: false, lastModified: entry.lastModified))
                }
                continue
            }
            if let first = parts.first, !first.record.isBeside(name.record) { strays += finish() }
            let isOwn = parts.last.map {
                $0.record == name.record && $0.part + 1 == name.part && $0.isFollowed(by: name)
            }
            if isOwn ?? (name.part == 0) {
                parts.append(name)
                lastModified = max(lastModified, entry.lastModified)
            } else {
                strays.append(Stray(name: entry.name, lastModified: entry.lastModified))
            }
        }
        given.formIntersection(parts.prefix(1).map { $0.text(in: keys.place) })
        return strays
    }

    /// Ends the listing.
    package mutating func finish() -> [Stray] {
        defer { (parts, lastModified) = ([], 0) }
        guard let first = parts.first, !given.contains(first.text(in: keys.place)),
            parts.count < first.record.parts || isNone(parts)
        else { return [] }
        return parts.map { Stray(name: $0.text(in: keys.place), lastModified: lastModified) }
    }

    /// Whether the parts of a record, all of which are there, are none that a later version or another key may open.
    private func isNone(_ parts: [ObjectName]) -> Bool {
        switch RecordAssembler.opened(parts, parts[0].record, by: keys) {
        case .success, .failure(.keyMissing): false
        case .failure(.fault(.newer)): !keepsNewer
        case .failure(.incomplete), .failure(.fault(.seal)), .failure(.fault(.malformed)): true
        }
    }
}

extension RecordName {
    /// Whether the parts of both stand among each other in a listing.
    fileprivate func isBeside(_ other: RecordName) -> Bool {
        (time, writer, id) == (other.time, other.writer, other.id)
    }
}
