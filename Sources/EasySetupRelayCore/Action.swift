package import EasySetupRelayProtocol

/// An effect of a decision, for the I/O layer to carry out. The I/O layer carries out actions in the order in which the
/// decision gave them.
package enum Action: Equatable, Sendable {
    case send(RelayFrame, to: ConnectionID)
    /// Send a frame with the operator's message beside it. The case is indirect, so that the message makes no other
    /// action larger.
    indirect case tell(RelayFrame, RelayMessage, to: ConnectionID)
    /// Close the connection after all frames queued for it were sent. The ``Rendezvous`` has already forgotten the
    /// connection, so it ignores later events on the connection.
    case close(ConnectionID)
    /// Seek the room of a device at other relays. The caller reports what came of it by ``Rendezvous/sought(_:_:_:)``.
    /// Only a relay among others gives this action and the next two.
    indirect case seek(SoughtDevice)
    /// Ask the directory. The caller reports the answer by ``Rendezvous/answered(_:_:_:)``.
    indirect case ask(DirectoryQuestion)
    /// Tell the relay at which this device is that its room is not here, so that it seeks the room again. The
    /// ``Rendezvous`` has already forgotten the device.
    case notHere(ConnectionID)
}

/// The reason why the relay does not admit a connection (`Protocol/relay.md`, "Reasons").
package struct AdmissionRefusal: Error, Hashable, Sendable {
    package var reason: Reason
    /// How long the device should wait before it tries again; zero if waiting does not help.
    package var retryAfter: Duration

    package init(reason: Reason, retryAfter: Duration) {
        self.reason = reason
        self.retryAfter = retryAfter
    }
}
