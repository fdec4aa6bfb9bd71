import EasySetupHandshake
import EasySetupRelayProtocol

/// The part of a session that both kinds (offerer and visitor) have in every phase: the connection to the relay, and
/// the values that a transfer needs.
struct SessionCore {
    var connection: SessionConnection
    /// The wait that the relay has asked for before the next connection; zero if the relay asked for none.
    var wait: Duration = .zero
    /// Whether the relay has reported that the other device has no connection.
    var isPeerAway = false
    var relayMessages = RelayMessages()
    /// Whether the session has ended. The session ignores all events then.
    private(set) var isOver = false
    let part: PairingPart
    let entropy: Entropy
    let limits: ClientLimits

    init(part: PairingPart, entropy: Entropy, limits: ClientLimits) {
        self.part = part
        self.entropy = entropy
        self.limits = limits
        connection = SessionConnection(limits: limits)
    }

    var role: Role { part.role }

    /// Which of the two devices are connected to the relay, as far as this device can know.
    var reach: Reach { !connection.isReady ? .cutOff : isPeerAway ? .peerAway : .both }

    /// Sends a frame if the connection is open and the relay has answered on it. Otherwise nothing is sent.
    func send(_ frame: DeviceFrame) -> [SessionAction] { connection.isReady ? [.send(frame)] : [] }

    /// Plans the next connection after one was lost or could not be made. The wait depends on the error, and on the
    /// wait that the relay asked for.
    mutating func connectAgain(after error: PairingError, now: Duration) {
        connection.lost(now: now, notBefore: max(wait, error.rest(limits)), random: entropy.bytes(2))
        wait = .zero
    }

    /// Plans the next connection. The wait is the device's own, without any wait that the relay asked for.
    mutating func connectAgain(now: Duration) {
        connection.lost(now: now, random: entropy.bytes(2))
    }

    /// Shows the error and ends the session.
    mutating func fail(_ error: PairingError, leaving reason: Reason?) -> [SessionAction] {
        [.show(.failed(error))] + end(leaving: reason)
    }

    /// Ends the session. If there is a reason, the device tells it to the relay first.
    mutating func end(leaving reason: Reason?) -> [SessionAction] {
        let goodbye = reason.map { send(.leave($0)) } ?? []
        isOver = true
        connection.closed()
        return goodbye + [.disconnect, .end]
    }
}

/// The token with which a device returns to its room or meeting on a new connection, and the number of returns so far.
struct Attachment {
    let token: Token
    private(set) var attempts: UInt32 = 0

    init(token: Token) { self.token = token }

    /// Counts one more return of this device to its room or meeting, and gives the number of this return.
    mutating func next() -> UInt32 {
        attempts &+= 1
        return attempts
    }
}
