/// A record of which parts were listed, and which could not be given.
package struct RemainingRecord: Hashable, Sendable {
    /// The reason why a record could not be given.
    package enum Reason: Error, Hashable, Sendable {
        /// Parts are missing.
        case incomplete
        /// The parts are there and give no record.
        case fault(RecordFault)
        /// This device lacks the key of the generation.
        case keyMissing(UInt32)

        var isKeyMissing: Bool {
            if case .keyMissing = self { true } else { false }
        }

        /// The reason's name in `Protocol/chain.md`, "Reading".
        package var name: String {
            switch self {
            case .incomplete: "incomplete"
            case .keyMissing: "key-missing"
            case .fault(let fault): fault.rawValue
            }
        }
    }

    /// The piece that the names of all parts share.
    package let name: RecordName
    /// The reason.
    package let reason: Reason
    /// The names of the objects that were listed.
    package let names: [String]
    /// The greatest time of an object in a listing, in milliseconds since 1970.
    package let lastModified: UInt64
}

/// The parts of a record that were listed so far.
///
/// The record's id is the digest of its first part, and each part has that of the next one. So whoever puts other data
/// beside a part keeps no record from being read: the parts are told from the first one on.
struct PartialRecord: Sendable {
    /// The outcome of ``add(_:lastModified:limit:)``.
    enum Added {
        /// The part is kept.
        case new
        /// The part is there already, or too many others are that may be in its place.
        case known
        /// The part is none of the record's.
        case foreign
    }

    /// The parts from the first one on, each of which is the one that the part before says.
    private var parts: [ObjectName] = []
    /// What may be a later part, by its number, as long as the part before it is missing.
    private var waiting: [Int: [ObjectName]] = [:]
    /// The number of all names.
    var count: Int { parts.count + waiting.values.reduce(0) { $0 + $1.count } }
    /// The greatest time of an object in a listing, in milliseconds since 1970.
    private(set) var lastModified: UInt64 = 0
    /// The reason why the record was not given when it was last looked at.
    var reason = RemainingRecord.Reason.incomplete

    /// Adds an object.
    /// - Parameter limit: the greatest number of different data of one part that wait for the part before.
    mutating func add(_ name: ObjectName, lastModified: UInt64, limit: Int) -> Added {
        if name.part < parts.count {
            guard parts[name.part] == name else { return .foreign }
            self.lastModified = max(self.lastModified, lastModified)
            return .known
        }
        if name.part > parts.count {
            guard !waiting[name.part, default: []].contains(name), waiting[name.part, default: []].count < limit
            else { return .known }
            waiting[name.part, default: []].append(name)
        } else {
            guard isNext(name) else { return .foreign }
            parts.append(name)
            while let right = waiting.removeValue(forKey: parts.count)?.first(where: isNext) { parts.append(right) }
        }
        self.lastModified = max(self.lastModified, lastModified)
        return .new
    }

    /// Whether a part follows those that are there. That a first part is the record's was seen when its name was read.
    private func isNext(_ name: ObjectName) -> Bool {
        parts.last.map { $0.isFollowed(by: name) } ?? true
    }

    /// The parts in their order, if all are there; otherwise nil.
    var whole: [ObjectName]? {
        guard let first = parts.first, parts.count == first.record.parts else { return nil }
        return parts
    }

    func names(in place: RecordPlace) -> [String] {
        parts.map { $0.text(in: place) }
            + waiting.sorted { $0.key < $1.key }.flatMap { $0.value.map { $0.text(in: place) }.sorted() }
    }
}
