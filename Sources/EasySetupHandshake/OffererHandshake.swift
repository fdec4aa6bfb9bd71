package import EasySetupSeed

/// The handshakes of an offerer (B), the device that shows the code. A value stands for one offer: an independent
/// meeting for each visitor, and one count of wrong proofs for all of them (`Protocol/handshake.md`, "Coming is free,
/// guessing is counted").
///
/// An error ends only the meeting in which it occurs. The caller passes the time, counted from any fixed start.
public struct OffererHandshake: ~Copyable {
    /// The number of wrong proofs by code after which the code is rejected: each guess has a chance of 2⁻²⁵.
    public static let maximumWrongProofs = 3
    /// The number of hellos that are answered per second, and in one burst: each costs this device about a millisecond.
    public static let hellosPerSecond = 20
    /// The most simultaneous meetings: four times as many as an honest relay allows. Each holds locked memory, of which
    /// a malicious relay must not be able to use up all.
    public static let maximumMeetings = 64
    /// The most visitors of one offer: more than an honest relay lets through in a code's lifetime, at 20 answered and
    /// 8 displaced per second. Each is remembered, so a malicious relay needs a bound.
    public static let maximumVisitors = 32_768

    // The model is `Protocol/model/pairing.pml`, `mtype:Answerer`.
    private enum State: ~Copyable {
        /// The visitor has sent nothing yet. Next: `answered`, `over`.
        case met
        /// Message 2 was sent; it contains nothing against which a guess could be tested. Next: `exchanging`, `over`.
        case answered(Answer)
        /// The proofs match. Next: `over`.
        case exchanging(SeedTransfer)
        /// No more messages are expected.
        case over
    }

    private struct Answer: ~Copyable {
        let scalar: SecretBytes
        let kemSecret: SecretBytes
        let hello: Hello
        let reply: Reply
    }

    /// A box for a noncopyable state, which a dictionary can't hold; the dictionary below is its only owner.
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

    /// The number of wrong proofs by code so far; the user is told of each.
    public private(set) var wrongProofs = 0
    /// Whether somebody other than a device proved to know the code or the link. Both are rejected then, and the user
    /// is told.
    public private(set) var isKnown = false
    /// The meeting whose visitor has the seat.
    public private(set) var seated: [UInt8]?

    /// - Parameters:
    ///   - code: the code to type.
    ///   - link: the link; nil for a device without a seed, which shows none.
    ///   - device: this device's description of itself.
    ///   - expiry: the moment from which no proof is compared any more, whatever the relay reports.
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

    /// Whether the code is used up. Unless ``isKnown``, wrong tries alone did that, and the link stays valid.
    public var isBurnt: Bool { isKnown || wrongProofs >= Self.maximumWrongProofs }

    /// The number of open meetings.
    public var meetingCount: Int { meetings.count }

    /// Takes a visitor that the relay has announced.
    ///
    /// - Throws: ``HandshakeError/replayed`` for a meeting seen before, ``HandshakeError/seated`` once one has the seat,
    ///   ``HandshakeError/outOfOrder`` for one more than ``maximumMeetings`` at a time or ``maximumVisitors`` in all. The
    ///   other meetings go on.
    public mutating func visitorCame(meeting: [UInt8]) throws(HandshakeError) {
        guard seated == nil else { throw .seated }
        guard meetings.count < Self.maximumMeetings, seen.count < Self.maximumVisitors || seen.contains(meeting) else {
            throw .outOfOrder
        }
        guard seen.insert(meeting).inserted else { throw .replayed }
        meetings[meeting] = Meeting()
    }

    /// Forgets a meeting that the relay or this device has ended.
    public mutating func ended(meeting: [UInt8]) {
        meetings[meeting] = nil
    }

    /// Takes a visitor's message, in order within its meeting.
    ///
    /// - Throws: ``HandshakeError``, which ends this meeting. ``HandshakeError/wrongProof`` means a wrong guess,
    ///   ``HandshakeError/codeKnown`` a right one by somebody other than a device.
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

    /// Holder: makes message 5 for the seated meeting, after the user said yes.
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

    /// Receiver: makes message 6 for the seated meeting, after the seed was stored.
    package mutating func stored(userID: [UInt8]) throws(HandshakeError) -> [UInt8] {
        guard let seated, let meeting = meetings[seated],
            case .exchanging(var running) = exchange(&meeting.state, with: .over)
        else { throw .outOfOrder }
        return try running.stored(userID: userID)
    }

    /// Refuses the seated device. Returns the sealed refusal; nil where there is no seat or the last message was sent
    /// already.
    public mutating func refuse(_ refusal: Refusal) throws(HandshakeError) -> [UInt8]? {
        guard let seated, let meeting = meetings[seated],
            case .exchanging(var running) = exchange(&meeting.state, with: .over)
        else { return nil }
        return try running.refuse(refusal)
    }

    /// Makes message 2. It costs the same whatever the visitor knows, and tells the visitor nothing about the code.
    private func answer(
        _ hello: Hello,
        session: [UInt8],
        now: Duration,
        entropy: Entropy
    ) throws(HandshakeError) -> Answer {
        guard now < expiry else { throw .expired }
        let invitation = try invitation(hello.form)
        // A bad point is refused here, before it costs an encapsulation; K itself is computed when message 3 comes.
        guard CPace.isPoint(hello.share.point) else { throw .malformed }
        let scalar = entropy.scalar()
        let generator = CPace.generator(invitation.inputs(session: session))
        let point = try CPace.publicPoint(scalar: scalar, generator: generator)
        let encapsulation = try entropy.encapsulate(hello.publicKey)
        let reply = Reply(ciphertext: encapsulation.ciphertext, point: point)
        return Answer(scalar: scalar, kemSecret: encapsulation.takeSecret(), hello: hello, reply: reply)
    }

    /// Checks message 3, the only place where a guess is tested.
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

        // The guess is counted before it is compared, so that nothing that happens afterwards can undo the count.
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
            // The sender knew the secret, so the code and the link are both rejected, and the user is told, whatever is
            // wrong with the plaintext.
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

    /// The secret for a visitor's form, where that form is still valid.
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

/// A token bucket that limits the rate of hellos.
private struct HelloAllowance {
    private let interval: Duration
    private let depth: Int
    /// The moment at which the bucket would be full again.
    private var full: Duration = .zero

    init(perSecond: Int) {
        interval = .seconds(1) / perSecond
        depth = perSecond
    }

    /// Takes a token. Returns nil, or the moment at which there is one.
    mutating func take(now: Duration) -> Duration? {
        let start = max(full, now)
        let earliest = start - interval * (depth - 1)
        guard now >= earliest else { return earliest }
        full = start + interval
        return nil
    }
}
