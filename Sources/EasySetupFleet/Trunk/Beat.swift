package import EasySetupRelayCore

/// The word of a relay to all others that it is there, every two seconds.
package struct Beat: Hashable, Sendable {
    /// The most prefixes that one beat tells: the hottest.
    package static let prefixes = 64

    /// The kind of event that relays count by prefix.
    package enum Counted: UInt8, Sendable, CaseIterable {
        case offers = 1
        case visits = 2
        case misses = 3
    }

    /// A count that the relay has not told yet.
    package struct Hot: Hashable, Sendable {
        package let prefix: AddressPrefix
        package let counted: Counted
        package let count: UInt16

        package init(_ prefix: AddressPrefix, _ counted: Counted, count: UInt16) {
            (self.prefix, self.counted, self.count) = (prefix, counted, count)
        }
    }

    /// The version of the items that the relay speaks.
    package var version: UInt16
    /// How full the relay is, in thousandths.
    package var load: UInt16
    /// Whether the relay is about to stop.
    package var isDraining: Bool
    package var hot: [Hot]

    package init(version: UInt16 = 1, load: UInt16 = 0, isDraining: Bool = false, hot: [Hot] = []) {
        (self.version, self.load, self.isDraining, self.hot) = (version, load, isDraining, hot)
    }
}
