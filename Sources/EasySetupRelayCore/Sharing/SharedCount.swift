/// A count of events that relays among others tell each other in their beats (`Protocol/fleet.md`, "Counts of prefixes"). It
/// is that of the named prefix alone: a wider block has a count of its own.
package struct SharedCount: Hashable, Sendable {
    /// The kind of event that is counted.
    package enum Event: UInt8, Sendable, CaseIterable {
        case offers = 1
        case visits = 2
        case misses = 3
    }

    package let prefix: AddressPrefix
    package let event: Event
    package let count: UInt16

    package init(_ prefix: AddressPrefix, _ event: Event, count: UInt16) {
        (self.prefix, self.event, self.count) = (prefix, event, count)
    }
}
