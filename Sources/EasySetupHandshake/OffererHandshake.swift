package import EasySetupSeed

/// B: the device that shows the code. One of these is one offer: an independent meeting for each visitor, and one count of
/// wrong proofs for all of them (`Protocol/handshake.md`, "Coming is free, guessing is counted").
///
/// Errors end the meeting they came from and no other. Time is handed in, counted from any fixed start.
public struct OffererHandshake: ~Copyable {
    /// How many wrong typed proofs are compared before the typed form is burnt: each is a chance of 2⁻²⁵.
    public static let maximumWrongProofs = 3
    /// How many hellos are answered in a second, and at once: each costs this device about a millisecond.
    public static let hellosPerSecond = 20
    /// How many meetings are in hand at once: four times what an honest relay brings. Each holds locked memory, of which
    /// a relay gone bad must not be able to ask for more than there is.
    public static let maximumMeetings = 64
    /// How many visitors come to one offer at most: more than an honest relay lets through in a code's lifetime, where 20
    /// a second are answered and 8 a second displaced. Each is remembered, and a relay gone bad could bring any number.
    public static let maximumVisitors = 32_768

    // The model is `Protocol/model/pairing.pml`, `mtype:Answerer`.
    private enum State: ~Copyable {
        /// The visitor has said nothing. Next: `answered`, `over`.
        case met
        /// Message 2 is out; nothing by which a guess could be tested. Next: `exchanging`, `over`.
        case answered(Answer)
        /// The proofs fit. Next: `over`.
        case exchanging(SeedTransfer)
        /// Nothing more is due.
        case over
    }

    private struct Answer: ~Copyable {
        let scalar: SecretBytes
        let kemSecret: SecretBytes
        let hello: Hello
        let reply: Reply
    }

    /// A noncopyable state can't be in a dictionary; each box has one owner, the dictionary below.
    private final class Meeting {
        var state: State = .met
    }

    private let code: PairingCode
    private let link: PairingLink?
    private let device: Device
    private let expiry: Duration
    private var meetings: [[UInt8]: Meeting] = [:]
    private var seen: Set<[UInt8]> = []
    private var allowance = HelloAllowance(perSecond: hellosPerSecond)

    /// How many wrong typed proofs have been compared; the user is told of each.
    public private(set) var wrongProofs = 0
    /// Whether a visitor that is no device proved that it knows the code or the link; both are burnt then, and the user is told.
    public private(set) var isKnown = false
    /// The meeting whose visitor has the seat.
    public private(set) var seated: [UInt8]?

    /// - Parameters:
    ///   - code: the typed form.
    ///   - link: the link form; nil for a device that wants a seed, which shows none.
    ///   - device: how this device introduces itself.
    ///   - expiry: when the code's time is over; no proof is compared from then on, whatever the relay says.
    /// - Throws: ``HandshakeError/linkDirection`` for a receiver with a link.
    public init(
        code: PairingCode,
        link: PairingLink?,
        device: Device,
        expiry: Duration
    ) throws(HandshakeError) {
        if link != nil, device.role == .receiver { throw .linkDirection }
        self.code = code
        self.link = link
        self.device = device
        self.expiry = expiry
    }

    /// Whether the typed form has been used up. By wrong tries alone it was, where not ``isKnown``; the link form lives on then.
    public var isBurnt: Bool { isKnown || wrongProofs >= Self.maximumWrongProofs }

    /// The meetings in hand.
    public var meetingCount: Int { meetings.count }

    /// The relay has brought a visitor.
    ///
    /// - Throws: ``HandshakeError/replayed`` for a meeting seen before, ``HandshakeError/seated`` once one has the seat,
    ///   ``HandshakeError/outOfOrder`` for one more than ``maximumMeetings`` at a time or ``maximumVisitors`` in all. The
    ///   meetings in hand go on.
    public mutating func visitorCame(meeting: [UInt8]) throws(HandshakeError) {
        guard seated == nil else { throw .seated }
        guard meetings.count < Self.maximumMeetings, seen.count < Self.maximumVisitors || seen.contains(meeting) else {
            throw .outOfOrder
        }
        guard seen.insert(meeting).inserted else { throw .replayed }
        meetings[meeting] = Meeting()
    }

    /// A meeting is over, by the relay's word or this device's own.
    public mutating func ended(meeting: [UInt8]) {
        meetings[meeting] = nil
    }

    /// A message of a visitor's, in order within its meeting.
    ///
    /// - Throws: ``HandshakeError``; this meeting is over then. ``HandshakeError/wrongProof`` is the one that was a wrong guess,
    ///   ``HandshakeError/codeKnown`` the one that was a right one, by something that is no device.
    public mutating func receive(
        _ body: [UInt8],
        number: UInt32,
        meeting id: [UInt8],
        now: Duration,
        entropy: Entropy
    ) throws(HandshakeError) -> Received {
        guard let meeting = meetings[id] else { throw .outOfOrder }
        do throws(HandshakeError) {
            switch exchange(&meeting.state, with: .over) {
            case .met:
                guard number == 1 else { throw .outOfOrder }
                if let later = allowance.take(now: now) {
                    meeting.state = .met
                    return .notBefore(later)
                }
                let answer = try answer(Hello(parsing: body), session: id, now: now, entropy: entropy)
                let reply = answer.reply.bytes
                meeting.state = .answered(answer)
                return .prove(send: reply)
            case .answered(let answer):
                guard number == 2 else { throw .outOfOrder }
                return try check(body, answer, id: id, meeting: meeting, now: now)
            case .exchanging(var exchange):
                let received = try exchange.receive(body, number: number)
                meeting.state = .exchanging(exchange)
                return received
            case .over:
                throw .outOfOrder
            }
        } catch {
            meetings[id] = nil
            throw error
        }
    }

    /// Holder: the user said yes. Message 5, for the seated meeting.
    package mutating func give(
        seed: borrowing SecretBytes,
        createdAt: UInt64,
        userID: [UInt8]
    ) throws(HandshakeError) -> [UInt8] {
        guard let seated, let meeting = meetings[seated],
            case .exchanging(var running) = exchange(&meeting.state, with: .over)
        else { throw .outOfOrder }
        let message = try running.give(seed: seed, createdAt: createdAt, userID: userID)
        meeting.state = .exchanging(running)
        return message
    }

    /// Receiver: the seed is stored. Message 6, for the seated meeting.
    package mutating func stored(userID: [UInt8]) throws(HandshakeError) -> [UInt8] {
        guard let seated, let meeting = meetings[seated],
            case .exchanging(var running) = exchange(&meeting.state, with: .over)
        else { throw .outOfOrder }
        return try running.stored(userID: userID)
    }

    /// No, to the seated device. The sealed message that says so; nil where there is none or nothing left to say.
    public mutating func refuse(_ refusal: Refusal) throws(HandshakeError) -> [UInt8]? {
        guard let seated, let meeting = meetings[seated],
            case .exchanging(var running) = exchange(&meeting.state, with: .over)
        else { return nil }
        return try running.refuse(refusal)
    }

    /// Message 2. Everything here costs the same whatever the visitor knows, and tells it nothing.
    private func answer(
        _ hello: Hello,
        session: [UInt8],
        now: Duration,
        entropy: Entropy
    ) throws(HandshakeError) -> Answer {
        guard now < expiry else { throw .expired }
        let invitation = try invitation(hello.form)
        // A bad point is refused here, before it costs an encapsulation; K itself waits for message 3.
        guard CPace.isPoint(hello.share.point) else { throw .malformed }
        let scalar = entropy.scalar()
        let generator = CPace.generator(invitation.inputs(session: session))
        let point = try CPace.publicPoint(scalar: scalar, generator: generator)
        let encapsulation = try entropy.encapsulate(hello.publicKey)
        let reply = Reply(ciphertext: encapsulation.ciphertext, point: point)
        return Answer(scalar: scalar, kemSecret: encapsulation.takeSecret(), hello: hello, reply: reply)
    }

    /// Message 3: the one place where a guess is tested.
    private mutating func check(
        _ body: [UInt8],
        _ answer: borrowing Answer,
        id: [UInt8],
        meeting: Meeting,
        now: Duration
    ) throws(HandshakeError) -> Received {
        let message = try ProofMessage(parsing: body, type: .visitorProof)
        guard seated == nil else { throw .seated }
        guard now < expiry else { throw .expired }
        _ = try invitation(answer.hello.form)
        let shared = try CPace.multiply(scalar: answer.scalar, point: answer.hello.share.point)
        let sessionKey = CPace.sessionKey(
            session: id,
            shared: shared,
            initiator: answer.hello.share,
            responder: answer.reply.share
        )
        let transcript = Transcript(session: id, hello: answer.hello.bytes, reply: answer.reply.bytes)
        let keys = SessionKeys(sessionKey: sessionKey, kemSecret: answer.kemSecret, transcript: transcript)

        // Counted before it is compared: whatever happens next, this guess was spent.
        if answer.hello.form == .typed { wrongProofs += 1 }
        guard keys.visitorTag.isEqual(toBytes: message.tag) else { throw .wrongProof }
        if answer.hello.form == .typed { wrongProofs -= 1 }

        let tag = unsafe keys.offererTag.withUnsafeBytes { unsafe Array($0) }
        let words = keys.words
        let channel = keys.channel(of: .offerer)
        let other: Device
        do {
            other = try unsafe channel.open(message.sealed, type: .visitorProof, number: 2, read: Sealed.device)
        } catch {
            // A right guess must not pass in silence. Whatever is wrong inside, it came from somebody who knew the secret, so
            // neither form of it is worth anything any more.
            isKnown = true
            throw .codeKnown
        }
        seated = id
        meetings = [id: meeting]
        var content = try Sealed.proof(device)
        let sealed = channel.seal(&content, type: .offererProof, number: 2)
        let proof = [MessageType.offererProof.rawValue] + tag + sealed
        let peer = Peer(device: other, words: words)
        let form = answer.hello.form
        if let error = mismatch(own: device.role, peer: other.role, form: form, place: .offerer) {
            return .mismatched(peer, error, send: proof)
        }
        meeting.state = .exchanging(SeedTransfer(role: device.role, channel: channel))
        return .proven(peer, send: proof)
    }

    /// The secret that a visitor's form asks for, where that form lives.
    private func invitation(_ form: Form) throws(HandshakeError) -> Invitation {
        if isKnown { throw .codeBurnt }
        switch form {
        case .typed:
            if isBurnt { throw .codeBurnt }
            return .code(code)
        case .link:
            guard let link else { throw .linkDirection }
            return .link(link)
        }
    }
}

/// A bucket of hellos that fills with time.
private struct HelloAllowance {
    private let interval: Duration
    private let depth: Int
    /// When the bucket would be full again.
    private var full: Duration = .zero

    init(perSecond: Int) {
        interval = .seconds(1) / perSecond
        depth = perSecond
    }

    /// Takes one; or says when there is one.
    mutating func take(now: Duration) -> Duration? {
        let start = max(full, now)
        let earliest = start - interval * (depth - 1)
        guard now >= earliest else { return earliest }
        full = start + interval
        return nil
    }
}
