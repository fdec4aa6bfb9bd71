public import EasySetupChain
import EasySetupSeed

/// The two messages after the proofs: the holder (the device with the seed) sends message 5 (the package: the seed, a
/// membership or a refusal), and the receiver sends message 6 (the receipt or a refusal).
///
/// Both messages are the same whichever device shows the code. Each is its sender's third message of the meeting.
struct SeedTransfer: ~Copyable {
    private enum State {
        /// Holder: this device waits until its user decides whether it sends the seed. Next: `given`, `over`.
        case deciding
        /// Holder: this device has sent message 5 (the package) with the seed or a membership. Next: `over`.
        case given(userID: [UInt8])
        /// Receiver: this device waits for message 5 (the package), while the holder's user decides. Next: `storing`,
        /// `over`.
        case waiting
        /// Receiver: the seed or a membership has arrived, and this device must store it before it sends the receipt.
        /// Next: `over`.
        case storing
        /// The exchange has ended; every further message is an error.
        case over
    }

    private static let number: UInt32 = 3

    private var state: State
    private let channel: SealedChannel

    init(role: Role, channel: consuming SealedChannel) {
        state = role == .holder ? .deciding : .waiting
        self.channel = channel
    }

    /// Holder: makes message 5, the package with the seed. Call this function after the user said yes.
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

    /// Holder: makes message 5, the package with a membership. Call this function after the user said yes.
    mutating func give(_ membership: GivenMembership) throws(HandshakeError) -> [UInt8] {
        guard case .deciding = state else { throw .outOfOrder }
        state = .over
        var content = try Sealed.package(membership: membership)
        state = .given(userID: membership.membership.userID.bytes)
        return send(&content, .package)
    }

    /// Receiver: makes message 6, the receipt. Call this function after the seed or the membership was stored.
    mutating func stored(userID: [UInt8]) throws(HandshakeError) -> [UInt8] {
        guard case .storing = state else { throw .outOfOrder }
        state = .over
        var content = try Sealed.receipt(userID: userID)
        return send(&content, .receipt)
    }

    /// Either side: makes a refusal in place of this side's message 5 or 6; nil if this side has sent that message
    /// already.
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

    /// Takes the other device's third message: message 5 (the package) or 6 (the receipt).
    mutating func receive(_ body: [UInt8], number: UInt32) throws(HandshakeError) -> Received {
        guard number == Self.number else { throw .outOfOrder }
        switch state {
        case .waiting:
            state = .over
            let sealed = try SealedMessage.sealed(in: body, type: .package)
            let contents = try unsafe channel.open(sealed, type: .package, number: number, read: Sealed.contents)
            state = .storing
            switch consume contents {
            case .seed(let seed): return .seed(seed)
            case .membership(let membership): return .membership(membership)
            }
        case .given(let userID):
            state = .over
            guard try receipt(body) == userID else { throw .wrongReceipt }
            return .confirmed
        case .deciding:
            // Before a receiver has the seed, it may send only a refusal, which `receipt` throws as an error.
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

/// The result of receiving a message.
public enum Received: ~Copyable, Sendable {
    /// The next message to send: an offerer's message 2 (the reply) or a visitor's message 3 (the proof). Sending
    /// message 3 uses up one of the visitor's tries.
    case prove(send: [UInt8])
    /// The other device has proved that it knows the code, and the visitor has the seat, so the offerer pairs with no
    /// other device. `send` is an offerer's message 4 (the proof); it is nil for a visitor.
    case proven(Peer, send: [UInt8]?)
    /// The other device has proved that it knows the code, but these two devices can't pair. The caller sends `send`,
    /// if there is one, before it ends the meeting.
    case mismatched(Peer, HandshakeError, send: [UInt8]?)
    /// Receiver: the seed. The caller stores it before it calls the handshake's `stored(userID:)`.
    case seed(ReceivedSeed)
    /// Receiver: a membership, in place of the seed. The caller stores it before it calls the handshake's
    /// `stored(userID:)`.
    case membership(Membership)
    /// Holder: the receiver has stored the seed or the membership, and has the right user ID from it.
    case confirmed
    /// Offerer: too many hellos (message 1) came at once. The caller passes the same message again, but not before this
    /// time.
    case notBefore(Duration)
}

/// The error for two devices that can't pair, otherwise nil (`Protocol/handshake.md`, "Who gives").
/// - Parameters:
///   - own: this device's role.
///   - seed: the seed that this device holds, if any.
///   - peer: the other device's proof.
///   - place: this device's side, offerer or visitor.
///   - transcript: the transcript of the meeting.
func mismatch(
    own: Role,
    seed: SyncSeed?,
    peer: Introduction,
    form: Form,
    place: PairingSide,
    _ transcript: Transcript
) -> HandshakeError? {
    switch (own, peer.device.role) {
    case (.holder, .holder):
        let tag = seed.map { transcript.sameSeedTag(of: place.other, $0) }
        return tag.map { Sodium.isEqual($0, peer.sameSeed) } == true ? .alreadyPaired : .bothHold
    case (.receiver, .receiver): return .bothReceive
    case (.holder, .receiver): return form == .link && place == .visitor ? .linkDirection : nil
    case (.receiver, .holder): return form == .link && place == .offerer ? .linkDirection : nil
    }
}
