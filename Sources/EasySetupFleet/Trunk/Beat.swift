package import EasySetupRelayCore

/// The word of a relay to all others that it is there, every two seconds.
package struct Beat: Hashable, Sendable {
    /// The most counts of prefixes that one beat tells: the hottest.
    package static let prefixes = 64

    /// The version of the items that the relay speaks.
    package var version: UInt16
    /// How full the relay is, in thousandths.
    package var load: UInt16
    /// Whether the relay is about to stop.
    package var isDraining: Bool
    /// The counts that the relay has not told yet.
    package var hot: [SharedCount]

    package init(version: UInt16 = 1, load: UInt16 = 0, isDraining: Bool = false, hot: [SharedCount] = []) {
        (self.version, self.load, self.isDraining, self.hot) = (version, load, isDraining, hot)
    }
}
