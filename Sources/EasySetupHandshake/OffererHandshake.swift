public import EasySetupSeed

/// The handshakes of an offerer (B), the device that shows the code. A value stands for one offer: an independent
/// meeting for each visitor, and one count of wrong proofs for all of them (`Protocol/handshake.md`, "Coming is free,
/// guessing is counted").
///
/// An error ends only the meeting in which it occurs. The caller passes the current time, counted from any fixed start.
public struct OffererHandshake: ~Copyable {
    /// The number of wrong proofs by typed code after which this device rejects the code. A guess is right with a
    /// chance of 2⁻²⁵.
    public static let maximumWrongProofs = 3
    /// The number of hellos (message 1) that this device answers per second, and in one burst. Each answer costs this
    /// device about a millisecond.
    public static let hellosPerSecond = 20
    /// The most simultaneous meetings: four times as many as an honest relay allows. Each meeting uses locked memory,
    /// and a malicious relay must not be able to use up all of it.
    public static let maximumMeetings = 64
    /// The most visitors of one offer. An honest relay brings at most 28 per second in the ten minutes of a code: this
    /// device answers 20, and 8 send nothing (16 at once, for two seconds each). The limit bounds this device's memory,
    /// because this device remembers the meeting id of each visitor.
    public static let maximumVisitors = 32_768

    // The Promela model `Protocol/model/pairing.pml` has the same states, as `mtype:Answerer`.
    private enum State: ~Copyable {
        /// The visitor has sent nothing yet. Next: `answered`, `over`.
        case met
        /// This device has sent message 2 (the reply). The message contains nothing against which a visitor could test
        /// a guess. Next: `exchanging`, `over`.
        case answered(Answer)
        /// Both proofs match, and the transfer of the seed runs. Next: `over`.
        case exchanging(SeedTransfer)
        /// The meeting has ended; every further message is an error.
        case over
    }

    private struct Answer: ~Copyable {
        let scalar: SecretBytes
        let kemSecret: SecretBytes
        let hello: Hello
        let reply: Reply
    }

    /// A class that holds the noncopyable state of a meeting, because a dictionary can't hold noncopyable values. Only
    /// the dictionary `meetings` keeps references to it.
    private final class Meeting {
        var state: State = .met
    }

    private let code: PairingCode
    private let link: PairingLink?
    private let device: Device
    private let seed: SyncSeed?
    private let expiry: Duration
    private var meetings: [[UInt8]: Meeting] = [:]
    private var seen: Set<[UInt8]> = []
    private var allowance = HelloAllowance(perSecond: hellosPerSecond)

    /// The number of wrong proofs by typed code so far. The program tells its user of each.
    public private(set) var wrongProofs = 0
    /// Whether somebody has proved to know the code or the link, but did not send what a device sends. This device then
    /// rejects both, and the program tells its user.
    public private(set) var isKnown = false
    /// The id of the meeting whose visitor has the seat, because it was the first to prove that it knows the code or
    /// the link. This device pairs with no other visitor. Nil as long as no visitor has proved it.
    public private(set) var seated: [UInt8]?

    /// - Parameters:
    ///   - code: the code that the user types on the other device.
    ///   - link: the link that the other device can scan; nil for a device without a seed, which shows no link.
    ///   - device: this device's description of itself.
    ///   - seed: a holder's seed. The handshake only uses it to recognise a peer that holds the same seed.
    ///   - expiry: the time from which this device checks no proof any more, whatever the relay reports.
    /// - Throws: ``HandshakeError/linkDirection`` for a receiver with a link.
    public init(
        code: PairingCode,
        link: PairingLink?,
        device: Device,
        seed: SyncSeed? = nil,
        expiry: Duration
    ) throws(HandshakeError) {
        if link != nil, device.role == .receiver { throw .linkDirection }
        self.code = code
        self.link = link
        self.device = device
        self.seed = seed
        self.expiry = expiry
    }

    /// Whether this device rejects the code. The link stays valid unless ``isKnown`` is true, because wrong proofs by
    /// typed code do not concern it.
    public var isBurnt: Bool { isKnown || wrongProofs >= Self.maximumWrongProofs }

    /// The number of open meetings.
    public var meetingCount: Int { meetings.count }

    /// Begins a meeting with a visitor that the relay has announced.
    ///
    /// - Throws: ``HandshakeError/replayed`` for a meeting id that this offer has seen before,
    ///   ``HandshakeError/seated`` if this device pairs with another visitor already, ``HandshakeError/outOfOrder`` for
    ///   more than ``maximumMeetings`` at a time or ``maximumVisitors`` in all. The other meetings go on.
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

    /// Takes the next message of a visitor.
    ///
    /// - Throws: ``HandshakeError``, which ends this meeting. ``HandshakeError/wrongProof`` means that the visitor has
    ///   another code. ``HandshakeError/codeKnown`` means that the visitor knows the code or the link, but did not send
    ///   what a device sends.
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

    /// Holder: makes message 5, the package with the seed, for the visitor that this device pairs with. Call this
    /// function after the user said yes.
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

    /// Holder: makes message 5, the package with a membership, for the visitor that this device pairs with. Call this
    /// function after the user said yes.
    package mutating func give(_ membership: GivenMembership) throws(HandshakeError) -> [UInt8] {
        guard let seated, let meeting = meetings[seated],
            case .exchanging(var running) = exchange(&meeting.state, with: .over)
        else { throw .outOfOrder }
        let message = try running.give(membership)
        meeting.state = .exchanging(running)
        return message
    }

    /// Receiver: makes message 6, the receipt, for the visitor that this device pairs with. Call this function after
    /// the seed was stored.
    package mutating func stored(userID: [UInt8]) throws(HandshakeError) -> [UInt8] {
        guard let seated, let meeting = meetings[seated],
            case .exchanging(var running) = exchange(&meeting.state, with: .over)
        else { throw .outOfOrder }
        return try running.stored(userID: userID)
    }

    /// Makes a sealed refusal for the visitor that this device pairs with; nil if no visitor has proved that it knows
    /// the code or the link, or if this device has sent its last message.
    public mutating func refuse(_ refusal: Refusal) throws(HandshakeError) -> [UInt8]? {
        guard let seated, let meeting = meetings[seated],
            case .exchanging(var running) = exchange(&meeting.state, with: .over)
        else { return nil }
        return try running.refuse(refusal)
    }

    /// Makes message 2 (the reply). Its cost does not depend on what the visitor knows, and the message tells the
    /// visitor nothing about the code.
    private func answer(
        _ hello: Hello,
        session: [UInt8],
        now: Duration,
        entropy: Entropy
    ) throws(HandshakeError) -> Answer {
        guard now < expiry else { throw .expired }
        let invitation = try invitation(hello.form)
        // This device checks the point before it spends time on an encapsulation. It computes CPace's shared point K
        // only when message 3 (the proof) comes.
        guard CPace.isPoint(hello.share.point) else { throw .malformed }
        let scalar = entropy.scalar()
        let generator = CPace.generator(invitation.inputs(session: session))
        let point = try CPace.publicPoint(scalar: scalar, generator: generator)
        let encapsulation = try entropy.encapsulate(hello.publicKey)
        let reply = Reply(ciphertext: encapsulation.ciphertext, point: point)
        return Answer(scalar: scalar, kemSecret: encapsulation.takeSecret(), hello: hello, reply: reply)
    }

    /// Checks message 3 (the visitor's proof). No other function tests a guess.
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
        let other: Introduction
        do {
            other = try unsafe channel.open(message.sealed, type: .visitorProof, number: 2, read: Sealed.introduction)
        } catch {
            // The sender knows the secret, because its tag matches. So this device rejects the code and the link, and
            // the program tells its user, whatever is wrong with the plaintext.
            isKnown = true
            throw .codeKnown
        }
        seated = id
        meetings = [id: meeting]
        let sameSeed = seed.map { transcript.sameSeedTag(of: .offerer, $0) }
        var content = try Sealed.proof(device, sameSeed: sameSeed ?? [])
        let sealed = channel.seal(&content, type: .offererProof, number: 2)
        let proof = [MessageType.offererProof.rawValue] + tag + sealed
        let peer = Peer(device: other.device, words: words)
        let form = answer.hello.form
        if let error = mismatch(own: device.role, seed: seed, peer: other, form: form, place: .offerer, transcript) {
            return .mismatched(peer, error, send: proof)
        }
        meeting.state = .exchanging(SeedTransfer(role: device.role, channel: channel))
        return .proven(peer, send: proof)
    }

    /// The code or the link, whichever of the two the visitor's message 1 (the hello) names.
    /// - Throws: ``HandshakeError/codeBurnt`` if this device rejects that code or link,
    ///   ``HandshakeError/linkDirection`` if this device has no link.
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

/// A token bucket that limits the rate of hellos (message 1).
private struct HelloAllowance {
    private let interval: Duration
    private let depth: Int
    /// The time at which the bucket is full again if nobody takes a token before.
    private var full: Duration = .zero

    init(perSecond: Int) {
        interval = .seconds(1) / perSecond
        depth = perSecond
    }

    /// Takes a token for one hello out of the bucket, and returns nil. If the bucket is empty, returns the time from
    /// which it has a token.
    mutating func take(now: Duration) -> Duration? {
        let start = max(full, now)
        let earliest = start - interval * (depth - 1)
        guard now >= earliest else { return earliest }
        full = start + interval
        return nil
    }
}
