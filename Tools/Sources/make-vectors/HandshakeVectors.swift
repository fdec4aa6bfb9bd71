import Crypto
import EasySetupChain
import EasySetupHandshake
import EasySetupSeed

func handshakeVectors() throws -> [VectorFile] {
    try [codeVectors(), linkVectors(), cpaceVectors(), runVectors()]
}

private func runVectors() throws -> VectorFile {
    let typed = Run(name: "typed code, the offerer holds")
    let link = Run(name: "link", form: .link)
    let runs = [
        typed,
        link,
        Run(name: "typed code of twelve symbols, the visitor holds", slot: "VWXYZ1", offererRole: .receiver),
        Run(name: "typed code, the offerer gives a membership", givesMembership: true),
        Run(
            name: "typed code of twelve symbols, the visitor gives a membership",
            slot: "VWXYZ1",
            offererRole: .receiver,
            givesMembership: true
        ),
        Run(name: "typed code, the holder declines", end: .declined),
        Run(name: "typed code, the holder has nobody to ask", end: .nobodyToAsk),
        Run(name: "typed code, the receiver offers and asks its user first", offererRole: .receiver, asksFirst: true),
        Run(
            name: "typed code, the receiver offers and its user says no",
            offererRole: .receiver,
            asksFirst: true,
            keeps: false,
            end: .declined
        ),
        Run(name: "typed code, the receiver could not store the seed", end: .notStored),
        Run(name: "typed code, the receiver has come to hold another seed", end: .otherSeed),
        Run(name: "typed code, the holder's user stops", end: .cancelled),
        Run(name: "typed code, the holder's user does not answer", end: .timedOut),
        Run(name: "typed code, both hold", visitorRole: .holder, end: .bothHold),
        Run(name: "typed code, both hold the same seed", visitorRole: .holder, end: .alreadyPaired),
        Run(name: "typed code, both receive", offererRole: .receiver, visitorRole: .receiver, end: .bothReceive),
        Run(name: "wrong code", visitorSecret: [2, 9, 20, 29, 11], end: .wrongProof),
    ]
    return VectorFile(
        name: "handshake.json",
        content: .object([
            ("kind", "handshake"),
            (
                "inputs",
                .object([
                    ("meeting", .string(HandshakeInputs.meeting)),
                    ("ya", .string(HandshakeInputs.visitorScalar)),
                    ("yb", .string(HandshakeInputs.offererScalar)),
                    ("kem_seed", .string(HandshakeInputs.kemSeed)),
                    ("kem_public_key", try .hex(XWing.publicKey(seed: fixedSecret(unhex(HandshakeInputs.kemSeed))))),
                    ("kem_ciphertext", .string(HandshakeInputs.kemCiphertext)),
                    ("kem_shared_secret", .string(HandshakeInputs.kemSecret)),
                    ("seed", .string(HandshakeInputs.seed)),
                    ("created_at", .integer(Int(HandshakeInputs.createdAt))),
                    ("user_id", .string(HandshakeInputs.userID)),
                    ("membership", try .hex(array(HandshakeInputs.membership().encoded()))),
                ])
            ),
            ("cases", .array(try runs.map { try $0.vector() })),
            ("bad", .array(try typed.badMessages() + link.badProofsByLink())),
            ("good", .array(try typed.goodMessages())),
            ("names", .array(nameVectors)),
        ])
    )
}

/// One run of the handshake with fixed inputs.
struct Run {
    enum End: String {
        case paired
        case declined
        case nobodyToAsk = "nobody-to-ask"
        case cancelled
        case timedOut = "timed-out"
        case notStored = "not-stored"
        case otherSeed = "other-seed"
        case bothHold = "both-hold"
        case alreadyPaired = "already-paired"
        case bothReceive = "both-receive"
        case wrongProof = "wrong-proof"
    }

    let name: String
    var slot = "K7Q"
    var form = Form.typed
    var offererRole = Role.holder
    var visitorRole: Role?
    /// The secret of the code that the visitor typed; nil if it is the offerer's.
    var visitorSecret: [UInt8]?
    /// Whether the holder gives a membership in place of the seed.
    var givesMembership = false
    /// Whether a receiver that shows the code asks its user before it stores the seed.
    var asksFirst = false
    /// Whether that user says yes.
    var keeps = true
    var end = End.paired

    private static let secret: [UInt8] = [2, 9, 20, 29, 10]

    var visitorDevice: Device {
        get throws { try device("new phone", .android, visitorRole ?? (offererRole == .holder ? .receiver : .holder)) }
    }
    var offererDevice: Device {
        get throws {
            var device = try device("Küche", .linux, offererRole)
            device.asksFirst = asksFirst
            return device
        }
    }

    private func device(_ name: String, _ platform: Platform, _ role: Role) throws -> Device {
        guard let name = DeviceName(strict: name) else { throw NotAsPlanned() }
        return Device(name: name, platform: platform, role: role)
    }

    /// The messages of a run, at most six, with their plaintexts.
    struct Sent {
        var hello: [UInt8] = []
        var reply: [UInt8] = []
        var rest: [(type: Int, from: String, plaintext: [UInt8], body: [UInt8])] = []
    }

    func vector() throws -> JSON {
        let sent = try run()
        let visitor = Computed(slot: slot, .visitor, try visitorPassword(), sent.hello, sent.reply)
        let offerer = Computed(slot: slot, .offerer, try offererPassword(), sent.hello, sent.reply)
        var members: [(String, JSON)] = [
            ("name", .string(name)), ("slot", .string(slot)), ("form", .string(form == .typed ? "typed" : "link")),
        ]
        if form == .typed {
            members.append(("offerer_code", .string(try code(Self.secret).revealed())))
            members.append(("visitor_code", .string(try code(visitorSecret ?? Self.secret).revealed())))
        } else {
            members.append(("link", .string(try link().revealed())))
        }
        members += [
            ("visitor", try json(visitorDevice, .visitor)), ("offerer", try json(offererDevice, .offerer)),
            ("visitor_computes", try visitor.json()),
        ]
        if end == .wrongProof { members.append(("offerer_computes", try offerer.json())) }
        var messages: [JSON] = [message(1, "visitor", nil, sent.hello), message(2, "offerer", nil, sent.reply)]
        messages += sent.rest.map { message($0.type, $0.from, $0.plaintext, $0.body) }
        members += [("messages", .array(messages)), ("end", .string(end.rawValue))]
        return .object(members)
    }

    private func message(_ type: Int, _ from: String, _ plaintext: [UInt8]?, _ body: [UInt8]) -> JSON {
        var members: [(String, JSON)] = [
            ("message", .integer(type)), ("from", .string(from)), ("number", .integer((type + 1) / 2)),
        ]
        if let plaintext { members.append(("plaintext", .hex(plaintext))) }
        return .object(members + [("bytes", .hex(body))])
    }

    private func json(_ device: Device, _ side: PairingSide) throws -> JSON {
        .object([
            ("name", .string(device.name.description)), ("platform", .string(device.platform.rawValue)),
            ("role", .string(device.role.rawValue)), ("asks_first", .boolean(device.asksFirst)),
            ("seed", try seed(of: side).map { .hex($0.withBytes { Array($0.withUnsafeBytes { $0 }) }) } ?? .null),
        ])
    }

    // MARK: The run itself, by the machines

    private func code(_ secret: [UInt8]) throws -> PairingCode {
        try PairingCode(slot: slot, random: fixedSecret(secret))
    }

    private func link() throws -> PairingLink {
        guard let relay = RelayAddress(host: "relay.example", port: 443, isPlain: false) else { throw NotAsPlanned() }
        return PairingLink(relay: relay, slot: slot, secret: fixedSecret(try unhex(HandshakeInputs.linkSecret)))
    }

    func visitorPassword() throws -> [UInt8] {
        form == .typed
            ? [1] + (visitorSecret ?? Self.secret).map { Symbols.alphabet[Int($0)] }
            : [2] + (try unhex(HandshakeInputs.linkSecret))
    }

    private func offererPassword() throws -> [UInt8] {
        form == .typed ? [1] + Self.secret.map { Symbols.alphabet[Int($0)] } : try visitorPassword()
    }

    /// The seed that a device holds; nil for a receiver. Where both hold different ones, the visitor's is all zeros.
    private func seed(of side: PairingSide) throws -> SyncSeed? {
        guard try (side == .visitor ? visitorDevice : offererDevice).role == .holder else { return nil }
        let bytes =
            side == .visitor && end == .bothHold ? [UInt8](repeating: 0, count: 32) : try unhex(HandshakeInputs.seed)
        return try SyncSeed(bytes: fixedSecret(bytes))
    }

    /// The field of a holder's proof with the tag of its seed; empty for a receiver.
    private func sameSeed(of side: PairingSide, _ sent: Sent) throws -> [UInt8] {
        guard let seed = try seed(of: side) else { return [] }
        let label = side == .visitor ? Labels.visitor : Labels.offerer
        let transcript = Computed(slot: slot, side, try visitorPassword(), sent.hello, sent.reply).transcript
        let key = SymmetricKey(data: array(seed.sameSeedKey()))
        let tag = HMAC<SHA512>.authenticationCode(for: lv(label) + transcript, using: key)
        return [0x2A, 32] + tag.prefix(32)
    }

    func run() throws -> Sent {
        let meeting = try unhex(HandshakeInputs.meeting)
        var visitor = try VisitorHandshake(
            form == .typed ? .code(code(visitorSecret ?? Self.secret)) : .link(link()),
            device: visitorDevice,
            seed: seed(of: .visitor)
        )
        var offerer = try OffererHandshake(
            code: code(Self.secret),
            link: form == .link ? link() : nil,
            device: offererDevice,
            seed: seed(of: .offerer),
            expiry: .seconds(600)
        )
        let entropy = try Self.entropy()
        func toOfferer(_ body: [UInt8], _ number: UInt32) throws -> Received {
            try offerer.receive(body, number: number, meeting: meeting, now: .zero, entropy: entropy)
        }

        var sent = Sent()
        sent.hello = try visitor.begin(meeting: meeting, entropy: entropy)
        try offerer.visitorCame(meeting: meeting)
        guard case .prove(let reply) = try toOfferer(sent.hello, 1) else { throw NotAsPlanned() }
        sent.reply = reply
        guard case .prove(let proof) = try visitor.receive(reply, number: 1) else { throw NotAsPlanned() }
        sent.rest.append((3, "visitor", try Plaintext.proof(visitorDevice) + sameSeed(of: .visitor, sent), proof))
        if end == .wrongProof {
            do { _ = try toOfferer(proof, 2) } catch HandshakeError.wrongProof { return sent }
            throw NotAsPlanned()
        }
        let answer: [UInt8]
        switch try toOfferer(proof, 2) {
        case .proven(_, let send?): answer = send
        case .mismatched(_, .bothHold, let send?): answer = send
        case .mismatched(_, .alreadyPaired, let send?): answer = send
        case .mismatched(_, .bothReceive, let send?): answer = send
        default: throw NotAsPlanned()
        }
        sent.rest.append((4, "offerer", try Plaintext.proof(offererDevice) + sameSeed(of: .offerer, sent), answer))
        if [.bothHold, .alreadyPaired, .bothReceive].contains(end) { return sent }
        guard case .proven = try visitor.receive(answer, number: 2) else { throw NotAsPlanned() }

        let (holder, receiver) = offererRole == .holder ? ("offerer", "visitor") : ("visitor", "offerer")
        let refusals: [End: (Refusal, UInt8)] = [
            .declined: (.declined, 1), .cancelled: (.cancelled, 2), .nobodyToAsk: (.nobodyToAsk, 5),
            .timedOut: (.timedOut, 6),
        ]
        if keeps, let (refusal, value) = refusals[end] {
            guard let no = try holder == "offerer" ? offerer.refuse(refusal) : visitor.refuse(refusal) else {
                throw NotAsPlanned()
            }
            sent.rest.append((5, holder, Plaintext.refusal(value), no))
            return sent
        }
        let seed = fixedSecret(try unhex(HandshakeInputs.seed))
        let (createdAt, userID) = (HandshakeInputs.createdAt, try unhex(HandshakeInputs.userID))
        let notKept: (Refusal, UInt8)? =
            switch end {
            case .notStored: (.notStored, 3)
            case .otherSeed: (.otherSeed, 4)
            default: nil
            }
        let membership = try GivenMembership(HandshakeInputs.membership())
        let package: [UInt8]
        let receipt: [UInt8]?
        if holder == "offerer" {
            package =
                try givesMembership
                ? offerer.give(membership) : offerer.give(seed: seed, createdAt: createdAt, userID: userID)
            try expectGift(visitor.receive(package, number: 3))
            if let (refusal, _) = notKept {
                receipt = try visitor.refuse(refusal)
            } else {
                receipt = try visitor.stored(userID: userID)
            }
        } else {
            package =
                try givesMembership
                ? visitor.give(membership) : visitor.give(seed: seed, createdAt: createdAt, userID: userID)
            try expectGift(toOfferer(package, 3))
            receipt = try keeps ? offerer.stored(userID: userID) : offerer.refuse(.declined)
        }
        guard let receipt else { throw NotAsPlanned() }
        let said = keeps ? notKept.map { Plaintext.refusal($0.1) } ?? [0x0A, 32] + userID : Plaintext.refusal(1)
        let given =
            try givesMembership
            ? Plaintext.package(membership: array(membership.membership.encoded())) : Plaintext.package()
        sent.rest.append((5, holder, given, package))
        sent.rest.append((6, receiver, said, receipt))
        return sent
    }

    private func expectGift(_ received: consuming Received) throws {
        switch received {
        case .seed where !givesMembership: break
        case .membership where givesMembership: break
        default: throw NotAsPlanned()
        }
    }

    static func entropy() throws -> Entropy {
        let ya = try unhex(HandshakeInputs.visitorScalar)
        let yb = try unhex(HandshakeInputs.offererScalar)
        let seed = try unhex(HandshakeInputs.kemSeed)
        let ciphertext = try unhex(HandshakeInputs.kemCiphertext)
        let secret = try unhex(HandshakeInputs.kemSecret)
        // The visitor draws its scalar first, and the offerer draws its scalar later. The only other random bytes are
        // the seed of the visitor's KEM key.
        let scalars = Turns([ya, yb])
        return Entropy(
            scalar: { fixedSecret(scalars.next()) },
            bytes: { _ in fixedSecret(seed) },
            encapsulate: { _ throws(HandshakeError) in
                Encapsulation(ciphertext: ciphertext, sharedSecret: fixedSecret(secret))
            }
        )
    }
}

/// A list of values, which are given out one after the other.
private final class Turns: @unchecked Sendable {
    // A plain variable is safe, because this program has one thread.
    private var values: [[UInt8]]

    init(_ values: [[UInt8]]) { self.values = values }

    func next() -> [UInt8] { values.removeFirst() }
}
