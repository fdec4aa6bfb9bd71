package import EasySetupSeed

/// A: the device that types the code or scans the link. One of these is one try of the user's.
///
/// `begin` → message 1, `receive` message 2 → message 3, `receive` message 4 → the peer, then the exchange. Every error
/// ends it; a new try is a new value, and needs the user once message 3 was sent.
public struct VisitorHandshake: ~Copyable {
    /// How many meetings one try goes through at most: an honest relay sends a visitor back to the line every two seconds
    /// at worst, 300 times in a code's lifetime. Each costs a key pair, and is remembered.
    public static let maximumMeetings = 512

    // The model is `Protocol/model/pairing.pml`, `mtype:Greeter`.
    private enum State: ~Copyable {
        /// Nothing sent. Next: `greeted`.
        case ready
        /// Message 1 is out. Next: `proved`, or `greeted` again when the relay gives another meeting; `over`.
        case greeted(Greeting)
        /// Message 3 is out. Next: `exchanging`, `over`.
        case proved(expected: SecretBytes, channel: SealedChannel, words: ConfirmationWords)
        /// The proofs fit. Next: `over`.
        case exchanging(SeedTransfer)
        /// Nothing more is due.
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

    /// Whether message 3 was made: handing it to the network spends a try, and a new one needs the user.
    public private(set) var isTrySpent = false

    /// - Throws: ``HandshakeError/linkDirection`` for a holder with a link: no link makes a device give.
    public init(_ invitation: Invitation, device: Device) throws(HandshakeError) {
        if case .link = invitation, device.role == .holder { throw .linkDirection }
        self.invitation = invitation
        self.device = device
    }

    /// The relay has given a meeting: message 1. Again for each meeting that follows, as long as no try is spent.
    ///
    /// - Throws: ``HandshakeError/replayed`` for a meeting seen before, ``HandshakeError/outOfOrder`` once a try is spent,
    ///   or after ``maximumMeetings``.
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

    /// A message of the offerer's, in order.
    ///
    /// - Throws: ``HandshakeError``; the meeting is over then.
    public mutating func receive(_ body: [UInt8], number: UInt32) throws(HandshakeError) -> Received {
        switch exchange(&state, with: .over) {
        case .ready:
            throw .outOfOrder
        case .greeted(let greeting):
            guard number == 1 else { throw .outOfOrder }
            let reply = try Reply(parsing: body)
            let keys = try Self.keys(greeting, reply)
            var content = try Sealed.proof(device)
            let tag = unsafe keys.visitorTag.withUnsafeBytes { unsafe Array($0) }
            let expected = keys.offererTag.clone()
            let words = keys.words
            let channel = keys.channel(of: .visitor)
            let sealed = channel.seal(&content, type: .visitorProof, number: 2)
            isTrySpent = true
            state = .proved(expected: expected, channel: channel, words: words)
            return .prove(send: [MessageType.visitorProof.rawValue] + tag + sealed)
        case .proved(let expected, let channel, let words):
            guard number == 2 else { throw .outOfOrder }
            let message = try ProofMessage(parsing: body, type: .offererProof)
            guard expected.isEqual(toBytes: message.tag) else { throw .wrongProof }
            let other: Device
            do {
                other = try unsafe channel.open(
                    message.sealed,
                    type: .offererProof,
                    number: number,
                    read: Sealed.device
                )
            } catch {
                // It has read this device's own proof, with the code that it knows.
                throw .codeKnown
            }
            let peer = Peer(device: other, words: words)
            if let error = mismatch(own: device.role, peer: other.role, form: invitation.form, place: .visitor) {
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

    /// Holder: the user said yes. Message 5.
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

    /// Receiver: the seed is stored. Message 6.
    package mutating func stored(userID: [UInt8]) throws(HandshakeError) -> [UInt8] {
        guard case .exchanging(var running) = exchange(&state, with: .over) else { throw .outOfOrder }
        return try running.stored(userID: userID)
    }

    /// No. The sealed message that says so; nil where there is no key yet, or nothing left to say.
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

/// What the visitor was given: the typed code or the link.
public enum Invitation: Sendable {
    /// Nine to twelve symbols that a person typed.
    case code(PairingCode)
    /// What a QR code carried.
    case link(PairingLink)

    /// Where to meet.
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

    /// CPace's inputs; PRS is the form's byte and the secret.
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
    /// As ``isEqual(to:)``, with public bytes.
    borrowing func isEqual(toBytes bytes: ArraySlice<UInt8>) -> Bool {
        unsafe Array(bytes).withUnsafeBytes { unsafe isEqual(to: $0.bytes) }
    }
}
