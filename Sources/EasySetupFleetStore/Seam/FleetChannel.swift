/// A channel of the bus.
package enum FleetChannel: Hashable, Sendable {
    /// The channel of one run of a relay.
    case run(RunID)
    /// The channel of all relays.
    case all
}
