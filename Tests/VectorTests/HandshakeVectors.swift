import EasySetupChain
import EasySetupSeed
import Testing

@testable import EasySetupHandshake

let handshakeRunners: [String: VectorRunner] = [
    "code": runCodes, "link": runLinks, "cpace": runCPace, "handshake": runHandshakes,
]

struct HandshakeFile: Decodable {
    struct Inputs: Decodable {
        let meeting, ya, yb, kem_seed, kem_public_key, kem_ciphertext, kem_shared_secret, seed, user_id,
            membership: String
        let created_at: UInt64
    }
    struct Peer: Decodable { let name: String, platform: String, role: String, asks_first: Bool, seed: String? }
    struct Name: Decodable { let name: String, good: Bool, about: String }
    struct Computed: Decodable {
        let PRS, CI, sid, generator_string, generator_hash, g, K, ISK, th, prk, key_tag_a, key_tag_b: String
        let tag_a, tag_b, key_seal_a_to_b, key_seal_b_to_a, words_bytes: String
        let words: [String]
    }
    struct Message: Decodable { let message: Int, from: String, number: UInt32, plaintext: String?, bytes: String }
    struct Case: Decodable {
        let name, slot, form, end: String
        let offerer_code, visitor_code, link: String?
        let visitor, offerer: Peer
        let visitor_computes: Computed
        let offerer_computes: Computed?
        let messages: [Message]
    }
    struct Bad: Decodable {
        let about, error, bytes: String
        let `case`: String
        let message: Int
        let counts_as_guess: Bool
    }
    struct Good: Decodable {
        let about, bytes: String
        let `case`: String
        let message: Int
    }
    let inputs: Inputs
    let cases: [Case]
    let bad: [Bad]
    let good: [Good]
    let names: [Name]
}

private func runHandshakes(_ file: VectorFile) throws {
    let vectors = try file.decode(HandshakeFile.self)
    try runKEM(vectors.inputs)
    for item in vectors.cases { try run(item, vectors.inputs) }
    for item in vectors.names {
        let name = String(decoding: try bytes(item.name), as: UTF8.self)
        #expect((DeviceName(strict: name) != nil) == item.good, "\(item.name): \(item.about)")
    }
    for good in vectors.good { try runGood(good, vectors) }
    for bad in vectors.bad {
        let base = try #require(vectors.cases.first { $0.name == bad.case })
        var meeting = try Meeting(base, vectors.inputs)
        for message in base.messages where message.message < bad.message { _ = try meeting.deliver(message) }
        let replaced = base.messages[bad.message - 1]
        var ended: HandshakeError?
        do {
            _ = try meeting.deliver(replaced, bytes: bytes(bad.bytes))
        } catch let error as HandshakeError {
            ended = error
        }
        #expect(ended.map(name) == bad.error, "message \(bad.message): \(bad.about)")
        let isKnown = meeting.offerer.isKnown
        #expect(isKnown == (bad.error == "code-known" && bad.message == 3), "message \(bad.message): \(bad.about)")
        let counted = meeting.offerer.wrongProofs
        #expect(counted == (bad.counts_as_guess ? 1 : 0), "message \(bad.message): \(bad.about)")
    }
}

/// A message whose ignored parts differ from the case's own must have the same result.
private func runGood(_ good: HandshakeFile.Good, _ vectors: HandshakeFile) throws {
    let base = try #require(vectors.cases.first { $0.name == good.case })
    var meeting = try Meeting(base, vectors.inputs)
    for message in base.messages where message.message < good.message { _ = try meeting.deliver(message, next: base) }
    let end = try meeting.deliver(base.messages[good.message - 1], bytes: bytes(good.bytes), next: base)
    if good.message < base.messages.count {
        #expect(hex(meeting.sent) == base.messages[good.message].bytes, "message \(good.message): \(good.about)")
    } else {
        #expect(end == base.end, "message \(good.message): \(good.about)")
    }
}

private func runKEM(_ inputs: HandshakeFile.Inputs) throws {
    let seed = fixedSecret(try bytes(inputs.kem_seed))
    #expect(hex(try XWing.publicKey(seed: seed)) == inputs.kem_public_key)
    #expect(hex(read(try XWing.decapsulate(bytes(inputs.kem_ciphertext), seed: seed))) == inputs.kem_shared_secret)
}

/// Each message must equal the file's, and each device must reach the end that the file gives.
private func run(_ item: HandshakeFile.Case, _ inputs: HandshakeFile.Inputs) throws {
    try check(item.visitor_computes, item, inputs)
    var meeting = try Meeting(item, inputs)
    var end = "paired"
    for message in item.messages {
        #expect(hex(meeting.sent) == message.bytes, "\(item.name): message \(message.message)")
        if let plaintext = message.plaintext {
            #expect(
                try open(message, item.visitor_computes, item) == plaintext,
                "\(item.name): message \(message.message)"
            )
        }
        do {
            if let ended = try meeting.deliver(message, next: item) { end = ended }
        } catch let error as HandshakeError {
            end = name(error)
        }
    }
    #expect(end == item.end, "\(item.name)")
    if let offerer = item.offerer_computes {
        #expect(offerer.tag_a != item.visitor_computes.tag_a)
    }
}

/// Checks the values between the inputs and the messages.
private func check(_ computed: HandshakeFile.Computed, _ item: HandshakeFile.Case, _ given: HandshakeFile.Inputs) throws
{
    let channel = Labels.channel(slot: item.slot)
    #expect(hex(channel) == computed.CI)
    let session = try bytes(computed.sid)
    let inputs = CPace.Inputs(password: fixedSecret(try bytes(computed.PRS)), channel: channel, session: session)
    #expect(hex(read(CPace.generatorString(inputs))) == computed.generator_string)
    #expect(hex(read(CPace.generator(inputs))) == computed.g)
    let (hello, reply) = (try bytes(item.messages[0].bytes), try bytes(item.messages[1].bytes))
    let shared = try CPace.multiply(scalar: fixedSecret(bytes(given.ya)), point: reply.suffix(32) + [])
    #expect(hex(read(shared)) == computed.K)
    let sessionKey = CPace.sessionKey(
        session: session,
        shared: shared,
        initiator: try Hello(parsing: hello).share,
        responder: try Reply(parsing: reply).share
    )
    #expect(hex(read(sessionKey)) == computed.ISK)
    let transcript = Transcript(session: session, hello: hello, reply: reply)
    #expect(hex(transcript.hash) == computed.th)
    let kemSecret = fixedSecret(try bytes(given.kem_shared_secret))
    let keys = SessionKeys(sessionKey: sessionKey, kemSecret: kemSecret, transcript: transcript)
    #expect(hex(read(keys.visitorTag)) == computed.tag_a)
    #expect(hex(read(keys.offererTag)) == computed.tag_b)
    #expect(hex(read(keys.sealVisitorToOfferer)) == computed.key_seal_a_to_b)
    #expect(hex(read(keys.sealOffererToVisitor)) == computed.key_seal_b_to_a)
    #expect([keys.words.first, keys.words.second] == computed.words)
}

private func open(
    _ message: HandshakeFile.Message,
    _ computed: HandshakeFile.Computed,
    _ item: HandshakeFile.Case
) throws -> String {
    let key = try bytes(message.from == "visitor" ? computed.key_seal_a_to_b : computed.key_seal_b_to_a)
    let channel = SealedChannel(
        send: fixedSecret(key),
        receive: fixedSecret(key),
        transcript: Transcript(
            session: try bytes(computed.sid),
            hello: try bytes(item.messages[0].bytes),
            reply: try bytes(item.messages[1].bytes)
        )
    )
    let type = try #require(MessageType(rawValue: UInt8(message.message)))
    var content: [UInt8] = []
    let sealed = try bytes(message.bytes).suffix(type.sealedByteCount)
    try channel.open(sealed, type: type, number: message.number) { (bytes) throws(HandshakeError) in
        content = Array(bytes)
    }
    return hex(content)
}

/// Both state machines with the file's random values; `sent` is the last message.
private struct Meeting: ~Copyable {
    var visitor: VisitorHandshake
    var offerer: OffererHandshake
    var sent: [UInt8]
    private let id: [UInt8]
    private let entropy: Entropy
    private let inputs: HandshakeFile.Inputs

    init(_ item: HandshakeFile.Case, _ inputs: HandshakeFile.Inputs) throws {
        let (ya, yb, kemSeed) = (try bytes(inputs.ya), try bytes(inputs.yb), try bytes(inputs.kem_seed))
        let (ciphertext, secret) = (try bytes(inputs.kem_ciphertext), try bytes(inputs.kem_shared_secret))
        func entropy(_ scalar: [UInt8]) -> Entropy {
            Entropy(
                scalar: { fixedSecret(scalar) },
                bytes: { _ in fixedSecret(kemSeed) },
                encapsulate: { (publicKey) throws(HandshakeError) in
                    // The real encapsulation checks the key, so a bad key is refused here too.
                    _ = try XWing.encapsulate(to: publicKey)
                    return Encapsulation(ciphertext: ciphertext, sharedSecret: fixedSecret(secret))
                }
            )
        }
        let link = try item.link.map { try PairingLink(parsing: $0) }
        let typed = try item.visitor_code.map { Invitation.code(try PairingCode(typed: $0)) }
        let shown = try item.offerer_code.map { try PairingCode(typed: $0) }
        let code = try shown ?? PairingCode(slot: item.slot, random: SecretBytes(zeros: 5))
        let invitation = try #require(link.map(Invitation.link) ?? typed)
        let meeting = try bytes(inputs.meeting)
        var visitor = try VisitorHandshake(invitation, device: device(item.visitor), seed: seed(item.visitor))
        var offerer = try OffererHandshake(
            code: code,
            link: link,
            device: device(item.offerer),
            seed: seed(item.offerer),
            expiry: .seconds(600)
        )
        let hello = try visitor.begin(meeting: meeting, entropy: entropy(ya))
        try offerer.visitorCame(meeting: meeting)
        self.visitor = visitor
        self.offerer = offerer
        self.sent = hello
        self.id = meeting
        self.entropy = entropy(yb)
        self.inputs = inputs
    }

    /// Passes a message to its receiver, and runs that device's next step. Returns the outcome when there is one.
    mutating func deliver(
        _ message: HandshakeFile.Message,
        bytes body: [UInt8]? = nil,
        next item: HandshakeFile.Case? = nil
    ) throws -> String? {
        let body = try body ?? bytes(message.bytes)
        let toOfferer = message.from == "visitor"
        let received =
            toOfferer
            ? try offerer.receive(body, number: message.number, meeting: id, now: .zero, entropy: entropy)
            : try visitor.receive(body, number: message.number)
        let userID = try bytes(inputs.user_id)
        switch consume received {
        case .prove(let send): sent = send
        case .proven(let peer, let send):
            if let send { sent = send }
            // The holder sends the seed or a refusal after both proofs.
            if message.message == 4 { try answer(item, offererHolds: peer.device.role == .holder, userID) }
        case .mismatched(_, let error, let send):
            if let send { sent = send }
            return name(error)
        case .seed(let seed):
            #expect(seed.createdAt == inputs.created_at)
            #expect(hex(read(seed.take())) == inputs.seed)
            let refusals = ["not-stored": Refusal.notStored, "other-seed": .otherSeed, "declined": .declined]
            if let refusal = refusals[item?.end ?? ""] {
                sent = try #require(try toOfferer ? offerer.refuse(refusal) : visitor.refuse(refusal))
            } else {
                sent = try toOfferer ? offerer.stored(userID: userID) : visitor.stored(userID: userID)
            }
        case .membership(let membership):
            #expect(hex(read(membership.encoded())) == inputs.membership)
            sent = try toOfferer ? offerer.stored(userID: userID) : visitor.stored(userID: userID)
        case .confirmed: return "paired"
        case .notBefore: Issue.record("nobody hurries here")
        }
        return nil
    }

    private mutating func answer(_ item: HandshakeFile.Case?, offererHolds: Bool, _ userID: [UInt8]) throws {
        // A receiver's refusal comes after the package.
        if let item, item.messages.count == 5 {
            let refusals = [
                "declined": Refusal.declined, "cancelled": .cancelled, "nobody-to-ask": .nobodyToAsk,
                "timed-out": .timedOut,
            ]
            let refusal = try #require(refusals[item.end])
            sent = try #require(try offererHolds ? offerer.refuse(refusal) : visitor.refuse(refusal))
            return
        }
        // The plaintext of a package with a membership has the field 3.
        if let item, item.messages.count > 4, item.messages[4].plaintext?.hasPrefix("1a") == true {
            let given = try GivenMembership(Membership(fixedSecret(try bytes(inputs.membership))))
            sent = try offererHolds ? offerer.give(given) : visitor.give(given)
            return
        }
        let seed = fixedSecret(try bytes(inputs.seed))
        sent =
            try offererHolds
            ? offerer.give(seed: seed, createdAt: inputs.created_at, userID: userID)
            : visitor.give(seed: seed, createdAt: inputs.created_at, userID: userID)
    }
}

private func seed(_ peer: HandshakeFile.Peer) throws -> SyncSeed? {
    try peer.seed.map { try SyncSeed(bytes: fixedSecret(bytes($0))) }
}

private func device(_ peer: HandshakeFile.Peer) throws -> Device {
    Device(
        name: try #require(DeviceName(strict: peer.name)),
        platform: try #require(Platform(rawValue: peer.platform)),
        role: try #require(Role(rawValue: peer.role)),
        asksFirst: peer.asks_first
    )
}

/// An error's name in `Protocol/`: `wrongProof` is `wrong-proof`.
private func name(_ error: HandshakeError) -> String {
    String(describing: error).map { $0.isUppercase ? "-" + $0.lowercased() : String($0) }.joined()
}
