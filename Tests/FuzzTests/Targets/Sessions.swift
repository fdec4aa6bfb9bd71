import EasySetupRelayProtocol
import EasySetupSeed

@testable import EasySetupHandshake
@testable import EasySetupPairingSession

private let relayAddress = RelayAddress(host: "relay.example", port: 443, isPlain: false)!
private let slot = Slot("K7Q")!

private func seed(_ holds: Bool) -> SyncSeed? {
    holds ? try! SyncSeed(bytes: SecretBytes(zeros: SyncSeed.byteCount)) : nil
}

/// A device that shows a code, with visitors that know it, visitors that don't, and a relay that sends any frame.
@Sendable func offerSession(_ input: [UInt8]) throws(BrokenRule) {
    _ = try endOfOffer(input)
}

/// The last state that the user sees in a script.
func endOfOffer(_ input: [UInt8]) throws(BrokenRule) -> PairingState {
    var script = Script(input)
    let first = script.byte()
    let (holds, asksFirst) = (first & 1 == 1, first & 3 == 2)
    let session = OfferSession(
        relay: relayAddress,
        name: DeviceName(cleaning: "old laptop")!,
        platform: .linux,
        part: PairingPart(seed: seed(holds)),
        asksFirst: asksFirst,
        entropy: .fixed(1),
        limits: ClientLimits()
    )
    var run = SessionRun(session, holds: holds, asksFirst: asksFirst)
    var visitors: [MeetingID: Visitor] = [:]
    let sent = { (frame: DeviceFrame) throws(BrokenRule) in
        guard case .message(let id?, let message) = frame else { return }
        visitors[id]?.receive(message)
    }
    try run.begin()
    while !script.isEmpty {
        switch script.number(below: 4) {
        case 0: try run.other(&script, sent)
        case 1:
            if let frame = anyRelayFrame(&script, offered: slot, isOfferer: true) { try run.hear(frame, sent) }
        case 2:
            // A visitor comes with the code, the link, or another code.
            let id = meeting(16 + script.number(below: 8))
            let kind = script.byte()
            guard run.hears, visitors[id] == nil, case .offered(let offer) = run.state,
                let visitor = Visitor(offer, id, kind: kind, holds: !holds != (kind & 8 != 0))
            else { break }
            visitors[id] = visitor
            try run.hear(.visitor(meeting: id), sent)
        default:
            let id = meeting(16 + script.number(below: 8))
            guard let message = visitors[id]?.next(&script) else { break }
            try run.hear(.message(meeting: id, message), sent)
        }
    }
    try run.finish()
    return run.state
}

/// A device that types a code or opens a link, with an offerer that knows it or not, and a relay that sends any frame.
@Sendable func visitSession(_ input: [UInt8]) throws(BrokenRule) {
    _ = try endOfVisit(input)
}

/// The last state that the user sees in a script.
func endOfVisit(_ input: [UInt8]) throws(BrokenRule) -> PairingState {
    var script = Script(input)
    let holds = script.flag()
    let isLink = !holds && script.flag()
    let isRight = !script.flag()
    let entropy = Entropy.fixed(2)
    guard let code = try? PairingCode(slot: slot.symbols, random: entropy.bytes(5)),
        let typed = isRight ? code : try? PairingCode(slot: slot.symbols, random: entropy.bytes(5))
    else { throw BrokenRule(description: "no code") }
    let link = PairingLink(relay: relayAddress, slot: slot.symbols, secret: entropy.bytes(16))
    guard
        let session = try? VisitSession.make(
            isLink ? .link(link) : .code(typed),
            name: DeviceName(cleaning: "new phone")!,
            platform: .android,
            part: PairingPart(seed: seed(holds)),
            entropy: .fixed(1),
            limits: ClientLimits(),
            now: .seconds(5_000)
        )
    else { throw BrokenRule(description: "no session") }
    var run = SessionRun(session, holds: holds)
    let offerer = Offerer(code: code, link: link, holds: !holds != (script.byte() & 15 == 15))
    let sent = { (frame: DeviceFrame) throws(BrokenRule) in
        if case .message(_, let message) = frame { offerer?.receive(message) }
    }
    try run.begin()
    while !script.isEmpty {
        switch script.number(below: 4) {
        case 0: try run.other(&script, sent)
        case 1:
            if let frame = anyRelayFrame(&script, offered: slot, isOfferer: false) { try run.hear(frame, sent) }
        case 2:
            let id = meeting(16 + script.number(below: 8))
            guard run.hears, offerer?.meet(id) == true else { break }
            try run.hear(.met(meeting: id, token: Token(bytes: [1]), expiresIn: .seconds(500)), sent)
        default:
            guard let message = offerer?.next(&script) else { break }
            try run.hear(.message(meeting: nil, message), sent)
        }
    }
    try run.finish()
    return run.state
}

/// The other device's messages: in order, or as the script selects.
private struct Mouth {
    private var said: [Message] = []
    private var delivered = 0
    var heard: UInt32 = 0

    mutating func say(_ body: [UInt8]) {
        said.append(Message(number: UInt32(said.count + 1), ack: heard, body: body))
    }

    mutating func next(_ script: inout Script) -> Message? {
        let choice = script.number(below: 16)
        if choice == 15 {
            return Message(
                number: 1 + UInt32(script.byte() & 3),
                ack: UInt32(script.byte() & 3),
                body: script.piece() + [1]
            )
        }
        guard !said.isEmpty else { return nil }
        if choice < 12 {
            guard delivered < said.count else { return nil }
            delivered += 1
            return said[delivered - 1]
        }
        var message = said[script.number(below: said.count)]
        let body = Tampering(&script)(message.body)
        message.body = body.isEmpty ? [0] : body
        return message
    }
}

/// A correct visitor of an offer.
private final class Visitor {
    private var handshake: VisitorHandshake
    private var mouth = Mouth()
    private let holds: Bool

    init?(_ offer: Offer, _ id: MeetingID, kind: UInt8, holds: Bool) {
        let entropy = Entropy.fixed(UInt64(kind) + 3)
        let invitation: Invitation?
        switch kind & 3 {
        case 0, 1: invitation = .code(offer.code)
        case 2: invitation = offer.link.map { .link($0) }
        default: invitation = (try? PairingCode(slot: offer.code.slot, random: entropy.bytes(5))).map { .code($0) }
        }
        guard let invitation, let handshake = try? VisitorHandshake(invitation, device: .sample(holds: holds)) else {
            return nil
        }
        self.handshake = handshake
        self.holds = holds
        guard let hello = try? self.handshake.begin(meeting: id.bytes, entropy: entropy) else { return nil }
        mouth.say(hello)
    }

    func next(_ script: inout Script) -> Message? { mouth.next(&script) }

    func receive(_ message: Message) {
        mouth.heard = max(mouth.heard, message.number)
        do throws(HandshakeError) {
            switch try handshake.receive(message.body, number: message.number) {
            case .prove(let proof): mouth.say(proof)
            case .proven:
                if holds { mouth.say(try handshake.give(seed: SecretBytes(zeros: 32), createdAt: 0, userID: [])) }
            case .seed(let seed):
                guard let seed = try? SyncSeed(bytes: seed.take()) else { return }
                mouth.say(try handshake.stored(userID: seed.userID.bytes))
            default: break
            }
        } catch {}
    }
}

/// A correct offerer for a visitor.
private final class Offerer {
    private var handshake: OffererHandshake
    private var mouth = Mouth()
    private var id: MeetingID?
    private let holds: Bool

    init?(code: PairingCode, link: PairingLink, holds: Bool) {
        let device = Device.sample(holds: holds)
        guard
            let handshake = try? OffererHandshake(
                code: code,
                link: holds ? link : nil,
                device: device,
                expiry: .seconds(600)
            )
        else { return nil }
        self.handshake = handshake
        self.holds = holds
    }

    func meet(_ id: MeetingID) -> Bool {
        guard (try? handshake.visitorCame(meeting: id.bytes)) != nil else { return false }
        self.id = id
        mouth = Mouth()
        return true
    }

    func next(_ script: inout Script) -> Message? { mouth.next(&script) }

    func receive(_ message: Message) {
        guard let id else { return }
        mouth.heard = max(mouth.heard, message.number)
        do throws(HandshakeError) {
            let received = try handshake.receive(
                message.body,
                number: message.number,
                meeting: id.bytes,
                now: .zero,
                entropy: .fixed(9)
            )
            switch consume received {
            case .prove(let reply): mouth.say(reply)
            case .proven(_, let answer):
                if let answer { mouth.say(answer) }
                if holds { mouth.say(try handshake.give(seed: SecretBytes(zeros: 32), createdAt: 0, userID: [])) }
            case .mismatched(_, _, let answer): if let answer { mouth.say(answer) }
            case .seed(let seed):
                guard let seed = try? SyncSeed(bytes: seed.take()) else { return }
                mouth.say(try handshake.stored(userID: seed.userID.bytes))
            default: break
            }
        } catch {}
    }
}
