/// A record of which parts were listed, and which could not be given.
package struct RemainingRecord: Hashable, Sendable {
    /// The reason why a record could not be given. The order says how far it got.
    package enum Reason: Error, Hashable, Comparable, Sendable {
        /// Parts are missing.
        case incomplete
        /// The parts are there and give no record. Another form of a part may still come.
        case fault(RecordFault)
        /// This device lacks the key of the generation.
        case keyMissing(UInt32)

        package static func < (left: Reason, right: Reason) -> Bool { left.rank < right.rank }

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

        private var rank: Int {
            switch self {
            case .incomplete: 0
            case .fault(.checksum): 1
            case .fault(.seal): 2
            case .keyMissing: 3
            case .fault(.malformed): 4
            case .fault(.newer): 5
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
struct PartialRecord: Sendable {
    /// The different data of each part, by its number. There is more than one only where somebody has put another.
    private var parts: [[ObjectName]]
    /// The number of all names.
    private(set) var count = 0
    /// The greatest time of an object in a listing, in milliseconds since 1970.
    private(set) var lastModified: UInt64 = 0
    /// The reason why the record was not given when it was last looked at.
    var reason = RemainingRecord.Reason.incomplete

    init(parts: Int) {
        self.parts = Array(repeating: [], count: parts)
    }

    /// Adds a part; false if it was there already, or if there are too many for its number.
    mutating func add(_ name: ObjectName, lastModified: UInt64, limit: Int) -> Bool {
        self.lastModified = max(self.lastModified, lastModified)
        guard !parts[name.part].contains(name), parts[name.part].count < limit else { return false }
        parts[name.part].append(name)
        count += 1
        return true
    }

    /// All ways to take one form of each part, as far as the limit; none as long as a part is missing.
    func variants(limit: Int) -> [[ObjectName]] {
        var ways: [[ObjectName]] = [[]]
        for forms in parts {
            guard !forms.isEmpty else { return [] }
            ways = Array(ways.flatMap { way in forms.map { way + [$0] } }.prefix(limit))
        }
        return ways
    }

    func names(in place: RecordPlace) -> [String] {
        parts.flatMap { forms in forms.map { $0.text(in: place) }.sorted() }
    }
}
