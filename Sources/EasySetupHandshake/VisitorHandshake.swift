public import EasySetupSeed

/// The handshake of a visitor (A), the device that types the code or scans the link. A value stands for one try.
///
/// `begin` makes message 1 (the hello). `receive` takes message 2 (the reply) and makes message 3 (the proof), then
/// takes message 4 (the offerer's proof) and gives the peer. The transfer of the seed follows. Every error ends the
/// try. A new try takes a new value. It also needs the user's consent if message 3 was sent, because that uses up a
/// try.
public struct VisitorHandshake: ~Copyable {
    /// The most meetings in one try. An honest relay sends a visitor back to the end of the waiting line at most every
    /// two seconds, so 300 times while a code lives. This device refuses more meetings, because each costs a key pair
    /// and memory.
    public static let maximumMeetings = 512

    // The Promela model `Protocol/model/pairing.pml` has the same states, as `mtype:Greeter`.
    private enum State: ~Copyable {
        /// This device has sent nothing yet. Next: `greeted`.
        case ready
        /// This device has sent message 1 (the hello). Next: `proved`, `over`, or `greeted` again if the relay gives
        /// another meeting.
        case greeted(Greeting)
        /// This device has sent message 3 (the proof). Next: `exchanging`, `over`.
        case proved(expected: SecretBytes, channel: SealedChannel, words: ConfirmationWords, transcript: Transcript)
        /// Both proofs match, and the transfer of the seed runs. Next: `over`.
        case exchanging(SeedTransfer)
        /// This handshake has ended; every further message is an error.
        case over
    }

    private struct Greeting: ~Copyable {
        let session: [UInt8]
        let scalar: SecretBytes
        let kemSeed: SecretBytes
        let hello: Hello
    }

    private var state: State = .ready
    private var seen: Set<[UInt8]> = []
    private let invitation: Invitation
    private let device: Device
    private let seed: SyncSeed?

    /// Whether this try is used up, because this device has made message 3 (the proof). A new try then needs the user's
    /// consent.
    public private(set) var isTrySpent = false

    /// - Parameter seed: a holder's seed. The handshake only uses it to recognise a peer that holds the same seed.
    /// - Throws: ``HandshakeError/linkDirection`` for a holder with a link, because a link lets a device only receive.
    public init(_ invitation: Invitation, device: Device, seed: SyncSeed? = nil) throws(HandshakeError) {
        if case .link = invitation, device.role == .holder { throw .linkDirection }
        self.invitation = invitation
        self.device = device
        self.seed = seed
    }

    /// Makes message 1 (the hello) for a meeting with the offerer. The relay may give a further meeting in place of
    /// this one until this device has made message 3 (the proof).
    ///
    /// - Throws: ``HandshakeError/replayed`` for a meeting id that this handshake has seen before.
    ///   ``HandshakeError/outOfOrder`` if this device has made message 3, if the handshake has ended, or after
    ///   ``maximumMeetings``.
    public mutating func begin(meeting session: [UInt8], entropy: Entropy) throws(HandshakeError) -> [UInt8] {
        switch exchange(&state, with: .over) {
        case .ready: break
        case .greeted: break
        case .proved: throw .outOfOrder
        case .exchanging: throw .outOfOrder
        case .over: throw .outOfOrder
        }
        guard seen.count < Self.maximumMeetings else { throw .outOfOrder }
        guard seen.insert(session).inserted else { throw .replayed }
        let scalar = entropy.scalar()
        let kemSeed = entropy.bytes(XWing.seedByteCount)
        let generator = CPace.generator(invitation.inputs(session: session))
        let hello = Hello(
            form: invitation.form,
            publicKey: try XWing.publicKey(seed: kemSeed),
            point: try CPace.publicPoint(scalar: scalar, generator: generator)
        )
        state = .greeted(Greeting(session: session, scalar: scalar, kemSeed: kemSeed, hello: hello))
        return hello.bytes
    }

    /// Takes the offerer's next message.
    ///
    /// - Throws: ``HandshakeError``, which ends this try.
    public mutating func receive(_ body: [UInt8], number: UInt32) throws(HandshakeError) -> Received {
        switch exchange(&state, with: .over) {
        case .ready:
            throw .outOfOrder
        case .greeted(let greeting):
            guard number == 1 else { throw .outOfOrder }
            let reply = try Reply(parsing: body)
            let keys = try Self.keys(greeting, reply)
            let transcript = keys.transcript
            let sameSeed = seed.map { transcript.sameSeedTag(of: .visitor, $0) }
            var content = try Sealed.proof(device, sameSeed: sameSeed ?? [])
            let tag = unsafe keys.visitorTag.withUnsafeBytes { unsafe Array($0) }
            let expected = keys.offererTag.clone()
            let words = keys.words
            let channel = keys.channel(of: .visitor)
            let sealed = channel.seal(&content, type: .visitorProof, number: 2)
            isTrySpent = true
            state = .proved(expected: expected, channel: channel, words: words, transcript: transcript)
            return .prove(send: [MessageType.visitorProof.rawValue] + tag + sealed)
        case .proved(let expected, let channel, let words, let transcript):
            guard number == 2 else { throw .outOfOrder }
            let message = try ProofMessage(parsing: body, type: .offererProof)
            guard expected.isEqual(toBytes: message.tag) else { throw .wrongProof }
            let other: Introduction
            do {
                other = try unsafe channel.open(
                    message.sealed,
                    type: .offererProof,
                    number: number,
                    read: Sealed.introduction
                )
            } catch {
                // The sender knows the code, because its tag matches, but it did not seal what a device seals.
                throw .codeKnown
            }
            let peer = Peer(device: other.device, words: words)
            let form = invitation.form
            if let error = mismatch(own: device.role, seed: seed, peer: other, form: form, place: .visitor, transcript)
            {
                return .mismatched(peer, error, send: nil)
            }
            state = .exchanging(SeedTransfer(role: device.role, channel: channel))
            return .proven(peer, send: nil)
        case .exchanging(var exchange):
            let received = try exchange.receive(body, number: number)
            state = .exchanging(exchange)
            return received
        case .over:
            throw .outOfOrder
        }
    }

    /// Holder: makes message 5, the package with the seed. Call this function after the user said yes.
    package mutating func give(
        seed: borrowing SecretBytes,
        createdAt: UInt64,
        userID: [UInt8]
    ) throws(HandshakeError) -> [UInt8] {
        guard case .exchanging(var running) = exchange(&state, with: .over) else { throw .outOfOrder }
        let message = try running.give(seed: seed, createdAt: createdAt, userID: userID)
        state = .exchanging(running)
        return message
    }

    /// Holder: makes message 5, the package with a membership. Call this function after the user said yes.
    package mutating func give(_ membership: GivenMembership) throws(HandshakeError) -> [UInt8] {
        guard case .exchanging(var running) = exchange(&state, with: .over) else { throw .outOfOrder }
        let message = try running.give(membership)
        state = .exchanging(running)
        return message
    }

    /// Receiver: makes message 6, the receipt. Call this function after the seed was stored.
    package mutating func stored(userID: [UInt8]) throws(HandshakeError) -> [UInt8] {
        guard case .exchanging(var running) = exchange(&state, with: .over) else { throw .outOfOrder }
        return try running.stored(userID: userID)
    }

    /// Makes a sealed refusal; nil if the offerer's proof has not come yet, or if this device has sent its last
    /// message.
    public mutating func refuse(_ refusal: Refusal) throws(HandshakeError) -> [UInt8]? {
        guard case .exchanging(var running) = exchange(&state, with: .over) else { return nil }
        return try running.refuse(refusal)
    }

    private static func keys(_ greeting: borrowing Greeting, _ reply: Reply) throws(HandshakeError) -> SessionKeys {
        let shared = try CPace.multiply(scalar: greeting.scalar, point: reply.share.point)
        let kemSecret = try XWing.decapsulate(reply.ciphertext, seed: greeting.kemSeed)
        let sessionKey = CPace.sessionKey(
            session: greeting.session,
            shared: shared,
            initiator: greeting.hello.share,
            responder: reply.share
        )
        let transcript = Transcript(session: greeting.session, hello: greeting.hello.bytes, reply: reply.bytes)
        return SessionKeys(sessionKey: sessionKey, kemSecret: kemSecret, transcript: transcript)
    }
}

/// The secret that the visitor has: a typed code or a link.
@nonexhaustive public enum Invitation: Sendable {
    /// A code that a person typed.
    case code(PairingCode)
    /// A link from a QR code.
    case link(PairingLink)

    /// The slot: the name under which the relay knows the offerer's room.
    public var slot: String {
        switch self {
        case .code(let code): code.slot
        case .link(let link): link.slot
        }
    }

    var form: Form {
        switch self {
        case .code: .typed
        case .link: .link
        }
    }

    /// The inputs of CPace for a meeting. The password (PRS) is one byte that tells a code from a link, and then the
    /// secret.
    func inputs(session: [UInt8]) -> CPace.Inputs {
        CPace.Inputs(password: password, channel: Labels.channel(slot: slot), session: session)
    }

    private var password: SecretBytes {
        switch self {
        case .code(let code): Self.password(.typed, code.secret)
        case .link(let link): Self.password(.link, link.secret)
        }
    }

    private static func password(_ form: Form, _ secret: borrowing SecretBytes) -> SecretBytes {
        let password = SecretBytes(zeros: 1 + secret.count)
        unsafe password.withUnsafeMutableBytes { target in
            unsafe target[0] = form.rawValue
            unsafe secret.withUnsafeBytes { source in
                unsafe UnsafeMutableRawBufferPointer(rebasing: target[1...]).copyMemory(from: source)
            }
        }
        return password
    }
}

extension SecretBytes {
    /// Whether the secret has these bytes. The time of the comparison depends only on the lengths.
    borrowing func isEqual(toBytes bytes: ArraySlice<UInt8>) -> Bool {
        unsafe Array(bytes).withUnsafeBytes { unsafe isEqual(to: $0.bytes) }
    }
}
