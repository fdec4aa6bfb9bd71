package import EasySetupRelayProtocol

/// What is to be done after a decision, in this order.
package enum Action<Connection: Hashable & Sendable>: Sendable {
    case send(RelayFrame, to: Connection)
    /// Close the connection, after what was sent to it. The rendezvous has forgotten it already: what it sends or how it
    /// ends is of no interest any more.
    case close(Connection)
}

extension Action: Equatable where Connection: Equatable {}

/// A connection that is not let in (`Protocol/relay.md`, "Reasons").
package struct AdmissionRefusal: Error, Hashable, Sendable {
    package var reason: Reason
    /// Zero where waiting does not help.
    package var retryAfter: Duration

    package init(reason: Reason, retryAfter: Duration) {
        self.reason = reason
        self.retryAfter = retryAfter
    }
}
