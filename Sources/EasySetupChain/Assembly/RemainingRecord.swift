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

    /// A part, and the greatest time of its object in a listing, in milliseconds since 1970.
    private struct Part: Sendable {
        let name: ObjectName
        var lastModified: UInt64
    }

    /// The parts from the first one on, each of which is the one that the part before says.
    private var parts: [Part] = []
    /// The names that may be a later part, by its number, as long as the part before it is missing.
    private var waiting: [Int: [Part]] = [:]
    /// The number of all names.
    var count: Int { parts.count + waiting.values.reduce(0) { $0 + $1.count } }
    /// The greatest time of an object in a listing, in milliseconds since 1970. Where all parts are there, nothing waits, so
    /// that no false part makes a record younger.
    var lastModified: UInt64 {
        max(parts.map(\.lastModified).max() ?? 0, waiting.values.joined().map(\.lastModified).max() ?? 0)
    }
    /// The reason why the record was not given when it was last looked at.
    var reason = RemainingRecord.Reason.incomplete

    /// Adds an object.
    /// - Parameter limit: the greatest number of different data of one part that wait for the part before.
    mutating func add(_ name: ObjectName, lastModified: UInt64, limit: Int) -> Added {
        let part = Part(name: name, lastModified: lastModified)
        if name.part < parts.count {
            guard parts[name.part].name == name else { return .foreign }
            parts[name.part].lastModified = max(parts[name.part].lastModified, lastModified)
            return .known
        }
        if name.part > parts.count {
            var others = waiting[name.part, default: []]
            if let index = others.firstIndex(where: { $0.name == name }) {
                others[index].lastModified = max(others[index].lastModified, lastModified)
                waiting[name.part] = others
                return .known
            }
            guard others.count < limit else { return .known }
            waiting[name.part] = others + [part]
        } else {
            guard isNext(part) else { return .foreign }
            parts.append(part)
            while let right = waiting.removeValue(forKey: parts.count)?.first(where: isNext) { parts.append(right) }
        }
        return .new
    }

    /// Whether a part follows those that are there. That a first part is the record's was seen when its name was read.
    private func isNext(_ part: Part) -> Bool {
        parts.last.map { $0.name.isFollowed(by: part.name) } ?? true
    }

    /// The parts in their order, if all are there; otherwise nil.
    var whole: [ObjectName]? {
        guard let first = parts.first, parts.count == first.name.record.parts else { return nil }
        return parts.map(\.name)
    }

    func names(in place: RecordPlace) -> [String] {
        parts.map { $0.name.text(in: place) }
            + waiting.sorted { $0.key < $1.key }.flatMap { $0.value.map { $0.name.text(in: place) }.sorted() }
    }
}
