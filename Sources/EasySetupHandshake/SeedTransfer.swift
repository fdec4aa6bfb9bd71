import EasySetupSeed

/// What follows the two proofs: the holder gives the seed or says no, the receiver says that it is stored.
///
/// It is the same whichever side shows the code. Each side sends one message in it, its third of the meeting.
struct SeedTransfer: ~Copyable {
    private enum State {
        /// Holder: the user is being asked. Next: `given`, `over`.
        case deciding
        /// Holder: message 5 with the seed is on its way. Next: `over`.
        case given(userID: [UInt8])
        /// Receiver: the other side's user is being asked. Next: `storing`, `over`.
        case waiting
        /// Receiver: the seed is here and must be stored before anything is said. Next: `over`.
        case storing
        /// Nothing more is due.
        case over
    }

    private static let number: UInt32 = 3

    private var state: State
    private let channel: SealedChannel

    init(role: Role, channel: consuming SealedChannel) {
        state = role == .holder ? .deciding : .waiting
        self.channel = channel
    }

    /// Holder: the user said yes. Message 5.
    mutating func give(
        seed: borrowing SecretBytes,
        createdAt: UInt64,
        userID: [UInt8]
    ) throws(HandshakeError) -> [UInt8] {
        guard case .deciding = state else { throw .outOfOrder }
        state = .over
        var content = try Sealed.package(seed: seed, createdAt: createdAt)
        state = .given(userID: userID)
        return send(&content, .package)
    }

    /// Receiver: the seed is stored. Message 6.
    mutating func stored(userID: [UInt8]) throws(HandshakeError) -> [UInt8] {
        guard case .storing = state else { throw .outOfOrder }
        state = .over
        var content = try Sealed.receipt(userID: userID)
        return send(&content, .receipt)
    }

    /// Either side: no. Nil where this side has said its last word already.
    mutating func refuse(_ refusal: Refusal) throws(HandshakeError) -> [UInt8]? {
        defer { state = .over }
        switch state {
        case .deciding:
            var content = try Sealed.package(refusal: refusal)
            return send(&content, .package)
        case .waiting, .storing:
            var content = try Sealed.receipt(refusal: refusal)
            return send(&content, .receipt)
        case .given, .over:
            return nil
        }
    }

    /// The peer's third message.
    mutating func receive(_ body: [UInt8], number: UInt32) throws(HandshakeError) -> Received {
        guard number == Self.number else { throw .outOfOrder }
        switch state {
        case .waiting:
            state = .over
            let sealed = try SealedMessage.sealed(in: body, type: .package)
            let seed = try unsafe channel.open(sealed, type: .package, number: number, read: Sealed.seed)
            state = .storing
            return .seed(seed)
        case .given(let userID):
            state = .over
            guard try receipt(body) == userID else { throw .wrongReceipt }
            return .confirmed
        case .deciding:
            // Only a receiver that stops speaks before it was given anything; its refusal is thrown here.
            state = .over
            _ = try receipt(body)
            throw .outOfOrder
        case .storing, .over:
            state = .over
            throw .outOfOrder
        }
    }

    private func receipt(_ body: [UInt8]) throws(HandshakeError) -> [UInt8] {
        let sealed = try SealedMessage.sealed(in: body, type: .receipt)
        return try unsafe channel.open(sealed, type: .receipt, number: Self.number, read: Sealed.userID)
    }

    private func send(_ content: inout [UInt8], _ type: MessageType) -> [UInt8] {
        [type.rawValue] + channel.seal(&content, type: type, number: Self.number)
    }
}

/// What a message brought.
public enum Received: ~Copyable, Sendable {
    /// The visitor's answer to message 2. Handing it to the network spends one of the user's tries.
    case prove(send: [UInt8])
    /// The other device has proved itself; it has the seat. An offerer sends message 4 now; a visitor has nothing to send.
    case proven(Peer, send: [UInt8]?)
    /// The other device has proved itself, but these two can't pair. What there is to send is sent before the end.
    case mismatched(Peer, HandshakeError, send: [UInt8]?)
    /// Receiver: the seed. It is stored before ``VisitorHandshake/stored(userID:)`` and the like.
    case seed(ReceivedSeed)
    /// Holder: the receiver has stored the seed and derived the right identity from it.
    case confirmed
    /// Too many hellos came at once: hand the same message in again, not before this moment.
    case notBefore(Duration)
}

/// What two roles make of each other (`Protocol/handshake.md`, "Who gives").
func mismatch(own: Role, peer: Role, form: Form, place: PairingSide) -> HandshakeError? {
    switch (own, peer) {
    case (.holder, .holder): return .bothHold
    case (.receiver, .receiver): return .bothReceive
    case (.holder, .receiver): return form == .link && place == .visitor ? .linkDirection : nil
    case (.receiver, .holder): return form == .link && place == .offerer ? .linkDirection : nil
    }
}
