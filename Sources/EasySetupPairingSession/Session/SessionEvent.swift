package import EasySetupChain
package import EasySetupHandshake
package import EasySetupRelayProtocol
package import EasySetupSeed

/// An input of a session. A session is a pure state machine: sockets, stores, users and clocks reach it only through
/// events, and it reaches them only through actions.
package enum SessionEvent: Sendable {
    /// The connection that the session requested is open.
    case connected
    /// The relay was unavailable for a moment, while this device connected or before the relay's first answer. Perhaps
    /// the relay was restarted.
    case stumbled
    /// The connection could not be made, or has ended; the error is the reason.
    case lost(PairingError)
    /// A message of the relay's operator arrived. The event `frame` follows, with the frame beside it.
    case relayMessage(RelayMessage)
    /// A frame arrived from the relay.
    case frame(RelayFrame)
    /// The user answered the last ``SessionAction/ask(_:)``.
    case answered(Approval)
    /// The user answered the last ``SessionAction/askToAccept(_:)``.
    case accepted(Acceptance)
    /// The seed of the last ``SessionAction/store(_:)`` is stored.
    case stored
    /// The last ``SessionAction/store(_:)`` failed, or would have replaced another seed.
    case notStored(StoreError)
    /// The proof of work of the last ``SessionAction/solve(challenge:difficulty:)`` is solved.
    case solved(Work)
    /// The moment of the session's ``nextDeadline`` has passed.
    case deadlinePassed
    /// The user, or the app, stopped the pairing.
    case cancelled
}

/// An output of a session. The driver, which does the input and output, carries out a list of actions in order.
package enum SessionAction: Sendable {
    /// Open a connection to the relay. The event `connected` or `lost` follows.
    case connect
    /// Send a frame on the open connection.
    case send(DeviceFrame)
    /// Close the connection after everything is sent. The session gets no more events from this connection.
    case disconnect
    /// Show the state in the app.
    case show(PairingState)
    /// Ask the holder's user whether to send the seed.
    case ask(ApprovalRequest)
    /// Ask the receiver's user whether to keep the seed.
    case askToAccept(AcceptanceRequest)
    /// Withdraw the question about the seed (`ask` or `askToAccept`), because the answer does not matter any more.
    case stopAsking
    /// Store the seed or the membership durably. The event `stored` or `notStored` follows.
    case store(ChainAccess)
    /// Solve a proof of work. The event `solved` follows.
    case solve(challenge: [UInt8], difficulty: Int)
    /// The session is over; no more actions follow.
    case end

    var isDisconnect: Bool {
        if case .disconnect = self { true } else { false }
    }

    /// Whether this action shows the user how the pairing ended.
    var isLastState: Bool {
        switch self {
        case .show(.paired), .show(.failed): true
        default: false
        }
    }
}

/// The part of an offerer's and of a visitor's handshake that transfers the seed, after both devices have proved that
/// they know the code.
package protocol SeedTransferring: ~Copyable {
    mutating func give(
        seed: borrowing SecretBytes,
        createdAt: UInt64,
        userID: [UInt8]
    ) throws(HandshakeError) -> [UInt8]
    mutating func give(_ membership: GivenMembership) throws(HandshakeError) -> [UInt8]
    mutating func stored(userID: [UInt8]) throws(HandshakeError) -> [UInt8]
    mutating func refuse(_ refusal: Refusal) throws(HandshakeError) -> [UInt8]?
    /// Decrypts and checks a message of the peer in the meeting that has the seat (both proofs are done).
    mutating func receiveTransfer(_ body: [UInt8], number: UInt32) throws(HandshakeError) -> Received
}

extension VisitorHandshake: SeedTransferring {
    package mutating func receiveTransfer(_ body: [UInt8], number: UInt32) throws(HandshakeError) -> Received {
        try receive(body, number: number)
    }
}

extension OffererHandshake: SeedTransferring {
    package mutating func receiveTransfer(_ body: [UInt8], number: UInt32) throws(HandshakeError) -> Received {
        guard let seated else { throw .outOfOrder }
        // The handshake uses the time and the randomness only before a visitor has proved that it knows the code, so
        // any values do for the later messages.
        return try receive(body, number: number, meeting: seated, now: .zero, entropy: .system)
    }
}
