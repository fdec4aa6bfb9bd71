package import EasySetupRelayCore

/// The word of a relay to all others that it is there, every two seconds.
package struct Beat: Hashable, Sendable {
    /// The most counts of prefixes that one beat tells: the hottest.
    package static let prefixes = 64

    /// The version of the items that the relay speaks. The second one tells limits.
    package var version: UInt16
    /// How full the relay is, in thousandths.
    package var load: UInt16
    /// Whether the relay is about to stop.
    package var isDraining: Bool
    /// The counts that the relay has not told yet.
    package var hot: [SharedCount]
    /// The limits that all relays should have in common; without values from a relay of the first version.
    package var limits: CommonLimits

    package init(
        version: UInt16 = 2,
        load: UInt16 = 0,
        isDraining: Bool = false,
        hot: [SharedCount] = [],
        limits: CommonLimits = CommonLimits()
    ) {
        (self.version, self.load, self.isDraining) = (version, load, isDraining)
        (self.hot, self.limits) = (hot, limits)
    }
}
