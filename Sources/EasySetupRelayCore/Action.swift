package import EasySetupRelayProtocol

/// An effect of a decision, for the I/O layer to carry out. Actions are carried out in the order given.
package enum Action: Equatable, Sendable {
    case send(RelayFrame, to: ConnectionID)
    /// Close the connection after everything queued for it was sent. The rendezvous has already forgotten the
    /// connection, so later events on it are ignored.
    case close(ConnectionID)
}

/// The reason why a connection is not admitted (`Protocol/relay.md`, "Reasons").
package struct AdmissionRefusal: Error, Hashable, Sendable {
    package var reason: Reason
    /// How long the device should wait before it tries again; zero if waiting does not help.
    package var retryAfter: Duration

    package init(reason: Reason, retryAfter: Duration) {
        self.reason = reason
        self.retryAfter = retryAfter
    }
}
