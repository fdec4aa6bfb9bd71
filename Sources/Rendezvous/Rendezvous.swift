package import RelayWire

package struct Rendezvous<Connection: Hashable & Sendable>: Sendable {
    package init(limits: Limits = Limits(), keys: TokenKeys, started: Moment) {}

    /// A device has connected. Nil when it is let in; otherwise it was not registered and is to be turned away.
    package mutating func connected(_ connection: Connection, from prefix: AddressPrefix, now: Moment) -> Refusal? {
        nil
    }

    package mutating func received(
        _ frame: DeviceFrame,
        from connection: Connection,
        now: Moment,
        entropy: inout some RandomNumberGenerator,
        into actions: inout [Action<Connection>]
    ) {}

    /// A device's connection sent what is no frame.
    package mutating func receivedBadFrame(
        from connection: Connection,
        now: Moment,
        into actions: inout [Action<Connection>]
    ) {}

    package mutating func disconnected(
        _ connection: Connection,
        now: Moment,
        into actions: inout [Action<Connection>]
    ) {}

    /// When ``deadlinesPassed(now:entropy:into:)`` is to be called next, on the monotonic clock; nil for never.
    package var nextDeadline: Duration? { nil }

    package mutating func deadlinesPassed(
        now: Moment,
        entropy: inout some RandomNumberGenerator,
        into actions: inout [Action<Connection>]
    ) {}

    /// The relay is about to stop: nothing new is taken in, everyone is told.
    package mutating func drain(now: Moment, into actions: inout [Action<Connection>]) {}

    package var statistics: Statistics { Statistics() }
}
