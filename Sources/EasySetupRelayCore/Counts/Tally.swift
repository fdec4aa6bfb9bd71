/// The names under which a ``Tally`` counts. They are fixed, so that the number of counts is.
package protocol CountedName: CaseIterable, Sendable {
    /// The name's place among all: 0, 1, 2 and so on.
    var place: Int { get }
    /// The name in metrics and logs.
    var name: String { get }
}

extension CountedName where Self: RawRepresentable<Int> {
    package var place: Int { rawValue }
}

/// One count for each name of an enumeration.
package struct Tally<Name: CountedName>: Hashable, Sendable {
    private var counts = [Int](repeating: 0, count: Name.allCases.count)

    package init() {}

    package subscript(name: Name) -> Int { counts[name.place] }

    package mutating func add(_ name: Name) {
        counts[name.place] &+= 1
    }

    /// The sum of all counts.
    package var sum: Int { counts.reduce(0, +) }

    /// Each name with its count, in the order of the enumeration.
    package var all: [(name: String, count: Int)] { Name.allCases.map { ($0.name, self[$0]) } }
}
