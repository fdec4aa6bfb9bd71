import EasySetupSeed
import Testing

@testable import EasySetupHandshake

/// A matching tag is a right guess, whatever the sealed part is: an attacker must not learn unnoticed that the guess
/// was right.
@Suite("Proofs with a right tag and a wrong sealed part") struct KnownCodeTests {
    /// The ways in which the sealed part can be invalid beside a matching tag.
    enum Spoilt: String, CaseIterable {
        case zeros, flipped, reflected, otherNumber, padding, length, protobuf, nothing, name, unseen, role

        /// The sealed part of a visitor's proof that has this fault; nil for one that is made without the keys.
        func plaintext() -> [UInt8]? {
            func padded(_ content: [UInt8]) -> [UInt8] {
                [0, UInt8(content.count)] + content + [UInt8](repeating: 0, count: 510 - content.count)
            }
            switch self {
            case .zeros, .flipped, .reflected, .otherNumber: return nil
            case .padding: return padded([0x0A, 1, 0x78, 0x18, 2]).dropLast() + [1]
            case .length: return [1, 0xFF] + padded([]).dropFirst(2)
            case .protobuf: return padded([0x0A, 9, 0x78])
            case .nothing: return padded([])
            case .name: return padded([0x0A, 1, 0x0A, 0x18, 2])
            case .unseen: return padded([0x0A, 3, 0xE3, 0x85, 0xA4, 0x18, 2])
            case .role: return padded([0x0A, 1, 0x78, 0x18, 3])
            }
        }
    }

    /// Message 3 of an attacker who knows the secret and has the keys.
    private static func spoiltProof(_ pair: inout Pair, _ spoilt: Spoilt, form: Form) throws -> [UInt8] {
        let invitation = try Pair.invitation(form, pair.code, pair.link)
        let scalar = Entropy.system.scalar()
        let kemSeed = Entropy.system.bytes(XWing.seedByteCount)
        let generator = CPace.generator(invitation.inputs(session: Pair.meeting))
        let hello = Hello(
            form: form,
            publicKey: try XWing.publicKey(seed: kemSeed),
            point: try CPace.publicPoint(scalar: scalar, generator: generator)
        )
        try pair.offerer.visitorCame(meeting: Pair.meeting)
        let reply = try Reply(parsing: Pair.sent(pair.toOfferer(hello.bytes, number: 1)))
        let sessionKey = CPace.sessionKey(
            session: Pair.meeting,
            shared: try CPace.multiply(scalar: scalar, point: reply.share.point),
            initiator: hello.share,
            responder: reply.share
        )
        let keys = SessionKeys(
            sessionKey: sessionKey,
            kemSecret: try XWing.decapsulate(reply.ciphertext, seed: kemSeed),
            transcript: Transcript(session: Pair.meeting, hello: hello.bytes, reply: reply.bytes)
        )
        let tag = keys.visitorTag.withUnsafeBytes { Array($0) }
        let visitor = keys.channel(of: .visitor)
        var good = try Sealed.proof(device("new phone", .receiver))
        let sealed: [UInt8]
        switch spoilt {
        case .zeros: sealed = [UInt8](repeating: 0, count: MessageType.visitorProof.sealedByteCount)
        case .flipped:
            var bytes = visitor.seal(&good, type: .visitorProof, number: 2)
            bytes[300] ^= 1
            sealed = bytes
        case .reflected: sealed = visitor.seal(&good, type: .offererProof, number: 2)
        case .otherNumber: sealed = visitor.seal(&good, type: .visitorProof, number: 3)
        default:
            sealed = visitor.seal(plaintext: bytes(try #require(spoilt.plaintext())), type: .visitorProof, number: 2)
        }
        return [MessageType.visitorProof.rawValue] + tag + sealed
    }

    @Test(
        "Such a proof burns code and link at once, and the device says so",
        arguments: Spoilt.allCases,
        [Form.typed, .link]
    )
    func offerer(spoilt: Spoilt, form: Form) throws {
        var pair = try Pair.make()
        // Another visitor is in the middle of its meeting.
        let other = [UInt8](repeating: 9, count: 16)
        var honest = try VisitorHandshake(
            .code(PairingCode(typed: pair.code.revealed())),
            device: device("phone", .receiver)
        )
        let waiting = try proof(of: &honest, to: &pair.offerer, meeting: other)
        let spoiltProof = try Self.spoiltProof(&pair, spoilt, form: form)
        #expect(failure { _ = try pair.toOfferer(spoiltProof, number: 2) } == .codeKnown)
        let (isKnown, isBurnt, seated, wrong) =
            (pair.offerer.isKnown, pair.offerer.isBurnt, pair.offerer.seated, pair.offerer.wrongProofs)
        #expect(isKnown && isBurnt)
        #expect(seated == nil)
        // It does not count as a wrong guess.
        #expect(wrong == 0)
        // No proof is compared any more: neither of earlier visitors, nor of new ones by code or link.
        #expect(failure { _ = try pair.toOfferer(waiting, number: 2, meeting: other) } == .codeBurnt)
        for (number, form) in [Form.typed, .link].enumerated() {
            let id = [UInt8](repeating: UInt8(20 + number), count: 16)
            var late = try VisitorHandshake(
                Pair.invitation(form, pair.code, pair.link),
                device: device("phone", .receiver)
            )
            let hello = try late.begin(meeting: id, entropy: .system)
            try pair.offerer.visitorCame(meeting: id)
            #expect(failure { _ = try pair.toOfferer(hello, number: 1, meeting: id) } == .codeBurnt)
        }
    }

    @Test(
        "Such a proof is no guess when its length or type is wrong: then no tag is compared",
        arguments: [true, false]
    )
    func notCompared(isLength: Bool) throws {
        var pair = try Pair.make()
        var sent = try Self.spoiltProof(&pair, .zeros, form: .typed)
        if isLength { sent.removeLast() } else { sent[0] = 4 }
        let body = sent
        #expect(failure { _ = try pair.toOfferer(body, number: 2) } == .malformed)
        let isKnown = pair.offerer.isKnown
        #expect(!isKnown)
    }

    @Test("A visitor recognises such a proof, too: the device that answered knows the code", arguments: [66, 300, 592])
    func visitor(place: Int) throws {
        var pair = try Pair.make()
        guard case .proven(_, var answer?) = try pair.toOfferer(pair.proof(), number: 2) else { throw Unexpected() }
        answer[place] ^= 4
        let spoilt = answer
        #expect(failure { _ = try pair.visitor.receive(spoilt, number: 2) } == .codeKnown)
        #expect(failure { _ = try pair.visitor.receive(spoilt, number: 2) } == .outOfOrder)
    }
}
