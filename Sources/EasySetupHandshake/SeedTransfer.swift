import EasySetupSeed

/// The two messages after the proofs: the holder sends the seed or a refusal, the receiver sends a receipt.
///
/// They are the same whichever side shows the code. Each side sends one of them, as its third message of the meeting.
struct SeedTransfer: ~Copyable {
    private enum State {
        /// Holder: the user is asked. Next: `given`, `over`.
        case deciding
        /// Holder: message 5 with the seed was sent. Next: `over`.
        case given(userID: [UInt8])
        /// Receiver: the other side's user is asked. Next: `storing`, `over`.
        case waiting
        /// Receiver: the seed arrived, and must be stored before the receipt is sent. Next: `over`.
        case storing
        /// No more messages are expected.
        case over
    }

    private static let number: UInt32 = 3

    private var state: State
    private let channel: SealedChannel

    init(role: Role, channel: consuming SealedChannel) {
        state = role == .holder ? .deciding : .waiting
        self.channel = channel
    }

    /// Holder: makes message 5, after the user said yes.
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

    /// Receiver: makes message 6, after the seed was stored.
    mutating func stored(userID: [UInt8]) throws(HandshakeError) -> [UInt8] {
        guard case .storing = state else { throw .outOfOrder }
        state = .over
        var content = try Sealed.receipt(userID: userID)
        return send(&content, .receipt)
    }

    /// Either side: makes a refusal. Nil where this side has sent its last message already.
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

    /// Takes the peer's third message.
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
            // A receiver may only send a refusal before it received the seed, and the refusal is thrown here.
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

/// The result of a message.
public enum Received: ~Copyable, Sendable {
    /// The visitor's message 3. Sending it uses up one of the user's tries.
    case prove(send: [UInt8])
    /// The other device has proved that it knows the code and has the seat. An offerer sends message 4 now; a visitor
    /// sends nothing.
    case proven(Peer, send: [UInt8]?)
    /// The other device has proved that it knows the code, but these two devices can't pair. `send` is sent before the
    /// end.
    case mismatched(Peer, HandshakeError, send: [UInt8]?)
    /// Receiver: the seed. The caller stores it before it calls ``VisitorHandshake/stored(userID:)`` or the offerer's
    /// function.
    case seed(ReceivedSeed)
    /// Holder: the receiver has stored the seed and derived the right user ID from it.
    case confirmed
    /// Too many hellos came at once: the caller passes the same message again, not before this moment.
    case notBefore(Duration)
}

/// The error for two devices with these roles, if they can't pair (`Protocol/handshake.md`, "Who gives").
func mismatch(own: Role, peer: Role, form: Form, place: PairingSide) -> HandshakeError? {
    switch (own, peer) {
    case (.holder, .holder): return .bothHold
    case (.receiver, .receiver): return .bothReceive
    case (.holder, .receiver): return form == .link && place == .visitor ? .linkDirection : nil
    case (.receiver, .holder): return form == .link && place == .offerer ? .linkDirection : nil
    }
}
