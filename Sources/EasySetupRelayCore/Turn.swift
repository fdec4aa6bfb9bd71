import EasySetupRelayProtocol

/// The time of one event, the source of randomness for it, and the actions that result. A decision depends on nothing
/// else but the relay's state and the event itself.
///
/// The caller uses one value for all events: it sets ``now`` before an event, and carries out and removes ``actions``
/// after the event, so that the memory of the array is reused.
package struct Turn: Sendable {
    /// The time of the event.
    package var now: Moment
    /// The source of random slots, ids and challenges.
    package var entropy: any RandomNumberGenerator & Sendable
    /// The actions that the caller must carry out after the event, in this order.
    package var actions: [Action] = []
    /// What all decisions so far add up to.
    package var counts = Counts()
    /// Pairings that have ended since the caller last emptied the list; nil if the caller does not ask for them.
    package var endedPairings: [PairingEnding]?

    package init(now: Moment, entropy: any RandomNumberGenerator & Sendable) {
        self.now = now
        self.entropy = entropy
    }

    /// Counts that a device has hit a limit.
    mutating func hit(_ limit: CountedLimit) {
        counts.limits.add(limit)
    }

    mutating func send(_ frame: RelayFrame, to connection: ConnectionID) {
        actions.append(.send(frame, to: connection))
    }

    /// Puts the operator's message beside the first of the frames to a connection, among the actions from this one on.
    mutating func tell(_ message: RelayMessage, to connection: ConnectionID, from start: Int) {
        for index in actions.indices[start...] {
            guard case .send(let frame, connection) = actions[index] else { continue }
            actions[index] = .tell(frame, message, to: connection)
            return
        }
    }

    /// Closes a connection after all frames that were sent to it.
    mutating func close(_ connection: ConnectionID) {
        actions.append(.close(connection))
    }

    /// Sends a last frame, `word`, to a connection and closes it.
    mutating func dismiss(_ connection: ConnectionID, _ word: RelayFrame) {
        if case .refused(let reason, _) = word { counts.refusals.add(reason) }
        send(word, to: connection)
        close(connection)
    }
}
