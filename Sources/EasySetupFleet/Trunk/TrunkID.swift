package import EasySetupFleetStore

/// The number of a trunk, drawn at random by the run that opens it.
package struct TrunkID: Hashable, Sendable {
    package static let byteCount = 8

    package let number: UInt64

    package init(number: UInt64) { self.number = number }
}

/// A leg as its home names it: the run of its entry, and the number that the entry gave it. The entry counts the legs of
/// a trunk from 1.
package struct LegID: Hashable, Sendable {
    package let entry: RunID
    package let number: UInt64

    package init(entry: RunID, number: UInt64) {
        (self.entry, self.number) = (entry, number)
    }
}
