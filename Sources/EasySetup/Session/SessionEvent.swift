package import EasySetupHandshake
package import EasySetupRelayProtocol
package import EasySetupSeed

/// What a session is told. It is pure: sockets, stores, users and clocks are on the other side of these two enums.
package enum SessionEvent: Sendable {
    /// The connection that was asked for is open.
    case connected
    /// On the way to it, or to its first answer, the relay was away for a moment: it may have been started again since.
    case stumbled
    /// It could not be made, or has ended; with the reason where one is known.
    case lost(PairingError)
    /// The relay said something.
    case frame(RelayFrame)
    /// The user answered the last ``SessionAction/ask(_:)``.
    case answered(Approval)
    /// The user answered the last ``SessionAction/askToAccept(_:)``.
    case accepted(Acceptance)
    /// The last ``SessionAction/store(_:)`` is done; the seed is safe.
    case stored
    /// It failed, or would have replaced another seed.
    case notStored(StoreError)
    /// The last ``SessionAction/solve(challenge:difficulty:)`` is done.
    case solved(Work)
    /// ``nextDeadline`` of the session has passed.
    case deadlinePassed
    /// The user, or the app, stopped the pairing.
    case cancelled
}

/// What a session wants done, in this order.
package enum SessionAction: Sendable {
    /// Open a connection to the relay; the answer is `connected` or `lost`.
    case connect
    /// Send a frame on the open connection.
    case send(DeviceFrame)
    /// Close the connection once everything is sent; nothing more is heard of it.
    case disconnect
    /// Tell the app.
    case show(PairingState)
    /// Ask the user.
    case ask(ApprovalRequest)
    /// Ask the user whether to keep the seed.
    case askToAccept(AcceptanceRequest)
    /// The user need not be asked any more.
    case stopAsking
    /// Store the seed safely, then say so.
    case store(SyncSeed)
    /// Find the answer to a proof of work.
    case solve(challenge: [UInt8], difficulty: Int)
    /// Nothing more will come.
    case finish

    var isDisconnect: Bool {
        if case .disconnect = self { true } else { false }
    }

    /// Whether it tells how the pairing ended.
    var isLastState: Bool {
        switch self {
        case .show(.paired), .show(.failed): true
        default: false
        }
    }
}

/// How the two roles' handshakes look from the proofs on.
package protocol SeedTransferring: ~Copyable {
    mutating func give(
        seed: borrowing SecretBytes,
        createdAt: UInt64,
        userID: [UInt8]
    ) throws(HandshakeError) -> [UInt8]
    mutating func stored(userID: [UInt8]) throws(HandshakeError) -> [UInt8]
    mutating func refuse(_ refusal: Refusal) throws(HandshakeError) -> [UInt8]?
}

extension VisitorHandshake: SeedTransferring {}
extension OffererHandshake: SeedTransferring {}
