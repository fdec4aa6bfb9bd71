import EasySetupRelayProtocol

/// The handling of one event: its time, a source of randomness, and the actions that follow from it. A decision depends
/// on nothing else but the state and the event itself.
///
/// One value serves all events: the caller sets ``now`` before an event, and carries out and removes ``actions`` after
/// it, so that their memory is reused.
package struct Turn: Sendable {
    /// The time of the event.
    package var now: Moment
    /// The source of random slots, ids and challenges.
    package var entropy: any RandomNumberGenerator & Sendable
    /// The actions to carry out, in this order.
    package var actions: [Action] = []

    package init(now: Moment, entropy: any RandomNumberGenerator & Sendable) {
        self.now = now
        self.entropy = entropy
    }

    mutating func send(_ frame: RelayFrame, to connection: ConnectionID) {
        actions.append(.send(frame, to: connection))
    }

    /// Closes a connection after everything that was sent to it.
    mutating func close(_ connection: ConnectionID) {
        actions.append(.close(connection))
    }

    /// Sends a last frame to a connection and closes it.
    mutating func dismiss(_ connection: ConnectionID, _ word: RelayFrame) {
        send(word, to: connection)
        close(connection)
    }
}
